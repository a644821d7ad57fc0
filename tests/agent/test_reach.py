"""Work that is ended by name, and by nothing else."""

from __future__ import annotations

import asyncio

import pytest
from leadline.agent.reach import Reach, Stopped


async def test_work_ends_by_itself_or_is_stopped() -> None:
    reach = Reach()
    cleaned: list[str] = []

    async def endless() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("up")
        return 1

    async def short() -> int:
        await asyncio.sleep(0)
        return 2

    assert await reach.unless_stopped("a", short()) == 2
    assert not reach.stop("a", give_up=False)
    working = asyncio.create_task(reach.unless_stopped("a", endless()))
    other = asyncio.create_task(reach.unless_stopped("b", endless()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not reach.stop("c", give_up=False)
    assert reach.stop("a", give_up=True)
    assert await working == Stopped(give_up=True)
    assert cleaned == ["up"]
    assert not other.done()
    other.cancel()
    with pytest.raises(asyncio.CancelledError):
        await other
    assert cleaned == ["up", "up"]


async def test_what_ended_before_the_word_came_stands() -> None:
    """Also where it ended by an error, and where a cancellation of it could not stop it any more."""
    reach = Reach()

    async def stubborn() -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return 3
        return 0

    async def faulty() -> int:
        raise ValueError("no")

    working = asyncio.create_task(reach.unless_stopped("a", stubborn()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert reach.stop("a", give_up=False)
    assert await working == 3
    with pytest.raises(ValueError, match="no"):
        await reach.unless_stopped("a", faulty())
    assert await reach.unless_stopped("a", stubborn_no_more()) == 4


async def stubborn_no_more() -> int:
    return 4


async def test_an_inbox_is_the_same_whoever_comes_first() -> None:
    reach = Reach()
    reach.inbox("a").put_nowait("early")
    assert reach.inbox("a").get_nowait() == "early"
    reach.inbox("a").put_nowait("late")
    reach.inbox("b").put_nowait("never")
    assert list(reach.unread()) == [("a", "late"), ("b", "never")]
    assert list(reach.unread()) == []
