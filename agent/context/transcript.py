"""The transcript: what the model has been sent, as a type that can only grow.

A cached token costs a thirtieth to a fiftieth of a fresh one, and a hit needs a byte-equal prefix. So there is no way
to change what was sent: `append` and `fork` are all there is, and `rebase`, which gives the prefix up, wants a reason.
A transcript belongs to one lane for life, because another model, effort or thinking mode renders another first line.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from ..events_requests import Segment
from ..messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from ..v4.wire import canonical, wire_message

Start = Literal["first", "fork", "rebase"]
SegmentName = Literal["system", "tools", "pack", "instructions", "history"]


@dataclass(frozen=True, slots=True)
class Lane:
    """What decides the first line of the rendered prompt, and so who can share a cache."""

    model: str
    effort: str
    thinking: bool = True


@dataclass(frozen=True, slots=True)
class Tools:
    """The tool schemas of this release: the same bytes for every role, repository and session."""

    json: str
    digest: str

    @staticmethod
    def of(schemas_json: str) -> Tools:
        return Tools(schemas_json, hashlib.sha256(schemas_json.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Request:
    """Everything one request says. `start` tells how its transcript began."""

    transcript: str
    epoch: int
    lane: Lane
    messages: tuple[Message, ...]
    tools: Tools
    segments: tuple[Segment, ...]
    start: Start


class TranscriptError(Exception):
    """A message does not fit where it was put: a fault of ours, never the model's."""


class Transcript:
    """Appends, forks, rebases; nothing else. The pairing of calls and results is kept by construction."""

    def __init__(
        self,
        name: str,
        lane: Lane,
        tools: Tools,
        system: SystemMessage,
        *,
        start: Start = "first",
        epoch: int = 0,
    ) -> None:
        self.name = name
        self.lane = lane
        self.tools = tools
        self.epoch = epoch
        self._start: Start = start
        self._messages: list[Message] = [system]
        self._open_calls: list[str] = []
        self._parts: dict[SegmentName, _Part] = {}
        self._digested = 0

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self._messages)

    @property
    def open_calls(self) -> tuple[str, ...]:
        """Ids of calls of the last answer that have no result yet, in call order."""
        return tuple(self._open_calls)

    def append(self, message: Message) -> None:
        """Add a message. Results must come in call order, and nothing else may come before the last of them."""
        match message:
            case SystemMessage():
                raise TranscriptError("a second system message would break the prefix on V4-Pro")
            case ToolMessage():
                if not self._open_calls or self._open_calls[0] != message.call_id:
                    raise TranscriptError(f"no result is expected for call {message.call_id}")
                self._open_calls.pop(0)
            case UserMessage():
                self._refuse_while_open()
            case AssistantMessage():
                self._refuse_while_open()
                if (message.reasoning is not None) != self.lane.thinking:
                    raise TranscriptError("the answer's thinking does not fit its lane")
                ids = [call.id for call in message.tool_calls]
                if len(set(ids)) != len(ids):
                    raise TranscriptError("two calls share one id")
                self._open_calls = ids
        self._messages.append(message)

    def fork(self, name: str) -> Transcript:
        """A transcript that begins with everything in this one; both go their own way from here."""
        self._refuse_while_open()
        child = self._fresh(name, "fork", self.epoch)
        child._messages = list(self._messages)
        child._parts = {name: part.copy() for name, part in self._parts.items()}
        child._digested = self._digested
        return child

    def rebase(self, reason: str, messages: tuple[Message, ...]) -> Transcript:
        """A new epoch with other messages after the same system message. Gives up the cached prefix, so say why."""
        if not reason.strip():
            raise TranscriptError("a rebase needs a reason")
        child = self._fresh(self.name, "rebase", self.epoch + 1)
        for message in messages:
            child.append(message)
        return child

    def request(self) -> Request:
        """The next request. All calls must have their results."""
        self._refuse_while_open()
        return Request(
            transcript=self.name,
            epoch=self.epoch,
            lane=self.lane,
            messages=self.messages,
            tools=self.tools,
            segments=self._segments(),
            start=self._start,
        )

    def _fresh(self, name: str, start: Start, epoch: int) -> Transcript:
        system = self._messages[0]
        assert isinstance(system, SystemMessage)
        return Transcript(name, self.lane, self.tools, system, start=start, epoch=epoch)

    def _refuse_while_open(self) -> None:
        if self._open_calls:
            raise TranscriptError(f"calls without a result: {', '.join(self._open_calls)}")

    def _segments(self) -> tuple[Segment, ...]:
        """Digests of the parts of the prefix, in the order the model reads them."""
        # Only what is new: a pack of half a megabyte would cost milliseconds with each request of each worker.
        for message in self._messages[self._digested :]:
            self._parts.setdefault(_segment_of(message), _Part()).add(message)
        self._digested = len(self._messages)
        parts = {name: part.segment(name) for name, part in self._parts.items()}
        tools = Segment("tools", self.tools.digest, len(self.tools.json.encode()))
        return (parts.pop("system"), tools, *parts.values())


class _Part:
    """What the messages of one segment come to so far."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._size = 0

    def add(self, message: Message) -> None:
        wire = canonical(wire_message(message))
        self._digest.update(wire)
        self._size += len(wire)

    def copy(self) -> _Part:
        other = _Part()
        other._digest, other._size = self._digest.copy(), self._size
        return other

    def segment(self, name: SegmentName) -> Segment:
        return Segment(name, self._digest.hexdigest(), self._size)


def _segment_of(message: Message) -> SegmentName:
    match message:
        case SystemMessage():
            return "system"
        case UserMessage(origin="pack"):
            return "pack"
        case UserMessage(origin="instructions"):
            return "instructions"
        case _:
            return "history"
