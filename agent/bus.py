"""Where events go: into the journal first, then to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .events import Body, Event
from .history.journal import Journal
from .passing import Passing


@dataclass(frozen=True, slots=True)
class Live:
    """A passing body with its place. Never journaled."""

    agent: str
    turn: int
    body: Passing


Published = Event | Live
Listener = Callable[[Published], None]


class Bus:
    """Fans out what is published, in order. Listeners are called on the loop's thread and must not block."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def publish(self, published: Published) -> None:
        for listener in self._listeners:
            listener(published)


def told_to(listeners: Iterable[Listener]) -> Bus:
    """A bus with these."""
    bus = Bus()
    for listener in listeners:
        bus.subscribe(listener)
    return bus


class Recorder:
    """How one agent says what happens: `emit` journals a durable body, then publishes it."""

    def __init__(self, journal: Journal, bus: Bus, agent: str, turn: int = 0) -> None:
        self.agent = agent
        self.turn = turn
        self._journal = journal
        self._bus = bus

    def emit(self, body: Body) -> None:
        if isinstance(body, Passing):
            self._bus.publish(Live(self.agent, self.turn, body))
        else:
            self._bus.publish(self._journal.append(self.agent, self.turn, body))
