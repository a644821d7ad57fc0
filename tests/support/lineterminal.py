"""Leadline in plain mode at a real terminal of its own, with a test as the person at it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from leadline.tests.support.cli import SCRIPT
from leadline.tests.support.waiting import LONGEST


class LineTerminal:
    """What Leadline wrote is in `shown`, with plain line ends. What is typed is echoed there, as on any terminal."""

    def __init__(self, keyboard: int) -> None:
        self.raw = b""
        self.process: asyncio.subprocess.Process | None = None
        self._keyboard = keyboard
        self._open = True
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(keyboard, self._read)

    @property
    def shown(self) -> str:
        return self.raw.decode("utf-8", "replace").replace("\r\n", "\n")

    def type(self, text: str) -> None:
        """A line, with Enter behind it."""
        os.write(self._keyboard, f"{text}\n".encode())

    def press(self, keys: bytes) -> None:
        os.write(self._keyboard, keys)

    async def until(self, text: str, after: str = "") -> str:
        """Wait until this is shown, behind the first `after`; all that is shown by then."""
        try:
            async with asyncio.timeout(LONGEST):
                while (
                    text not in self.shown.partition(after)[2] if after else text not in self.shown
                ):
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} was not shown. Shown was:\n{self.shown}") from None
        return self.shown

    def close(self) -> None:
        """The window is closed."""
        if self._open:
            self._open = False
            asyncio.get_running_loop().remove_reader(self._keyboard)
            os.close(self._keyboard)

    async def ended(self) -> int:
        """The exit code, once it has ended."""
        assert self.process is not None
        try:
            return await asyncio.wait_for(self.process.wait(), LONGEST)
        except TimeoutError:
            raise AssertionError(f"It did not end. Shown was:\n{self.shown}") from None

    def _read(self) -> None:
        try:
            chunk = os.read(self._keyboard, 65_536)
        except OSError:  # nobody has the other end open any more
            chunk = b""
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._keyboard)
        self.raw += chunk
        self._more.set()


@asynccontextmanager
async def line_terminal(
    *arguments: str,
    folder: Path,
    environ: Mapping[str, str],
    columns: int = 80,
    term: str = "dumb",
) -> AsyncGenerator[LineTerminal]:
    """`leadline` with these arguments at a terminal. It is killed at the end if it has not ended by then."""
    keyboard, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    terminal = LineTerminal(keyboard)
    try:
        terminal.process = await asyncio.create_subprocess_exec(
            str(SCRIPT),
            *arguments,
            cwd=folder,
            env={"LC_ALL": "C.UTF-8", **environ, "TERM": term},
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
    finally:
        os.close(screen)
    try:
        yield terminal
    finally:
        terminal.close()
        with contextlib.suppress(ProcessLookupError):
            if terminal.process.returncode is None:
                os.killpg(terminal.process.pid, signal.SIGKILL)
        await terminal.process.wait()


def _take_terminal() -> None:
    """Make stdin the terminal that the process belongs to, so that it hears of Ctrl-C and of its end."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
