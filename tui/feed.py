"""A session as one tab holds it: wishes go to its thread, and what it tells comes back as a State."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..agent.bus import Live, Published
from ..agent.events import Event, MessageCommitted, SessionStarted
from ..agent.history.store import sessions_folder
from ..agent.host.hosted import HostedSession
from ..agent.host.onlooker import Onlooker
from ..agent.host.outbox import Broken, Closed, Ended, Told, Unheard
from ..agent.host.wishes import Fork, RedoTo, Reject, Resume, Steer, Submit, UndoTo, Wish
from ..agent.messages import UserMessage
from ..agent.session import Start
from .earlier import Earlier
from .state import reducer
from .state.reducer import State, reduce

MOST = 400
"""Of what was told that are taken at once: so much that reducing them takes less time than a person notices."""

LOOKING_ON = (
    "Another process is at work on this session, so here you only look on: it can be gone on with once that has ended. "
    "/fork TEXT goes on with a copy now, /new begins another."
)
"""Why what a person wants of such a session is refused."""


@dataclass(frozen=True, slots=True)
class Left:
    """The other process that was at work on the session is no more: it can be gone on with here."""


Beside = Ended | Broken | Unheard | Left
"""What a session tells that is no part of its state."""


class Listener(Protocol):
    """Who wants to hear all that is taken, one after another."""

    def begin(self, known: Sequence[Event]) -> None:
        """What is heard from now on is of another session, in which so much happened already."""
        ...

    def hear(self, published: Published, state: State, read: Sequence[Steer]) -> None:
        """`state` has it already; `read` is what an agent has read with it of what was said."""
        ...


class Feed:
    """`home` is where sessions are kept. `state` is that of all that was taken. `wake` is called from another thread
    when there is something to take.

    `queue` are texts for agents that none has read yet, the oldest first.
    """

    def __init__(
        self, home: Path, wake: Callable[[], None], listener: Listener | None = None
    ) -> None:
        self.home = home
        self.state = State()
        self.queue: tuple[Steer, ...] = ()
        self.running = False
        self._wake = wake
        self._listener = listener
        self._hosted: HostedSession | None = None
        self._onlooker: Onlooker | None = None
        self._earlier: Earlier | None = None
        self._held: Sequence[Told | Left] = ()
        """What was told and waits for what happened earlier."""
        self._is_closed = False

    @property
    def looking_on(self) -> bool:
        """Whether another process is at work on the session that is shown."""
        return self._onlooker is not None

    def show(self, events: Iterable[Event], *, at_rest: bool) -> None:
        """Take over what happened in a session that nothing runs for here; `at_rest`: nor anywhere else."""
        known = tuple(events)
        state = self.state
        for event in known:
            state = reduce(state, event)
        self._begin(reducer.at_rest(state) if at_rest else state, known)

    def look_on(self, folder: Path) -> None:
        """Take what another process does with the session that is shown, which is kept in `folder`, as it happens."""
        self._onlooker = Onlooker(folder, self.state.seq, self._wake)

    def forget(self) -> None:
        """Show nothing any more."""
        if self._onlooker is not None:
            self._onlooker.close()
            self._onlooker = None
        self.queue, self._earlier, self._held = (), None, ()
        self._begin(State(), ())

    def submit(self, start: Start) -> None:
        """Begin a session of its own; what was here before is not shown any more."""
        self.forget()
        self._host(start, Submit(start.task))

    def go_on(self, start: Start, wish: Resume | Fork) -> None:
        """Go on with the session that is shown, or with a copy of it, by the settings of `start`."""
        if isinstance(wish, Fork):
            self.forget()
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
        if self._earlier is not None:
            if not (self._earlier.is_there or self._is_closed):
                return [], False
            beside, more = self._caught_up(self._earlier), True  # nobody is woken twice
        else:
            told = self._told()
            beside, more = self._all_heard(told), len(told) >= MOST
        if self._earlier is not None:  # of its end there is word
            more = self._is_closed
        return [each for each in beside if each is not None], more

    def close(self) -> None:
        """Bring what runs to a point from where it can go on, and wait for that."""
        if self._onlooker is not None:
            self._onlooker.close()
        if self._hosted is not None:
            self._hosted.close()
        self._is_closed = True

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

    def _told(self) -> list[Told | Left]:
        told: list[Told | Left] = []
        if self._hosted is not None:
            told += self._hosted.take(MOST, 0)
        if self._onlooker is not None:
            seen = self._onlooker.take(MOST, 0)
            told += [Left() if isinstance(each, Closed) else each for each in seen]
        return told

    def _caught_up(self, earlier: Earlier) -> list[Beside | None]:
        """Begin with what happened earlier, and hear what waited for it."""
        earlier.wait()
        self._begin(earlier.state, earlier.events)
        first, *others = self._held
        self._earlier, self._held = None, ()
        return [self._heard(first), *self._all_heard(others)]

    def _all_heard(self, told: Sequence[Told | Left]) -> list[Beside | None]:
        """What else was told, until something is told of which too little is known."""
        beside: list[Beside | None] = []
        for place, each in enumerate(told):
            if isinstance(each, Event) and each.seq > self.state.seq + 1:
                # A copy begins with what its journal has, and another process may have gone on with the session.
                folder = sessions_folder(self.home) / each.session
                self._held, self._earlier = told[place:], Earlier(folder, each.seq, self._wake)
                break
            beside.append(self._heard(each))
        return beside

    def _heard(self, told: Told | Left) -> Beside | None:
        match told:
            case Ended() | Broken() | Left():
                self.running = False
                self._onlooker = None
                self.state = reducer.at_rest(self.state)
                return told
            case Unheard(wish=wish):
                self.queue = tuple(each for each in self.queue if each != wish)
                return told
            case Event() | Live():
                self._take_in(told)
            case Closed():
                pass
        return None

    def _take_in(self, published: Published) -> None:
        read: Sequence[Steer] = ()
        match published:
            case Event(body=SessionStarted()):
                # What the session before told late is none of this one's.
                self._begin(State(), ())
            case Event(body=MessageCommitted(message=UserMessage(text=text, origin="person"))):
                read = self._read(published.agent, text)
            case _:
                pass
        self.state = reduce(self.state, published)
        if self._listener is not None:
            self._listener.hear(published, self.state, read)

    def _begin(self, state: State, known: Sequence[Event]) -> None:
        self.state = state
        if self._listener is not None:
            self._listener.begin(known)

    def _read(self, agent: str, text: str) -> Sequence[Steer]:
        """The agent has read what was said to it: the first one of these."""
        for place, steer in enumerate(self.queue):
            if steer.agent == agent and steer.text.strip() == text.strip():
                self.queue = self.queue[:place] + self.queue[place + 1 :]
                return (steer,)
        return ()
