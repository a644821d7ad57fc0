"""One answer read off its stream, under two time limits that only the model's own words extend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from ..events import Body
from ..passing import ReasoningDelta, TextDelta
from .failures import RepetitionError, TransientError
from .link import Connection
from .profiles import Profile
from .repetition import RepeatDetector
from .retry import Limits
from .sse import DONE, Events, TooLongError
from .stream import Assembly, Draft, StreamError, parse_chunk
from .values import Tree

_LINGER_SECONDS = 0.5
"""How long to wait after the end mark for the body to end, so that the connection can be used again."""


@dataclass(frozen=True, slots=True)
class Received:
    draft: Draft
    first_token_seconds: float


async def receive(
    connection: Connection,
    body: Tree,
    profile: Profile,
    limits: Limits,
    emit: Callable[[Body], None],
) -> Received:
    """Send `body` and read the whole answer; what the model says is emitted as it comes.

    Raises TransientError when there was no whole answer, RepetitionError when the model was cut off because it only
    repeated itself, and what `Connection.send` raises.
    """
    reading = _Reading(profile, emit, limits)
    try:
        async with (
            asyncio.timeout(limits.first_delta_seconds) as watchdog,
            connection.send(body) as pieces,
        ):
            await reading.read(pieces, watchdog)
    except (TimeoutError, TransientError, StreamError, TooLongError) as error:
        # Once the end mark was read, nothing that befalls the connection matters.
        if not reading.done:
            raise _failure(error, reading) from None
    return reading.received()


def _failure(error: Exception, reading: _Reading) -> TransientError:
    if isinstance(error, TransientError):
        return error
    return TransientError(reading.silence() if isinstance(error, TimeoutError) else str(error))


class _Reading:
    def __init__(self, profile: Profile, emit: Callable[[Body], None], limits: Limits) -> None:
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._first: float | None = None
        self._profile = profile
        self._emit = emit
        self._limits = limits
        self._assembly = Assembly()
        self._detectors = (RepeatDetector(), RepeatDetector())
        self.done = False

    async def read(self, pieces: AsyncIterator[bytes], watchdog: asyncio.Timeout) -> None:
        events = Events()
        async for piece in pieces:
            for data in events.feed(piece):
                self._take(data, watchdog)
        for data in events.close():
            self._take(data, watchdog)

    def received(self) -> Received:
        if not self.done:
            raise TransientError("the stream was cut: it ended without its end mark")
        try:
            draft = self._assembly.draft()
        except StreamError as error:
            raise TransientError(error.reason) from None
        return Received(draft, self._first if self._first is not None else 0.0)

    def silence(self) -> str:
        if self._first is None:
            return f"no answer began within {self._limits.first_delta_seconds:g} s"
        return f"the answer stalled for {self._limits.idle_seconds:g} s"

    def _take(self, data: str, watchdog: asyncio.Timeout) -> None:
        if self.done:
            return
        now = self._loop.time()
        if data.strip() == DONE:
            self.done = True
            watchdog.reschedule(now + _LINGER_SECONDS)
            return
        chunk = parse_chunk(data, self._profile)
        if chunk.speaks:
            self._first = now - self._started if self._first is None else self._first
            watchdog.reschedule(now + self._limits.idle_seconds)
        reasoning, text = self._assembly.feed(chunk)
        if reasoning:
            self._emit(ReasoningDelta(reasoning))
        if text:
            self._emit(TextDelta(text))
        thinking, writing = self._detectors
        if thinking.feed(reasoning) or writing.feed(text):
            raise RepetitionError("the model only repeated itself and was cut off")
