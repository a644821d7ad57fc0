"""What a session tells an interface, kept until the interface takes it: neither waits for the other.

Durable events are never dropped and keep their order. Passing ones are joined while nobody takes them, and fall away
where a durable event has come that says all that they did. So what is kept grows with the durable events alone, which
the journal holds anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from itertools import count, islice

from ..bus import Live, Published
from ..events import Event, MessageCommitted, ToolFinished, TurnEnded, Verified
from ..messages import AssistantMessage
from ..passing import CommandWaits, Passing, ReasoningDelta, TextDelta, ToolOutput
from ..result import RunResult
from .wishes import Wish

MOST_TEXT = 100_000
"""Characters of joined text that are kept at least, and less than three times as many; of a longer one the end is."""

CHECK = "check"
"""What the output of checks has in place of a call's id, see `planning.verify`."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session has come to its end."""

    result: RunResult


@dataclass(frozen=True, slots=True)
class Broken:
    """The session could not begin or go on. A PersonError says why; anything else is a fault of Leadline's."""

    fault: Exception


@dataclass(frozen=True, slots=True)
class Unheard:
    """What was wished came to nothing, or not to all that was wished. `fault` is there where that is Leadline's."""

    wish: Wish
    reason: str
    fault: Exception | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing follows, and nothing is left running."""


Told = Published | Ended | Broken | Unheard | Closed

_Key = tuple[str, str]
"""A kind of passing events, and which of several streams of that kind."""


@dataclass(slots=True)
class _Joined:
    """Deltas of one stream, put together when they are taken."""

    first: Live
    older: str = ""
    newer: StringIO = field(default_factory=StringIO)
    left_out: int = 0

    def add(self, text: str) -> None:
        if len(text) > MOST_TEXT:  # all before its end goes, so that what stays is of one piece
            self.left_out += len(self.older) + self.newer.tell() + len(text) - MOST_TEXT
            self.older, self.newer, text = "", StringIO(), text[-MOST_TEXT:]
        self.newer.write(text)
        if self.newer.tell() >= MOST_TEXT:
            self.left_out += len(self.older)
            self.older, self.newer = self.newer.getvalue(), StringIO()

    def live(self) -> Live:
        text = self.older + self.newer.getvalue()
        if self.left_out:
            text = f"[{self.left_out} characters left out]\n{text}"
        match self.first.body:
            case ToolOutput(call_id):
                body: Passing = ToolOutput(call_id, text)
            case ReasoningDelta():
                body = ReasoningDelta(text)
            case _:
                body = TextDelta(text)
        return Live(self.first.agent, self.first.turn, body)


@dataclass(slots=True)
class _Waiting:
    """Passing events of one agent that wait: all of them, and those that can still grow, as no durable one followed."""

    all: dict[int, _Key] = field(default_factory=dict[int, _Key])
    growing: dict[_Key, int] = field(default_factory=dict[_Key, int])


class Outbox:
    """Filled by one thread, taken from by another. `wake` is called when there is something again after there was
    nothing; it must not block."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._filled = threading.Condition()
        self._numbers = count()
        self._kept: dict[int, Told | _Joined] = {}
        self._waiting: dict[str, _Waiting] = {}

    def put(self, told: Told) -> None:
        with self._filled:
            was_empty = not self._kept
            if isinstance(told, Live):
                self._put_live(told)
            else:
                if isinstance(told, Event):
                    self._settle(told)
                self._kept[next(self._numbers)] = told
            if was_empty:
                self._filled.notify_all()
        if was_empty:
            self._wake()

    def take(self, most: int, seconds: float) -> list[Told]:
        """The oldest, `most` at most; when there is nothing, what comes within so many seconds."""
        with self._filled:
            self._filled.wait_for(lambda: self._kept, seconds)
            numbers = list(islice(self._kept, most))
            return [self._taken(number) for number in numbers]

    def _put_live(self, live: Live) -> None:
        waiting = self._waiting.setdefault(live.agent, _Waiting())
        key = _key(live.body)
        number = waiting.growing.get(key)
        if number is None:
            number = next(self._numbers)
            waiting.all[number] = key
            waiting.growing[key] = number
        text = _text(live.body)
        if text is None:
            self._kept[number] = live
            return
        joined = self._kept.setdefault(number, _Joined(live))
        assert isinstance(joined, _Joined)
        joined.add(text)

    def _taken(self, number: int) -> Told:
        told = self._kept.pop(number)
        if isinstance(told, _Joined):
            told = told.live()
        if isinstance(told, Live):
            self._forget(self._waiting[told.agent], number)
        return told

    def _settle(self, event: Event) -> None:
        """Nothing is joined across a durable event of the same agent; and drop what the event makes needless."""
        waiting = self._waiting.get(event.agent)
        if waiting is None:
            return
        waiting.growing.clear()
        for number, key in tuple(waiting.all.items()):
            if _makes_needless(event, key):
                del self._kept[number]
                del waiting.all[number]

    @staticmethod
    def _forget(waiting: _Waiting, number: int) -> None:
        key = waiting.all.pop(number)
        if waiting.growing.get(key) == number:
            del waiting.growing[key]


def _key(body: Passing) -> _Key:
    match body:
        case ToolOutput(call_id):
            return body.kind, call_id
        case CommandWaits(command):
            return body.kind, command
        case _:
            return body.kind, ""


def _text(body: Passing) -> str | None:
    """What a delta adds. Of other events the newest says all."""
    return body.text if isinstance(body, TextDelta | ReasoningDelta | ToolOutput) else None


def _makes_needless(event: Event, key: _Key) -> bool:
    """Whether the event says all that passing ones of this kind, from before it, did."""
    match event.body:
        case MessageCommitted(AssistantMessage()):
            return key[0] in ("text_delta", "reasoning_delta", "retry_scheduled")
        case ToolFinished(call_id):
            return key == ("tool_output", call_id)
        case Verified():
            return key == ("tool_output", CHECK)
        case TurnEnded():
            return True
        case _:
            return False
