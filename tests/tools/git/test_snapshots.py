"""Snapshots: everything comes back byte for byte, and the person's `.git` is never touched."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from leadline.tools.errors import PersonError, ToolError
from leadline.tools.git.objects import Kind
from leadline.tools.git.repository import init_repository, open_repository
from leadline.tools.git.run import GitError
from leadline.tools.git.snapshot import Snapshot, from_commit, to_message
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.git.survey import LeftOut, Limits, Reason

Git = Callable[..., bytes]
Scan = Callable[..., dict[str, tuple[int, bytes]]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Leadline's home."""
    return tmp_path / "state"


async def open_store(state: Path, root: Path, limits: Limits | None = None) -> SnapshotStore:
    return await SnapshotStore.open(state, await open_repository(root), "s1", limits)


def reasons(snapshot: Snapshot) -> dict[str, Reason]:
    return {left.path: left.reason for left in snapshot.left_out}


def wipe(root: Path) -> None:
    """Removes everything but `.git`."""
    for path in root.iterdir():
        if path.name != ".git":
            subprocess.run(["rm", "-rf", str(path)], check=True)


ODD = os.fsdecode(b'odd \n\t"quo\'ted" \\ \xff\xfe *?[x]')


def fill(root: Path) -> None:
    """Every kind of file that a snapshot has to bring back."""
    (root / "a.txt").write_bytes(b"changed\r\nmixed\nends\r\n")
    (root / "src" / "b.py").unlink()
    (root / "empty").touch()
    (root / ODD).write_bytes(b"\x00\xff binary")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("a.txt")
    (root / "broken").symlink_to("nowhere/\n")
    (root / "to folder").symlink_to("deep")
    (root / "deep" / "er" / "est").mkdir(parents=True)
    (root / "deep" / "er" / "est" / "f").write_text("f")
    (root / ":(top)magic").write_text("m")
    (root / "-option").write_text("o")
    (root / "git~1").write_text("g")
    (root / "back\\slash").write_text("b")
    (root / ".gitignore").write_text("*.log\nbuild/\n")
    (root / "one.log").write_text("ignored, small")


async def test_everything_comes_back(repo: Path, state: Path, git: Git, scan: Scan) -> None:
    (repo / "staged.txt").write_text("staged")
    git(repo, "add", "staged.txt")
    fill(repo)
    tree, dot_git = scan(repo), scan(repo / ".git", with_git=True)
    store = await open_store(state, repo)
    full = await store.take("full")
    assert full.left_out == ()
    wipe(repo)
    none = await store.take("none")
    report = await store.restore(none, full)
    assert scan(repo) == tree
    assert set(report.written) == set(tree)
    assert (report.deleted, report.overtaken, report.saved) == ((), (), None)
    assert await store.take("again") != none
    back = await store.restore(full, none)
    assert set(back.deleted) == set(tree)
    assert [path.name for path in repo.iterdir()] == [".git"]
    assert scan(repo / ".git", with_git=True) == dot_git


CONVERTING = {
    "autocrlf": ("config", "core.autocrlf", "true"),
    "input": ("config", "core.autocrlf", "input"),
    "eol": ("config", "core.eol", "crlf"),
    "filter": ("config", "filter.rot.clean", "tr a-z n-za-m"),
    "mode": ("config", "core.fileMode", "false"),
    "links": ("config", "core.symlinks", "false"),
}


@pytest.mark.parametrize("setting", CONVERTING)
async def test_no_byte_is_converted(
    repo: Path, state: Path, git: Git, scan: Scan, setting: str
) -> None:
    (repo / ".gitattributes").write_text(
        "*.txt text eol=crlf ident\n*.utf text working-tree-encoding=UTF-16\n*.rot filter=rot\n"
        "*.bin binary\n[attr]text filter=rot\n"
    )
    (repo / "a.txt").write_bytes(b"$Id$ one\r\ntwo\n")
    (repo / "b.utf").write_bytes("\ufeffhello\r\n".encode("utf-16-le"))
    (repo / "bad.utf").write_bytes(b"\xff")
    (repo / "c.rot").write_text("abc\n")
    (repo / "d.bin").write_bytes(b"\0\r\n")
    git(repo, *CONVERTING[setting])
    git(repo, "add", ".gitattributes", "a.txt", "c.rot")
    git(repo, "commit", "--quiet", "-m", "attributes")
    (repo / "x.sh").write_text("x")
    (repo / "x.sh").chmod(0o755)
    (repo / "link").symlink_to("a.txt")
    tree = scan(repo)
    store = await open_store(state, repo)
    full = await store.take("full")
    for path, (_, content) in tree.items():
        assert await store.read_file(full, path) == content
    wipe(repo)
    await store.restore(await store.take("none"), full)
    assert scan(repo) == tree


async def test_what_is_left_out_is_listed(repo: Path, state: Path, git: Git, scan: Scan) -> None:
    (repo / ".gitignore").write_text("*.log\nnode_modules/\n*.kept\n")
    (repo / "node_modules" / "pkg").mkdir(parents=True)
    (repo / "node_modules" / "pkg" / "x.js").write_text("x")
    (repo / "small.log").write_text("s" * 10)
    (repo / "large.log").write_text("l" * 101)
    for number in range(4):
        (repo / f"many{number}.log").write_text("m" * 80)
    (repo / "huge").write_text("h" * 1001)
    (repo / "a.txt").write_text("t" * 5000)
    (repo / "tracked.kept").write_text("k" * 5000)
    git(repo, "add", "--force", "tracked.kept")
    for name in ("nested", "empty nested"):
        (repo / name).mkdir()
        git(repo / name, "init", "--quiet")
        (repo / name / "n.txt").write_text("n")
    git(repo / "nested", "add", "n.txt")
    git(repo / "nested", "commit", "--quiet", "-m", "n")
    (repo / "dir" / ".GIT").mkdir(parents=True)
    (repo / "dir" / ".GIT" / "x").write_text("x")
    os.mkfifo(repo / "src" / "pipe")
    (repo / "src" / "b.py").unlink()
    os.mkfifo(repo / "src" / "b.py")
    before = scan(repo, with_git=True)
    store = await open_store(state, repo, Limits(1000, 100, 300))
    taken = await store.take("one")
    assert reasons(taken) == {
        "node_modules/": Reason.IGNORED_FOLDER,
        "large.log": Reason.TOO_LARGE,
        "many3.log": Reason.TOO_LARGE,
        "huge": Reason.TOO_LARGE,
        "nested/": Reason.NESTED,
        "empty nested/": Reason.NESTED,
        "src/b.py": Reason.SPECIAL,
        "dir/.GIT/x": Reason.NAME,
    }
    for path in ("a.txt", "tracked.kept", "many0.log", "small.log"):
        assert await store.read_file(taken, path) == before[path][1]
    assert await store.read_file(taken, "huge") is None
    assert await store.load(taken.commit) == taken
    assert scan(repo, with_git=True) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
async def test_unreadable(repo: Path, state: Path) -> None:
    (repo / "a.txt").chmod(0)
    (repo / "closed").mkdir(mode=0)
    store = await open_store(state, repo)
    taken = await store.take("one")
    assert reasons(taken) == {"a.txt": Reason.UNREADABLE, "closed/": Reason.UNREADABLE}
    (repo / "a.txt").chmod(0o644)
    again = await store.take("two")
    assert await store.read_file(again, "a.txt") == b"one\n"
    report = await store.restore(again, taken)
    assert report.kept == ("a.txt",)


async def test_submodules_are_left_out(tmp_path: Path, repo: Path, state: Path, git: Git) -> None:
    git(tmp_path, "clone", "--quiet", str(repo), "outer")
    outer = tmp_path / "outer"
    allow = ("-c", "protocol.file.allow=always")
    git(outer, *allow, "submodule", "--quiet", "add", str(repo), "sub")
    git(outer, "commit", "--quiet", "-m", "sub")
    (outer / "sub" / "a.txt").write_text("changed inside")
    store = await open_store(state, outer)
    taken = await store.take("one")
    assert reasons(taken) == {"sub/": Reason.NESTED}
    inner = await SnapshotStore.open(state, await open_repository(outer / "sub"), "s1")
    assert await inner.read_file(await inner.take("in"), "a.txt") == b"changed inside"
    git(outer, "submodule", "--quiet", "deinit", "--force", "sub")
    assert reasons(await store.take("two")) == {"sub/": Reason.NESTED}


async def test_named_paths_are_taken_whatever_they_are(repo: Path, state: Path, git: Git) -> None:
    (repo / ".gitignore").write_text("build/\n*.log\n")
    (repo / "build").mkdir()
    (repo / "build" / "other").write_text("o")
    (repo / "big.log").write_text("b" * 50)
    (repo / "nested").mkdir()
    git(repo / "nested", "init", "--quiet")
    (repo / "nested" / "n.txt").write_text("n")
    (repo / "away").symlink_to("build")
    store = await open_store(state, repo, Limits(10, 10, 10))
    named = ["build/out", "big.log", "nested/n.txt", "away/other", "no/such"]
    before = await store.take("before", named)
    assert await store.read_file(before, "build/out") is None
    assert await store.read_file(before, "big.log") == b"b" * 50
    assert await store.read_file(before, "nested/n.txt") == b"n"
    assert reasons(before)["away/other"] is Reason.LINKED
    assert not before.says_nothing_of("build/out")
    assert before.says_nothing_of("build/other")
    (repo / "build" / "out").write_text("new")
    (repo / "big.log").write_text("c" * 60)
    (repo / "nested" / "n.txt").unlink()
    after = await store.take("after")
    found = {change.path: change.kind for change in await store.changed_paths(before, after)}
    assert found == {
        "build/out": Kind.ADDED,
        "big.log": Kind.MODIFIED,
        "nested/n.txt": Kind.DELETED,
    }
    await store.restore(after, before)
    assert not (repo / "build" / "out").exists()
    assert (repo / "build" / "other").read_text() == "o"
    assert (repo / "big.log").read_text() == "b" * 50
    assert (repo / "nested" / "n.txt").read_text() == "n"
    again = await SnapshotStore.open(state, await open_repository(repo), "s1")
    assert not (await again.take("resumed")).says_nothing_of("build/out")
    for bad in ("../x", "/etc/passwd", ".git/config", "a/.GIT/x", ""):
        with pytest.raises(ToolError):
            await store.take("bad", [bad])


async def test_ignoring_later_deletes_nothing(repo: Path, state: Path) -> None:
    """A rule change makes files appear in a later snapshot that were there all the time."""
    (repo / ".gitignore").write_text("out/\n")
    (repo / "out").mkdir()
    (repo / "out" / "precious").write_text("p")
    store = await open_store(state, repo)
    before = await store.take("before")
    (repo / ".gitignore").write_text("nothing\n")
    after = await store.take("after")
    assert await store.read_file(after, "out/precious") == b"p"
    assert [one.path for one in await store.changed_paths(before, after)] == [".gitignore"]
    assert b"precious" not in await store.diff(before, after)
    report = await store.restore(after, before)
    assert report.kept == ("out/precious",)
    assert (repo / "out" / "precious").read_text() == "p"
    await store.restore(before, after)
    assert (repo / ".gitignore").read_text() == "nothing\n"


async def test_empty_repository_plain_folder_and_worktree(
    tmp_path: Path, repo: Path, state: Path, git: Git, scan: Scan
) -> None:
    for name in ("new", "plain"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "f").write_text(name)
        (tmp_path / name / ".gitignore").write_text("ignored/\n")
    git(repo, "worktree", "add", "--quiet", "--detach", str(tmp_path / "side"))
    await init_repository(tmp_path / "new")
    dot_git = scan(tmp_path / "new" / ".git", with_git=True)
    for root, at in (
        (tmp_path / "new", await open_repository(tmp_path / "new")),
        (tmp_path / "plain", tmp_path / "plain"),
        (tmp_path / "side", await open_repository(tmp_path / "side")),
    ):
        store = await SnapshotStore.open(state, at, "s1")
        before, tree = await store.take("before"), scan(root)
        for path in tree:
            if path != ".git":
                (root / path).unlink()
        (root / "added").write_text("x")
        await store.restore(await store.take("after"), before)
        assert scan(root) == tree
    assert scan(tmp_path / "new" / ".git", with_git=True) == dot_git


async def test_borrowed_objects(tmp_path: Path, repo: Path, state: Path, git: Git) -> None:
    """Nothing the repository has is stored twice, also when it borrows itself, from an odd path."""
    odd = tmp_path / 'odd "path"\n#1'
    git(tmp_path, "clone", "--quiet", "--shared", str(repo), str(odd))
    store = await open_store(state, odd)
    taken = await store.take("one")
    assert await store.read_file(taken, "a.txt") == b"one\n"
    kinds = git(store.git_dir, "--git-dir=.", "count-objects", "-v").decode()
    assert "alternate:" in kinds
    local = [path for path in (store.git_dir / "objects").glob("??/*") if path.is_file()]
    # The commit; both trees and both files are in the repository.
    assert len(local) == 1
    assert (store.git_dir.stat().st_mode & 0o077) == 0


@pytest.mark.parametrize("form", ["sha1", "sha256"])
async def test_object_formats(tmp_path: Path, state: Path, git: Git, scan: Scan, form: str) -> None:
    root = tmp_path / form
    git(tmp_path, "init", "--quiet", f"--object-format={form}", form)
    (root / "f").write_text("f")
    git(root, "add", "f")
    git(root, "commit", "--quiet", "-m", "f")
    store = await open_store(state, root)
    before, tree = await store.take("before"), scan(root)
    (root / "f").write_text("g")
    after = await store.take("after")
    assert [one.path for one in await store.changed_paths(before, after)] == ["f"]
    await store.restore(after, before)
    assert scan(root) == tree


async def test_patch_is_git_apply_able(tmp_path: Path, repo: Path, state: Path, git: Git) -> None:
    git(tmp_path, "clone", "--quiet", str(repo), "copy")
    store = await open_store(state, repo)
    before = await store.take("before")
    fill(repo)
    # A name that git stores for us but, with its usual settings, does not apply.
    (repo / "git~1").unlink()
    after = await store.take("after")
    patch = await store.diff(before, after)
    git(tmp_path / "copy", "apply", "--whitespace=nowarn", stdin=patch)
    other = await SnapshotStore.open(state, await open_repository(tmp_path / "copy"), "s1")
    assert (await other.take("copy")).tree == after.tree
    one = await store.diff(before, after, ["deep"])
    assert one.count(b"diff --git") == 1
    assert await store.diff(before, after, ["no/such"]) == b""
    assert await store.diff(after, after) == b""


async def test_changes_are_named(repo: Path, state: Path) -> None:
    (repo / "file").write_text("f")
    store = await open_store(state, repo)
    before = await store.take("before")
    (repo / "a.txt").chmod(0o755)
    (repo / "file").unlink()
    (repo / "file").symlink_to("a.txt")
    (repo / "src" / "b.py").unlink()
    (repo / "new").write_text("n")
    found = {one.path: one.kind for one in await store.changed_paths(before, await store.take("x"))}
    assert found == {
        "a.txt": Kind.MODIFIED,
        "file": Kind.TYPE_CHANGED,
        "src/b.py": Kind.DELETED,
        "new": Kind.ADDED,
    }


async def test_folder_file_and_link_change_places(repo: Path, state: Path, scan: Scan) -> None:
    (repo / "d").mkdir()
    (repo / "d" / "f").write_text("f")
    store = await open_store(state, repo)
    seen = [(await store.take("folder"), scan(repo))]
    (repo / "d").rename(repo / "e")
    (repo / "d").symlink_to("e")
    seen.append((await store.take("link"), scan(repo)))
    (repo / "d").unlink()
    (repo / "d").write_text("file")
    seen.append((await store.take("file"), scan(repo)))
    (repo / "d").unlink()
    (repo / "d" / "f").mkdir(parents=True)
    (repo / "d" / "f" / "g").write_text("g")
    seen.append((await store.take("deeper"), scan(repo)))
    at = 3
    for goal in (0, 1, 2, 3, 1, 3, 0, 2, 0):
        await store.restore(seen[at][0], seen[goal][0])
        assert scan(repo) == seen[goal][1]
        at = goal


async def test_a_named_path_behind_a_link_is_not_in_the_tree(repo: Path, state: Path) -> None:
    (repo / "b").symlink_to("src")
    store = await open_store(state, repo)
    before = await store.take("before", ["b/new"])
    assert reasons(before) == {"b/new": Reason.LINKED}
    (repo / "b").unlink()
    (repo / "b").mkdir()
    (repo / "b" / "new").write_text("n")
    await store.restore(await store.take("after"), before)
    assert (repo / "b").is_symlink()


async def test_same_size_same_second(repo: Path, state: Path) -> None:
    """A file rewritten in the same second with the same size is seen, also if it was while a snapshot ran."""
    store = await open_store(state, repo)
    for number in range(8):
        text = f"{number}xx\n"
        (repo / "a.txt").write_text(text)
        (repo / "src" / "b.py").write_text(text)
        assert await store.read_file(await store.take("x"), "a.txt") == text.encode()


async def test_unchanged_tree_gives_the_same_snapshot(repo: Path, state: Path) -> None:
    store = await open_store(state, repo)
    first = await store.take("one")
    assert await store.take("two") == first
    assert (await open_store(state, repo)).last == first
    (repo / "a.txt").write_text("x")
    second = await store.take("three")
    assert store.last == second
    other = await SnapshotStore.open(state, await open_repository(repo), "s2")
    assert other.last is None
    assert await other.load(first.commit) == first
    for bad in ("--help", "x", first.tree):
        with pytest.raises(PersonError):
            await store.load(bad)
    with pytest.raises(ValueError, match="session"):
        await SnapshotStore.open(state, repo, "../x")


async def test_snapshots_survive_collection(repo: Path, state: Path, git: Git) -> None:
    store = await open_store(state, repo)
    (repo / "new").write_text("only here")
    kept = await store.take("kept")
    (repo / "new").unlink()
    await store.take("later")
    git(store.git_dir, "--git-dir=.", "gc", "--quiet", "--prune=now")
    assert await store.read_file(kept, "new") == b"only here"


async def test_content_lost_from_the_repository_is_stored_again(
    repo: Path, state: Path, git: Git
) -> None:
    """A committed file is in the person's objects, not in ours; with the commit forgotten, git collects it."""
    (repo / "new").write_text("committed once")
    git(repo, "add", "new")
    git(repo, "commit", "--quiet", "-m", "once")
    (repo / "beside").touch()
    store = await open_store(state, repo)
    first = await store.take("first")
    git(repo, "reset", "--quiet", "HEAD~1")
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "--quiet", "--prune=now")
    with pytest.raises(PersonError, match="missing or damaged"):
        await store.read_file(first, "new")
    again = await open_store(state, repo)
    assert await again.read_file(await again.take("second"), "new") == b"committed once"


async def test_damaged_content_is_never_given_out(repo: Path, state: Path, scan: Scan) -> None:
    store = await open_store(state, repo)
    (repo / "new").write_text("good")
    before = await store.take("before")
    (repo / "new").write_text("other")
    after = await store.take("after")
    oid = (await store.changed_paths(before, after))[0].before
    assert oid is not None
    path = store.git_dir / "objects" / oid.object_id[:2] / oid.object_id[2:]
    path.chmod(0o644)
    path.unlink()
    tree = scan(repo)
    with pytest.raises(PersonError, match="missing or damaged"):
        await store.restore(after, before)
    assert scan(repo) == tree


async def test_exchanged_content_is_never_given_out(repo: Path, state: Path) -> None:
    """git does not compare content with its name when it reads; a borrowed object may be anybody's."""
    store = await open_store(state, repo)
    (repo / "new").write_text("good")
    taken = await store.take("taken")
    name = hashlib.sha1(b"blob 4\0good").hexdigest()
    path = store.git_dir / "objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(zlib.compress(b"blob 4\0evil"))
    with pytest.raises(PersonError, match="missing or damaged"):
        await store.read_file(taken, "new")


async def test_absence_is_remembered_in_a_folder_that_became_ignored(
    repo: Path, state: Path
) -> None:
    (repo / "out").mkdir()
    (repo / "out" / "stays").write_text("s")
    (repo / "out" / "goes").write_text("g")
    store = await open_store(state, repo)
    await store.take("before")
    (repo / ".gitignore").write_text("out/\n")
    there = await store.take("ignored")
    (repo / "out" / "goes").unlink()
    gone = await store.take("gone")
    assert [one.path for one in await store.changed_paths(there, gone)] == ["out/goes"]
    await store.restore(gone, there)
    assert (repo / "out" / "goes").read_text() == "g"
    await store.restore(there, gone)
    assert [path.name for path in (repo / "out").iterdir()] == ["stays"]


@pytest.mark.parametrize("harm", ["truncated", "garbage", "lock", "gone", "leftover"])
async def test_a_crash_leaves_a_usable_store(
    repo: Path, state: Path, scan: Scan, harm: str
) -> None:
    store = await open_store(state, repo)
    await store.take("one")
    (index,) = [path for path in (store.git_dir / "indexes").iterdir() if path.is_file()]
    match harm:
        case "truncated":
            index.write_bytes(index.read_bytes()[:40])
        case "garbage":
            index.write_bytes(b"garbage" * 50)
        case "lock":
            index.with_name(index.name + ".lock").touch()
            (store.git_dir / "refs" / "leadline" / "s1" / "2.lock").touch()
        case "gone":
            index.unlink()
        case _:
            left = index.with_name(index.name + ".1-dead")
            left.touch()
            os.utime(left, (0, 0))
    (repo / "a.txt").write_text("after the crash")
    again = await open_store(state, repo)
    tree, before = scan(repo), await again.take("two")
    wipe(repo)
    await again.restore(await again.take("none"), before)
    assert scan(repo) == tree
    assert not list((store.git_dir / "indexes").glob("*-dead"))


async def test_two_at_once(repo: Path, state: Path, scan: Scan) -> None:
    stores = await asyncio.gather(*(open_store(state, repo) for _ in range(4)))
    (repo / "new").write_text("n")
    taken = await asyncio.gather(*(one.take(str(n)) for n, one in enumerate(stores) for _ in "12"))
    assert len({one.tree for one in taken}) == 1
    refs = sorted(path.name for path in (stores[0].git_dir / "refs/leadline/s1").iterdir())
    assert refs == ["1", "2", "3", "4"]


async def test_changes_while_reading(repo: Path, state: Path) -> None:
    """Files that come, go and shrink under the reader do not break a snapshot."""
    for number in range(300):
        (repo / f"f{number}").write_text("x" * 5000)
    store = await open_store(state, repo)
    go = asyncio.Event()

    async def churn() -> None:
        number = 0
        while not go.is_set():
            path = repo / f"f{number % 300}"
            await asyncio.to_thread(path.unlink, missing_ok=True)
            await asyncio.to_thread((repo / f"g{number}").write_text, "y" * (number % 7000))
            await asyncio.to_thread((repo / "src" / "b.py").write_text, "z" * (number % 7000))
            number += 1

    task = asyncio.create_task(churn())
    for number in range(5):
        await store.take(str(number))
    go.set()
    await task
    still = await store.take("still")
    for path in repo.glob("*0"):
        assert await store.read_file(still, path.name) == path.read_bytes()


async def test_leadlines_own_state_inside_the_tree(repo: Path) -> None:
    store = await open_store(repo / ".leadline", repo)
    first = await store.take("one")
    assert reasons(first) == {".leadline/": Reason.OWN}
    assert (await store.take("two")).tree == first.tree
    with pytest.raises(PersonError, match="LEADLINE_HOME"):
        await SnapshotStore.open(repo, await open_repository(repo), "s1")


async def test_a_store_that_cannot_be_written(tmp_path: Path, repo: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(PersonError, match="LEADLINE_HOME"):
        await open_store(tmp_path / "state", repo)


async def test_trouble_with_the_store_is_no_unreadable_file(repo: Path, state: Path) -> None:
    store = await open_store(state, repo)
    objects = store.git_dir / "objects"
    objects.rename(store.git_dir / "elsewhere")
    objects.write_text("not a folder")
    with pytest.raises(GitError):
        await store.take("x")


def test_message_round_trip() -> None:
    left = (LeftOut(ODD, Reason.TOO_LARGE), LeftOut("a b/", Reason.NESTED))
    watched = frozenset({ODD, "x: y"})
    snapshot = Snapshot("c", "abc", "label", left, watched, "b" * 40, frozenset({ODD}))
    content = b"tree abc\nauthor x\n\n" + to_message(snapshot).encode()
    assert from_commit("c", content) == snapshot
    two = replace(snapshot, label="label\nwith lines")
    assert from_commit("c", b"tree abc\n\n" + to_message(two).encode()).label == "label?with lines"
    with pytest.raises(PersonError):
        from_commit("c", b"tree abc\n\nfix: something\n\nleft-out: x\n")


@pytest.mark.parametrize("dated", [False, True])
async def test_a_change_that_keeps_its_size_is_seen_at_once(
    repo: Path, state: Path, dated: bool
) -> None:
    """Also one that `cp -p` or `tar` gave an old time of writing, in the second of a snapshot."""
    store = await open_store(state, repo)
    await store.take("start")
    for number in range(6):
        text = f"{number:03}\n"
        (repo / "a.txt").write_text(text)
        if dated:
            os.utime(repo / "a.txt", (10**9, 10**9))
        assert await store.read_file(await store.take(text), "a.txt") == text.encode()
