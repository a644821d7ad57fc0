"""`leadline serve` in a process of its own, and who comes to it without a browser."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType
from leadline.tests.e2e.conftest import Stage
from leadline.tests.support.cli import Ran, Started, ended, start
from leadline.tests.support.waiting import LONGEST


@dataclass
class Served:
    """The server, and the address that it has printed."""

    process: Started
    address: str

    @property
    def origin(self) -> str:
        return self.address.partition("/?")[0]

    async def ends(self, number: signal.Signals = signal.SIGTERM) -> Ran:
        """Tell it to end, as a person or a system does."""
        self.process.send_signal(number)
        return await ended(self.process)


@asynccontextmanager
async def served(stage: Stage, *flags: str) -> AsyncGenerator[Served]:
    """In the stage's repository. It is ended with the block, if it did not end before."""
    process = await start("serve", *flags, cwd=stage.repo, env=stage.env)
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(LONGEST):
            while not (found := re.search(r"http://\S+(?=\n)", said)):
                line = await process.stdout.readline()
                assert line, (said, await process.communicate())
                said += line.decode()
        yield Served(process, found[0])
    finally:
        if process.returncode is None:
            process.terminate()
            await ended(process)


@dataclass
class Visitor:
    """Has opened the address, and with it an interface; `seen` is what that has painted since something was typed."""

    socket: ClientWebSocketResponse
    seen: bytearray = field(default_factory=bytearray)

    async def type(self, text: str) -> None:
        self.seen.clear()
        await self.socket.send_json(["stdin", text])

    async def shows(self, *texts: str) -> None:
        """Wait until it has painted all of these since something was typed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                while not all(text.encode() in _plain(self.seen) for text in texts):
                    message = await self.socket.receive()
                    if message.type is not WSMsgType.BINARY:
                        raise AssertionError(f"{message} instead of {texts}: {self.seen[-2000:]}")
                    self.seen += message.data
                return
        raise AssertionError(f"{texts} did not come: {_plain(self.seen)[-4000:]}")

    async def closed(self) -> bytes:
        """Wait until the server closes the socket; what it painted until then."""
        async with asyncio.timeout(LONGEST):
            async for message in self.socket:
                if message.type is WSMsgType.BINARY:
                    self.seen += message.data
        return _plain(self.seen)


def _plain(painted: bytes | bytearray) -> bytes:
    return re.sub(rb"\x1b\[[0-9;?$]*[A-Za-z]", b"", painted)


@asynccontextmanager
async def client() -> AsyncGenerator[ClientSession]:
    """With a browser's cookies; one that tells of redirections."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield session


@dataclass(frozen=True)
class Guest:
    """Who was let in, and may open page after page."""

    session: ClientSession
    room: str
    origin: str

    @asynccontextmanager
    async def page(self) -> AsyncGenerator[Visitor]:
        """The page, and the socket that it names."""
        async with self.session.get(self.room) as answer:
            found = re.search(r'url="(ws://[^"]+)"', await answer.text())
        assert found is not None
        address = f"{found[1]}?width=100&height=30"
        async with self.session.ws_connect(address, headers={"Origin": self.origin}) as socket:
            yield Visitor(socket)


@asynccontextmanager
async def guest(server: Served) -> AsyncGenerator[Guest]:
    async with client() as session, session.get(server.address) as answer:
        yield Guest(session, str(answer.url), server.origin)


@asynccontextmanager
async def visit(server: Served) -> AsyncGenerator[Visitor]:
    """One page, by whoever comes first."""
    async with guest(server) as someone, someone.page() as visitor:
        yield visitor


def processes_in(folder: Path) -> list[str]:
    """The command lines of what stands in this folder."""
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if os.readlink(entry / "cwd") == str(folder):  # noqa: PTH115
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
