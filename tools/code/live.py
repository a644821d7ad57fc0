"""The code of a work tree as it is now, for tools that ask again and again: `model.CodeLookup`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from .index.code_index import CodeIndex
from .index.tree import IndexedTree


class LiveCode:
    """Gives the same tree until it is told of a change, and then a new one. For one event loop."""

    def __init__(
        self, index: CodeIndex, root: Path, list_files: Callable[[], Awaitable[Iterable[str]]]
    ) -> None:
        """`list_files` gives the paths to index, relative to `root`; it is asked anew after each change."""
        self._index = index
        self._root = root
        self._list_files = list_files
        self._now: asyncio.Task[IndexedTree] | None = None

    async def tree(self) -> IndexedTree:
        """The present state. Those who ask at once share the work; one who stops waiting doesn't end it."""
        now = self._now
        if now is None or (now.done() and (now.cancelled() or now.exception() is not None)):
            now = self._now = asyncio.ensure_future(self._refresh())
        return await asyncio.shield(now)

    def changed(self) -> None:
        """Something in the work tree may be different from here on."""
        self._now = None

    async def settle(self) -> None:
        """Returns when nothing reads the tree any more: who asked may have been cancelled, and a thread goes on."""
        if self._now is not None:
            await asyncio.wait({self._now})

    async def _refresh(self) -> IndexedTree:
        paths = await self._list_files()
        return await asyncio.to_thread(self._index.refresh, self._root, paths)
