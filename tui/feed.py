"""A session as one tab holds it: wishes go to its thread, and what it tells comes back as a State."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ..agent.events import Event, MessageCommitted, SessionStarted
from ..agent.history.journal import read_events
from ..agent.history.store import sessions_folder
from ..agent.host.hosted import HostedSession
from ..agent.host.outbox import Broken, Closed, Ended, Told, Unheard
from ..agent.host.wishes import Fork, RedoTo, Reject, Resume, Steer, Submit, UndoTo, Wish
from ..agent.messages import UserMessage
from ..agent.session import Start
from .state import reducer
from .state.reducer import State, reduce

MOST = 400
"""Of what was told that are taken at once: so much that reducing them takes less time than a person notices."""

Beside = Ended | Broken | Unheard
"""What a session tells that is no part of its state."""


class Feed:
    """`home` is where sessions are kept. `state` is that of all that was taken. `wake` is called from the session's
    thread when there is something to take.

    `queue` are texts for agents that none has read yet, the oldest first.
    """

    def __init__(self, home: Path, wake: Callable[[], None]) -> None:
        self.state = State()
        self.queue: tuple[Steer, ...] = ()
        self.running = False
        self._home = home
        self._wake = wake
        self._hosted: HostedSession | None = None

    def show(self, events: Iterable[Event], *, at_rest: bool) -> None:
        """Take over what happened in a session that nothing runs for here; `at_rest`: nor anywhere else."""
        state = self.state
        for event in events:
            state = reduce(state, event)
        self.state = reducer.at_rest(state) if at_rest else state

    def submit(self, start: Start) -> None:
        """Begin a session of its own; what was here before is not shown any more."""
        self.state, self.queue = State(), ()
        self._host(start, Submit(start.task))

    def go_on(self, start: Start, wish: Resume | Fork) -> None:
        """Go on with the session that is shown, or with a copy of it, by the settings of `start`."""
        if isinstance(wish, Fork):
            self.state, self.queue = State(), ()
        self._host(start, wish)

    def change(self, start: Start, wish: Reject | UndoTo | RedoTo) -> None:
        """Take back what the session that is shown did, or bring it back."""
        self._send_by(start, wish)

    def send(self, wish: Wish) -> None:
        if isinstance(wish, Steer):
            self.queue = (*self.queue, wish)
        if self._hosted is not None:
            self._hosted.send(wish)

    def take(self) -> tuple[list[Beside], bool]:
        """Bring the state up to date; what else was told, and whether there is more to take at once."""
        if self._hosted is None:
            return [], False
        told = self._hosted.take(MOST, 0)
        beside = [each for each in map(self._heard, told) if each is not None]
        return beside, len(told) == MOST

    def close(self) -> None:
        """Bring what runs to a point from where it can go on, and wait for that."""
        if self._hosted is not None:
            self._hosted.close()

    def _host(self, start: Start, wish: Wish) -> None:
        self.running = True
        self._send_by(start, wish)

    def _send_by(self, start: Start, wish: Wish) -> None:
        """To one thread for all that happens here: what changes the tree waits there for what changes it already."""
        if self._hosted is None:
            self._hosted = HostedSession(start, self._wake)
        else:
            self._hosted.begin_by(start)
        self._hosted.send(wish)

    def _heard(self, told: Told) -> Beside | None:
        match told:
            case Ended() | Broken():
                self.running = False
                self.state = reducer.at_rest(self.state)
                return told
            case Unheard(wish=wish):
                self.queue = tuple(each for each in self.queue if each != wish)
                return told
            case Closed():
                return None
            case Event(
                body=SessionStarted()
            ):  # what the session before told late is none of this one's
                self.state = State()
            case Event(body=MessageCommitted(message=UserMessage(text=text, origin="person"))):
                self._read(told.agent, text)
            case Event() if (
                not self.state.seq and told.seq > 1
            ):  # a copy: what it begins with is in its journal
                copied = read_events(sessions_folder(self._home) / told.session)
                self.show((each for each in copied if each.seq < told.seq), at_rest=True)
            case _:
                pass
        self.state = reduce(self.state, told)
        return None

    def _read(self, agent: str, text: str) -> None:
        """The agent has read what was said to it: the first one of these."""
        for place, steer in enumerate(self.queue):
            if steer.agent == agent and steer.text.strip() == text.strip():
                self.queue = self.queue[:place] + self.queue[place + 1 :]
                return
