"""What happened in a session before something that was told of it, read where that holds up nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ..agent.events import Event
from ..agent.history.journal import JournalError, read_events
from .state.reducer import State, at_rest, state_of


class Earlier:
    """The events in the journal of `folder` before the one with the number `before`, and the State after them, with
    nothing under way. Where the journal can't be read, as if there were none.

    All of it is there once `is_there`; `wake` is called then, from a thread of this one's own.
    """

    def __init__(self, folder: Path, before: int, wake: Callable[[], None]) -> None:
        self.events: Sequence[Event] = ()
        self.state = State()
        self._folder = folder
        self._before = before
        self._wake = wake
        self._thread = threading.Thread(target=self._read, name="earlier", daemon=True)
        self._there = threading.Event()
        self._thread.start()

    @property
    def is_there(self) -> bool:
        return self._there.is_set()

    def wait(self) -> None:
        self._there.wait()

    def _read(self) -> None:
        try:
            with suppress(JournalError):
                known = read_events(self._folder)
                self.events = [each for each in known if each.seq < self._before]
                self.state = at_rest(state_of(self.events))
        finally:
            self._there.set()
        with suppress(RuntimeError):  # who waited for it is gone
            self._wake()
