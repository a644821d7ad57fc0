"""Requests that a process of its own sends, at an endpoint that sends exactly what the test says."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager

import pytest
from aiohttp import web
from leadline.agent.v4.courier import Courier
from leadline.agent.v4.couriered import connecting_by
from leadline.agent.v4.failures import NoBalanceError, TransientError, WrongKeyError
from leadline.agent.v4.link import Connection
from leadline.agent.v4.profiles import Endpoint, endpoint, load_profiles
from leadline.tests.agent.v4.bench import KEY, RawServer

BODY = {"model": "deepseek-flash", "messages": [{"role": "user", "content": "h\u00e9"}]}
SECONDS = 30
PROGRAM = """
import asyncio, sys
from leadline.agent.v4.courier import courier

with courier() as sender:
    from leadline.agent.v4.couriered import connecting_by
    from leadline.agent.v4.profiles import endpoint, load_profiles

    async def main():
        place = endpoint(load_profiles(), "deepseek", {"DEEPSEEK_API_KEY": "k"}, sys.argv[1])
        connection = await connecting_by(sender, place)
        async with connection.send({"model": "m", "messages": []}) as pieces:
            async for piece in pieces:
                sys.stdout.buffer.write(piece)
                sys.stdout.flush()
        await connection.close()

    asyncio.run(main())
print(sorted({"openai", "httpx2"} & sys.modules.keys()))
"""


def place(server: RawServer) -> Endpoint:
    return endpoint(load_profiles(), "deepseek", {"DEEPSEEK_API_KEY": KEY}, server.base_url)


@contextmanager
def at_work() -> Generator[tuple[Courier, subprocess.Popen[bytes]]]:
    """The courier's side in a process that is no fork: this one has threads."""
    ours, theirs = socket.socketpair()
    code = (
        "import socket, sys; from leadline.agent.v4.courier_work import serve; "
        "serve(socket.socket(fileno=int(sys.argv[1])))"
    )
    number = theirs.fileno()
    process = subprocess.Popen([sys.executable, "-c", code, str(number)], pass_fds=[number])
    theirs.close()
    try:
        yield Courier(process.pid, ours), process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def connection(raw_server: RawServer) -> AsyncIterator[Connection]:
    with at_work() as (courier, _):
        made = await connecting_by(courier, place(raw_server))
        yield made
        await made.close()


async def answer(connection: Connection) -> bytes:
    async with asyncio.timeout(SECONDS), connection.send(BODY) as pieces:
        return b"".join([piece async for piece in pieces])


async def hang(request: web.Request, response: web.StreamResponse) -> None:
    await response.prepare(request)
    await response.write(b"begun")
    await asyncio.Event().wait()


async def test_answers_come_byte_for_byte_also_several_at_once(
    raw_server: RawServer, connection: Connection
):
    raw_server.handlers.append(hang)
    async with connection.send(BODY) as first:
        assert await anext(first) == b"begun"
        sent = bytes(range(256)) * 1000
        raw_server.raw(b"data: \xff\n\n", sent)
        assert await answer(connection) == b"data: \xff\n\n" + sent
    assert [body["messages"] for body in raw_server.bodies] == [BODY["messages"]] * 2
    assert raw_server.headers[0]["Authorization"] == f"Bearer {KEY}"


async def test_who_leaves_an_answer_drops_its_connection(
    raw_server: RawServer, connection: Connection
):
    raw_server.handlers.append(hang)
    async with connection.send(BODY) as pieces:
        assert await anext(pieces) == b"begun"
    await asyncio.wait_for(raw_server.ended.wait(), SECONDS)


async def test_failures_are_those_of_a_connection_without_a_courier(
    raw_server: RawServer, connection: Connection
):
    raw_server.status(429, '{"error": {"message": "slow down"}}', {"Retry-After": "7"})
    with pytest.raises(TransientError) as busy:
        await answer(connection)
    assert (busy.value.reason, busy.value.retry_after, busy.value.busy) == (
        "HTTP 429: slow down",
        7.0,
        True,
    )
    raw_server.status(401, "")
    with pytest.raises(WrongKeyError, match="DEEPSEEK_API_KEY"):
        await answer(connection)
    raw_server.status(402, "")
    with pytest.raises(NoBalanceError, match="has no balance left"):
        await answer(connection)


async def test_without_the_courier_requests_go_from_here(raw_server: RawServer):
    with at_work() as (courier, process):
        connection = await connecting_by(courier, place(raw_server))
        raw_server.handlers.append(hang)
        async with connection.send(BODY) as pieces:
            assert await anext(pieces) == b"begun"
            process.kill()
            with pytest.raises(TransientError, match="has ended"):
                await asyncio.wait_for(anext(pieces), SECONDS)
        raw_server.raw(b"hello")
        assert await answer(connection) == b"hello"
        await connection.close()


async def test_a_second_session_has_a_connection_of_its_own(raw_server: RawServer):
    with at_work() as (courier, _):
        connections = [await connecting_by(courier, place(raw_server)) for _ in range(2)]
        for connection in connections:
            raw_server.raw(b"hello")
            assert await answer(connection) == b"hello"
            await connection.close()


async def test_a_program_sends_without_the_client_library(raw_server: RawServer):
    raw_server.raw(b"hello\n")
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, raw_server.base_url, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(program.communicate(), SECONDS)
    assert said == b"hello\n[]\n"


async def test_the_courier_of_a_killed_program_ends(raw_server: RawServer):
    raw_server.handlers.append(hang)
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, raw_server.base_url, stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout is not None
    assert await program.stdout.readexactly(5) == b"begun"
    program.kill()
    await program.wait()
    await asyncio.wait_for(raw_server.ended.wait(), SECONDS)
