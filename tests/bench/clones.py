"""How long a worker waits for its private clone of a large repository, and what it takes of the disk.

Against `git worktree add` and `git clone --local` of the same commit in the same run. The disk is let come to rest
before each of them, since what one has written the next would wait for. Where root can mount an xfs in a file, it is
also measured there how clones that share blocks do against clones that are written anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from leadline.tests.support.repos import git, make_repo, write_files
from leadline.tools.git.clone_home import Clone
from leadline.tools.git.clone_reflinks import Share, reflink
from leadline.tools.git.clones import Clones
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshot import Snapshot
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.git.store import open_store

FILES = 30_000
ROUNDS = 3
CHANGED = 40
"""Files that a task leaves changed when its clone is given back."""
WORKTREE = "git worktree add"
PLAIN = "git clone --local"
FRESH = "clone, nothing prepared"
AGAIN = "clone from one given back"
AHEAD = "clone from one prepared ahead"
IMAGE_BYTES = 4 << 30
TO_BEGIN = "first one prepared ahead"
NEXT = "next one prepared ahead"
MAKE = "clone from the first of them"
MAKE_NEXT = "clone from the next of them"
MAKE_NOW = "clone, none left that was prepared"
ON_IMAGE = (TO_BEGIN, NEXT, MAKE, MAKE_NEXT, MAKE_NOW)


@dataclass(slots=True)
class Bench:
    """One repository, its clones and what was measured: seconds, and bytes on disk, by row."""

    repo: Path
    work: Path
    clones: Clones
    base: Snapshot
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    disk: dict[str, int] = field(default_factory=dict[str, int])

    async def timed(self, row: str, work: Callable[[], Awaitable[object]]) -> None:
        await asyncio.to_thread(os.sync)
        began = time.monotonic()
        await work()
        self.seconds[row].append(time.monotonic() - began)


async def measure() -> str:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        repo = await asyncio.to_thread(large_repository, work / "repo")
        return "\n".join(
            [await everywhere(work, repo), "", await where_blocks_are_shared(work, repo)]
        )


async def everywhere(work: Path, repo: Path) -> str:
    at = await open_repository(repo)
    store = await open_store(work / "state", at)
    snapshots = await SnapshotStore.open(work / "state", at, "bench")
    clones = await Clones.open(store, work / "state" / "clones", "bench")
    bench = Bench(repo, work, clones, await snapshots.take("start"))
    for number in range(ROUNDS):
        await plain(bench)
        await ours(bench, number)
    return table(bench)


def large_repository(folder: Path) -> Path:
    """Thirty thousand source files of a few kilobytes, packed as after `git clone`."""
    chance = random.Random(1)
    words = [f"word{number}" for number in range(4_000)]
    files = {
        f"pkg{number // 1000}/part{number // 50 % 20}/file{number}.py": "\n".join(
            " ".join(chance.choices(words, k=8)) for _ in range(chance.randint(5, 80))
        )
        + "\n"
        for number in range(FILES)
    }
    make_repo(folder, {})
    # Else git begins to pack in the background while it is measured.
    git(folder, "config", "gc.auto", "0")
    write_files(folder, files)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "Begin")
    git(folder, "repack", "-a", "-d", "-q")
    return folder


async def plain(bench: Bench) -> None:
    """What git does by itself."""
    tree, clone = bench.work / "worktree", bench.work / "plain"
    add = ("worktree", "add", "--quiet", "--detach", str(tree))
    await bench.timed(WORKTREE, lambda: asyncio.to_thread(git, bench.repo, *add))
    bench.disk[WORKTREE] = on_disk(tree)
    await asyncio.to_thread(git, bench.repo, "worktree", "remove", "--force", str(tree))
    local = ("clone", "--quiet", "--local", str(bench.repo), str(clone))
    await bench.timed(PLAIN, lambda: asyncio.to_thread(git, bench.work, *local))
    bench.disk[PLAIN] = on_disk(clone)
    await asyncio.to_thread(shutil.rmtree, clone)


async def ours(bench: Bench, number: int) -> None:
    clones, base = bench.clones, bench.base
    names = [f"{kind}-{number}" for kind in ("fresh", "again", "ahead")]
    await bench.timed(FRESH, lambda: clones.make(base, names[0]))
    clone = _found(clones, names[0])
    bench.disk[FRESH] = on_disk(clone.root.parent.parent)
    some = sorted(clone.root.glob("pkg*/part0/*.py"))[:CHANGED]
    for path in some:
        path.write_text("changed\n")
    await clones.commit(clone, "work")
    await clones.give_back(clone)
    await bench.timed(AGAIN, lambda: clones.make(base, names[1]))
    await clones.remove(_found(clones, names[1]))
    await clones.prepare(base, 1)
    await bench.timed(AHEAD, lambda: clones.make(base, names[2]))
    await clones.remove(_found(clones, names[2]))
    await clones.clear()


def _found(clones: Clones, name: str) -> Clone:
    clone = clones.find(name)
    assert clone is not None
    return clone


def on_disk(folder: Path) -> int:
    """Bytes of all blocks, a file with several names counted once and one that lies elsewhere too not at all."""
    total = 0
    for above, folders, files in os.walk(folder):
        for name in (*folders, *files):
            facts = Path(above, name).lstat()
            # `git clone --local` links the objects of the repository.
            total += facts.st_blocks * 512 if facts.st_nlink == 1 or name in folders else 0
    return total


def table(bench: Bench) -> str:
    medians = {row: statistics.median(times) for row, times in bench.seconds.items()}
    lines = ["| | s, median | least | of worktree add | MB on disk |", "|---|---|---|---|---|"]
    for row, seconds in medians.items():
        disk = f"{bench.disk[row] / 1e6:.0f}" if row in bench.disk else ""
        ratio = seconds / medians[WORKTREE]
        lines.append(
            f"| {row} | {seconds:.2f} | {min(bench.seconds[row]):.2f} | {ratio:.2f} | {disk} |"
        )
    return "\n".join(lines)


def refuse(source: int, target: int) -> None:
    """As a file system that does not share."""
    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


WAYS: dict[str, Share] = {"anew": refuse, "shared": reflink}


async def where_blocks_are_shared(work: Path, repo: Path) -> str:
    """The same steps with and without sharing, their order alternating, each with all of the image's disk it took."""
    if os.geteuid() or not shutil.which("mkfs.xfs"):
        return "Sharing of blocks was not measured: it needs root and mkfs.xfs."
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    stored: dict[tuple[str, str], list[float]] = defaultdict(list)
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    async with image(work) as at:
        opened = await open_repository(repo)
        store = await open_store(at / "state", opened)
        base = await (await SnapshotStore.open(at / "state", opened, "bench")).take("start")
        for number in range(ROUNDS):
            for way in sorted(WAYS, reverse=bool(number % 2)):
                folder = at / "state" / f"{way}-{number}"
                clones = await Clones.open(store, folder, "bench", share=WAYS[way])
                for row, step in zip(ON_IMAGE, steps(clones, base), strict=True):
                    before = await asyncio.to_thread(used, at)
                    began = time.monotonic()
                    await step()
                    seconds[way, row].append(time.monotonic() - began)
                    taken[way, row].append(await asyncio.to_thread(used, at) - before)
                    stored[way, row].append(time.monotonic() - began)
                await asyncio.to_thread(shutil.rmtree, folder)
    head = " | ".join(f"{way}, {unit}" for unit in ("s", "s until on disk", "MB") for way in WAYS)
    lines = [f"| on xfs | {head} |", "|---" * (1 + 3 * len(WAYS)) + "|"]
    for row in ON_IMAGE:
        cells = [f"{statistics.median(seconds[way, row]):.2f}" for way in WAYS]
        cells += [f"{statistics.median(stored[way, row]):.1f}" for way in WAYS]
        cells += [f"{statistics.median(taken[way, row]) / 1e6:.0f}" for way in WAYS]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


def steps(clones: Clones, base: Snapshot) -> list[Callable[[], Awaitable[object]]]:
    """What is done for each of the rows, in their order."""
    return [
        lambda: clones.prepare(base, 1),
        lambda: clones.prepare(base, 2),
        lambda: clones.make(base, "one"),
        lambda: clones.make(base, "two"),
        lambda: clones.make(base, "three"),
    ]


@contextlib.asynccontextmanager
async def image(work: Path) -> AsyncGenerator[Path]:
    """A new xfs in a file, mounted."""
    file, at = work / "image", work / "mounted"
    at.mkdir()
    with file.open("wb") as new:
        new.truncate(IMAGE_BYTES)
    for command in (("mkfs.xfs", "-q", str(file)), ("mount", "-o", "loop", str(file), str(at))):
        await asyncio.to_thread(subprocess.run, command, check=True)
    try:
        yield at
    finally:
        await asyncio.to_thread(subprocess.run, ("umount", str(at)), check=True)


def used(folder: Path) -> int:
    """Bytes taken on the file system, all that was written being there."""
    os.sync()
    facts = os.statvfs(folder)
    return (facts.f_blocks - facts.f_bfree) * facts.f_frsize
