"""The client: one request in, one whole answer out, with every retry and repair on record."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from ..context.transcript import Request
from .catalog import Catalog
from .exchange import Answer, Emit, Exchange, Parts
from .ledger import Ledger
from .link import Connection
from .profiles import Endpoint
from .retry import Limits
from .throttle import Throttle


def _utc_now() -> datetime:
    return datetime.now(UTC)


class V4Client:
    """Answers requests at one endpoint, for all agents of a session.

    `connection` may still be under way (see `link.start_connecting`); the first request waits for it.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        catalog: Catalog,
        throttle: Throttle,
        ledger: Ledger,
        connection: asyncio.Future[Connection],
        limits: Limits | None = None,
        *,
        now: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._connection = connection
        self._parts = Parts(
            endpoint, catalog, throttle, ledger, limits or Limits(), now, sleep, jitter
        )

    async def answer(self, request: Request, emit: Emit) -> Answer:
        """The model's answer. Nothing of a broken one is kept; the caller may cancel at any time.

        Emits, for every attempt, RequestSent, what the model says, then UsageReported or RequestFailed; besides
        Repaired, RetryScheduled and Warned. Raises UnavailableError when all tries failed, RejectedError or
        ContextOverflowError when the request is at fault, another PersonError when only the person can help.
        """
        connection = await asyncio.shield(self._connection)
        return await Exchange(self._parts, connection, request, emit).run()

    async def close(self) -> None:
        """Drop the connection. No answer may be under way."""
        if self._connection.cancel():
            return
        if self._connection.cancelled() or self._connection.exception() is not None:
            return
        with contextlib.suppress(OSError):
            await self._connection.result().close()
