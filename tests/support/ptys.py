"""Leadline on a terminal whose bytes are kept: of any kind and speed, and one that can go away."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import signal
import struct
import termios
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from leadline.tests.support.cli import SCRIPT
from leadline.tests.support.waiting import LONGEST, until

_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")


class Pty:
    """`written` is all that reached the terminal. `rate` are the bytes that it takes in a second, None for all."""

    def __init__(self, process: Process, master: int, rate: int | None) -> None:
        self.process = process
        self.written = bytearray()
        self._master = master
        self._rate = rate
        self._reading = asyncio.create_task(self._read())

    @property
    def mark(self) -> int:
        """A place in what is written, for what comes after it."""
        return len(self.written)

    def text(self, after: int = 0) -> str:
        """What was written, without what moves the cursor and colours it: words that were painted at once are whole."""
        return _ESCAPES.sub(b"\n", bytes(self.written[after:])).decode("utf-8", "replace")

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def resize(self, width: int, height: int) -> None:
        resize(self._master, width, height)

    async def until(self, ready: Callable[[], object], what: str = "it") -> None:
        await until(ready, what, lambda: f"Written was:\n{self.text()[-3000:]}")

    async def shows(self, text: str, after: int = 0) -> None:
        looked = -1

        def ready() -> bool:
            nonlocal looked
            if looked == self.mark:  # looking through a megabyte takes longer than reading it
                return False
            looked = self.mark
            return text in self.text(after)

        await self.until(ready, repr(text))

    async def ends(self) -> int:
        try:
            return await asyncio.wait_for(self.process.wait(), LONGEST)
        except TimeoutError:
            raise AssertionError(f"It did not end. Written was:\n{self.text()[-3000:]}") from None

    async def hang_up(self) -> None:
        """The terminal goes away."""
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    async def _read(self) -> None:
        while True:
            try:
                self.written += os.read(
                    self._master, 65_536 if self._rate is None else self._rate // 10
                )
            except BlockingIOError:
                await asyncio.sleep(0.02)
                continue
            except OSError:
                return
            await asyncio.sleep(0.1 if self._rate else 0)


def resize(terminal: int, width: int, height: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


def _owns_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@asynccontextmanager
async def pty(
    *args: str,
    cwd: Path,
    env: Mapping[str, str],
    size: tuple[int, int] = (80, 24),
    rate: int | None = None,
    owned: bool = True,
) -> AsyncGenerator[Pty]:
    """`owned`: the terminal is the process's own, so that it gets a signal when that goes away."""
    master, slave = os.openpty()
    resize(slave, *size)
    process = await asyncio.create_subprocess_exec(
        str(SCRIPT),
        *args,
        cwd=cwd,
        env={"TERM": "xterm-256color", "LANG": "C.UTF-8", **env},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_owns_terminal if owned else None,
    )
    os.close(slave)
    os.set_blocking(master, False)
    it = Pty(process, master, rate)
    try:
        yield it
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await it.hang_up()
        await process.wait()
