"""A connection whose requests a courier sends."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from .courier import Courier
from .failures import TransientError
from .frames import Frame, Kind, heard, packed, read_frame, told
from .link import Connection, start_connecting
from .profiles import Endpoint
from .values import Tree

_GONE = TransientError("the process that sends the requests has ended")


def connecting_by(courier: Courier, endpoint: Endpoint) -> asyncio.Future[Connection]:
    """Like `link.start_connecting`. A courier serves one session; another one's library is loaded in here."""
    channel = courier.take()
    if channel is None:
        return start_connecting(endpoint)
    return asyncio.ensure_future(_connected(channel, endpoint))


async def _connected(channel: socket.socket, endpoint: Endpoint) -> Connection:
    reader, writer = await asyncio.open_connection(sock=channel)
    writer.write(packed(Frame(0, Kind.ENDPOINT, _told(endpoint))))
    return CourieredConnection(endpoint, reader, writer)


class CourieredConnection:
    """A `Connection`. Should the courier end, what was under way fails as a broken connection does, and what is sent
    later goes from this process."""

    def __init__(
        self, endpoint: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._endpoint = endpoint
        self._writer = writer
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Queue[Frame]] = {}
        self._listening = asyncio.create_task(self._listen(reader))
        self._instead: asyncio.Future[Connection] | None = None

    @asynccontextmanager
    async def send(self, body: Tree) -> AsyncGenerator[AsyncIterator[bytes]]:
        if self._listening.done():
            if self._instead is None:
                self._instead = start_connecting(self._endpoint)
            connection = await asyncio.shield(self._instead)
            async with connection.send(body) as pieces:
                yield pieces
            return
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.Queue[Frame]()
        try:
            self._say(Frame(number, Kind.SEND, json.dumps(body).encode()))
            _ = await _next(answer)  # that it is open
            yield _pieces(answer)
        finally:
            del self._answers[number]
            # Of an answer that has ended it says nothing new.
            self._say(Frame(number, Kind.LEAVE))

    async def close(self) -> None:
        self._listening.cancel()
        await asyncio.wait({self._listening})
        self._writer.close()
        if self._instead is not None:
            await (await self._instead).close()

    def _say(self, frame: Frame) -> None:
        if not self._listening.done():
            self._writer.write(packed(frame))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while frame := await read_frame(reader):
            if answer := self._answers.get(frame.number):
                answer.put_nowait(frame)
        for number, answer in self._answers.items():
            answer.put_nowait(Frame(number, Kind.FAILED, told(_GONE)))


async def _pieces(answer: asyncio.Queue[Frame]) -> AsyncIterator[bytes]:
    while (frame := await _next(answer)).kind is Kind.PIECE:
        yield frame.data


async def _next(answer: asyncio.Queue[Frame]) -> Frame:
    """The next frame. Raises what the courier says went wrong."""
    frame = await answer.get()
    if frame.kind is Kind.FAILED:
        raise heard(frame.data)
    return frame


def _told(endpoint: Endpoint) -> bytes:
    return json.dumps(
        {
            "name": endpoint.name,
            "profile": endpoint.profile.model_dump(),
            "base_url": endpoint.base_url,
            "api_key": endpoint.api_key,
        }
    ).encode()
