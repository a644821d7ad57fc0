"""One page that is open: what is typed in it goes to an interface of its own, and what that paints comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from aiohttp import WSCloseCode, WSMsgType, web

from ..text import clean
from .child import Child, Program

LONGEST = 32 * 1024 * 1024
"""Bytes of one message: a long text that is pasted."""
MOST_CELLS = 1000
"""Columns or rows."""
CLOSING = 3.0
"""Seconds that a browser has to agree that the socket is closed."""
_LEAVE = b"\x1b[?1049l\x1b[?1000l\x1b[?1003l\x1b[?25l\x1b[m\x1b[2J\x1b[H"
"""Back from the interface's screen to an empty one."""
_LEAVING = b"What runs comes to a point from where it can go on ..."


class Visit:
    """`told` hears what an interface said of faults that it died of."""

    def __init__(self, program: Program, told: Callable[[str], None]) -> None:
        self._program = program
        self._told = told
        self._socket = web.WebSocketResponse(
            heartbeat=15, timeout=CLOSING, compress=False, max_msg_size=LONGEST
        )
        self._child: Child | None = None

    async def last(self, request: web.Request) -> web.WebSocketResponse:
        """Return when the page is closed, or the interface has ended, and nothing of it runs any more."""
        await self._socket.prepare(request)
        columns, rows = (_cells(request.query.get(name, "")) for name in ("width", "height"))
        try:
            child = self._child = await Child.start(self._program, columns or 80, rows or 24)
        except OSError as error:
            await self._show_fault(f"Python can't be started: {error.strerror}.")
            await self._socket.close()
            return self._socket
        painting = asyncio.create_task(self._paint(child))
        try:
            await self._listen(child)
        finally:
            await child.end()
            await asyncio.wait({painting}, timeout=1.0)
            painting.cancel()
        return self._socket

    async def close(self) -> None:
        """Have it end; `last` returns then."""
        if self._socket.prepared:
            await self._socket.close(code=WSCloseCode.GOING_AWAY)

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()

    async def _listen(self, child: Child) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            match _parsed(message.data):
                case ["stdin", str(text)]:
                    child.type(text)
                case ["resize", {"width": int(width), "height": int(height)}]:
                    child.tell("resize", width=_within(width) or 80, height=_within(height) or 24)
                case ["focus"]:
                    child.tell("focus")
                case ["blur"]:
                    child.tell("blur")
                case _:  # pings too: the protocol below has its own
                    pass

    async def _paint(self, child: Child) -> None:
        async for piece in child.painted():
            await self._send(piece)
        await self._send(_LEAVE + _LEAVING)
        faults = await child.end()
        if faults:
            await self._show_fault(faults)
        else:
            await self._send(_LEAVE)
        await self._socket.close()

    async def _show_fault(self, text: str) -> None:
        self._told(text)
        lines = clean(text).expandtabs(4).splitlines()
        await self._send(_LEAVE + "\r\n".join(lines).encode("utf-8", "replace"))

    async def _send(self, data: bytes) -> None:
        if not self._socket.closed:
            with suppress(ConnectionError):  # the page is gone; `_listen` ends by itself
                await self._socket.send_bytes(data)


def _parsed(text: object) -> list[object]:
    try:
        found: Any = json.loads(cast("str", text))
    except ValueError:
        return []
    return cast("list[object]", found) if isinstance(found, list) else []


def _cells(text: str) -> int:
    return _within(int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _within(number: int) -> int:
    return max(0, min(number, MOST_CELLS))
