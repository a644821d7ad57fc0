"""The tree that tools ask for: the same until something changed, made once for all who ask."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from leadline.tests.support.codetrees import SMALL, paths_in
from leadline.tests.support.repos import write_files
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.live import LiveCode


class Files:
    """Lists a root, and remembers how often."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked = 0
        self.fault: Exception | None = None

    async def __call__(self) -> list[str]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        return paths_in(self.root)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    write_files(tmp_path / "root", SMALL)
    return Files(tmp_path / "root")


@pytest.fixture
def live(files: Files) -> LiveCode:
    return LiveCode(CodeIndex.open(None), files.root, files)


async def test_the_same_tree_until_something_changed(files: Files, live: LiveCode) -> None:
    first = await live.tree()
    write_files(files.root, {"new.py": "def new(): ...\n"})
    assert await live.tree() is first
    live.changed()
    second = await live.tree()
    assert second is not first
    assert second.definers(["new"]) == {"new": ("new.py",)}
    assert files.asked == 2


async def test_those_who_ask_at_once_share_one_refresh(files: Files, live: LiveCode) -> None:
    trees = await asyncio.gather(*(live.tree() for _ in range(5)))
    assert len({id(tree) for tree in trees}) == 1
    assert files.asked == 1


async def test_a_change_during_a_refresh_is_seen_by_those_who_ask_later(
    files: Files, live: LiveCode
) -> None:
    early = asyncio.ensure_future(live.tree())
    await asyncio.sleep(0)
    live.changed()
    write_files(files.root, {"new.py": "def new(): ...\n"})
    late = await live.tree()
    assert late.definers(["new"])
    assert set((await early).files) >= set(SMALL)


async def test_one_who_stops_waiting_stops_nobody_else(files: Files, live: LiveCode) -> None:
    one = asyncio.ensure_future(live.tree())
    other = asyncio.ensure_future(live.tree())
    await asyncio.sleep(0)
    one.cancel()
    assert set((await other).files) == set(SMALL)
    assert files.asked == 1


async def test_a_fault_is_told_and_tried_again(files: Files, live: LiveCode) -> None:
    files.fault = RuntimeError("git is gone")
    with pytest.raises(RuntimeError):
        await live.tree()
    files.fault = None
    assert set((await live.tree()).files) == set(SMALL)


async def test_it_settles_when_nothing_reads_the_tree_any_more(files: Files) -> None:
    """A run was ended while a clone of it was read; the clone may be removed once that has come to its end."""
    going = asyncio.Event()
    ends: list[str] = []

    async def slow() -> list[str]:
        await going.wait()
        ends.append("read")
        raise FileNotFoundError(files.root)

    live = LiveCode(CodeIndex.open(None), files.root, slow)
    await live.settle()
    asked = asyncio.ensure_future(live.tree())
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.wait({asked})
    settling = asyncio.ensure_future(live.settle())
    settling.add_done_callback(lambda _: ends.append("settled"))
    await asyncio.sleep(0)
    going.set()
    await settling
    await asyncio.sleep(0)
    assert ends == ["read", "settled"]
