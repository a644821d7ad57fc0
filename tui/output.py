"""What is written to the terminal: by a thread of its own, which waits where the terminal is slow."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable

MOST = 8192
"""Bytes that may wait before what can be painted later is left out: a slow terminal shows the newest, not all of it."""
CHUNK = 4096
"""Bytes that are written at once, so that it is known how many wait."""


class Output:
    """Nothing waits for the terminal but its own thread, and that it is gone is nobody's failure.

    Called from any thread: `lost` once, when the terminal is gone; `caught_up` when all is written after something was
    left out.
    """

    def __init__(
        self,
        descriptor: int,
        code: Callable[[str], bytes],
        lost: Callable[[], None],
        caught_up: Callable[[], None],
    ) -> None:
        self._descriptor = descriptor
        self._code = code
        self._lost = lost
        self._caught_up = caught_up
        self._waiting = bytearray()
        self._changed = threading.Condition()
        self._left_out = False
        self._is_lost = False
        self._thread: threading.Thread | None = None

    def write(self, text: str) -> None:
        with self._changed:
            self._put(text)

    def offer(self, text: str) -> None:
        """As `write`; but where much waits already, the text is left out."""
        with self._changed:
            if len(self._waiting) > MOST:
                self._left_out = True
            else:
                self._put(text)

    def wait(self, bytes_left: int, seconds: float) -> None:
        """Until no more than so many bytes wait, but so long at most."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) <= bytes_left, seconds)

    def end(self) -> None:
        """The terminal is gone."""
        with self._changed:
            if self._is_lost:
                return
            self._is_lost = True
            self._waiting.clear()
            self._changed.notify_all()
        self._lost()

    def flush(self) -> None:
        """Nobody has to: what is written is on its way."""

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return True

    def _put(self, text: str) -> None:
        if self._is_lost:
            return
        self._waiting += self._code(text)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="output", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while not self._is_lost:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_lost)
                piece = bytes(self._waiting[:CHUNK])
            try:
                count = os.write(self._descriptor, piece)
            except BlockingIOError:  # who shares the terminal has made it so
                select.select((), (self._descriptor,), (), 1.0)
                continue
            except OSError:
                self.end()
                return
            self._written(count)

    def _written(self, count: int) -> None:
        with self._changed:
            del self._waiting[:count]
            caught_up = self._left_out and not self._waiting
            if caught_up:
                self._left_out = False
            self._changed.notify_all()
        if caught_up:
            self._caught_up()
