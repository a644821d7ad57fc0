"""How spares are written in the background without standing in the way of a clone that is wanted now."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Generator


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
