"""Waiting for the thing itself: a test says what it waits for, and nothing of it depends on how busy the machine is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from leadline.tui.widgets.approval.panel import QUIET

LONGEST = 60.0
"""Seconds after which what did not come will not."""


async def until(
    ready: Callable[[], object], what: str = "it", seen: Callable[[], str] = str
) -> None:
    """Wait until this holds. If it never does, the failure tells what did not come, and what was `seen` instead."""
    try:
        async with asyncio.timeout(LONGEST):
            while not ready():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what} did not come. {seen()}") from None


async def answer(
    press: Callable[[], Awaitable[object]], done: Callable[[], Awaitable[object]]
) -> None:
    """Answer a question that is on the screen as a person does: read it first, because a key that comes too soon is no
    answer, and press again if nothing has come of it. Raises TimeoutError if nothing ever does."""
    async with asyncio.timeout(LONGEST):
        while True:
            await asyncio.sleep(QUIET + 0.2)
            await press()
            for _ in range(20):
                if await done():
                    return
                await asyncio.sleep(0.1)
