"""Child processes that parse: what they bring, what their deaths cost, what they may not do to the parent."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tests.support.codetrees import SMALL, answers, fresh, paths_in
from leadline.tests.support.repos import write_files
from leadline.tools.code.extract import extract
from leadline.tools.code.index.child import Batch, Child
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.index.packed import (
    SpoiltError,
    pack_parts,
    pack_references,
    pack_symbols,
    seal,
    unpack_facts,
    unpack_parts,
)
from leadline.tools.code.index.postings import MOST_TIMES, Builder, merge, name_key, unpack
from leadline.tools.code.index.workers import parse_files
from leadline.tools.code.model import NOTHING_KNOWN, FileFacts, Reference, Symbol


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    write_files(folder, SMALL)
    return folder


def batches_of(root: Path, paths: list[str]) -> list[Batch]:
    found: list[Batch] = []
    parse_files(str(root), [(path, 100) for path in paths], found.append, lambda: None)
    return found


def test_facts_come_back_as_the_extractor_gave_them(root: Path) -> None:
    (batch,) = batches_of(root, sorted(SMALL))
    assert [file.path for file in batch.files] == sorted(SMALL)
    for file in batch.files:
        facts = unpack_facts(file.symbols, file.references)
        text = SMALL[file.path].encode()
        assert facts == (extract(file.language, text) if file.language else NOTHING_KNOWN)


def test_files_that_are_gone_or_left_out_are_told_apart(root: Path) -> None:
    (root / "x.bin").write_bytes(b"\0\1")
    (batch,) = batches_of(root, ["gone.py", "x.bin", "LICENSE"])
    assert [file.state for file in batch.files] == ["gone", "left out", "parsed"]
    assert batch.files[1].left_out == "binary"


def test_the_same_content_is_parsed_once(root: Path) -> None:
    write_files(root, {"a.py": "x = 1\n", "b.py": "x = 1\n"})
    (batch,) = batches_of(root, ["a.py", "b.py"])
    assert [file.state for file in batch.files] == ["parsed", "seen"]


def test_a_child_has_no_descriptors_and_no_environment_of_ours(root: Path) -> None:
    secret = os.open(root / "LICENSE", os.O_RDONLY)
    os.set_inheritable(secret, True)
    os.environ["LEADLINE_TEST_SECRET"] = "x"
    child = Child(str(root))
    try:
        child.ask(["LICENSE"])
        while child.hear(lambda: None) is None:
            pass
        (number,) = _workers()
        links = {str(entry.readlink()) for entry in Path(f"/proc/{number}/fd").iterdir()}
        assert not any("LICENSE" in link for link in links)
        assert b"SECRET" not in Path(f"/proc/{number}/environ").read_bytes()
    finally:
        child.end()
        os.close(secret)
        del os.environ["LEADLINE_TEST_SECRET"]


def _workers() -> list[int]:
    """The children of this process that parse."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if (
                    parent == os.getpid()
                    and b"code.index.worker" in (entry / "cmdline").read_bytes()
                ):
                    found.append(int(entry.name))
    return found


def _kill_workers(stop: threading.Event, most: int) -> None:
    killed: set[int] = set()
    while not stop.is_set() and len(killed) < most:
        for number in _workers():
            if number not in killed:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
                killed.add(number)
        stop.wait(0.002)


def test_a_child_that_dies_costs_nothing_if_the_next_one_lives(root: Path) -> None:
    write_files(root, {f"m{at}.py": f"def f{at}(): ...\n" for at in range(200)})
    killed: list[int] = []

    def kill(done: int, _total: int) -> None:
        if done in (20, 90):
            for number in _workers():
                os.kill(number, signal.SIGKILL)
                killed.append(number)

    tree = CodeIndex.open(None).refresh(root, paths_in(root), kill)
    assert killed
    assert tree.notes == ()
    assert answers(tree) == answers(fresh(root))


def test_a_file_whose_parsing_kills_every_child_is_listed_and_not_tried_again(
    root: Path, tmp_path: Path
) -> None:
    (root / "bad.py").write_text("def bad(): ...\n")
    index = CodeIndex.open(tmp_path / "state")
    index.refresh(root, list(SMALL))
    stop = threading.Event()
    killer = threading.Thread(target=_kill_workers, args=(stop, 1_000))
    killer.start()
    try:
        tree = index.refresh(root, paths_in(root))
    finally:
        stop.set()
        killer.join()
    assert tree.notes == ("parsing failed for 'bad.py': listed, but nothing is known of it",)
    assert tree.files["bad.py"].left_out is None
    assert tree.facts("bad.py") == NOTHING_KNOWN
    assert tree.definers(["round_up"])
    again = index.refresh(root, paths_in(root))
    assert again.notes == ()
    assert again.parsed == 0


def test_when_no_child_lives_everything_is_listed(root: Path) -> None:
    write_files(root, {f"m{at}.py": f"def f{at}(): ...\n" for at in range(60)})
    stop = threading.Event()
    killer = threading.Thread(target=_kill_workers, args=(stop, 1_000))
    killer.start()
    index = CodeIndex.open(None)
    try:
        tree = index.refresh(root, paths_in(root))
    finally:
        stop.set()
        killer.join()
    assert list(tree.files) == sorted(paths_in(root))
    assert len(tree.notes) == 1
    later = index.refresh(root, paths_in(root))
    assert set(later.files) == set(tree.files)


TEXT = st.text(st.characters(codec=None), max_size=12)
NUMBER = st.integers(0, 2**32 - 1)
SYMBOLS = st.builds(
    Symbol,
    st.sampled_from(["module", "class", "function", "section"]),
    TEXT,
    TEXT,
    NUMBER,
    NUMBER,
    TEXT,
    TEXT,
    st.integers(-1, 50),
)
REFERENCES = st.builds(Reference, NUMBER, TEXT, st.sampled_from(["call", "type", "base", "use"]))
FACTS = st.builds(
    FileFacts,
    st.lists(SYMBOLS, max_size=4).map(tuple),
    st.lists(REFERENCES, max_size=4).map(tuple),
    st.lists(TEXT, max_size=3, unique=True).map(tuple),
    NUMBER,
)


def _without_nul(text: str) -> str:
    return text.replace("\0", " ")


@settings(deadline=None)
@given(FACTS)
def test_facts_survive_packing(facts: FileFacts) -> None:
    found = unpack_facts(pack_symbols(facts), pack_references(facts))
    assert found.faults == facts.faults
    assert [each.line for each in found.references] == [each.line for each in facts.references]
    assert [each.kind for each in found.references] == [each.kind for each in facts.references]
    for mine, theirs in zip(found.references, facts.references, strict=True):
        assert mine.name == _without_nul(theirs.name)
    assert found.imports == tuple(map(_without_nul, facts.imports))
    for symbol, before in zip(found.symbols, facts.symbols, strict=True):
        assert (symbol.kind, symbol.first, symbol.last) == (before.kind, before.first, before.last)
        assert symbol.parent == before.parent
        for part in ("name", "qualified", "signature", "doc"):
            assert getattr(symbol, part) == _without_nul(getattr(before, part))


@settings(deadline=None)
@given(FACTS, st.data())
def test_packed_facts_that_were_damaged_are_never_believed(
    facts: FileFacts, data: st.DataObject
) -> None:
    packed = bytearray(pack_symbols(facts))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SpoiltError):
        unpack_facts(bytes(packed), pack_references(facts))


@settings(deadline=None)
@given(st.binary(max_size=80), st.booleans())
def test_what_a_child_makes_up_is_refused_or_read_but_never_run(
    made_up: bytes, sealed: bool
) -> None:
    data = seal(made_up) if sealed else made_up
    with suppress(SpoiltError):
        unpack_parts(data)
    with suppress(SpoiltError):
        unpack(data)
    with suppress(SpoiltError):
        unpack_facts(data, data)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=5))
def test_parts_survive_packing(parts: list[bytes]) -> None:
    assert unpack_parts(pack_parts(parts)) == parts


@settings(deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 2**20), max_size=6), max_size=6
    ),
    st.data(),
)
def test_joined_lists_say_what_the_parts_said(
    files: list[dict[str, int]], data: st.DataObject
) -> None:
    split = data.draw(st.integers(0, len(files)))
    live = [data.draw(st.booleans()) for _ in files]
    parts: list[tuple[bytes, list[int]]] = []
    place = 0
    for some, alive in ((files[:split], live[:split]), (files[split:], live[split:])):
        builder, moved = Builder(), list[int]()
        for member, counts in enumerate(some):
            builder.add(member, counts)
            moved.append(place if alive[member] else -1)
            place += alive[member]
        parts.append((builder.pack(), moved))
    joined = unpack(merge((unpack(packed), moved) for packed, moved in parts))
    kept = [counts for counts, alive in zip(files, live, strict=True) if alive]
    lists = dict(joined.find(map(name_key, "abcdef")))
    for name in "abcdef":
        found = {entry >> 18: entry & MOST_TIMES for entry in lists.get(name_key(name), ())}
        assert found == {
            member: min(counts[name], MOST_TIMES)
            for member, counts in enumerate(kept)
            if name in counts
        }
