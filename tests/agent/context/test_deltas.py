"""Deltas: what is told of a change, and that nothing else is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.context.deltas import (
    MOST_LINES,
    MOST_OF_A_FILE,
    MOST_WIDTH,
    FileChange,
    changed_paths,
    changes,
    delta_text,
    told_of,
)
from leadline.tools.code.model import FileFacts, Place, SourceFile, Symbol, SymbolKind


@dataclass(frozen=True)
class State:
    """One state of a tree as plain values: facts by path."""

    known: Mapping[str, FileFacts]
    left_out: frozenset[str] = frozenset()
    salt: Mapping[str, str] = field(default_factory=dict[str, str])
    root: Path = Path("/nowhere")
    made: dict[str, SourceFile] = field(default_factory=dict[str, SourceFile])

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(sorted(self.files.items())).encode()).hexdigest()

    @property
    def files(self) -> Mapping[str, SourceFile]:
        if self.made:
            return self.made

        def blob(path: str) -> str:
            said = repr(self.known[path]) + self.salt.get(path, "")
            return hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()

        for path in sorted(self.known):
            left_out = "big" if path in self.left_out else None
            self.made[path] = SourceFile(path, blob(path), 1, None, left_out)
        return self.made

    def facts(self, path: str) -> FileFacts:
        return self.known[path]

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        return self.known[path].symbols

    def definitions(self, name: str) -> tuple[Place, ...]:
        raise NotImplementedError

    def definers(self, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        raise NotImplementedError

    def referrers(self, names: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        raise NotImplementedError

    def mentions(self, words: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        raise NotImplementedError

    def text(self, path: str) -> str | None:
        raise NotImplementedError


def symbol(
    name: str, signature: str = "", line: int = 1, kind: SymbolKind = "function", last: int = 0
) -> Symbol:
    short = name.rpartition(".")[2]
    shown = signature or f"def {short}()"
    return Symbol(kind, short, name, line, last or line, shown, "", -1)


def facts(*symbols: Symbol) -> FileFacts:
    return FileFacts(symbols)


def told(before: State, after: State) -> str | None:
    return delta_text(changes(before, after, changed_paths(before, after)))


def test_what_came_went_and_is_declared_otherwise() -> None:
    before = State(
        {
            "a.py": facts(symbol("add", "def add(x)"), symbol("old"), symbol("C.run", line=9)),
            "gone.py": facts(symbol("f")),
            "same.py": facts(symbol("g")),
        }
    )
    after = State(
        {
            "a.py": facts(
                symbol("add", "def add(x, y)", 3, last=7), symbol("C.run", line=40), symbol("C.new")
            ),
            "b/new.py": facts(symbol("h", "def h() -> int", 2, last=5)),
            "data.txt": facts(),
            "same.py": facts(symbol("g")),
        }
    )
    text = told(before, after)
    assert text is not None
    assert text.split("\n")[1:] == [
        "~ a.py:",
        "  ~ 3-7: def add(x, y)",
        "  + 1: def new() (in C)",
        "  - old",
        "+ b/new.py (new):",
        "  + 2-5: def h() -> int",
        "+ data.txt (new)",
        "- gone.py (gone)",
    ]


def test_bodies_places_and_headings_are_no_news() -> None:
    one = facts(symbol("f"), symbol("Title", kind="section"))
    other = facts(symbol("f", line=12, last=30), symbol("Other title", kind="section"))
    assert told(State({"a.md": one}), State({"a.md": other})) is None
    assert told(State({"a": one}), State({"a": one}, salt={"a": "other bytes"})) is None


def test_what_rules_leave_out_is_no_news() -> None:
    big = frozenset(["dist.js"])
    assert told(State({}), State({"dist.js": facts()}, big)) is None
    text = told(State({"dist.js": facts(symbol("f"))}), State({"dist.js": facts()}, big))
    assert text is not None
    assert "- f" in text


def test_the_same_name_twice() -> None:
    before = State({"a.ts": facts(symbol("f", "f(x: string)"), symbol("f", "f(x: number)"))})
    after = State({"a.ts": facts(symbol("f", "f(x: string)"), symbol("f", "f(x: boolean)"))})
    text = told(before, after)
    assert text is not None
    assert text.split("\n")[1:] == ["~ a.ts:", "  ~ 1: f(x: boolean)"]


def test_it_is_short_whatever_happens() -> None:
    many = facts(*(symbol(f"f{i}", f"def f{i}({'x' * 900})") for i in range(90)))
    text = told(State({}), State({f"p{i:04}.py": many for i in range(90)}))
    assert text is not None
    lines = text.split("\n")
    assert len(lines) <= MOST_LINES + 2
    assert max(map(len, lines[1:-1])) <= MOST_WIDTH + 3
    assert f"  and {90 - MOST_OF_A_FILE} more" in lines
    assert lines[-1].startswith("and 87 more: + p0003.py (new)")
    assert lines[-1].endswith(", ...")


def test_names_stay_on_their_line() -> None:
    text = told(State({}), State({"a\n- b.py\x1b[31m": facts(symbol("f", "def f(\u202e)"))}))
    assert text is not None
    assert len(text.split("\n")) == 3
    assert "\x1b" not in text
    assert "\u202e" not in text


names = st.sampled_from(["f", "g", "C.f", "C", "D.f"])
symbols = st.builds(symbol, names, st.sampled_from(["a", "b", "c"]), st.integers(1, 9))
files = st.lists(symbols, max_size=6).map(lambda found: facts(*found))


@given(files, files)
def test_told_exactly_when_signatures_differ(one: FileFacts, other: FileFacts) -> None:
    """And each change of a signature has its line."""
    text = delta_text([FileChange("a", one, other)])

    def signatures(found: FileFacts) -> list[tuple[str, str]]:
        return sorted((each.qualified, each.signature) for each in found.symbols)

    assert (text is None) == (signatures(one) == signatures(other))
    if text is not None:
        rows = text.split("\n")[2:]
        came = sum(row.startswith("  +") for row in rows)
        gone = sum(row.startswith("  -") for row in rows)
        assert len(other.symbols) - len(one.symbols) == came - gone


def test_what_the_model_has_seen_is_not_told() -> None:
    seen = {"a": "1", "b": "1"}
    assert told_of(seen, ["a", "b", "c", "gone"], {"a": "1", "b": "2", "c": "3"}) == [
        "b",
        "c",
        "gone",
    ]
