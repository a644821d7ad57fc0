"""Slow reading for a panel."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

from ...commands.failure import gone_wrong
from ..panel import Panel


class Turns:
    """Calls `read` once at a time; asked again meanwhile, however often, it is called once more after that.

    What is read was written by anybody, so what goes wrong with it is told in words to `failed`, and ends nothing.
    """

    def __init__(
        self, panel: Panel, read: Callable[[], Awaitable[None]], failed: Callable[[str], None]
    ) -> None:
        self._panel = panel
        self._read = read
        self._failed = failed
        self._busy = False
        self._due = False

    def ask(self) -> None:
        self._due = True
        if not self._busy:
            self._busy = True
            self._panel.run_worker(self._run())

    async def _run(self) -> None:
        try:
            while self._due:
                self._due = False
                await self._perhaps_read()
        finally:
            self._busy = False

    async def _perhaps_read(self) -> None:
        try:
            await self._read()
        except Exception as fault:  # see above
            place = self._panel.place
            home = place.settings.home if place is not None else None
            self._failed(gone_wrong(fault, os.environ, home))
