"""What entries of a write set mean in a tree, and where two sets meet."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.planning.plan import Area, WriteSet, union, write_set
from leadline.agent.planning.write_set import (
    MAX_AREAS,
    MAX_GLOB_FILES,
    WriteSetError,
    overlaps,
    resolve,
)
from leadline.tests.support.repos import write_files
from leadline.tests.tools.memory_tree import MemoryTree
from pydantic import TypeAdapter

FILES = {
    "pkg/models.py": (
        "LIMIT = 3\n\n\nclass Item:\n    def price(self):\n        def inner():\n            return 1\n"
        "        return inner()\n\n    def save(self):\n        pass\n\n\n"
        "class Order:\n    def save(self):\n        pass\n\n\ndef total(items):\n    return 0\n"
    ),
    "pkg/store.py": "def load():\n    pass\n\n\ndef loader():\n    pass\n",
    "docs/odd.md": "# Top\n\n## C:\\dir.Name\n\nText.\n",
    "pkg/sub/deep.py": "x = 1\n",
    "web/cart.js": "const tax = 1, rate = 2;\nfunction show() {}\n",
    "web/pages/[id].tsx": "export function Page() { return null }\n",
    "src/shape.rs": "struct Shape { w: i32 }\n\nimpl Shape {\n    fn area(&self) -> i32 { 1 }\n}\n",
    "README.md": "# Shop\n\n## Use it\n\nText.\n",
    "notes.txt": "no symbols\n",
    "odd name.py": "y = 1\n",
    "a:b.py": "def f():\n    pass\n",
    "line\nbreak.py": "z = 1\n",
}
ENTRIES = (
    "pkg/models.py",
    "pkg/models.py:Item",
    "pkg/models.py:Item.price",
    "pkg/models.py:Item.price.inner",
    "pkg/models.py:Item.save",
    "pkg/models.py:Order",
    "pkg/models.py:total",
    "pkg/models.py:LIMIT",
    "pkg/store.py",
    "pkg/",
    "pkg/sub/",
    "pkg/new.py",
    "pkg/fresh/",
    "web/cart.js:tax",
    "web/cart.js:rate",
    "web/cart.js:show",
    "src/shape.rs:Shape",
    "src/shape.rs:Shape.area",
    "README.md:Shop.Use it",
    "./",
)
SOME = st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> MemoryTree:
    root = tmp_path_factory.mktemp("tree")
    write_files(root, FILES)
    return MemoryTree(root)


def spelled(tree: MemoryTree, *entries: str) -> tuple[str, ...]:
    return resolve(entries, tree).entries


def refused(tree: MemoryTree, *entries: str) -> WriteSetError:
    with pytest.raises(WriteSetError) as caught:
        resolve(entries, tree)
    return caught.value


def outcome(tree: MemoryTree, entries: list[str]) -> WriteSet | WriteSetError:
    try:
        return resolve(entries, tree)
    except WriteSetError as error:
        return error


def met(tree: MemoryTree, one: str, other: str) -> list[str]:
    return [str(each) for each in overlaps(resolve([one], tree), resolve([other], tree), tree)]


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        ("pkg/models.py", "pkg/models.py"),
        ("./pkg//models.py ", "pkg/models.py"),
        ("pkg/models.py/", "pkg/models.py"),
        ("pkg/sub", "pkg/sub/"),
        ("pkg/sub/", "pkg/sub/"),
        (".", "./"),
        ("./", "./"),
        ("pkg/**", "pkg/"),
        ("pkg/**/*", "pkg/"),
        ("**", "./"),
        ("pkg/new.py", "pkg/new.py"),
        ("pkg/fresh/", "pkg/fresh/"),
        ("Makefile", "Makefile"),
        ("odd name.py", "odd name.py"),
        ("a:b.py", "a:b.py"),
        ("a:b.py:f", "a:b.py:f"),
        ("web/pages/[id].tsx", "web/pages/[id].tsx"),
        ("web/pages/[slug].tsx", "web/pages/[slug].tsx"),
        ("pkg/models.py:Item.price", "pkg/models.py:Item.price"),
        ("pkg/models.py:price()", "pkg/models.py:Item.price"),
        ("pkg/models.py:Item::price", "pkg/models.py:Item.price"),
        ("pkg/models.py: total", "pkg/models.py:total"),
        ("src/shape.rs:Shape::area", "src/shape.rs:Shape.area"),
        ("README.md:Use it", "README.md:Shop.Use it"),
    ],
)
def test_an_entry_means_one_thing_and_its_spelling_means_the_same(
    tree: MemoryTree, entry: str, meant: str
) -> None:
    assert spelled(tree, entry) == (meant,)
    assert spelled(tree, meant) == (meant,)


@pytest.mark.parametrize(
    ("entry", "kind", "says"),
    [
        ("", "empty", "is empty"),
        ("  \t", "empty", "is empty"),
        ("/etc/passwd", "absolute", "from the project's root"),
        ("~/x.py", "absolute", "absolute"),
        ("../x.py", "outside", "`..`"),
        ("pkg/../../x.py", "outside", "`..`"),
        ("pkg\\models.py", "backslash", "`pkg/models.py`"),
        ("C:\\x.py", "backslash", "slashes"),
        (".git/config", "git", ".git"),
        ("pkg/.GIT/hooks/x", "git", ".git"),
        (".git\\config", "git", ".git"),
        (".git", "git", ".git"),
        ("pkg/a\x1b[31m.py", "characters", "not printable"),
        ("pkg/a\x00.py", "characters", "not printable"),
        ("line\nbreak.py", "characters", "folder"),
        ("pkg/\ud800.py", "characters", "not printable"),
        ("pkg/\u202eyp.py", "characters", "not printable"),
        ("x" * 501, "long", "too long"),
        ("pkg/" + "x" * 256, "new_name", "new file"),
        ("*.nothing", "glob", "matches no file"),
        ("pkg/{a", "new_name", "new file"),
        ("**/*/**/*/**/*.py", "glob", "wildcards"),
        ("none/at/all.py", "no_folder", "no folder none/at/"),
        ("pgk/models.py", "no_folder", "near it: pkg/models.py"),
        ("pkg/models.py/x.py", "wrong_kind", "is a file"),
        ("pkg:Item", "wrong_kind", "is a folder"),
        ("pkg/new.py:Thing", "no_file", "does not exist"),
        ("all files in the package", "new_name", "one bare path per entry"),
        ("pkg/a.py,pkg/b.py", "new_name", "one bare path"),
        ("`pkg/models.py`", "new_name", "one bare path"),
        ("pkg/models.py:10-20", "lines", "names lines"),
        ("pkg/models.py:L4", "lines", "names lines"),
        ("pkg/models.py:Itm", "no_symbol", "near it: Item"),
        ("pkg/models.py:Item.prize", "no_symbol", "near it: Item.price"),
        ("pkg/models.py:Item.more", "no_symbol", "to add one, name `pkg/models.py:Item`"),
        ("pkg/models.py:", "no_symbol", "no such symbol"),
        ("pkg/models.py:Item,Order", "no_symbol", "as a whole"),
        ("pkg/models.py:save", "several_symbols", "Item.save, Order.save"),
        ("notes.txt:Title", "no_symbol", "no symbols are known"),
        # There is such a heading, but no entry could spell it.
        ("docs/odd.md:Name", "no_symbol", "as a whole"),
    ],
)
def test_a_wrong_entry_is_told_with_what_to_write(
    tree: MemoryTree, entry: str, kind: str, says: str
) -> None:
    (fault,) = refused(tree, entry).faults
    assert fault.kind == kind
    assert says in fault.message
    assert fault.message.isprintable()
    assert len(fault.message) < 500


def test_an_absolute_path_into_the_project_is_told_its_short_form(tree: MemoryTree) -> None:
    (fault,) = refused(tree, f"{tree.root}/pkg/models.py").faults
    assert fault.message.endswith("write `pkg/models.py`.")


def test_all_wrong_entries_are_told_at_once_but_no_flood(tree: MemoryTree) -> None:
    assert [f.kind for f in refused(tree, "/a", "pkg/store.py", "../b").faults] == [
        "absolute",
        "outside",
    ]
    assert len(refused(tree, *(f"/x{n}" for n in range(300))).faults) == 10
    (many,) = refused(tree, *["pkg/store.py"] * (MAX_AREAS + 1)).faults
    assert many.kind == "too_many"


def test_globs_are_the_files_they_match(tree: MemoryTree) -> None:
    assert spelled(tree, "pkg/*.py") == ("pkg/models.py", "pkg/store.py")
    assert spelled(tree, "pkg/**/*.py") == ("pkg/models.py", "pkg/store.py", "pkg/sub/deep.py")
    assert spelled(tree, "{pkg,web}/*.{py,js}") == ("pkg/models.py", "pkg/store.py", "web/cart.js")


def test_a_glob_over_many_files_asks_for_the_folder(tmp_path: Path) -> None:
    for number in range(MAX_GLOB_FILES + 1):
        (tmp_path / f"f{number}.txt").touch()
    assert "name a folder" in refused(MemoryTree(tmp_path), "*.txt").message
    (tmp_path / "f0.txt").unlink()
    assert len(spelled(MemoryTree(tmp_path), "*.txt")) == MAX_GLOB_FILES


def test_names_that_no_text_can_hold_are_reached_by_their_folder(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / os.fsdecode(b"bad/\xff.txt")).touch()
    tree = MemoryTree(tmp_path)
    assert refused(tree, "bad/*.txt").faults[0].kind == "characters"
    allowed = resolve(["bad/"], tree)
    assert allowed.covers(os.fsdecode(b"bad/\xff.txt"))


def test_a_new_folder_has_room_for_new_files(tree: MemoryTree) -> None:
    assert spelled(tree, "pkg/fresh/", "pkg/fresh/inner/", "pkg/fresh/x.py") == ("pkg/fresh/",)
    assert refused(tree, "pkg/fresh/x.py").faults[0].kind == "no_folder"
    assert resolve(["pkg/fresh/x.py"], tree, {"pkg/fresh"}).entries == ("pkg/fresh/x.py",)
    # One folder too deep: the one between is nobody's.
    assert refused(tree, "pkg/one/two/").faults[0].kind == "no_folder"


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        ("pkg/sub/deep.py", True),
        ("pkg/sub/made/later.py", True),
        ("pkg/models.py", True),
        ("pkg/store.py", False),
        ("pkg/sub", False),
        ("pkg/subway.py", False),
        ("pkg/sub/../store.py", False),
        ("/pkg/sub/deep.py", False),
        ("pkg/sub/.git/config", False),
        ("", False),
        (".", False),
        ("..", False),
    ],
)
def test_what_a_set_covers(tree: MemoryTree, path: str, covered: bool) -> None:
    allowed = resolve(["pkg/sub/", "pkg/models.py:Item.save", "pkg/models.py:total"], tree)
    assert allowed.covers(path) is covered


def test_a_set_says_which_part_of_a_file_may_be_written(tree: MemoryTree) -> None:
    allowed = resolve(["pkg/models.py:Item.save", "pkg/models.py:total", "pkg/store.py"], tree)
    assert [area.symbol for area in allowed.areas_of("pkg/models.py")] == ["Item.save", "total"]
    assert allowed.areas_of("pkg/store.py") == (Area("pkg/store.py"),)
    assert resolve(["./"], tree).areas_of("any/where.py") == (Area("", "folder"),)
    assert not resolve(["./"], tree).covers(".git/config")


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("pkg/models.py:Item", "pkg/models.py:Order", []),
        ("pkg/models.py:Item.price", "pkg/models.py:Item.save", []),
        ("pkg/models.py:Item", "pkg/models.py:Item.save", ["pkg/models.py:Item.save"]),
        ("pkg/models.py", "pkg/models.py:total", ["pkg/models.py:total"]),
        ("pkg/models.py", "pkg/store.py", []),
        ("pkg/store.py:load", "pkg/store.py:loader", []),
        ("pkg/", "pkg/models.py:total", ["pkg/models.py:total"]),
        ("pkg/", "pkg/sub/", ["pkg/sub/"]),
        ("pkg/sub/", "pkg/models.py", []),
        ("./", "pkg/new.py", ["pkg/new.py"]),
        ("pkg/new.py", "pkg/new.py", ["pkg/new.py"]),
        ("pkg/fresh", "pkg/fresh/", ["pkg/fresh"]),
        ("web/cart.js:tax", "web/cart.js:rate", ["web/cart.js:tax"]),
        ("web/cart.js:tax", "web/cart.js:show", []),
        ("src/shape.rs:Shape", "src/shape.rs:Shape.area", ["src/shape.rs:Shape.area"]),
    ],
)
def test_where_two_entries_meet(tree: MemoryTree, one: str, other: str, shared: list[str]) -> None:
    assert met(tree, one, other) == shared
    assert bool(met(tree, other, one)) is bool(shared)


def test_symbols_that_are_gone_are_still_told_apart_by_name(tree: MemoryTree) -> None:
    gone = WriteSet((Area("pkg/models.py", "symbol", "Gone"),))
    inner = WriteSet((Area("pkg/models.py", "symbol", "Gone.inner"),))
    assert overlaps(gone, inner, tree)
    assert not overlaps(gone, resolve(["pkg/models.py:Order"], tree), tree)


@settings(deadline=None)
@given(SOME, SOME)
def test_sets_meet_exactly_if_some_of_their_entries_do(
    tree: MemoryTree, one: list[str], other: list[str]
) -> None:
    here, there = resolve(one, tree), resolve(other, tree)
    found = overlaps(here, there, tree)
    assert bool(found) == any(met(tree, a, b) for a in one for b in other)
    assert {(each.other, each.one) for each in found} == {
        (each.one, each.other) for each in overlaps(there, here, tree)
    }


@settings(deadline=None)
@given(SOME, SOME)
def test_a_set_has_one_spelling_and_loses_nothing(
    tree: MemoryTree, one: list[str], other: list[str]
) -> None:
    both = resolve([*one, *other], tree)
    assert resolve([*reversed(other), *one, *one], tree) == both
    assert resolve(both.entries, tree) == both
    assert union(resolve(one, tree), resolve(other, tree)) == both == write_set(both.areas)
    for path in tree.files:
        single = resolve(one, tree).covers(path) or resolve(other, tree).covers(path)
        assert both.covers(path) == single
    adapter = TypeAdapter(WriteSet)
    assert adapter.validate_json(adapter.dump_json(both)) == both


HOSTILE = st.text(alphabet="ap/.:*?[]{},\\ ~\n\x00\ud800git#()-", max_size=24)


@settings(deadline=None)
@given(st.lists(HOSTILE | st.sampled_from(ENTRIES), max_size=3))
def test_no_text_gets_out_of_the_tree(tree: MemoryTree, entries: list[str]) -> None:
    found = outcome(tree, entries)
    if isinstance(found, WriteSetError):
        assert found.faults
        assert all(fault.message.isprintable() for fault in found.faults)
        return
    assert resolve(found.entries, tree) == found
    for area in found.areas:
        parts = area.path.split("/")
        assert ".." not in parts
        assert ".git" not in parts
        assert not area.path.startswith("/")
        assert str(area).isprintable()
