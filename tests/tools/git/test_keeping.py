"""What only the person's objects hold is held by a snapshot too: whatever they collect, its content stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore

Git = Callable[..., bytes]
Scan = Callable[..., dict[str, tuple[int, bytes]]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Leadline's home."""
    return tmp_path / "state"


async def open_store(state: Path, root: Path) -> SnapshotStore:
    return await SnapshotStore.open(state, await open_repository(root), "s1")


def collect(git: Git, repo: Path) -> None:
    """All that git can forget."""
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "--quiet", "--prune=now")


def loose(store: SnapshotStore) -> int:
    return sum(1 for path in (store.git_dir / "objects").glob("??/*") if path.is_file())


async def test_staged_content_that_is_in_no_file(repo: Path, state: Path, git: Git) -> None:
    odd = os.fsdecode(b"odd \n\xff")
    for name in ("a.txt", "new", odd):
        (repo / name).write_bytes(b"staged " + os.fsencode(name))
    git(repo, "add", "--all")
    (repo / "a.txt").write_text("changed again\n")
    (repo / "new").unlink()
    dot_git = git(repo, "ls-files", "--stage")
    store = await open_store(state, repo)
    taken = await store.take("first")
    assert taken.staged is not None
    assert git(repo, "ls-files", "--stage") == dot_git
    git(repo, "reset", "--quiet", "--hard")
    collect(git, repo)
    again = await open_store(state, repo)
    kept = await again.load(taken.commit)
    assert kept == taken
    # What is staged as it is in the tree is in the tree of the snapshot.
    assert await again.unstaged(kept) == ("a.txt", "new")
    assert await again.read_file(kept, odd) == b"staged " + os.fsencode(odd)
    for name in ("a.txt", "new"):
        shown = git(again.git_dir, "--git-dir=.", "cat-file", "blob", f"{kept.staged}:{name}")
        assert shown == b"staged " + name.encode()


async def test_nothing_is_said_of_what_is_still_staged(repo: Path, state: Path, git: Git) -> None:
    store = await open_store(state, repo)
    assert (await store.take("clean")).staged is None
    (repo / "a.txt").write_text("staged\n")
    git(repo, "add", "a.txt")
    (repo / "a.txt").write_text("changed again\n")
    taken = await store.take("staged")
    assert await store.unstaged(taken) == ()
    assert await store.take("the same") is taken
    git(repo, "reset", "--quiet")
    assert await store.unstaged(taken) == ("a.txt",)
    assert (await store.take("not staged")).staged is None


async def test_staging_alone_is_a_reason_for_a_snapshot(repo: Path, state: Path, git: Git) -> None:
    """The tree is the same before and after; what was staged in between must not be lost."""
    (repo / "a.txt").write_text("in the tree\n")
    store = await open_store(state, repo)
    before = await store.take("before")
    blob = git(repo, "hash-object", "-w", "--stdin", stdin=b"only staged\n").decode().strip()
    git(repo, "update-index", "--cacheinfo", f"100644,{blob},a.txt")
    after = await store.take("after")
    assert after.tree == before.tree
    assert after.staged is not None
    shown = git(store.git_dir, "--git-dir=.", "cat-file", "blob", f"{after.staged}:a.txt")
    assert shown == b"only staged\n"


async def test_dirty_files_that_a_dropped_stash_wrote(
    repo: Path, state: Path, git: Git, scan: Scan
) -> None:
    """`git stash pop` leaves the contents, and the trees, in the person's objects with nothing that holds them."""
    (repo / "a.txt").write_text("dirty\n")
    (repo / "src" / "b.py").write_text("b = 2\n")
    git(repo, "stash")
    git(repo, "stash", "pop")
    tree = scan(repo)
    store = await open_store(state, repo)
    taken = await store.take("first")
    (repo / "a.txt").write_text("by Leadline\n")
    (repo / "src" / "b.py").unlink()
    after = await store.take("after")
    collect(git, repo)
    again = await open_store(state, repo)
    await again.restore(after, taken)
    assert scan(repo) == tree


@pytest.mark.parametrize("form", ["sha1", "sha256"])
async def test_before_the_first_commit(tmp_path: Path, state: Path, git: Git, form: str) -> None:
    root = tmp_path / "new"
    root.mkdir()
    git(root, "init", "--quiet", f"--object-format={form}")
    (root / "f").write_text("staged, never committed")
    git(root, "add", "f")
    (root / "f").write_text("in the tree")
    store = await open_store(state, root)
    taken = await store.take("one")
    git(root, "rm", "--quiet", "-f", "--cached", "f")
    collect(git, root)
    again = await open_store(state, root)
    assert await again.read_file(taken, "f") == b"in the tree"
    assert await again.unstaged(taken) == ("f",)


async def test_a_merge_that_has_conflicts(repo: Path, state: Path, git: Git) -> None:
    """Its index makes no tree; what is staged beside the conflict is kept all the same."""
    git(repo, "checkout", "--quiet", "-b", "other")
    (repo / "a.txt").write_text("theirs\n")
    git(repo, "commit", "--quiet", "-am", "theirs")
    git(repo, "checkout", "--quiet", "-")
    (repo / "a.txt").write_text("ours\n")
    git(repo, "commit", "--quiet", "-am", "ours")
    git(repo, "merge", "other", check=False)
    (repo / "beside").write_text("staged\n")
    git(repo, "add", "beside")
    (repo / "beside").write_text("changed again\n")
    store = await open_store(state, repo)
    taken = await store.take("one")
    git(repo, "reset", "--quiet", "--hard")
    assert await store.unstaged(taken) == ("beside",)


async def test_what_commits_hold_is_stored_once(repo: Path, state: Path, git: Git) -> None:
    """Also after the person went to another branch: a checkout must not copy a whole tree."""
    git(repo, "checkout", "--quiet", "-b", "other")
    for number in range(50):
        (repo / f"file{number}").write_text(f"{number}")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "-m", "many")
    git(repo, "checkout", "--quiet", "-")
    store = await open_store(state, repo)
    await store.take("one")
    git(repo, "checkout", "--quiet", "other")
    await store.take("two")
    assert loose(store) == 2  # a commit each


async def test_a_staged_file_that_is_gone_from_the_objects(
    repo: Path, state: Path, git: Git
) -> None:
    """A repository with a fault, or one that holds only a part: the snapshot is made without it."""
    none = "1" * 40
    git(repo, "update-index", "--add", "--cacheinfo", f"100644,{none},ghost")
    store = await open_store(state, repo)
    assert (await store.take("one")).staged is None
    git(store.git_dir, "--git-dir=.", "fsck")
