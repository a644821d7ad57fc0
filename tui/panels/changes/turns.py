"""Slow reading for a widget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.widget import Widget


class Turns:
    """Calls `read` once at a time; asked again meanwhile, however often, it is called once more after that."""

    def __init__(self, widget: Widget, read: Callable[[], Awaitable[None]]) -> None:
        self._widget = widget
        self._read = read
        self._busy = False
        self._due = False

    def ask(self) -> None:
        self._due = True
        if not self._busy:
            self._busy = True
            self._widget.run_worker(self._run())

    async def _run(self) -> None:
        try:
            while self._due:
                self._due = False
                await self._read()
        finally:
            self._busy = False
