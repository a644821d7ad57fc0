"""Starting a process without being broken off in the middle of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def started_whole(
    creating: Coroutine[Any, Any, asyncio.subprocess.Process],
) -> tuple[asyncio.subprocess.Process, asyncio.CancelledError | None]:
    """The process that is created, and the cancellation that came meanwhile: the caller ends the process with all that
    it has started by then, and raises it. asyncio alone would kill the first process and none of the others.

    Raises what `creating` raises.
    """
    starting = asyncio.ensure_future(creating)
    cancelled: asyncio.CancelledError | None = None
    while not starting.done():
        try:
            await asyncio.wait({starting})
        except asyncio.CancelledError as error:
            cancelled = error
    return starting.result(), cancelled
