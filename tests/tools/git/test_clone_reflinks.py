"""Clones by shared blocks: right whatever the copy does, and small where the file system can share."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tools.errors import PersonError
from leadline.tools.git.clone_reflinks import Share, can_share, index_entries, reflink
from leadline.tools.git.clones import Clones
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.git.store import open_store

Git = Callable[..., bytes]
Scan = Callable[..., dict[str, tuple[int, bytes]]]
COPIED = 1_600_000_000
SLOW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Copying:
    """Stands in for a file system that shares: it copies, and refuses the calls of these numbers, by this error.

    The first call is the probe. What it copied it dates, so that it is told from what was written since.
    """

    refused: frozenset[int] = frozenset()
    error: int = errno.EOPNOTSUPP
    calls: int = 0
    held: Callable[[], None] | None = None

    def __call__(self, source: int, target: int) -> None:
        self.calls += 1
        if self.calls - 1 in self.refused:
            raise OSError(self.error, os.strerror(self.error))
        if self.held is not None:
            self.held()
        with open(source, "rb", closefd=False) as one, open(target, "wb", closefd=False) as two:
            shutil.copyfileobj(one, two)
        os.utime(target, (COPIED, COPIED))


def copied(path: Path) -> bool:
    return path.lstat().st_mtime == COPIED


ALL_REFUSED = frozenset(range(10_000))


@dataclass(frozen=True)
class Shop:
    snapshots: SnapshotStore
    clones: Clones
    folder: Path

    def kept(self) -> list[Path]:
        return list((self.folder / "originals").iterdir())

    def half_made(self) -> list[Path]:
        return list((self.folder / "making").iterdir())


async def open_shop(state: Path, root: Path, share: Share) -> Shop:
    at = await open_repository(root)
    store = await open_store(state, at)
    clones = await Clones.open(store, state / "clones", "s1", share=share)
    return Shop(await SnapshotStore.open(state, at, "s1"), clones, state / "clones")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def fill(root: Path) -> None:
    """Every kind of file that a clone can have."""
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("a.txt")
    (root / "away").symlink_to("/nowhere/\n")
    (root / "empty").touch()
    (root / os.fsdecode(b'odd \n\t"\xff')).write_bytes(b"\x00\xff\r\n")
    # In the order of an index these stand between the files of the folder `src`.
    (root / "src.py").touch()
    (root / "src" / "b").mkdir()
    (root / "src" / "b" / "deep").write_text("d\n")
    (root / "src" / "c.py").write_text("c = 1\n")


@pytest.mark.parametrize("error", [errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY])
def test_a_folder_that_refuses_cannot_share(state: Path, error: int) -> None:
    state.mkdir()
    assert not can_share(state, Copying(ALL_REFUSED, error))
    assert can_share(state, Copying())
    assert not list(state.iterdir())


def test_a_fault_while_asking_is_no_refusal(state: Path) -> None:
    state.mkdir()
    with pytest.raises(OSError, match="No space"):
        can_share(state, Copying(ALL_REFUSED, errno.ENOSPC))
    assert not list(state.iterdir())


async def test_where_nothing_is_shared_all_is_written_and_nobody_asks_twice(
    repo: Path, state: Path, scan: Scan
) -> None:
    share = Copying(ALL_REFUSED)
    shop = await open_shop(state, repo, share)
    base = await shop.snapshots.take("start")
    await shop.clones.prepare(base, 2)
    await shop.clones.prepare(base, 3)
    made = [await shop.clones.make(base, f"w{number}") for number in range(4)]
    assert all(scan(clone.root) == scan(repo) for clone in made)
    assert share.calls == 1
    assert not shop.kept()


async def test_what_was_shared_is_not_written_again(
    repo: Path, state: Path, scan: Scan, git: Git
) -> None:
    fill(repo)
    share = Copying()
    shop = await open_shop(state, repo, share)
    base = await shop.snapshots.take("start")
    await shop.clones.prepare(base, 1)
    spare = await shop.clones.make(base, "w1")
    later = await shop.clones.make(base, "w2")
    plain = [name for name, (mode, _) in scan(repo).items() if stat.S_ISREG(mode)]
    for clone in (spare, later):
        assert scan(clone.root) == scan(repo)
        assert all(copied(clone.root / name) for name in plain)
        assert git(clone.root, "status", "--porcelain", "--ignored") == b""
        assert (await shop.clones.commit(clone, "nothing")).tree == base.tree
    assert share.calls == 1 + 2 * len(plain)


async def test_one_clone_alone_keeps_no_original(repo: Path, state: Path) -> None:
    share = Copying()
    shop = await open_shop(state, repo, share)
    await shop.clones.make(await shop.snapshots.take("start"), "w1")
    assert share.calls == 0
    assert not shop.kept()


@pytest.mark.parametrize("harm", ["content", "times", "mode", "link", "led", "gone", "all"])
async def test_an_original_that_was_touched_is_not_copied(
    repo: Path, state: Path, scan: Scan, harm: str
) -> None:
    fill(repo)
    shop = await open_shop(state, repo, Copying())
    base = await shop.snapshots.take("start")
    await shop.clones.prepare(base, 1)
    (kept,) = shop.kept()
    path = kept / "tree" / "repo" / "src" / "b.py"
    times = path.stat().st_mtime_ns
    match harm:
        case "content":
            path.write_text("harmed, and longer\n")
        case "times":
            # Of the same size and with the same time of writing: it is another file all the same.
            path.rename(path.with_name("aside"))
            path.write_text("b = 6\n")
            os.utime(path, ns=(times, times))
        case "mode":
            path.chmod(0o755)
        case "link":
            path.unlink()
            path.symlink_to("/etc/hostname")
        case "led":
            link = path.parent.with_name("link")
            link.unlink()
            link.symlink_to("b.txt")
        case "gone":
            shutil.rmtree(path.parent)
        case _:
            shutil.rmtree(kept)
    await shop.clones.make(base, "spare")
    clone = await shop.clones.make(base, "w1")
    assert scan(clone.root) == scan(repo)
    assert (await shop.clones.commit(clone, "nothing")).tree == base.tree


@pytest.mark.parametrize("dated", [False, True])
async def test_a_change_that_keeps_its_size_is_seen_in_a_copy(
    repo: Path, state: Path, dated: bool
) -> None:
    shop = await open_shop(state, repo, Copying())
    base = await shop.snapshots.take("start")
    await shop.clones.prepare(base, 1)
    for name in ("spare", "copy"):
        clone = await shop.clones.make(base, name)
        path = clone.root / "a.txt"
        before = path.stat().st_mtime_ns
        path.write_text("two\n")
        if dated:
            os.utime(path, ns=(before - 10**10, before - 10**10))
        assert [change.path for change in await shop.clones.changed_paths(clone)] == ["a.txt"]


async def test_a_full_disk_is_told_and_leaves_nothing(repo: Path, state: Path) -> None:
    # The probe is let through, and the spare that is copied first.
    share = Copying(frozenset(range(3, 10)), errno.ENOSPC)
    shop = await open_shop(state, repo, share)
    base = await shop.snapshots.take("start")
    await shop.clones.prepare(base, 1)
    await shop.clones.make(base, "w1")
    with pytest.raises(PersonError, match="No space left"):
        await shop.clones.make(base, "w2")
    assert not shop.half_made()
    assert shop.clones.names() == ("w1",)


async def test_the_original_goes_with_the_spares_and_is_made_again(
    repo: Path, state: Path, scan: Scan
) -> None:
    shop = await open_shop(state, repo, Copying())
    base = await shop.snapshots.take("start")
    await shop.clones.prepare(base, 1)
    await shop.clones.clear()
    assert not shop.kept()
    assert scan((await shop.clones.make(base, "w1")).root) == scan(repo)
    await shop.clones.prepare(base, 1)
    assert len(shop.kept()) == 1


async def test_who_comes_while_the_original_is_written_shares_it(
    repo: Path, state: Path, scan: Scan
) -> None:
    for number in range(300):
        (repo / f"f{number}").write_text(f"{number}\n" * 100)
    shop = await open_shop(state, repo, Copying())
    base = await shop.snapshots.take("start")
    ahead = asyncio.create_task(shop.clones.prepare(base, 3))
    while not any(shop.folder.glob("making/*/tree/*/*")):
        await asyncio.sleep(0)
    made = await asyncio.gather(*(shop.clones.make(base, f"w{number}") for number in range(4)))
    assert all(scan(clone.root) == scan(repo) for clone in made)
    assert all(copied(clone.root / "f7") for clone in made)
    await ahead
    assert len(shop.kept()) == 1
    assert not shop.half_made()


async def test_a_cancelled_copy_is_waited_for_before_it_is_removed(repo: Path, state: Path) -> None:
    share = Copying()
    shop = await open_shop(state, repo, share)
    base = await shop.snapshots.take("start")
    await shop.clones.prepare(base, 1)
    await shop.clones.make(base, "w1")
    begun, go_on = threading.Event(), threading.Event()

    def held() -> None:
        begun.set()
        go_on.wait()

    share.held = held
    task = asyncio.create_task(shop.clones.make(base, "w2"))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    try:
        done, _ = await asyncio.wait({task}, timeout=0.2)
        assert not done
        assert shop.half_made()
    finally:
        go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not shop.half_made()


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_an_index_is_read_as_git_reads_it(tmp_path: Path, git: Git, form: str) -> None:
    root = tmp_path / "root"
    git(tmp_path, "init", "--quiet", f"--object-format={form}", str(root))
    (root / "src").mkdir()
    fill(root)
    # Every remainder of eight, so that all paddings are met.
    for length in range(1, 18):
        (root / ("n" * length)).write_text(f"{length}")
    git(root, "add", "--all")
    index = root / ".git" / "index"
    listed = git(root, "ls-files", "-z", "--stage").split(b"\0")[:-1]
    wanted = [
        (int(item.split(b" ")[0], 8), *item.partition(b"\t")[2].rpartition(b"/")[::2])
        for item in listed
    ]
    found = list(index_entries(index.read_bytes(), form))
    assert [(entry.mode, entry.folder, entry.name) for entry in found] == wanted
    git(root, "update-index", "--index-version", "4")
    assert not list(index_entries(index.read_bytes(), form))


NAMES = st.sampled_from([b"a", b"b", b"d", b"\xff\n", b"A", b"a.b", b".gitattributes"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: os.fsdecode(b"/".join(parts)))
CONTENT = st.one_of(st.sampled_from([b"", b"x\r\n", b"* text eol=crlf\n"]), st.binary(max_size=9))
FILES = st.dictionaries(PATHS, st.tuples(st.sampled_from(["plain", "run", "link"]), CONTENT))
Files = dict[str, tuple[str, bytes]]


def lay(root: Path, files: Files) -> None:
    """Makes the files all that there is in the root; a path below another that is no folder is left out."""
    for path in root.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, (kind, content) in sorted(files.items()):
        path = root / name
        above = [root / parent for parent in Path(name).parents]
        if any(parent.is_symlink() or parent.is_file() for parent in above):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            path.symlink_to(os.fsdecode(content.replace(b"\0", b"") or b"x"))
        else:
            path.write_bytes(content)
            path.chmod(0o755 if kind == "run" else 0o644)


@SLOW
@given(first=FILES, then=FILES, refused=st.frozensets(st.integers(1, 20)))
def test_a_clone_is_exact_whatever_is_refused(
    scan: Scan, first: Files, then: Files, refused: frozenset[int]
) -> None:
    async def law(folder: Path) -> None:
        root = folder / "root"
        lay(root, first)
        shop = await open_shop(folder / "state", root, Copying(refused))
        base = await shop.snapshots.take("start", set(first))
        await shop.clones.prepare(base, 1)
        wanted = scan(root)
        lay(root, then)
        later = await shop.snapshots.take("later", set(then) | set(first))
        # By the spare and by a copy, of the tree that was copied and of another.
        for name, start, files in (
            ("spare", later, scan(root)),
            ("copy", base, wanted),
            ("moved", later, scan(root)),
        ):
            clone = await shop.clones.make(start, name)
            assert scan(clone.root) == files
            assert (await shop.clones.commit(clone, "nothing")).tree == start.tree
        assert len(shop.kept()) == 1

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        subprocess.run(["git", "init", "--quiet", folder / "root"], check=True)
        asyncio.run(law(folder))


@SLOW
@given(turns=st.lists(st.integers(0, 80), min_size=1, max_size=3))
def test_cancelled_at_any_time_nothing_half_made_is_left(scan: Scan, turns: list[int]) -> None:
    async def law(folder: Path) -> None:
        root = folder / "root"
        lay(root, {f"f{number}": ("plain", b"f\n") for number in range(30)})
        shop = await open_shop(folder / "state", root, Copying())
        base = await shop.snapshots.take("start")
        for number, count in enumerate(turns):
            ahead = asyncio.create_task(shop.clones.prepare(base, 2))
            task = asyncio.create_task(shop.clones.make(base, f"w{number}"))
            for _ in range(count):
                await asyncio.sleep(0.001)
            task.cancel()
            ahead.cancel()
            await asyncio.gather(task, ahead, return_exceptions=True)
            assert not shop.half_made()
        await shop.clones.prepare(base, 2)
        for name in ("last", "very-last", "copied"):
            assert scan((await shop.clones.make(base, name)).root) == scan(root)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        subprocess.run(["git", "init", "--quiet", folder / "root"], check=True)
        asyncio.run(law(folder))


@pytest.fixture(params=["xfs", "btrfs"])
def sharing(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Path]:
    """A folder on a file system that shares blocks, made for the test."""
    kind: str = request.param
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system for the test")
    if shutil.which(f"mkfs.{kind}") is None:
        pytest.skip(f"mkfs.{kind} is not installed")
    image, at = tmp_path / "image", tmp_path / "mounted"
    at.mkdir()
    with image.open("wb") as file:
        file.truncate(400 << 20)
    subprocess.run([f"mkfs.{kind}", "-q", image], check=True, capture_output=True)
    done = subprocess.run(
        ["mount", "-o", "loop", image, at], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"{kind} cannot be mounted here: {done.stderr.strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)


def used(folder: Path) -> int:
    os.sync()
    facts = os.statvfs(folder)
    return (facts.f_blocks - facts.f_bfree) * facts.f_frsize


async def test_clones_take_room_only_for_what_changed(
    repo: Path, sharing: Path, scan: Scan
) -> None:
    fill(repo)
    one = 256 << 10
    for number in range(40):
        (repo / f"large{number}").write_bytes(os.urandom(one))
    whole = 40 * one
    shop = await open_shop(sharing / "state", repo, reflink)
    base = await shop.snapshots.take("start")
    before = used(sharing)
    await shop.clones.prepare(base, 2)
    assert whole <= used(sharing) - before < 1.5 * whole
    clones = [await shop.clones.make(base, f"w{number}") for number in range(5)]
    assert all(scan(clone.root) == scan(repo) for clone in clones)
    assert used(sharing) - before < 1.5 * whole

    with (clones[0].root / "large0").open("r+b") as file:
        file.write(b"only here")
    (clones[0].root / "a.txt").write_text("two\n")
    assert used(sharing) - before < 1.5 * whole
    changed = [change.path for change in await shop.clones.changed_paths(clones[0])]
    assert changed == ["a.txt", "large0"]
    assert all(scan(clone.root) == scan(repo) for clone in clones[1:])
    assert scan((await shop.clones.make(base, "after")).root) == scan(repo)
    assert (await shop.clones.commit(clones[1], "nothing")).tree == base.tree
