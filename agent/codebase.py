"""The code of the work tree as a session uses it: indexed at the start, packed, looked things up in, closed at the end.

Whatever goes wrong here costs the session its map, never itself: it is said once, and the work goes on without.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from ..tools.child import stream
from ..tools.code.model import CodeTree
from ..tools.errors import ToolError
from .bus import Recorder
from .counting import command
from .events import Warned
from .passing import IndexProgress

if (
    TYPE_CHECKING
):  # what only the index and the pack need is loaded in threads, beside the client library
    from ..tools.code.index.code_index import CodeIndex
    from ..tools.code.index.tree import IndexedTree
    from ..tools.code.live import LiveCode
    from ..tools.code.map.history import Kept
    from ..tools.code.map.rank import Hints
    from .packs import Pack

PROGRESS_SECONDS = 0.1
"""Between two words about how far the index is."""

MOST_COUNTING_SECONDS = 600.0

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the code is. `folder` says where its index is kept; `files` are those of `root` at the start, `paths` lists
    them as they are now; `hints` is what git tells of them."""

    root: Path
    folder: Callable[[], Awaitable[Path]]
    files: Callable[[], Awaitable[Sequence[str]]]
    paths: Callable[[], Awaitable[Sequence[str]]]
    hints: Callable[[Kept], Coroutine[Any, Any, Hints]]


@dataclass(frozen=True, slots=True)
class _Opened:
    folder: Path
    index: CodeIndex
    live: LiveCode
    first: IndexedTree
    hints: asyncio.Task[Hints]
    seconds: float


class Codebase:
    """The index of one work tree, and what a session makes of it. A `CodeLookup`, too."""

    def __init__(self, source: Source, recorder: Recorder) -> None:
        self._source = source
        self._recorder = recorder
        self._index: CodeIndex | None = None
        self._hints: asyncio.Task[Hints] | None = None
        self._asked: set[asyncio.Future[IndexedTree]] = set()
        self._opening: asyncio.Task[_Opened] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._went_in_whole = False
        self._said: set[str] = set()
        self._told_at = 0.0

    def begin(self) -> None:
        """Start bringing the index up to date. Only the first call counts."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())

    async def first(self) -> CodeTree:
        """The tree as it was when the index was brought up to date."""
        return (await self._opened()).first

    async def tree(self) -> CodeTree:
        """The tree as it is now. ToolError where no index can be had: this is what tools ask."""
        try:
            opened = await self._opened()
            asked = asyncio.ensure_future(opened.live.tree())
            self._asked.add(asked)
            asked.add_done_callback(self._settled)
            # Who asked may stop waiting; the thread at work on it does not stop by that.
            tree = await asyncio.shield(asked)
        except Exception as error:
            raise ToolError(f"The index of the code can't be used: {_words(error)}.") from error
        self._tell(tree)
        return tree

    def _settled(self, asked: asyncio.Future[IndexedTree]) -> None:
        """Nobody may be left to hear how it ended."""
        self._asked.discard(asked)
        if not asked.cancelled():
            asked.exception()

    async def beside(self) -> Callable[[Path, Callable[[], Awaitable[Sequence[str]]]], LiveCode]:
        """Makes what answers questions about other trees of the same project, such as private clones.

        ToolError where no index can be had.
        """
        try:
            index = (await self._opened()).index
        except Exception as error:
            raise ToolError(f"The index of the code can't be used: {_words(error)}.") from error
        return lambda root, paths: _live_of(index, root, paths)

    async def older(self, files: Mapping[str, tuple[str, int]]) -> CodeTree:
        """An earlier state of the tree; see `CodeIndex.older`."""
        opened = await self._opened()
        return await asyncio.to_thread(opened.index.older, opened.first, files)

    def changed(self) -> None:
        """Something in the work tree may be different from here on: `tree` looks again."""
        if self._opening is not None and self._opening.done() and not self._failed():
            self._opening.result().live.changed()

    async def pack(self, tree: CodeTree, task: str, budget: int) -> Pack | None:
        """A pack of `tree`, None where the budget is too small for any."""
        opened = await self._opened()
        hints = await opened.hints
        made = await asyncio.to_thread(_packed, tree, task, budget, opened.index, hints)
        if made is None or tree is not opened.first:
            return made
        self._went_in_whole = made.event.complete
        seconds = round(made.event.seconds + opened.seconds, 3)
        return replace(made, event=replace(made.event, seconds=seconds))

    def count_ahead(self, budget: int) -> None:
        """Count, in the background, what the packs of later sessions are made of. Only the first call counts.

        Where everything went in whole, everything is counted.
        """
        wanted = budget and not self._went_in_whole
        if wanted and self._counting is None and self._opening is not None:
            self._counting = asyncio.create_task(self._count(budget))

    async def _count(self, budget: int) -> None:
        """Nobody waits for it, and nobody needs to hear of it if it fails: the next pack then counts for itself."""
        with suppress(Exception):
            opened = await self._opened()
            root, tree = self._source.root, opened.first
            name, state = f"counted {root}", f"{tree.digest} {budget}".encode()
            if await asyncio.to_thread(opened.index.kept, name) == state:
                return
            argv = command(opened.folder, root, budget)
            paths = b"".join(os.fsencode(path) + b"\0" for path in tree.files)
            ended = await stream(argv, Path("/"), paths, lambda _: True, MOST_COUNTING_SECONDS)
            if ended.code == 0:
                await asyncio.to_thread(opened.index.keep, name, state)

    async def unharmed(self, work: Coroutine[Any, Any, R]) -> R | None:
        """What comes of `work` on the index; None if it fails, which is said, and the session goes on."""
        try:
            return await work
        except Exception as error:
            self.warn(f"the session goes on without a map of the repository: {_words(error)}")
            return None

    def warn(self, text: str) -> None:
        """Say something that a person should know, once."""
        if text not in self._said:
            self._said.add(text)
            self._recorder.emit(Warned(text))

    async def close(self) -> None:
        """Stop what goes on. What was indexed by then is kept."""
        await _cancelled(self._counting, self._hints)
        if self._index is None:
            await _cancelled(self._opening)
        else:
            await asyncio.to_thread(self._index.close)  # which ends what other threads do with it
            await _ended(self._opening, *self._asked)

    def _failed(self) -> bool:
        opening = self._opening
        return opening is None or opening.cancelled() or opening.exception() is not None

    async def _opened(self) -> _Opened:
        self.begin()
        assert self._opening is not None
        return await asyncio.shield(self._opening)

    async def _open(self) -> _Opened:
        started = monotonic()
        folder, paths = await asyncio.gather(self._source.folder(), self._source.files())
        loop = asyncio.get_running_loop()

        def progress(done: int, total: int) -> None:
            """Called in the thread, for each file."""
            now = monotonic()
            if now - self._told_at >= PROGRESS_SECONDS:
                self._told_at = now
                loop.call_soon_threadsafe(self._recorder.emit, IndexProgress(done, total))

        self._index = index = await asyncio.to_thread(_open_index, folder)
        self._hints = hints = asyncio.create_task(self._source.hints(index))
        first = await asyncio.to_thread(index.refresh, self._source.root, paths, progress)
        if self._told_at:  # who was told of a part of it hears that it is done
            self._recorder.emit(IndexProgress(len(paths), len(paths)))
        self._tell(first)
        live = _live_of(index, self._source.root, self._source.paths)
        return _Opened(folder, index, live, first, hints, monotonic() - started)

    def _tell(self, tree: IndexedTree) -> None:
        for note in tree.notes:
            self.warn(note)


async def _cancelled(*tasks: asyncio.Task[Any] | None) -> None:
    for task in tasks:
        if task is not None:
            task.cancel()
    await _ended(*tasks)


async def _ended(*tasks: asyncio.Future[Any] | None) -> None:
    """Wait until all have ended, whatever came of them."""
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


def _open_index(folder: Path) -> CodeIndex:
    from ..tools.code.index.code_index import CodeIndex

    return CodeIndex.open(folder)


def _live_of(
    index: CodeIndex, root: Path, paths: Callable[[], Awaitable[Sequence[str]]]
) -> LiveCode:
    from ..tools.code.live import LiveCode

    return LiveCode(index, root, paths)


def _packed(tree: CodeTree, task: str, budget: int, index: CodeIndex, hints: Hints) -> Pack | None:
    from .packs import make_pack

    return make_pack(tree, task, budget, index, hints)


def _words(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
