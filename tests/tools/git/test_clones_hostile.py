"""Clones that their worker spoilt: our calls run nothing, reach nothing outside, and lose no work."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from leadline.tests.support.traps import lay_hooks, sprung, trap
from leadline.tools.errors import PersonError
from leadline.tools.git.clone_files import clean, remove_tree
from leadline.tools.git.clone_home import Clone
from leadline.tools.git.clones import Clones
from leadline.tools.git.objects import stored_entry
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshot import Snapshot
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.git.store import Store, open_store
from leadline.tools.git.survey import LeftOut, Reason

Git = Callable[..., bytes]
Scan = Callable[..., dict[str, tuple[int, bytes]]]


@dataclass(frozen=True)
class Scene:
    """A clone in its worker's hands, and what must stay as it is."""

    repo: Path
    store: Store
    clones: Clones
    base: Snapshot
    clone: Clone
    traps: Path
    outside: Path


def facts(*folders: Path) -> list[tuple[str, int, int, bytes]]:
    """All that is in the folders, with modes and times."""
    found: list[tuple[str, int, int, bytes]] = []
    for folder in folders:
        for path in [folder, *sorted(folder.rglob("*"))]:
            seen = path.lstat()
            content = b"" if path.is_dir() or path.is_symlink() else path.read_bytes()
            found.append((str(path), seen.st_mode, seen.st_mtime_ns, content))
    return found


@pytest_asyncio.fixture
async def scene(repo: Path, tmp_path: Path) -> AsyncIterator[Scene]:
    """Fails the test where a trap was sprung or a byte outside the clone changed."""
    state, traps, outside = (tmp_path / name for name in ("state", "traps", "outside"))
    traps.mkdir()
    outside.mkdir()
    (outside / "b.py").write_text("outside = 1\n")
    (repo / "uncommitted").write_text("u\n")
    at = await open_repository(repo)
    store = await open_store(state, at)
    snapshots = await SnapshotStore.open(state, at, "s1")
    clones = await Clones.open(store, state / "clones", "s1")
    base = await snapshots.take("start")
    before = facts(repo, outside)
    clone = await clones.make(base, "w1")
    yield Scene(repo, store, clones, base, clone, traps, outside)
    assert sprung(traps) == []
    assert facts(repo, outside) == before


def no_git(scene: Scene, git: Git) -> None:
    del git
    shutil.rmtree(scene.clone.git_dir)


def garbage(scene: Scene, git: Git) -> None:
    del git
    for name in ("index", "HEAD", "config", "refs/heads/leadline", "objects/info/alternates"):
        (scene.clone.git_dir / name).write_bytes(b"\xff\x00garbage")


def link_to_the_person(scene: Scene, git: Git) -> None:
    no_git(scene, git)
    scene.clone.git_dir.symlink_to(scene.repo / ".git")


def pointer_to_the_person(scene: Scene, git: Git) -> None:
    no_git(scene, git)
    scene.clone.git_dir.write_text(f"gitdir: {scene.repo / '.git'}\n")


def programs(scene: Scene, git: Git) -> None:
    """Hooks, monitors, filters, drivers, other alternates, and the person's tree as the work tree."""
    root, dot_git = scene.clone.root, scene.clone.git_dir
    lay_hooks(dot_git / "hooks", scene.traps)
    program = trap(dot_git / "program", scene.traps)
    keys = ("core.fsmonitor", "core.editor", "core.pager", "diff.external", "core.sshCommand")
    for key in (*keys, "filter.f.clean", "filter.f.smudge", "filter.f.process", "merge.m.driver"):
        git(root, "config", key, str(program))
    git(root, "config", "core.hooksPath", str(dot_git / "hooks"))
    (root / ".gitattributes").write_text("* filter=f diff=f merge=m text eol=crlf\n")
    (dot_git / "objects" / "info" / "alternates").write_text(f"{scene.outside}\n")
    git(root, "config", "core.worktree", str(scene.repo))


def worktree_inside(scene: Scene, git: Git) -> None:
    number = len(list(scene.clone.root.glob("nested/*")))
    git(scene.clone.root, "worktree", "add", "--quiet", f"nested/{number}")
    lay_hooks(scene.clone.git_dir / "hooks", scene.traps)


SPOILT = [no_git, garbage, link_to_the_person, pointer_to_the_person, programs, worktree_inside]


@pytest.mark.parametrize("spoil", SPOILT)
async def test_a_spoilt_git_has_no_say(
    scene: Scene, git: Git, scan: Scan, spoil: Callable[[Scene, Git], None]
) -> None:
    root = scene.clone.root
    (root / "src" / "b.py").write_bytes(b"b = 2\r\n")
    (root / "a.txt").unlink()
    spoil(scene, git)
    made = await scene.clones.commit(scene.clone, "work")
    changed = {change.path for change in await scene.clones.changed_paths(scene.clone)}
    assert changed - {".gitattributes"} == {"src/b.py", "a.txt"}
    entry = await stored_entry(scene.store, made.tree, "src/b.py")
    assert entry is not None
    assert entry.object_id == scene.store.blob_id(b"b = 2\r\n")

    moved = await scene.clones.move_to(scene.clone, scene.base)
    assert git(moved.root, "rev-parse", "HEAD").decode().strip() == scene.clone.head
    assert git(moved.root, "status", "--porcelain", "--", "src", "a.txt") == b""
    spoil(scene, git)
    await scene.clones.give_back(moved)
    again = await scene.clones.make(made.commit, "w2")
    spare = scan(again.root)
    assert spare["src/b.py"][1] == b"b = 2\r\n"
    assert "a.txt" not in spare
    assert not (again.git_dir / "hooks").exists()
    assert not (again.root / "nested").exists()
    await scene.clones.remove(again)
    assert scene.clones.names() == ()


async def test_a_folder_that_became_a_link_is_a_link(scene: Scene, scan: Scan) -> None:
    root = scene.clone.root
    shutil.rmtree(root / "src")
    (root / "src").symlink_to(scene.outside)
    made = await scene.clones.commit(scene.clone, "work")
    again = await scene.clones.make(made.commit, "w2")
    assert (again.root / "src").readlink() == scene.outside
    moved = await scene.clones.move_to(scene.clone, scene.base)
    assert (moved.root / "src" / "b.py").read_text() == "b = 1\n"
    shutil.rmtree(root / "src")
    (root / "src").symlink_to(scene.outside)
    await scene.clones.give_back(moved)
    again = await scene.clones.make(scene.base, "w3")
    assert scan(again.root) == scan(scene.repo)


async def test_a_root_that_became_a_link_is_refused(scene: Scene) -> None:
    shutil.rmtree(scene.clone.root)
    scene.clone.root.symlink_to(scene.repo)
    calls = (
        lambda: scene.clones.commit(scene.clone, "work"),
        lambda: scene.clones.changed_paths(scene.clone),
        lambda: scene.clones.move_to(scene.clone, scene.base),
        lambda: scene.clones.give_back(scene.clone),
    )
    for call in calls:
        with pytest.raises(PersonError, match="is gone"):
            await call()
    await scene.clones.remove(scene.clone)
    assert scene.clones.names() == ()


async def test_repositories_made_inside_hide_no_known_folder(scene: Scene, git: Git) -> None:
    root = scene.clone.root
    for name in ("src", "fresh"):
        (root / name).mkdir(exist_ok=True)
        git(root / name, "init", "--quiet")
        (root / name / "new.py").write_text("n = 1\n")
    (root / "src" / "b.py").write_text("b = 3\n")
    made = await scene.clones.commit(scene.clone, "work")
    assert made.left_out == (LeftOut("fresh/", Reason.NESTED),)
    changed = {change.path for change in await scene.clones.changed_paths(scene.clone)}
    assert changed == {"src/b.py", "src/new.py"}


async def test_what_git_cannot_hold_is_named(scene: Scene) -> None:
    root = scene.clone.root
    (root / "src" / "b.py").unlink()
    os.mkfifo(root / "src" / "b.py")
    (root / "src" / ".GIT").mkdir()
    (root / "src" / ".GIT" / "config").write_text("x")
    made = await scene.clones.commit(scene.clone, "work")
    assert LeftOut("src/b.py", Reason.SPECIAL) in made.left_out
    assert LeftOut("src/.GIT/config", Reason.NAME) in made.left_out


async def test_files_in_the_way_of_a_move_give_way(scene: Scene, git: Git, scan: Scan) -> None:
    root = scene.clone.root
    (root / "a.txt").unlink()
    (root / "a.txt").mkdir()
    git(root / "a.txt", "init", "--quiet")
    (root / "a.txt" / "deep").mkdir()
    (root / "a.txt" / "deep" / "f").write_text("f")
    (root / "src" / "b.py").unlink()
    os.mkfifo(root / "src" / "b.py")
    moved = await scene.clones.move_to(scene.clone, scene.base)
    assert scan(moved.root) == scan(scene.repo)


async def test_everything_can_be_removed(scene: Scene) -> None:
    root = scene.clone.root
    at = os.open(root, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("deep-in-the-tree", dir_fd=at)
        below = os.open("deep-in-the-tree", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    (root / "to folder").symlink_to(scene.outside)
    (root / "src" / "to file").symlink_to(scene.outside / "b.py")
    (root / "other name").hardlink_to(root / "a.txt")
    os.mkfifo(root / "pipe")
    (root / os.fsdecode(b"\xff\n")).mkdir(mode=0)
    (root / "src").chmod(0o500)
    root.chmod(0o500)
    await scene.clones.remove(scene.clone)
    assert not os.path.lexists(scene.clone.root.parent.parent)
    await scene.clones.clear()
    await scene.clones.remove(scene.clone)


@contextlib.contextmanager
def mounted(folder: Path, at: Path) -> Generator[None]:
    """`folder` is at `at` as well; the test is skipped where that is not allowed."""
    at.mkdir(parents=True)
    mount = ["mount", "--bind", folder, at]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("folders cannot be mounted here")
    try:
        yield
    finally:
        # It may have been moved with the folder it is in.
        table = Path("/proc/self/mountinfo").read_text().splitlines()
        points = [line.split(" ")[4] for line in table]
        top = str(folder.parent)
        subprocess.run(
            ["umount", *(point for point in points if point.startswith(top))], check=True
        )


async def test_a_mounted_folder_is_neither_emptied_nor_removed(scene: Scene) -> None:
    target = scene.clone.root / "mounted"
    with mounted(scene.outside, target):
        with pytest.raises(PersonError, match="mounted"):
            await scene.clones.remove(scene.clone)
        assert (scene.clone.root / "a.txt").exists()
        assert (target / "b.py").exists()
    await scene.clones.remove(scene.clone)
    assert scene.clones.names() == ()


def test_a_mount_that_no_table_names_is_not_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("f")
    monkeypatch.setattr("leadline.tools.git.clone_files._MOUNT_TABLE", tmp_path / "missing")
    with mounted(outside, tmp_path / "tree" / "in"):
        with pytest.raises(PersonError, match="unmount"):
            remove_tree(tmp_path / "tree", tmp_path / "trash")
        assert (outside / "f").read_text() == "f"


def test_cleaning_leaves_known_files_only(tmp_path: Path, scan: Scan) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    (root / "d" / "e").mkdir(parents=True)
    other.mkdir()
    for name in ("d/e/plain", "d/e/odd mode", "d/e/setuid", "d/e/twice", "d/e/strange", "top"):
        (root / name).write_text(name)
    (root / "d/e/odd mode").chmod(0o606)
    (root / "d/e/setuid").chmod(0o4755)
    (other / "second").hardlink_to(root / "d/e/twice")
    (root / "link").symlink_to("nowhere")
    (root / "gone").symlink_to(other)
    (root / "d").chmod(0o1777)
    known = {"d/e/plain", "d/e/odd mode", "d/e/setuid", "d/e/twice", "top", "link", "gone/f", "no"}
    mode = other.stat().st_mode & 0o7777
    clean(root, frozenset(known), mode, tmp_path / "trash")
    assert scan(root).keys() == {"d/e/plain", "top", "link"}
    assert (root / "d").stat().st_mode & 0o7777 == mode
    assert (other / "second").read_text() == "d/e/twice"
    assert list((tmp_path / "trash").iterdir()) == []


async def test_taking_rights_away_hides_nothing(scene: Scene, scan: Scan, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.touch(mode=0)
    if os.access(closed, os.R_OK):
        pytest.skip("root can read everything")
    root = scene.clone.root
    (root / "new").mkdir()
    (root / "new" / "f").write_text("f")
    (root / "new").chmod(0)
    (root / "a.txt").write_text("changed\n")
    (root / "a.txt").chmod(0)
    (root / "src").chmod(0o500)
    made = await scene.clones.commit(scene.clone, "work")
    assert made.left_out == ()
    changed = {change.path for change in await scene.clones.changed_paths(scene.clone)}
    assert changed == {"new/f", "a.txt"}
    (root / "src").chmod(0)
    moved = await scene.clones.move_to(scene.clone, scene.base)
    assert scan(moved.root) == scan(scene.repo)
    (root / "src").chmod(0)
    await scene.clones.give_back(moved)
    assert list((tmp_path / "state" / "clones" / "spares").iterdir())
    again = await scene.clones.make(made.commit, "w2")
    assert (again.root / "new" / "f").read_text() == "f"
