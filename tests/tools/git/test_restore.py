"""Restoring: all or nothing, never over a person's work, never through a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from leadline.tools.errors import Exit, PersonError
from leadline.tools.git.objects import Change, Entry
from leadline.tools.git.repository import open_repository
from leadline.tools.git.restore import make_plan, remove_files, write_files
from leadline.tools.git.snapshot import Snapshot
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.git.survey import Limits
from leadline.tools.git.worktree import BlockedError, Tree

Git = Callable[..., bytes]
Scan = Callable[..., dict[str, tuple[int, bytes]]]


@pytest.fixture
async def store(repo: Path, tmp_path: Path) -> SnapshotStore:
    return await SnapshotStore.open(tmp_path / "state", await open_repository(repo), "s1")


async def change(store: SnapshotStore) -> tuple[Snapshot, Snapshot]:
    """A step: changes a.txt, adds new/n.txt, removes src/b.py. Snapshots before and after."""
    root = store.root
    before = await store.take("before")
    (root / "a.txt").write_text("two\n")
    (root / "new").mkdir()
    (root / "new" / "n.txt").write_text("n\n")
    (root / "src" / "b.py").unlink()
    return before, await store.take("after")


async def test_only_what_differs_is_touched(store: SnapshotStore) -> None:
    root = store.root
    (root / "mine.txt").write_text("mine")
    before, after = await change(store)
    (root / "mine.txt").write_text("mine, changed meanwhile")
    (root / "new" / "also mine").write_text("m")
    (root / "src").rmdir()
    report = await store.restore(after, before)
    assert (report.written, report.deleted) == (("a.txt", "src/b.py"), ("new/n.txt",))
    assert (root / "mine.txt").read_text() == "mine, changed meanwhile"
    assert (root / "new" / "also mine").read_text() == "m"
    assert (root / "src" / "b.py").read_text() == "b = 1\n"
    (root / "new" / "also mine").unlink()
    await store.restore(before, after)
    assert (root / "new" / "n.txt").read_text() == "n\n"
    await store.restore(after, before)
    assert not (root / "new").exists()


async def test_paths(store: SnapshotStore) -> None:
    before, after = await change(store)
    report = await store.restore(after, before, ["new", "src/b.py", "no/such"])
    assert (report.written, report.deleted) == (("src/b.py",), ("new/n.txt",))
    assert (store.root / "a.txt").read_text() == "two\n"


async def test_again_is_harmless(store: SnapshotStore) -> None:
    before, after = await change(store)
    await store.restore(after, before)
    report = await store.restore(after, before)
    assert (report.written, report.deleted) == ((), ())
    assert set(report.already) == {"a.txt", "new/n.txt", "src/b.py"}


@pytest.mark.parametrize("what", ["edited", "deleted", "recreated", "mode", "link"])
async def test_a_persons_work_is_refused_then_saved(
    store: SnapshotStore, scan: Scan, what: str
) -> None:
    root = store.root
    before, after = await change(store)
    match what:
        case "edited":
            (root / "a.txt").write_text("the person's")
        case "deleted":
            (root / "a.txt").unlink()
        case "recreated":
            (root / "src").mkdir(exist_ok=True)
            (root / "src" / "b.py").write_text("the person's")
        case "mode":
            (root / "a.txt").chmod(0o755)
        case _:
            (root / "new" / "n.txt").unlink()
            (root / "new" / "n.txt").symlink_to("../a.txt")
    theirs = scan(root, with_git=True)
    with pytest.raises(PersonError, match="--force") as caught:
        await store.restore(after, before)
    assert caught.value.exit_code is Exit.CONFLICT
    assert scan(root, with_git=True) == theirs
    report = await store.restore(after, before, force=True)
    assert (root / "a.txt").read_text() == "one\n"
    assert (root / "src" / "b.py").read_text() == "b = 1\n"
    assert not (root / "new").exists()
    assert report.saved is not None
    await store.restore(before, report.saved)
    assert scan(root, with_git=True) == theirs


async def test_force_saves_what_a_snapshot_would_leave_out(repo: Path, tmp_path: Path) -> None:
    at = await open_repository(repo)
    store = await SnapshotStore.open(tmp_path / "state", at, "s1", Limits(untracked_file=10))
    (repo / "new").write_text("small")
    before = await store.take("before")
    (repo / "new").unlink()
    after = await store.take("after")
    (repo / "new").write_text("large, larger than the limit")
    with pytest.raises(PersonError):
        await store.restore(after, before)
    report = await store.restore(after, before, force=True)
    assert report.saved is not None
    assert await store.read_file(report.saved, "new") == b"large, larger than the limit"


async def test_never_through_a_link(store: SnapshotStore, tmp_path: Path, scan: Scan) -> None:
    root = store.root
    before, after = await change(store)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "n.txt").write_text("n\n")
    (outside / "b.py").write_text("outside")
    (root / "new" / "n.txt").unlink()
    (root / "new").rmdir()
    (root / "new").symlink_to(outside)
    (root / "src").rmdir()
    (root / "src").symlink_to(outside)
    there = scan(tmp_path)
    for force in (False, True):
        with pytest.raises(PersonError, match="in the way") as caught:
            await store.restore(after, before, force=force)
        assert caught.value.exit_code is Exit.CONFLICT
    assert {path: there[path] for path in there if path.startswith("outside")} == {
        path: found for path, found in scan(tmp_path).items() if path.startswith("outside")
    }
    assert (root / "a.txt").read_text() == "two\n"


@pytest.mark.parametrize("what", ["full folder", "fifo"])
async def test_what_cannot_be_overwritten(store: SnapshotStore, what: str) -> None:
    root = store.root
    before, after = await change(store)
    (root / "src").mkdir(exist_ok=True)
    if what == "fifo":
        os.mkfifo(root / "src" / "b.py")
    else:
        (root / "src" / "b.py").mkdir()
        (root / "src" / "b.py" / "mine").write_text("mine")
    for force in (False, True):
        with pytest.raises(PersonError, match="in the way"):
            await store.restore(after, before, force=force)
    assert (root / "a.txt").read_text() == "two\n"


async def test_empty_folders_give_way(store: SnapshotStore) -> None:
    before, after = await change(store)
    (store.root / "src" / "b.py" / "empty" / "er").mkdir(parents=True)
    await store.restore(after, before)
    assert (store.root / "src" / "b.py").read_text() == "b = 1\n"


async def test_permissions_are_kept(store: SnapshotStore) -> None:
    path = store.root / "a.txt"
    path.chmod(0o600)
    before, after = await change(store)
    await store.restore(after, before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o700)
    executable = await store.take("executable")
    await store.restore(executable, before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await store.restore(before, executable)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize("left", ["nothing", "for all to read"])
async def test_what_was_for_nobody_else_to_read_comes_back_so(
    store: SnapshotStore, left: str
) -> None:
    """git knows no such mode; a file with keys in it must not come back for everybody."""
    root = store.root
    (root / ".gitignore").write_text(".env\n")
    for name in (".env", "notes"):
        (root / name).write_text("TOKEN=x\n")
        (root / name).chmod(0o600)
    (root / "open").write_text("o\n")
    usual = stat.S_IMODE((root / "open").stat().st_mode)
    before = await store.take("before")
    assert before.private == {".env", "notes"}
    for name in (".env", "notes", "open"):
        (root / name).unlink()
        if left != "nothing":
            (root / name).write_text("y\n")
    after = await store.take("after")
    await store.restore(after, before)
    modes = {name: stat.S_IMODE((root / name).stat().st_mode) for name in (".env", "notes", "open")}
    assert modes == {".env": 0o600, "notes": 0o600, "open": usual}
    assert (root / ".env").read_text() == "TOKEN=x\n"
    assert await store.take("again") == replace(
        before, commit=store.last.commit if store.last else "", label="again"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
async def test_root_leaves_files_to_their_owner(store: SnapshotStore) -> None:
    before, after = await change(store)
    for path in (store.root / "a.txt", store.root / "src"):
        os.chown(path, 65534, 65534)
    await store.restore(after, before)
    assert (store.root / "a.txt").stat().st_uid == 65534
    assert (store.root / "src" / "b.py").stat().st_uid == 65534


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
async def test_stopped_in_the_middle_goes_on(store: SnapshotStore, scan: Scan) -> None:
    tree = scan(store.root)
    before, after = await change(store)
    (store.root / "src").chmod(0o555)
    with pytest.raises(PersonError, match="goes on"):
        await store.restore(after, before)
    (store.root / "src").chmod(0o755)
    await store.restore(after, before)
    assert scan(store.root) == tree


def test_what_is_touched_after_the_look_is_left_alone(tmp_path: Path) -> None:
    tree = Tree(tmp_path, lambda content: content.decode())
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("old")
    old, new = Entry(0o100644, "old"), Entry(0o100644, "new")
    changes = [
        Change("a", old, new),
        Change("b", old, None),
        Change("c", old, new),
        Change("d", None, new),
    ]
    plan = make_plan(tree, changes, force=False)
    assert len(plan.steps) == 4
    for name in ("a", "b", "d"):
        (tmp_path / name).write_text("the person's")
    assert remove_files(tree, plan) == ([], ["b"])
    assert write_files(tree, plan.steps, {"new": b"new"}) == (["c"], ["a", "d"])
    assert (tmp_path / "a").read_text() == (tmp_path / "d").read_text() == "the person's"


def test_tree_refuses_links_at_every_level(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path)
    (root / "real" / "file").symlink_to(tmp_path / "target")
    tree = Tree(root, lambda content: content.decode("latin-1"))
    entry = Entry(0o100644, "x")
    with pytest.raises(BlockedError, match="link"):
        tree.write("link/x", entry, b"x")
    with pytest.raises(BlockedError, match="link"):
        tree.remove("link/root/real/file")
    assert tree.look("link/x").blocked_by == "link"
    tree.write("real/file", entry, b"over the link, not through it")
    assert not (tmp_path / "target").exists()
    assert not (root / "real" / "file").is_symlink()
    tree.write("real/a/b/c", entry, b"c")
    assert tree.look("real/a/b/c").entry == Entry(0o100644, "c")
    stamp = tree.look("real/a/b/c").stamp
    assert tree.same("real/a/b/c", stamp)
    (root / "real" / "a" / "b" / "c").write_text("other")
    assert not tree.same("real/a/b/c", stamp)
    tree.remove("real/a/b/c")
    assert not (root / "real" / "a").exists()
    assert [path.name for path in (root / "real").iterdir()] == ["file"]


def going(monkeypatch: pytest.MonkeyPatch, then: Callable[[], object]) -> None:
    """Does `then` once, as soon as a path was found to be the same as before."""
    same, left = Tree.same, [then]

    def seen(tree: Tree, path: str, stamp: tuple[int, ...] | None) -> bool:
        found = same(tree, path, stamp)
        if found and left:
            left.pop()()
        return found

    monkeypatch.setattr(Tree, "same", seen)


async def test_a_file_that_goes_as_it_is_removed_is_overtaken(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = store.root
    before, after = await change(store)

    def swap() -> None:
        (root / "new" / "n.txt").unlink()
        (root / "new").rmdir()
        (root / "new").symlink_to(root.parent)

    going(monkeypatch, swap)
    report = await store.restore(after, before)
    assert (report.overtaken, report.deleted) == (("new/n.txt",), ())
    assert (root / "a.txt").read_text() == "one\n"


async def test_a_folder_that_comes_as_a_file_is_removed_is_overtaken(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = store.root
    before, after = await change(store)

    def swap() -> None:
        (root / "new" / "n.txt").unlink()
        (root / "new" / "n.txt").mkdir()

    going(monkeypatch, swap)
    report = await store.restore(after, before)
    assert (report.overtaken, report.deleted) == (("new/n.txt",), ())


async def test_a_folder_that_comes_as_a_file_is_written_is_overtaken(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = store.root
    before, after = await change(store)
    await store.restore(after, before)

    def swap() -> None:
        (root / "a.txt").unlink()
        (root / "a.txt").mkdir()

    (root / "src" / "b.py").unlink()  # so that the first to be looked at is a.txt
    going(monkeypatch, swap)
    report = await store.restore(before, after)
    assert (report.overtaken, report.written) == (("a.txt",), ("new/n.txt",))
    assert sorted(path.name for path in root.iterdir()) == [".git", "a.txt", "new", "src"]


async def test_a_link_that_turns_into_a_file_as_it_is_read_is_in_the_way(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = await change(store)
    (store.root / "a.txt").unlink()
    (store.root / "a.txt").symlink_to("src")

    def turned(path: str, **_more: int | None) -> str:
        raise OSError(22, "Invalid argument", path)

    monkeypatch.setattr(os, "readlink", turned)
    with pytest.raises(PersonError, match=r"in the way of a\.txt"):
        await store.restore(after, before)
