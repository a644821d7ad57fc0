"""How spares are written in the background without standing in the way of a clone that is wanted now.

And how what is being written ends when it is cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine, Generator
from pathlib import Path

from .clone_files import remove_tree


class Ahead:
    """Who is at work on clones, and the spare that is just being written. For one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._makers = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._coming: asyncio.Event | None = None

    @contextlib.contextmanager
    def making(self) -> Generator[None]:
        """While a clone is being made: no spare is begun."""
        self._makers += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._makers -= 1
            if not self._makers:
                self._quiet.set()

    @contextlib.asynccontextmanager
    async def preparing(self) -> AsyncGenerator[None]:
        """For writing one spare, after all others; begins once no clone is being made."""
        async with self._turn:
            await self._quiet.wait()
            coming = self._coming = asyncio.Event()
            try:
                yield
            finally:
                self._coming = None
                coming.set()

    async def spare(self) -> None:
        """Waits for the spare that is being written, if there is one that nobody waits for yet.

        That takes less time than to write another beside it. It is for the first alone: the next would lose time.
        """
        coming, self._coming = self._coming, None
        if coming is not None:
            await coming.wait()


async def to_its_end(work: Coroutine[None, None, None]) -> None:
    """Waits for what a thread does even when cancelled: it would go on writing where all is being removed."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


@contextlib.asynccontextmanager
async def or_gone(folder: Path, trash: Path) -> AsyncGenerator[None]:
    """Where what is done meanwhile fails, nothing is left of the folder; `trash` as in `remove_tree`."""
    try:
        yield
    except BaseException:
        await asyncio.shield(asyncio.to_thread(remove_tree, folder, trash))
        raise
