"""How many requests run at once, per model, for all agents of the process.

DeepSeek limits concurrent requests per account and says no more than 429 (API, "rate limit"). So the limit is found
out: one more after as many good answers as it allows, half as many after a refusal, as TCP does it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

_START = 32
_CEILING = 400


class Throttle:
    """Slots per model, given in the order asked for. All methods belong to one event loop.

    `clock` counts seconds; `start` and `ceiling` are numbers of requests at once.
    """

    def __init__(
        self,
        *,
        start: int = _START,
        ceiling: int = _CEILING,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._start = start
        self._ceiling = ceiling
        self._clock = clock
        self._sleep = sleep
        self._gates: dict[str, _Gate] = {}

    @asynccontextmanager
    async def slot(self, model: str) -> AsyncGenerator[Slot]:
        """Wait for a turn and for the end of a pause; the slot is free again at the end of the block."""
        gate = self._gate(model)
        await gate.enter()
        try:
            while (wait := gate.paused_until - self._clock()) > 0:
                await self._sleep(wait)
            yield Slot(gate, gate.epoch, self._clock)
        finally:
            gate.leave()

    def limit(self, model: str) -> int:
        """How many requests to this model may run at once now."""
        return self._gate(model).allowed()

    def _gate(self, model: str) -> _Gate:
        return self._gates.setdefault(model, _Gate(self._start, self._ceiling))


class Slot:
    """The right to send one request. Tell it how the service took it."""

    def __init__(self, gate: _Gate, epoch: int, clock: Callable[[], float]) -> None:
        self._gate = gate
        self._epoch = epoch
        self._clock = clock

    def served(self) -> None:
        """The service took the request."""
        self._gate.grow()

    def refused(self) -> None:
        """The service said 429. Refusals of requests that were under way together count as one."""
        self._gate.shrink(self._epoch)

    def pause(self, seconds: float) -> None:
        """The service asked to be left alone: nobody sends to this model for so long."""
        self._gate.paused_until = max(self._gate.paused_until, self._clock() + seconds)


class _Gate:
    def __init__(self, start: int, ceiling: int) -> None:
        self.limit = float(start)
        self.epoch = 0
        self.paused_until = float("-inf")
        self._ceiling = ceiling
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def allowed(self) -> int:
        return max(1, int(self.limit))

    async def enter(self) -> None:
        if self._running < self.allowed() and not self._waiting:
            self._running += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            else:
                self._waiting.remove(turn)
            raise

    def leave(self) -> None:
        self._running -= 1
        self._admit()

    def grow(self) -> None:
        """Only what is used grows: a limit that nobody comes near says nothing about the service."""
        if self._running >= self.limit / 2:
            self.limit = min(self._ceiling, self.limit + 1 / self.limit)
            self._admit()

    def shrink(self, epoch: int) -> None:
        if epoch == self.epoch:
            self.epoch += 1
            self.limit = max(1.0, min(self.limit, self._running) / 2)

    def _admit(self) -> None:
        while self._waiting and self._running < self.allowed():
            turn = self._waiting.popleft()
            if not turn.done():
                self._running += 1
                turn.set_result(None)
