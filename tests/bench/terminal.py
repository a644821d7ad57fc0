"""A program on a terminal of its own (a pty), as a person has it: keys go in, and what it paints comes out."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

COLUMNS, ROWS = 160, 48
MARKS = "".join(
    chr(code)
    for first, last in ((0x0430, 0x044F), (0x03B1, 0x03C1), (0x03C3, 0x03C9), (0x0561, 0x0586))
    for code in range(first, last + 1)
)
"""Letters that nothing on the screen has: where one is painted, it is the key that was pressed."""
LONGEST = 60.0
ENV = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-Z\\^_])")
_TICKS = os.sysconf("SC_CLK_TCK")


class Terminal:
    """`written` is all that the program wrote so far."""

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        self.written = bytearray()
        self.began = time.perf_counter()
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(command[0], list(command), dict(env))
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._file)

    def type(self, keys: str) -> None:
        os.write(self._file, keys.encode())

    def click(self, column: int, row: int) -> None:
        """Counted from 1."""
        self.type(f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")

    def until(self, text: str | Callable[[bytes], bool], since: int = 0) -> float:
        """Read until this is in what was written from `since` on; when it was read, by `time.perf_counter`."""
        wanted = text.encode() if isinstance(text, str) else text
        end = time.perf_counter() + LONGEST
        while time.perf_counter() < end:
            new = bytes(memoryview(self.written)[since:])
            if (wanted in new) if isinstance(wanted, bytes) else wanted(new):
                return time.perf_counter()
            self.read(0.5)
        raise TimeoutError(f"{text!r} did not come; the last was {plain(self.written[-3000:])!r}")

    def read(self, seconds: float) -> None:
        """What comes next, within so many seconds."""
        if not select.select([self._file], [], [], seconds)[0]:
            return
        try:
            self.written += os.read(self._file, 65_536)
        except OSError as ended:
            raise EOFError(f"it ended; the last was {plain(self.written[-3000:])!r}") from ended

    def rest(self, seconds: float) -> None:
        """Read whatever comes for so long: a terminal never keeps a program waiting."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def press(self, key: str) -> float:
        """Seconds from pressing a key of MARKS to its being painted."""
        since = len(self.written)
        began = time.perf_counter()
        self.type(key)
        return self.until(key, since) - began

    @property
    def cpu(self) -> float:
        """Seconds of CPU that all threads of the program took so far, also those that have ended."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def main_cpu(self) -> float:
        """Of its first thread alone, which is the interface's."""
        return self._scheduled(0)

    @property
    def main_waited(self) -> float:
        """Seconds that its first thread could have run, and others had the machine."""
        return self._scheduled(1)

    def _scheduled(self, field: int) -> float:
        stat = Path(f"/proc/{self.pid}/task/{self.pid}/schedstat").read_text()
        return int(stat.split()[field]) / 1e9

    @property
    def memory(self) -> int:
        """Bytes that it holds in memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")


def plain(written: bytes | bytearray) -> str:
    """The text of what was written, without what steers a terminal."""
    return _ESCAPES.sub(b"", bytes(written)).decode("utf-8", "replace")
