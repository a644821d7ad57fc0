"""When what a session tells is taken: a few times a second, and on the interface's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context

from ..pane import SessionPane

FRAME = 0.08
"""Seconds between two paintings of what happens: enough for text that flows, and little of a core for 64 agents."""


class Frames:
    """Calls `take` a while after it was woken, and where that says that there is more, sooner. Made on the interface's
    thread, for one pane."""

    def __init__(self, pane: SessionPane, take: Callable[[], bool]) -> None:
        self._pane = pane
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        """In which Textual knows its app; the session's thread has none of it."""
        self._due = False

    def wake(self) -> None:
        """On the session's thread. Raises RuntimeError when the interface is gone, as it has to."""
        self._loop.call_soon_threadsafe(self._woken, context=self._context)

    def _woken(self) -> None:
        if not self._due:
            self._due = True
            self._pane.set_timer(FRAME, self._now)

    def _now(self) -> None:
        self._due = False
        if self._take():
            self._due = True
            self._pane.set_timer(FRAME / 8, self._now)
