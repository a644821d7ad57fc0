"""The courier's side: sends what it is told to and passes the bytes of the answers on, until the program is gone."""

from __future__ import annotations

import asyncio
import json
import socket

from .connect import OpenAIConnection
from .frames import Frame, Kind, packed, read_frame, told
from .profiles import Endpoint, Profile
from .values import Tree, as_tree


def serve(channel: socket.socket) -> None:
    """Returns when the other end of `channel` is closed."""
    asyncio.run(_serve(channel))


async def _serve(channel: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=channel)
    first = await read_frame(reader)
    if first is None:
        return
    connection = OpenAIConnection(_endpoint(as_tree(json.loads(first.data))))
    under_way: dict[int, asyncio.Task[None]] = {}
    while frame := await read_frame(reader):
        number = frame.number
        if frame.kind is Kind.SEND:
            body = as_tree(json.loads(frame.data))
            under_way[number] = asyncio.create_task(_send(connection, number, body, writer))
            under_way[number].add_done_callback(lambda _, number=number: under_way.pop(number))
        elif number in under_way:
            under_way[number].cancel()


async def _send(
    connection: OpenAIConnection, number: int, body: Tree, writer: asyncio.StreamWriter
) -> None:
    async def say(kind: Kind, data: bytes = b"") -> None:
        writer.write(packed(Frame(number, kind, data)))
        await writer.drain()

    try:
        async with connection.send(body) as pieces:
            await say(Kind.OPENED)
            async for piece in pieces:
                await say(Kind.PIECE, piece)
        await say(Kind.END)
    except ConnectionError:
        pass  # the program is gone, and with it all who wait
    except Exception as error:
        await say(Kind.FAILED, told(error))


def _endpoint(said: Tree) -> Endpoint:
    profile = Profile.model_validate(said["profile"])
    return Endpoint(str(said["name"]), profile, str(said["base_url"]), str(said["api_key"]))
