"""Three-way merges: what both sides did, or a conflict that says so; never a driver of the repository."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tests.support.traps import sprung, trap
from leadline.tools.errors import PersonError
from leadline.tools.git.merging import (
    Conflict,
    ConflictKind,
    Labels,
    Merged,
    commit_tree,
    merge_trees,
)
from leadline.tools.git.objects import Entry, tree_changes
from leadline.tools.git.repository import open_repository
from leadline.tools.git.run import Place, run_git
from leadline.tools.git.store import Store, open_store

Git = Callable[..., bytes]
Files = dict[str, bytes | tuple[int, bytes]]
"""Path to content, or to mode and content."""

ODD = os.fsdecode(b'odd \n\t"x" \xff')


async def put(store: Store, files: Files) -> str:
    """A tree of the store with these files."""
    place = Place(store.path, git_dir=store.path, index=store.path / "indexes" / "put")
    lines: list[bytes] = []
    for path, entry in files.items():
        mode, content = entry if isinstance(entry, tuple) else (0o100644, entry)
        stored = await run_git(place, "hash-object", "-w", "--stdin", stdin=content)
        lines.append(f"{mode:o} {stored.line}\t".encode() + os.fsencode(path) + b"\0")
    await run_git(place, "read-tree", "--empty")
    await run_git(place, "update-index", "-z", "--index-info", stdin=b"".join(lines))
    return (await run_git(place, "write-tree")).line


async def get(store: Store, tree: str) -> dict[str, tuple[int, bytes]]:
    """The files of a tree."""
    place = Place(store.path, git_dir=store.path)
    found: dict[str, tuple[int, bytes]] = {}
    for item in (await run_git(place, "ls-tree", "-r", "-z", tree)).items:
        facts, _, path = item.partition("\t")
        mode, _, object_id = facts.split(" ")
        content = (await run_git(place, "cat-file", "blob", object_id)).stdout
        found[path] = (int(mode, 8), content)
    return found


async def merged(store: Store, base: Files, ours: Files, theirs: Files) -> Merged:
    one, two, three = [await put(store, files) for files in (base, ours, theirs)]
    return await merge_trees(store, one, two, three)


async def texts(store: Store, merge: Merged) -> dict[str, bytes]:
    return {path: content for path, (_, content) in (await get(store, merge.tree)).items()}


def only(merge: Merged) -> Conflict:
    (conflict,) = merge.conflicts
    return conflict


@pytest.fixture
def store(tmp_path: Path) -> Store:
    root = tmp_path / "plain"
    root.mkdir()
    return asyncio.run(open_store(tmp_path / "state", root))


LINES = b"".join(b"line %d\n" % number for number in range(12))


def line(number: int, text: bytes) -> bytes:
    return LINES.replace(b"line %d\n" % number, text)


async def test_changes_of_both_sides_are_had(store: Store) -> None:
    base: Files = {
        "a": LINES,
        "gone": b"g",
        "g/1": b"1",
        "g/2": b"2",
        "same": b"1",
        "d/f": b"f",
        "x": b"x",
        ODD: b"o",
    }
    ours: Files = {
        **base,
        "a": line(1, b"ours\r\n"),
        "same": b"2",
        "new/one": b"1",
        "x": (0o100755, b"x"),
    }
    theirs: Files = {
        **base,
        "a": line(9, b"theirs"),
        "same": b"2",
        "new/two": b"2",
        "x": b"changed",
    }
    del ours["gone"], theirs["gone"], theirs["d/f"], ours["g/1"], theirs["g/2"]
    theirs["d"] = (0o120000, b"a")
    theirs[ODD] = b"other"
    merge = await merged(store, base, ours, theirs)
    assert merge.clean
    assert await get(store, merge.tree) == {
        "a": (0o100644, line(1, b"ours\r\n").replace(b"line 9\n", b"theirs")),
        "same": (0o100644, b"2"),
        "d": (0o120000, b"a"),
        "x": (0o100755, b"changed"),
        "new/one": (0o100644, b"1"),
        "new/two": (0o100644, b"2"),
        ODD: (0o100644, b"other"),
    }


async def test_the_same_lines_are_a_conflict_with_all_three_texts(store: Store) -> None:
    base, ours, theirs = [
        await put(store, {"a": content, "b": b"b"})
        for content in (LINES, line(5, b"ours\n"), line(5, b"theirs\n"))
    ]
    labels = Labels("session", "start", "task 3\nof 4")
    merge = await merge_trees(store, base, ours, theirs, labels)
    conflict = only(merge)
    markers = (
        b"<<<<<<< session\nours\n||||||| start\nline 5\n=======\ntheirs\n>>>>>>> task 3?of 4\n"
    )
    assert (conflict.path, conflict.kind) == ("a", ConflictKind.SAME_LINES)
    assert conflict.text == line(5, markers)
    contents = (LINES, line(5, b"ours\n"), line(5, b"theirs\n"))
    ids = tuple(Entry(0o100644, store.blob_id(content)) for content in contents)
    assert (conflict.base, conflict.ours, conflict.theirs) == ids
    assert await texts(store, merge) == {"a": conflict.text, "b": b"b"}


@pytest.mark.parametrize("swapped", [False, True])
async def test_changed_here_and_deleted_there(store: Store, swapped: bool) -> None:
    sides: tuple[Files, Files] = ({"a": b"2", "k": b"k"}, {"k": b"k"})
    ours, theirs = reversed(sides) if swapped else sides
    merge = await merged(store, {"a": b"1", "k": b"k"}, ours, theirs)
    conflict = only(merge)
    assert conflict.kind is ConflictKind.CHANGED_DELETED
    assert (conflict.ours is None, conflict.theirs is None) == (swapped, not swapped)
    assert (await texts(store, merge))["a"] == b"2"


async def test_a_move_that_meets_a_change_is_a_conflict(store: Store) -> None:
    merge = await merged(store, {"a": LINES}, {"b": LINES}, {"a": line(3, b"changed\n")})
    assert (only(merge).path, only(merge).kind) == ("a", ConflictKind.CHANGED_DELETED)
    assert (await texts(store, merge)).keys() == {"a", "b"}


async def test_added_on_both_sides(store: Store) -> None:
    same = await merged(store, {}, {"a": b"1\n"}, {"a": b"1\n"})
    assert same.clean
    merge = await merged(store, {}, {"a": b"1\n"}, {"a": b"2\n"})
    assert only(merge).kind is ConflictKind.BOTH_ADDED
    assert only(merge).base is None
    assert only(merge).text == b"<<<<<<< ours\n1\n||||||| base\n=======\n2\n>>>>>>> theirs\n"
    mode = await merged(store, {}, {"a": b"1\n"}, {"a": (0o100755, b"1\n")})
    assert only(mode).kind is ConflictKind.MODE


async def test_binary_files_and_links_are_not_merged_by_line(store: Store) -> None:
    binary = await merged(store, {"a": b"\0 1"}, {"a": b"\0 2"}, {"a": b"\0 3"})
    assert (only(binary).kind, only(binary).text) == (ConflictKind.BINARY, None)
    assert await texts(store, binary) == {"a": b"\0 2"}
    link = await merged(
        store, {"a": (0o120000, b"x")}, {"a": (0o120000, b"y")}, {"a": (0o120000, b"z")}
    )
    assert (only(link).kind, only(link).text) == (ConflictKind.TYPE, None)
    mixed = await merged(store, {"a": b"text\n"}, {"a": b"text 2\n"}, {"a": (0o120000, b"text")})
    assert only(mixed).kind is ConflictKind.TYPE
    files = await merged(store, {"a": (0o120000, b"x")}, {"a": b"1\n"}, {"a": b"2\n"})
    assert only(files).text == b"<<<<<<< ours\n1\n||||||| base\n=======\n2\n>>>>>>> theirs\n"


async def test_a_file_here_and_a_folder_there(store: Store) -> None:
    base: Files = {"k": b"k"}
    file: Files = {**base, "a": b"file", "z/y": b"file"}
    folder: Files = {**base, "a/b": b"1", "a/c/d": b"2", "z/y/x": b"3"}
    first = await merged(store, base, file, folder)
    second = await merged(store, base, folder, file)
    for merge, kept in ((first, file), (second, folder)):
        assert {conflict.path for conflict in merge.conflicts} == {"a", "z/y"}
        assert {conflict.kind for conflict in merge.conflicts} == {ConflictKind.FILE_FOLDER}
        assert await texts(store, merge) == kept
    entry = Entry(0o100644, store.blob_id(b"file"))
    assert [conflict.ours for conflict in first.conflicts] == [entry, entry]
    assert [conflict.theirs for conflict in second.conflicts] == [entry, entry]


async def test_a_file_that_became_a_folder_meets_its_change(store: Store) -> None:
    changed: Files = {"a": b"2"}
    folder: Files = {"a/b": b"1"}
    for ours, theirs in ((changed, folder), (folder, changed)):
        merge = await merged(store, {"a": b"1"}, ours, theirs)
        assert only(merge).kind is ConflictKind.FILE_FOLDER
        assert only(merge).base == Entry(0o100644, store.blob_id(b"1"))
        assert await texts(store, merge) == ours
    clean = await merged(
        store, {"a": b"1", "k": b"1"}, {"a": b"1", "k": b"2"}, {"a/b": b"1", "k": b"1"}
    )
    assert clean.clean
    assert await texts(store, clean) == {"a/b": b"1", "k": b"2"}


async def test_nothing_of_the_repository_takes_part(repo: Path, tmp_path: Path, git: Git) -> None:
    traps = tmp_path / "traps"
    program = trap(tmp_path / "driver", traps)
    git(repo, "config", "merge.evil.driver", str(program))
    git(repo, "config", "merge.default", "evil")
    git(repo, "config", "merge.conflictStyle", "merge")
    (repo / ".gitattributes").write_text("* merge=evil text eol=crlf\nu merge=union\n")
    home = tmp_path / "home" / ".gitconfig"
    home.write_text(
        home.read_text() + f'[merge]\n\tdefault = evil\n[merge "evil"]\n\tdriver = {program}\n'
    )
    store = await open_store(tmp_path / "state", await open_repository(repo))
    attributes = (repo / ".gitattributes").read_bytes()
    rest: Files = {".gitattributes": attributes}
    base, ours, theirs = (
        {**rest, "u": line(5, text), "f": line(2, text)} for text in (b"0\n", b"1\r\n", b"2\n")
    )
    merge = await merged(store, base, ours, theirs)
    assert [conflict.path for conflict in merge.conflicts] == ["f", "u"]
    assert merge.conflicts[0].text is not None
    assert b"\n1\r\n||||||| base\n0\n=======\n2\n" in merge.conflicts[0].text
    assert sprung(traps) == []


@pytest.mark.parametrize("form", ["sha1", "sha256"])
async def test_commits_merge_as_their_trees_do(tmp_path: Path, git: Git, form: str) -> None:
    repo = tmp_path / "project"
    git(tmp_path, "init", "--quiet", f"--object-format={form}", str(repo))
    store = await open_store(tmp_path / "state", await open_repository(repo))
    when = "1700000000 +0000"
    base_tree = await put(store, {"a": LINES})
    base = await commit_tree(store, base_tree, [], "base", when=when)
    assert base == await commit_tree(store, base_tree, [], "base", when=when)
    ours, theirs = [
        await commit_tree(store, await put(store, {"a": line(number, b"x\n")}), [base], "side")
        for number in (1, 9)
    ]
    merge = await merge_trees(store, base, ours, theirs)
    assert merge.clean
    landed = await commit_tree(store, merge.tree, [ours, theirs], "merged\n\n\xe9")
    facts = await run_git(store.place(), "log", "-1", "--format=%P|%an|%B", landed)
    assert facts.line == f"{ours} {theirs}|Leadline|merged\n\n\xe9"
    assert {change.path for change in await tree_changes(store, base, landed)} == {"a"}


async def test_bad_ids_and_missing_content_are_refused(store: Store) -> None:
    tree = await put(store, {"a": b"1\n"})
    with pytest.raises(PersonError, match="not the id"):
        await merge_trees(store, tree, "--output=x", tree)
    with pytest.raises(PersonError, match="not the id"):
        await commit_tree(store, tree, ["-F/etc/passwd"], "m")
    with pytest.raises(PersonError):
        await merge_trees(store, tree, "0" * 40, tree)
    ours, theirs = await put(store, {"a": b"2\n"}), await put(store, {"a": b"3\n"})
    gone = store.blob_id(b"3\n")
    (store.path / "objects" / gone[:2] / gone[2:]).unlink()
    with pytest.raises(PersonError, match="missing or damaged"):
        await merge_trees(store, tree, ours, theirs)
    left = [path.name for path in store.path.iterdir() if path.name.startswith("merge-")]
    assert left == []
    assert [path.name for path in (store.path / "indexes").glob("merge.*")] == []


PATHS = st.sampled_from(["a", "b", "d", "d/a", "d/b", "d/a/x", "b/" + ODD])
CONTENTS = st.one_of(
    st.lists(st.sampled_from([b"1\n", b"2\n", b"3\n", b"\r\n", b"end"]), max_size=6).map(b"".join),
    st.sampled_from([b"\0", LINES, line(2, b"x\n"), line(10, b"y\n"), b"<<<<<<< ours\n=======\n"]),
)
ENTRIES = st.one_of(
    CONTENTS,
    st.tuples(st.just(0o100755), CONTENTS),
    st.tuples(st.just(0o120000), st.sampled_from([b"a", b"../x"])),
)


def _possible(files: Files) -> Files:
    """Without what lies below a file."""
    return {
        path: content
        for path, content in files.items()
        if not any(path.startswith(f"{other}/") for other in files)
    }


TREES = st.dictionaries(PATHS, ENTRIES, max_size=5).map(_possible)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(base=TREES, ours=TREES, theirs=TREES)
def test_laws_of_merging(base: Files, ours: Files, theirs: Files) -> None:
    async def law(folder: Path) -> None:
        store = await open_store(folder / "state", folder / "root")
        one, two, three = [await put(store, files) for files in (base, ours, theirs)]
        assert await merge_trees(store, one, two, one) == Merged(two, ())
        assert await merge_trees(store, one, one, two) == Merged(two, ())
        assert await merge_trees(store, one, two, two) == Merged(two, ())
        forth = await merge_trees(store, one, two, three)
        back = await merge_trees(store, one, three, two)
        assert [c.path for c in forth.conflicts] == [c.path for c in back.conflicts]
        assert [c.kind for c in forth.conflicts] == [c.kind for c in back.conflicts]
        assert [c.ours for c in forth.conflicts] == [c.theirs for c in back.conflicts]
        if forth.clean:
            assert forth.tree == back.tree

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "root").mkdir()
        asyncio.run(law(folder))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(base=CONTENTS, ours=CONTENTS, theirs=CONTENTS)
def test_texts_merge_as_git_itself_merges_them(base: bytes, ours: bytes, theirs: bytes) -> None:
    """Against `git merge` in a repository of its own."""

    async def law(folder: Path) -> tuple[bool, bytes]:
        store = await open_store(folder / "state", folder / "plain")
        merge = await merged(store, {"f": base}, {"f": ours}, {"f": theirs})
        return merge.clean, (await texts(store, merge))["f"]

    def git(folder: Path, *args: str, check: bool = True) -> int:
        who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false")
        command = ["git", *who, *args]
        return subprocess.run(command, cwd=folder, check=check, capture_output=True).returncode

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "plain").mkdir()
        clean, text = asyncio.run(law(folder))
        repo = folder / "repo"
        git(folder, "init", "--quiet", "--initial-branch=base", str(repo))
        for branch, content in (("base", base), ("ours", ours), ("theirs", theirs)):
            if branch != "base":
                git(repo, "checkout", "--quiet", "-b", branch, "base")
            (repo / "f").write_bytes(content)
            git(repo, "add", "f")
            git(repo, "commit", "--quiet", "--allow-empty", "-m", branch)
        git(repo, "checkout", "--quiet", "ours")
        code = git(repo, "merge", "--quiet", "-m", "m", "theirs", check=False)
        assert clean == (code == 0)
        if clean:
            assert text == (repo / "f").read_bytes()
