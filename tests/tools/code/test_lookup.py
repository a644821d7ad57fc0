"""Laws of questions about symbols; what they answer to whom is tested through the search tool."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tests.tools.memory_tree import MemoryTree
from leadline.tools.code import lookup
from leadline.tools.code.lookup import (
    Wanted,
    find_definitions,
    find_inherited,
    find_overrides,
    find_subtypes,
    find_uses,
    is_side_file,
    near_names,
    wanted,
)

NAMES = st.sampled_from("ABCD")


@st.composite
def hierarchies(draw: st.DrawFn) -> str:
    """Classes that derive from each other in whatever way, cycles and repeated names included."""
    rows = draw(st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=2), st.booleans()), max_size=7))
    lines: list[str] = []
    for name, bases, has_method in rows:
        lines.append(f"class {name}({', '.join(bases)}):")
        lines.append("    def m(self): ..." if has_method else "    x = 1")
    return "\n".join(lines) + "\n"


@settings(max_examples=20, deadline=None)
@given(files=st.lists(hierarchies(), min_size=1, max_size=3))
def test_hierarchies_of_any_shape(
    files: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for number, text in enumerate(files):
        (root / f"f{number}.py").write_text(text)
    tree = MemoryTree(root)
    for path in tree.files:
        for symbol in tree.facts(path).symbols:
            asked = wanted(tree, symbol.qualified)
            places = find_definitions(tree, asked)
            assert any(place.path == path and place.symbol == symbol for place in places)
            assert len(set(places)) == len(places)
    again = MemoryTree(root)
    for name in "ABCD":
        derived = find_subtypes(tree, [name])
        assert find_subtypes(again, [name]) == derived
        for item in derived:
            text = (root / item.path).read_text().split("\n")[item.line - 1]
            assert item.base in text.partition("(")[2]
        # Whatever is derived from something derived is derived itself.
        found = {item.name for item in derived}
        for inner in found:
            assert {item.name for item in find_subtypes(tree, [inner])} <= found
        method = Wanted("m", (name,))
        if find_definitions(tree, method):
            overrides = find_overrides(tree, method)
            assert {place.symbol.qualified.split(".")[0] for place in overrides} <= found
        for place in find_inherited(tree, method):
            assert place.symbol.name == "m"


@pytest.fixture
def tree(tmp_path: Path) -> MemoryTree:
    (tmp_path / "a.py").write_text("def f():\n    g(); g()\n\n\ng()\n\n\nclass K:\n    x = g()\n")
    (tmp_path / "b.py").write_text("def g(): ...\n\n\ndef h():\n    return g\n")
    return MemoryTree(tmp_path)


def test_uses_stand_in_the_innermost_function_or_type(tree: MemoryTree) -> None:
    uses = find_uses(tree, Wanted("g"), lambda _path: True, 100).uses
    around = [(use.path, use.reference.line, use.inside and use.inside.name) for use in uses]
    assert set(around) == {
        ("a.py", 2, "f"),
        ("a.py", 5, None),
        ("a.py", 9, "K"),
        ("b.py", 5, "h"),
    }


def test_what_is_not_looked_into_is_counted(tree: MemoryTree) -> None:
    found = find_uses(tree, Wanted("g"), lambda _path: True, 1)
    assert {use.path for use in found.uses} == {"a.py"}
    assert found.beyond == (("b.py", 1),)
    assert find_uses(tree, Wanted("g"), lambda path: path == "b.py", 1).beyond == ()


def test_subtypes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("".join(f"class C{n}(Base): ...\n" for n in range(50)))
    monkeypatch.setattr(lookup, "MAX_SUBTYPES", 20)
    assert len(find_subtypes(MemoryTree(tmp_path), ["Base"])) == 20


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f", Wanted("f")),
        ("K.x", Wanted("x", ("K",))),
        ("a::b::c", Wanted("c", ("a", "b"))),
        ("p->next", Wanted("next", ("p",))),
        ("Array#map()", Wanted("map", ("Array",))),
        ("pkg\\Type", Wanted("Type", ("pkg",))),
        ("class K", Wanted("K")),
        ("^class K$", Wanted("K")),
        (r"\bK.x\b", Wanted("x", ("K",))),
        (r"f\(", Wanted("f")),
        ("f(", Wanted("f")),
        ("async def f", Wanted("f")),
        ("classy", Wanted("classy")),
        ("save!", Wanted("save!")),
        (" ", Wanted("")),
        ("...", Wanted("...")),
    ],
)
def test_ways_to_name_a_symbol(tree: MemoryTree, text: str, expected: Wanted) -> None:
    assert wanted(tree, text) == expected


def test_a_name_may_hold_what_separates_names(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Setup v1.2\n\n# Ends (well)\n")
    tree = MemoryTree(tmp_path)
    assert wanted(tree, "Setup v1.2") == Wanted("Setup v1.2")
    assert wanted(tree, "Ends (well)") == Wanted("Ends (well)")


def test_near_names_prefer_types_and_functions_and_are_never_the_name_itself(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.py").write_text("reader = 1\nclass Reader: ...\ndef read(): ...\n")
    tree = MemoryTree(tmp_path)
    assert near_names(tree, "Raeder") == ("Reader", "reader")
    assert near_names(tree, "reader")[0] == "Reader"
    assert near_names(tree, "zzzzzz") == ()


@pytest.mark.parametrize(
    ("path", "side"),
    [
        ("src/a.py", False),
        ("tests/a.py", True),
        ("src/a_test.go", True),
        ("src/a.spec.ts", True),
        ("test_a.py", True),
        ("src/latest.py", False),
        ("src/contest_a.py", False),
        ("docs/conf.py", True),
    ],
)
def test_tests_and_examples_are_told_by_their_paths(path: str, side: bool) -> None:
    assert is_side_file(path) is side
