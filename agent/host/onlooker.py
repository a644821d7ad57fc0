"""A session that another process is at work on, as its journal tells of it: events out, no wishes in.

The journal only grows, by whole lines; what came since the last look is all that is read. Passing events are in no
journal, so an answer comes here when it is whole.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from ..history.journal import FILE, JournalError, decode
from ..history.sessions import running
from .outbox import Broken, Closed, Outbox, Told

PAUSE = 0.3
"""Seconds between two looks at how long the journal is."""


class Onlooker:
    """What the journal in `folder` tells after its first `known` events, until no process is at work on it any more:
    then `Closed` is told. Where the journal can't be read on, `Broken` is.

    `wake` is called from a thread of the onlooker's when there is something to take after there was nothing.
    """

    def __init__(self, folder: Path, known: int, wake: Callable[[], None]) -> None:
        self._folder = folder
        self._known = known
        self._outbox = Outbox(wake)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="onlooker", daemon=True)
        self._thread.start()

    def take(self, most: int, seconds: float) -> list[Told]:
        """What happened since, oldest first and `most` at most; when nothing has, what does within so many seconds."""
        return self._outbox.take(most, seconds)

    def close(self) -> None:
        """Look no more: nothing more is told."""
        self._left.set()

    def _look_on(self) -> None:
        end = Closed()
        try:
            with suppress(RuntimeError):  # of a wake: nobody is there any more
                try:
                    self._read_on()
                except (OSError, ValidationError):
                    why = f"Session {self._folder.name} can't be looked at any more: its journal can't be read."
                    end = Broken(JournalError(why))
                if not self._left.is_set():
                    self._outbox.put(end)
        finally:
            self._left.set()

    def _read_on(self) -> None:
        """Raises OSError or ValidationError where that can't go on."""
        file = os.open(self._folder / FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            known, place, at_work = 1 + self._known, 0, True  # the header is a line, too
            while at_work and not self._left.is_set():
                # Asked first: where nobody is, this look is the last.
                at_work = running(self._folder)
                data = os.pread(file, os.fstat(file).st_size - place, place)
                # What is torn may be taken back, or be whole at the next look.
                whole = data.rfind(b"\n") + 1
                for line in data[:whole].split(b"\n")[known:-1]:
                    self._outbox.put(decode(line))
                known, place = 0 if whole else known, place + whole
                self._left.wait(PAUSE if at_work else 0)
        finally:
            os.close(file)
