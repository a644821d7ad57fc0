"""One interface in a process of its own, spoken with over pipes as textual's driver for browsers does.

It prints a line once it is there, then packets: a letter for the kind, four bytes of length, and so many bytes: what
it paints (D), and JSON about itself (M). What it is told are packets too.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from . import DRIVER

VARIABLES: Mapping[str, str] = {
    "TEXTUAL_DRIVER": DRIVER,
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "COLUMNS": "",
    "ROWS": "",
    "PYTHONUTF8": "1",
}
"""What tells a process that its terminal is a browser; it forgets them when it knows."""
_TERMINAL: Mapping[str, str] = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
_OTHER_TERMINAL = ("TMUX", "STY", "TERM_PROGRAM", "TERM_PROGRAM_VERSION")
"""Of the one that the server was started in."""

PATIENCE = 30.0
"""Seconds that an interface has to bring its sessions to a point from where they can go on."""
HURRY = 3.0
"""Seconds that one has after it was told again."""
READY = b"__GANGLION__\n"
TOLD = 8_000
"""Bytes that are kept of the end of what it says of faults."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is started for each page."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]

    def environment(self, columns: int, rows: int) -> dict[str, str]:
        kept = {name: each for name, each in self.environ.items() if name not in _OTHER_TERMINAL}
        return {**kept, **_TERMINAL, **VARIABLES, "COLUMNS": str(columns), "ROWS": str(rows)}


class Child:
    """Begun with `start`, and ended with `end` by whoever began it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._faults = b""
        self._listening = asyncio.create_task(self._listen())

    @staticmethod
    async def start(program: Program, columns: int, rows: int) -> Child:
        """Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            *program.argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=program.environment(columns, rows),
            start_new_session=True,  # Ctrl-C in the server's terminal is the server's
        )
        return Child(process)

    async def painted(self) -> AsyncIterator[bytes]:
        """What it paints, until it leaves the screen or ends."""
        assert self._process.stdout is not None
        read = self._process.stdout
        async for line in read:
            if line == READY:
                break
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await read.readexactly(5)
                body = await read.readexactly(int.from_bytes(head[1:], "big"))
                if head[:1] == b"D":
                    yield body
                elif head[:1] == b"M" and json.loads(body)["type"] == "exit":
                    return

    def type(self, text: str) -> None:
        self._send(b"D", text.encode("utf-8", "ignore"))  # half a character

    def tell(self, kind: str, **values: int) -> None:
        self._send(b"M", json.dumps({"type": kind, **values}).encode())

    async def end(self) -> str:
        """Let it bring what runs to a safe point, but not for ever; what it said of faults.

        `painted` must be read on meanwhile, or it could wait for that.
        """
        self.tell("quit")
        if not await self._ends_within(PATIENCE):
            self._signal(signal.SIGTERM)
            if not await self._ends_within(HURRY):
                self.kill()
                await self._ends_within(HURRY)
        await asyncio.wait({self._listening}, timeout=1.0)  # what it started may hold the pipe
        self._listening.cancel()
        return self._faults.decode("utf-8", "replace").strip()

    def kill(self) -> None:
        """End it at once; its sessions are then as after a kill."""
        self._signal(signal.SIGKILL)

    async def _ends_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), seconds)
        return self._process.returncode is not None

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _send(self, kind: bytes, body: bytes) -> None:
        """Does not wait until it is read: what a person types is little, and who waits for a program that hangs does
        not see the page being closed."""
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(kind + len(body).to_bytes(4, "big") + body)

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(4096):
            self._faults = (self._faults + piece)[-TOLD:]
