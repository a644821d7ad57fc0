"""Sends an answer the way the service does: queue, keep-alives, tokens in their time; or cuts and stalls it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiohttp import web

from .stream import Step, whole

_WIRE_DELAY = 0.002
"""Sleeps shorter than this are saved up: the event loop cannot keep them."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds; `tokens_per_second` None is unlimited."""

    queue: float
    queue_limit: float
    keep_alive: float
    first_token: float
    tokens_per_second: float | None


@dataclass(frozen=True, slots=True)
class Accident:
    """What goes wrong on the wire. `at` is the index of the step before which a cut or a stall comes."""

    cut_at: int | None = None
    stall_at: int | None = None
    stall_seconds: float = 0.0
    no_done: bool = False


class _DroppedError(Exception):
    """The connection was dropped on purpose."""


async def deliver(
    request: web.Request,
    streaming: bool,
    steps: list[Step],
    timing: Timing,
    accident: Accident,
    on_read: Callable[[], None],
) -> tuple[web.StreamResponse, bool]:
    """Send `steps`; tells whether all of it went out, False when it was cut on purpose.

    `on_read` is called when the input is read and the first token leaves.
    """
    kind = "text/event-stream; charset=utf-8" if streaming else "application/json"
    response = web.StreamResponse(headers={"Content-Type": kind, "Cache-Control": "no-cache"})
    await response.prepare(request)
    send = _send_stream if streaming else _send_whole
    try:
        await send(request, response, steps, timing, accident, on_read)
    except _DroppedError:
        return response, False
    return response, True


async def _send_stream(
    request: web.Request,
    response: web.StreamResponse,
    steps: list[Step],
    timing: Timing,
    accident: Accident,
    on_read: Callable[[], None],
) -> None:
    await _queue(request, response, timing, b": keep-alive\n\n")
    await asyncio.sleep(timing.first_token)
    on_read()
    async for index, step in _in_time(steps, timing, accident):
        if index == accident.cut_at:
            _drop(request)
        if step.chunks:
            await response.write(b"".join(_event(chunk) for chunk in step.chunks))
    if not accident.no_done:
        await response.write(b"data: [DONE]\n\n")
    await response.write_eof()


async def _send_whole(
    request: web.Request,
    response: web.StreamResponse,
    steps: list[Step],
    timing: Timing,
    accident: Accident,
    on_read: Callable[[], None],
) -> None:
    await _queue(request, response, timing, b"\n")
    await asyncio.sleep(timing.first_token)
    on_read()
    async for _ in _in_time(steps, timing, accident):
        pass
    body = json.dumps(whole(chunk for step in steps for chunk in step.chunks)).encode()
    if accident.cut_at is not None:
        await response.write(body[: len(body) // 2])
        _drop(request)
    await response.write(body)
    await response.write_eof()


async def _queue(
    request: web.Request, response: web.StreamResponse, timing: Timing, keep_alive: bytes
) -> None:
    left = min(timing.queue, timing.queue_limit)
    while left > 0:
        await response.write(keep_alive)
        nap = min(left, timing.keep_alive)
        await asyncio.sleep(nap)
        left -= nap
    if timing.queue >= timing.queue_limit:
        _drop(request)


async def _in_time(
    steps: list[Step], timing: Timing, accident: Accident
) -> AsyncIterator[tuple[int, Step]]:
    """Each step when its tokens are written; pauses are measured from the start, so that they do not add up."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    written = 0
    for index, step in enumerate(steps):
        if index == accident.stall_at:
            await asyncio.sleep(accident.stall_seconds)
            start += accident.stall_seconds
        written += step.tokens
        if timing.tokens_per_second:
            wait = start + written / timing.tokens_per_second - loop.time()
            if wait > _WIRE_DELAY:
                await asyncio.sleep(wait)
        yield index, step


def _drop(request: web.Request) -> None:
    """Leave the client with half an answer: an aborted connection, no proper end."""
    if request.transport is not None:
        request.transport.abort()
    raise _DroppedError


def _event(chunk: dict[str, object]) -> bytes:
    return f"data: {json.dumps(chunk, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
