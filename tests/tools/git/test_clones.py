"""Private clones: the bytes of the snapshot, a `.git` that git works with, and nothing of the person's touched."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tools.errors import PersonError
from leadline.tools.git.clone_home import Clone
from leadline.tools.git.clones import Clones
from leadline.tools.git.merging import merge_trees
from leadline.tools.git.objects import Kind
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshot import Snapshot
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.git.store import Store, open_store
from leadline.tools.git.survey import LeftOut, Limits, Reason

Git = Callable[..., bytes]
Scan = Callable[..., dict[str, tuple[int, bytes]]]

ODD = os.fsdecode(b'odd \n\t"quo\'ted" \\ \xff\xfe *?[x]')


@dataclass(frozen=True)
class Shop:
    """A repository's store, its snapshots and its clones."""

    store: Store
    snapshots: SnapshotStore
    clones: Clones


async def open_shop(state: Path, root: Path, limits: Limits | None = None) -> Shop:
    at = await open_repository(root) if (root / ".git").exists() else root
    store = await open_store(state, at)
    snapshots = await SnapshotStore.open(state, at, "s1")
    return Shop(store, snapshots, await Clones.open(store, state / "clones", "s1", limits))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def everything(folder: Path) -> dict[str, tuple[int, int, str]]:
    """All that is below the folder, folders too: mode, time of change and content."""
    found: dict[str, tuple[int, int, str]] = {}
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        content = b""
        if stat.S_ISLNK(facts.st_mode):
            content = os.fsencode(path.readlink())
        elif stat.S_ISREG(facts.st_mode):
            content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        found[str(path.relative_to(folder))] = (facts.st_mode, facts.st_mtime_ns, digest)
    return found


def fill(root: Path) -> None:
    """Every kind of file, and attributes that would change their bytes."""
    (root / ".gitattributes").write_text(
        "* text eol=crlf ident filter=loud\n*.u16 working-tree-encoding=UTF-16\n"
    )
    (root / "a.txt").write_bytes(b"changed\r\nmixed\nends $Id$\r\n")
    (root / "x.u16").write_bytes("wide".encode("utf-16"))
    (root / "src" / "b.py").unlink()
    (root / "empty").touch()
    (root / ODD).write_bytes(b"\x00\xff binary")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("a.txt")
    (root / "away").symlink_to("/nowhere/\n")
    (root / "deep" / "er").mkdir(parents=True)
    (root / "deep" / "er" / "f").write_text("f")
    (root / ".gitignore").write_text("*.log\nbuild/\n")
    (root / "one.log").write_text("ignored, small")


def log(git: Git, clone: Clone) -> list[str]:
    return git(clone.root, "log", "--format=%s").decode().splitlines()


async def test_a_clone_has_the_snapshot_and_git_works_in_it(
    repo: Path, state: Path, git: Git, scan: Scan, tmp_path: Path
) -> None:
    git(repo, "config", "filter.loud.smudge", f"touch {tmp_path}/ran; cat")
    git(repo, "config", "filter.loud.clean", f"touch {tmp_path}/ran; cat")
    hook = repo / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    fill(repo)
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "exclude").write_text("mine.tmp")
    before = everything(repo)
    shop = await open_shop(state, repo)
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")

    assert scan(clone.root) == scan(repo)
    assert clone.root.name == repo.name
    assert git(clone.root, "status", "--porcelain") == b""
    assert git(clone.root, "branch", "--show-current") == b"leadline\n"
    assert log(git, clone) == ["The tree as it was when this work began", "first"]
    assert git(clone.root, "remote") == b""
    assert git(repo, "worktree", "list", "--porcelain").count(b"worktree ") == 1
    assert not (clone.git_dir / "hooks").exists()

    (clone.root / "new.py").write_text("n = 1\n")
    (clone.root / "mine.tmp").write_text("excluded")
    (clone.root / "more.log").write_text("ignored")
    assert git(clone.root, "status", "--porcelain") == b"?? new.py\n"
    git(clone.root, "add", "new.py")
    git(clone.root, "commit", "--quiet", "-m", "by the worker")
    assert log(git, clone)[0] == "by the worker"
    assert not (tmp_path / "ran").exists()
    assert everything(repo) == before


async def test_a_clean_repository_needs_no_commit_of_ours(
    repo: Path, state: Path, git: Git
) -> None:
    shop = await open_shop(state, repo)
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
    assert log(git, clone) == ["first"]
    assert git(clone.root, "diff", "HEAD") == b""


async def test_clones_of_one_base_begin_at_the_same_commit(
    repo: Path, state: Path, git: Git
) -> None:
    (repo / "a.txt").write_text("uncommitted\n")
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    one, two = await asyncio.gather(shop.clones.make(base, "w1"), shop.clones.make(base, "w2"))
    git(repo, "commit", "--quiet", "-am", "the person goes on")
    three = await shop.clones.make(base, "w3")
    assert one.head == two.head == three.head
    assert one.root != two.root


@pytest.mark.parametrize("form", ["sha1", "sha256"])
async def test_a_commit_takes_everything_but_new_ignored_files(
    tmp_path: Path, state: Path, git: Git, scan: Scan, form: str
) -> None:
    repo = tmp_path / "project"
    git(tmp_path, "init", "--quiet", f"--object-format={form}", str(repo))
    (repo / "a.txt").write_text("one\n")
    (repo / "src").mkdir()
    (repo / "src" / "b.py").write_text("b = 1\n")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "-m", "first")
    fill(repo)
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    clone = await shop.clones.make(base, "w1")
    (clone.root / "a.txt").unlink()
    (clone.root / "deep" / "er" / "f").chmod(0o755)
    (clone.root / "one.log").write_text("in the base, so in the commit")
    (clone.root / "two.log").write_text("a new ignored file")
    (clone.root / "build").mkdir()
    (clone.root / "build" / "out").write_text("a cache")
    (clone.root / "new").mkdir()
    (clone.root / "new" / ODD).write_bytes(b"\r\n\x00")
    (clone.root / "link").unlink()
    (clone.root / "link").write_text("no link now")

    made = await shop.clones.commit(clone, "work\n\nmore")
    changed = {change.path: change.kind for change in await shop.clones.changed_paths(clone)}
    assert made.left_out == ()
    assert changed == {
        "a.txt": Kind.DELETED,
        "deep/er/f": Kind.MODIFIED,
        "link": Kind.TYPE_CHANGED,
        f"new/{ODD}": Kind.ADDED,
        "one.log": Kind.MODIFIED,
    }
    await shop.clones.remove(clone)
    assert not clone.root.exists()
    facts = git(shop.store.path, "log", "-1", "--format=%P %an %B", made.commit).decode()
    assert facts.strip() == f"{base.commit} Leadline work\n\nmore"
    held = git(shop.store.path, "rev-parse", "refs/leadline-work/s1/w1").decode().strip()
    assert held == made.commit
    # What holds workers' commits is no snapshot: the session's snapshots are still found.
    assert (await open_shop(state, repo)).snapshots.last == base

    again = await shop.clones.make(made.commit, "w2")
    files = scan(again.root)
    assert "a.txt" not in files
    assert files[f"new/{ODD}"][1] == b"\r\n\x00"
    assert not {"two.log", "build/out"} & files.keys()


async def test_commits_follow_on_each_other(repo: Path, state: Path, git: Git) -> None:
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    clone = await shop.clones.make(base, "w1")
    none = await shop.clones.commit(clone, "nothing")
    assert (none.commit, none.tree) == (base.commit, base.tree)
    (clone.root / "a.txt").write_text("two\n")
    one = await shop.clones.commit(clone, "one")
    (clone.root / "a.txt").write_text("three\n")
    two = await shop.clones.commit(clone, "two")
    parents = git(shop.store.path, "rev-list", two.commit).decode().split()
    assert parents == [two.commit, one.commit, base.commit]


@pytest.mark.parametrize("dated", [False, True])
async def test_a_change_that_keeps_its_size_is_seen_at_once(
    repo: Path, state: Path, dated: bool
) -> None:
    shop = await open_shop(state, repo)
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
    for number in range(4):
        # The time of change is what is left to tell it by, and git looks at its seconds only.
        text = f"{number:03}\n"
        (clone.root / "a.txt").write_text(text)
        if dated:
            os.utime(clone.root / "a.txt", (10**9, 10**9))
        assert [change.path for change in await shop.clones.changed_paths(clone)] == ["a.txt"]
        made = await shop.clones.commit(clone, text)
        again = await shop.clones.make(made.commit, f"look-{number}")
        assert (again.root / "a.txt").read_text() == text


async def test_what_the_snapshot_left_out_is_named_and_not_there(
    repo: Path, state: Path, git: Git
) -> None:
    nested = repo / "nested"
    nested.mkdir()
    git(nested, "init", "--quiet")
    (nested / "f").write_text("f")
    shop = await open_shop(state, repo)
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
    assert clone.left_out == (LeftOut("nested/", Reason.NESTED),)
    assert not (clone.root / "nested").exists()
    assert git(clone.root, "status", "--porcelain") == b""


async def test_moving_to_another_commit_keeps_ignored_files(
    repo: Path, state: Path, git: Git, scan: Scan
) -> None:
    (repo / ".gitignore").write_text("*.log\nbuild/\n")
    (repo / "d").mkdir()
    (repo / "d" / "f").write_text("f")
    shop = await open_shop(state, repo)
    old = await shop.snapshots.take("old")
    clone = await shop.clones.make(old, "w1")
    (repo / "a.txt").write_text("moved on\n")
    (repo / "d" / "f").unlink()
    (repo / "d").rmdir()
    (repo / "d").write_text("a file now")
    (repo / "src" / "b.py").chmod(0o755)
    new = await shop.snapshots.take("new")
    (clone.root / "build").mkdir()
    (clone.root / "build" / "cache").write_text("kept")
    (clone.root / "x.log").write_text("kept too")
    (clone.root / "draft.txt").write_text("not committed, so gone")
    (clone.root / "src" / "b.py").write_text("not committed")

    moved = await shop.clones.move_to(clone, new)
    files = scan(moved.root)
    kept = {name: files.pop(name)[1] for name in ("build/cache", "x.log")}
    assert kept == {"build/cache": b"kept", "x.log": b"kept too"}
    assert files == scan(repo)
    assert git(moved.root, "status", "--porcelain") == b""
    assert (moved.root, moved.tree) == (clone.root, new.tree)
    made = await shop.clones.commit(moved, "nothing new")
    assert made.commit == new.commit
    assert shop.clones.find("w1") == moved


async def test_a_worker_is_rebased_by_merge_and_move(repo: Path, state: Path) -> None:
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    one = await shop.clones.make(base, "w1")
    two = await shop.clones.make(base, "w2")
    (one.root / "a.txt").write_text("by one\n")
    (two.root / "src" / "b.py").write_text("by = 2\n")
    landed = await shop.clones.commit(one, "one")
    later = await shop.clones.commit(two, "two")
    merged = await merge_trees(shop.store, base.tree, landed.commit, later.commit)
    assert merged.clean
    moved = await shop.clones.move_to(two, landed.commit)
    assert (moved.root / "a.txt").read_text() == "by one\n"
    assert (moved.root / "src" / "b.py").read_text() == "b = 1\n"


async def test_a_clone_given_back_is_used_again_without_a_trace(
    repo: Path, state: Path, git: Git, scan: Scan, tmp_path: Path
) -> None:
    (repo / ".gitignore").write_text("*.log\n")
    (repo / "d").mkdir()
    (repo / "d" / "f").write_text("f")
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    first = await shop.clones.make(base, "w1")
    inode = (first.root / "a.txt").stat().st_ino
    (first.root / "src" / "b.py").write_text("changed")
    (first.root / "x.log").write_text("ignored")
    (first.root / "d" / ".git").mkdir()
    (first.root / "d" / "empty" / "folder").mkdir(parents=True)
    os.mkfifo(first.root / "pipe")
    (tmp_path / "second name").hardlink_to(first.root / "d" / "f")
    (first.root / "d").chmod(0o777)
    git(first.root, "config", "core.hooksPath", "evil")
    (first.git_dir / "hooks").mkdir()
    await shop.clones.give_back(first)
    assert shop.clones.find("w1") is None
    (repo / "src" / "b.py").write_text("b = 2\n")
    later = await shop.snapshots.take("later")

    again = await shop.clones.make(later, "w2")
    assert (again.root / "a.txt").stat().st_ino == inode
    assert scan(again.root) == scan(repo)
    assert sorted(path.name for path in (again.root / "d").iterdir()) == ["f"]
    assert (again.root / "d" / "f").stat().st_nlink == 1
    assert (again.root / "d").stat().st_mode == (again.root / "src").stat().st_mode
    assert git(again.root, "status", "--porcelain", "--ignored") == b""
    assert git(again.root, "config", "core.hooksPath", check=False) == b""
    assert (await shop.clones.commit(again, "nothing")).tree == later.tree


async def test_spares_are_made_ahead_and_cleared(repo: Path, state: Path, scan: Scan) -> None:
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    await shop.clones.prepare(base, 2)
    spares = state / "clones" / "spares"
    assert len(list(spares.iterdir())) == 2
    made = await asyncio.gather(*(shop.clones.make(base, f"w{n}") for n in range(3)))
    assert all(scan(clone.root) == scan(repo) for clone in made)
    assert not list(spares.iterdir())
    await shop.clones.prepare(base, 1)
    left = state / "clones" / "making" / "half"
    left.mkdir()
    await shop.clones.clear()
    assert not left.exists()
    assert not list(spares.iterdir())
    assert shop.clones.names() == ("w0", "w1", "w2")


async def test_another_process_finds_a_clone_and_goes_on(repo: Path, state: Path) -> None:
    shop = await open_shop(state, repo)
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
    (clone.root / "a.txt").write_text("work\n")
    one = await shop.clones.commit(clone, "one")
    later = await open_shop(state, repo)
    found = later.clones.find("w1")
    assert found is not None
    assert found == clone
    (clone.root / "a.txt").write_text("more\n")
    two = await later.clones.commit(found, "two")
    assert {change.path for change in await later.clones.changed_paths(found)} == {"a.txt"}
    again = await later.clones.make(two.commit, "w2")
    assert again.base == two.commit != one.commit
    assert later.clones.find("w3") is None


async def test_plain_folders_and_unborn_repositories_have_clones_too(
    tmp_path: Path, state: Path, git: Git, scan: Scan
) -> None:
    for name in ("plain", "unborn"):
        root = tmp_path / name
        root.mkdir()
        (root / "f").write_text("f")
        if name == "unborn":
            git(root, "init", "--quiet")
        shop = await open_shop(state / name, root)
        clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
        assert scan(clone.root) == scan(root)
        assert log(git, clone) == ["The tree as it was when this work began"]


async def test_history_works_over_borrowed_and_shallow_objects(
    repo: Path, state: Path, git: Git, tmp_path: Path
) -> None:
    (repo / "a.txt").write_text("two\n")
    git(repo, "commit", "--quiet", "-am", "second")
    for name, flags in (("borrows", ["--shared"]), ("shallow", ["--depth=1", "--no-local"])):
        project = tmp_path / f'{name} "odd\\'
        git(
            tmp_path,
            "clone",
            "--quiet",
            *flags,
            f"file://{repo}" if name == "shallow" else str(repo),
            str(project),
        )
        (project / "a.txt").write_text("uncommitted\n")
        shop = await open_shop(state / name, project)
        clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
        expected = ["second", "first"] if name == "borrows" else ["second"]
        assert log(git, clone)[1:] == expected
        assert git(clone.root, "show", "HEAD~1:a.txt") == b"two\n"
        assert all(folder.is_dir() for folder in clone.borrowed)
        assert not any(folder.is_relative_to(project) for folder in clone.borrowed)


async def test_ignore_rules_of_the_person_apply_but_no_secret_is_copied(
    repo: Path, state: Path, git: Git, home: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("*.sec\n")
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "ignore").write_text("*.swp\n")
    git(repo, "config", "core.excludesFile", str(secret))
    shop = await open_shop(state / "one", repo)
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
    (clone.root / "x.sec").write_text("ignored by the repository's configuration")
    assert b"*.sec" not in (clone.git_dir / "info" / "exclude").read_bytes()
    assert await shop.clones.changed_paths(clone) == ()

    git(repo, "config", "--unset", "core.excludesFile")
    (repo / ".git" / "info").mkdir(exist_ok=True)
    exclude = repo / ".git" / "info" / "exclude"
    exclude.unlink(missing_ok=True)
    exclude.symlink_to(secret)
    shop = await open_shop(state / "two", repo)
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
    (clone.root / "x.swp").write_text("ignored by the person's own rules")
    assert (clone.git_dir / "info" / "exclude").read_bytes() == b"*.swp\n"
    assert git(clone.root, "status", "--porcelain") == b""
    assert await shop.clones.changed_paths(clone) == ()


async def test_names_and_places_are_checked(repo: Path, state: Path) -> None:
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    await shop.clones.make(base, "w1")
    with pytest.raises(PersonError, match="already"):
        await shop.clones.make(base, "w1")
    for name in ("", "..", "a/b", "-x", "a.lock", "x" * 65):
        with pytest.raises(ValueError, match="name"):
            await shop.clones.make(base, name)
    with pytest.raises(PersonError, match="not the id"):
        await shop.clones.make("--help", "w2")
    with pytest.raises(PersonError):
        await shop.clones.make("0" * 40, "w2")
    with pytest.raises(PersonError, match="inside the project"):
        await Clones.open(shop.store, repo / "sub", "s1")
    with pytest.raises(ValueError, match="session"):
        await Clones.open(shop.store, state / "clones", "../s")
    assert shop.clones.names() == ("w1",)
    assert not list((state / "clones" / "making").iterdir())


async def test_missing_content_leaves_nothing_behind(repo: Path, state: Path) -> None:
    (repo / "a.txt").write_text("only in the store\n")
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    await shop.clones.prepare(base, 1)
    (repo / "a.txt").write_text("in the store as well\n")
    later = await shop.snapshots.take("later")
    gone = shop.store.blob_id(b"in the store as well\n")
    (shop.store.path / "objects" / gone[:2] / gone[2:]).unlink()
    with pytest.raises(PersonError, match="could not be written"):
        await shop.clones.make(later, "w1")
    assert shop.clones.names() == ()
    assert not list((state / "clones" / "making").iterdir())
    assert (await shop.clones.make(base, "w1")).tree == base.tree


async def test_a_clone_that_is_cancelled_leaves_nothing(repo: Path, state: Path) -> None:
    for number in range(300):
        (repo / f"f{number}").write_text(f"{number}\n" * 100)
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    making = state / "clones" / "making"
    task = asyncio.create_task(shop.clones.make(base, "w1"))
    while not any(making.glob("*/tree/*/*")):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list(making.iterdir())
    assert shop.clones.names() == ()
    assert (await shop.clones.make(base, "w1")).tree == base.tree


async def test_large_new_files_are_left_out_and_named(repo: Path, state: Path) -> None:
    shop = await open_shop(state, repo, Limits(untracked_file=10))
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
    (clone.root / "core.dump").write_bytes(b"x" * 11)
    (clone.root / "a.txt").write_bytes(b"x" * 100)
    made = await shop.clones.commit(clone, "work")
    assert made.left_out == (LeftOut("core.dump", Reason.TOO_LARGE),)
    assert [change.path for change in await shop.clones.changed_paths(clone)] == ["a.txt"]


NAMES = st.sampled_from([b"a", b"b", b"d", b"\xff\n", b"A", b"sp ace", b".gitattributes"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: os.fsdecode(b"/".join(parts)))
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "remove", "link", "mode"]),
        PATHS,
        st.one_of(st.sampled_from([b"", b"x\r\n", b"* text eol=crlf\n"]), st.binary(max_size=9)),
    ),
    max_size=8,
)


def edit(root: Path, kind: str, path: str, content: bytes) -> None:
    """One edit, whatever is in its way removed."""
    target = root / path
    for parent in reversed(target.relative_to(root).parents):
        full = root / parent
        if full.is_symlink() or (full.exists() and not full.is_dir()):
            full.unlink()
    plain = target.is_file() and not target.is_symlink()
    if kind == "mode":
        if plain:
            target.chmod(target.stat().st_mode ^ 0o111)
        return
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    if kind == "remove":
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if kind == "write":
        target.write_bytes(content)
    else:
        target.symlink_to(os.fsdecode(content.replace(b"\0", b"") or b"x"))


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=EDITS, then=EDITS, spare=st.booleans())
def test_what_is_committed_is_what_the_next_clone_has(
    scan: Scan,
    first: list[tuple[str, str, bytes]],
    then: list[tuple[str, str, bytes]],
    spare: bool,
) -> None:
    async def law(folder: Path) -> None:
        root = folder / "root"
        for one in first:
            edit(root, *one)
        shop = await open_shop(folder / "state", root)
        # All paths are named, so that ignore rules hide nothing.
        base: Snapshot = await shop.snapshots.take("start", {path for _, path, _ in first})
        clone = await shop.clones.make(base, "w1")
        assert scan(clone.root) == scan(root)
        assert (await shop.clones.commit(clone, "nothing")).tree == base.tree
        for one in then:
            edit(clone.root, *one)
        wanted = scan(clone.root)
        made = await shop.clones.commit(clone, "work")
        if spare:
            await shop.clones.give_back(clone)
        else:
            other = await shop.clones.make(base, "other")
            assert scan((await shop.clones.move_to(other, made.commit)).root) == wanted
        assert scan((await shop.clones.make(made.commit, "w2")).root) == wanted

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        subprocess.run(["git", "init", "--quiet", folder / "root"], check=True)
        asyncio.run(law(folder))


async def test_the_files_of_a_clone_are_listed_by_the_persons_ignore_rules(
    repo: Path, state: Path
) -> None:
    (repo / ".git" / "info" / "exclude").write_text("*.tmp\n")
    shop = await open_shop(state, repo)
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
    (clone.root / "new.py").write_text("x = 1\n")
    (clone.root / "own.tmp").write_text("x")
    (clone.root / ".git" / "info" / "exclude").write_text("new.py\n")
    assert await shop.clones.list_files(clone) == ("a.txt", "new.py", "src/b.py")


def crowd(repo: Path) -> None:
    """Enough files that writing them takes a while."""
    for number in range(400):
        (repo / f"f{number}").write_text(f"{number}\n" * 100)


async def being_written(making: Path) -> None:
    while not any(making.glob("*/tree/*/*")):
        await asyncio.sleep(0)


async def test_spares_are_made_beside_clones(repo: Path, state: Path, scan: Scan) -> None:
    crowd(repo)
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    ahead = asyncio.create_task(shop.clones.prepare(base, 3))
    await being_written(state / "clones" / "making")
    made = await asyncio.gather(*(shop.clones.make(base, f"w{n}") for n in range(4)))
    assert all(scan(clone.root) == scan(repo) for clone in made)
    await asyncio.gather(ahead, shop.clones.prepare(base, 3), shop.clones.prepare(base, 2))
    assert len(list((state / "clones" / "spares").iterdir())) == 3
    assert not list((state / "clones" / "making").iterdir())


def refused(source: int, target: int) -> None:
    raise OSError(errno.EOPNOTSUPP, "no blocks are shared here")


async def test_a_clone_takes_the_spare_that_is_just_being_written(repo: Path, state: Path) -> None:
    crowd(repo)
    shop = await open_shop(state, repo)
    # Where files can share their blocks, what is written first is no spare but what spares are copied from.
    clones = await Clones.open(shop.store, state / "clones", "s1", share=refused)
    base = await shop.snapshots.take("start")
    making = state / "clones" / "making"
    ahead = asyncio.create_task(clones.prepare(base, 2))
    await being_written(making)
    (repo / "a.txt").write_text("later\n")
    later = await shop.snapshots.take("later")
    clone = await clones.make(later, "w1")
    assert (clone.root / "a.txt").read_text() == "later\n"
    # One of the two is taken: it did what it was for, and the clone was not written beside them.
    await ahead
    assert len(list((state / "clones" / "spares").iterdir())) == 1


async def test_no_spare_is_begun_while_a_clone_is_made(repo: Path, state: Path) -> None:
    crowd(repo)
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    making = state / "clones" / "making"
    task = asyncio.create_task(shop.clones.make(base, "w1"))
    await being_written(making)
    ahead = asyncio.create_task(shop.clones.prepare(base, 1))
    most = 0
    while not task.done():
        most = max(most, len(list(making.iterdir())))
        await asyncio.sleep(0)
    assert most == 1
    await ahead
    assert len(list((state / "clones" / "spares").iterdir())) == 1


@pytest.mark.parametrize("waiting", [False, True])
async def test_cancelling_what_is_made_ahead_leaves_nothing_and_stops_nobody(
    repo: Path, state: Path, scan: Scan, waiting: bool
) -> None:
    crowd(repo)
    shop = await open_shop(state, repo)
    base = await shop.snapshots.take("start")
    making = state / "clones" / "making"
    ahead = [asyncio.create_task(shop.clones.prepare(base, count)) for count in (3, 4)]
    await being_written(making)
    clone = asyncio.create_task(shop.clones.make(base, "w1"))
    if waiting:
        await asyncio.sleep(0.02)
    for one in ahead:
        one.cancel()
    assert all(
        isinstance(end, asyncio.CancelledError)
        for end in await asyncio.gather(*ahead, return_exceptions=True)
    )
    assert scan((await clone).root) == scan(repo)
    assert not list(making.iterdir())
    assert not list((state / "clones" / "spares").iterdir())
    await shop.clones.prepare(base, 1)
    assert len(list((state / "clones" / "spares").iterdir())) == 1


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(turns=st.lists(st.integers(0, 60), min_size=1, max_size=3))
def test_a_clone_cancelled_at_any_time_leaves_nothing_behind(turns: list[int]) -> None:
    async def law(folder: Path) -> None:
        (folder / "root" / "f").write_text("f\n")
        shop = await open_shop(folder / "state", folder / "root")
        base = await shop.snapshots.take("start")
        making = folder / "state" / "clones" / "making"
        for number, count in enumerate(turns):
            task = asyncio.create_task(shop.clones.make(base, f"w{number}"))
            ahead = asyncio.create_task(shop.clones.prepare(base, 1))
            for _ in range(count):
                await asyncio.sleep(0.0005)
            task.cancel()
            ahead.cancel()
            await asyncio.gather(task, ahead, return_exceptions=True)
            assert not list(making.iterdir())
        assert (await shop.clones.make(base, "last")).tree == base.tree

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        subprocess.run(["git", "init", "--quiet", folder / "root"], check=True)
        asyncio.run(law(folder))


@pytest.mark.parametrize("target", ["exclude", "x" * 300], ids=["loop", "too long"])
async def test_ignore_rules_that_can_not_be_read_are_none(
    repo: Path, state: Path, target: str
) -> None:
    exclude = repo / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.unlink(missing_ok=True)
    exclude.symlink_to(target)
    shop = await open_shop(state, repo)
    clone = await shop.clones.make(await shop.snapshots.take("start"), "w1")
    assert (clone.git_dir / "info" / "exclude").read_bytes() == b""
    assert (clone.root / "a.txt").read_text() == "one\n"
