"""Runs one command: its own session, no stdin, one stream of output, a time limit, and nothing left behind.

A `Launch` is what a sandbox makes of a command. Its first process is either the command itself or, where it says
`supervised`, a process that watches over the command: it ends when the command does, takes every descendant with it,
and does so at once when it gets SIGTERM. bubblewrap does that with a PID namespace, our own shim as a child subreaper.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from .errors import ToolError
from .starting import started_whole
from .truncate import Limits, clean, clip, clip_ends

DEFAULT_TEXT = Limits()

_READ_SIZE = 65_536

_DRAIN_SECONDS = 0.5
"""How long to go on reading after the command has ended, in case a process that got away holds the pipe open."""

_SUPERVISOR_SECONDS = 3.0
"""How long a supervisor may take to end everything below it before it is killed itself."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A command ready to start. `env` is added to the environment; `pass_fds` are closed once it has started."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    pass_fds: tuple[int, ...] = ()
    supervised: bool = False

    def close(self) -> None:
        """Closes what was opened for the start. `run_process` calls it; call it only for a launch that is not run."""
        for descriptor in self.pass_fds:
            with suppress(OSError):
                os.close(descriptor)


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What is kept of the output, and how long a process may take to end after SIGTERM.

    `spill_bytes` is the most that one command may put on the disk; what comes after it is read and dropped, and the
    result says how much. `end_bytes` are held in memory for each end of the text.
    """

    spill_bytes: int = 64 * 1024 * 1024
    end_bytes: int = 64 * 1024
    text: Limits = DEFAULT_TEXT
    grace_seconds: float = 2.0


DEFAULT_LIMITS = ProcessLimits()


@dataclass(frozen=True, slots=True)
class ClippedOutput:
    """`text` is clean and clipped; `file` holds the raw bytes but for the last `dropped_bytes`."""

    text: str
    total_bytes: int
    total_lines: int
    file: Path
    dropped_bytes: int


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a command ended. `exit_code` is None if it was ended by the time limit or by a signal that went to itself.

    `signal` is the one that ended it, by the shells' rule (128 + number) where a supervisor stands between.
    `seconds` is wall time.
    """

    exit_code: int | None
    signal: int | None
    timed_out: bool
    seconds: float
    output: ClippedOutput


async def run_process(
    launch: Launch,
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_seconds: float | None,
    sink: Callable[[bytes], None] | None,
    spill: Path,
    limits: ProcessLimits = DEFAULT_LIMITS,
    on_start: Callable[[int], None] | None = None,
) -> ProcessResult:
    """Runs `launch` to its end, its time limit (None: no limit) or cancellation.

    Standard output and error come as one stream, in order: each chunk goes to the file `spill` and to `sink`. At the
    time limit and on cancellation every process gets SIGTERM, and SIGKILL after the grace. What a command left running
    is killed when its first process ends: all of it if the launch is supervised, else its process group. A process that
    got away and holds the pipe open does not delay the return. ToolError if the command cannot be started. What `sink`
    raises ends the command and is raised here.
    """
    started = time.monotonic()
    try:
        output = _Output(spill, sink, limits)
    except OSError:
        launch.close()
        raise
    try:
        with _pipe() as (read_end, write_end):
            process = await _start(launch, cwd, env, write_end)
            reader = _Reader(read_end, output)
            try:
                if on_start is not None:
                    on_start(process.pid)
                timed_out = await _wait(process, reader, launch, timeout_seconds, limits)
            finally:
                if process.returncode is None:  # a second cancellation cut the grace short
                    _kill_now(process.pid, launch)
                reader.close()
        seconds = time.monotonic() - started
        code, ended_by = _read_status(process.returncode, launch.supervised)
        return ProcessResult(
            None if timed_out else code, ended_by, timed_out, seconds, output.result()
        )
    finally:
        output.close()


async def _start(
    launch: Launch, cwd: Path, env: Mapping[str, str], write_end: _Descriptor
) -> asyncio.subprocess.Process:
    try:
        process, cancelled = await started_whole(
            asyncio.create_subprocess_exec(
                *launch.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end.number,
                stderr=write_end.number,
                cwd=cwd,
                env={**env, **launch.env},
                pass_fds=launch.pass_fds,
                start_new_session=True,
            )
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ToolError(f"The command could not be started: {reason}.") from error
    finally:
        write_end.close()
        launch.close()
    if cancelled is not None:
        _kill_now(process.pid, launch)
        raise cancelled
    return process


async def _wait(
    process: asyncio.subprocess.Process,
    reader: _Reader,
    launch: Launch,
    timeout_seconds: float | None,
    limits: ProcessLimits,
) -> bool:
    """Waits for the end and for the rest of the output; true if the time limit ended the command."""
    exited = asyncio.ensure_future(process.wait())
    timed_out = False
    try:
        await asyncio.wait(
            {exited, reader.broken}, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        timed_out = not exited.done() and not reader.broken.done()
    finally:
        if not exited.done():
            await asyncio.shield(
                asyncio.ensure_future(_end(process.pid, launch, exited, limits.grace_seconds))
            )
        if not launch.supervised:
            _signal_group(process.pid, signal.SIGKILL)
    await asyncio.wait(
        {reader.finished, reader.broken},
        timeout=_DRAIN_SECONDS,
        return_when=asyncio.FIRST_COMPLETED,
    )
    if reader.broken.done():
        reader.broken.result()
    return timed_out


async def _end(pid: int, launch: Launch, exited: asyncio.Future[int], grace: float) -> None:
    _signal_tree(pid, signal.SIGTERM, spare_first=launch.supervised)
    await asyncio.wait({exited}, timeout=grace)
    if not exited.done() and launch.supervised:
        os.kill(pid, signal.SIGTERM)
        await asyncio.wait({exited}, timeout=_SUPERVISOR_SECONDS)
    if not exited.done():
        _signal_tree(pid, signal.SIGKILL, spare_first=False)
        await exited


def _kill_now(pid: int, launch: Launch) -> None:
    if launch.supervised:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    else:
        _signal_tree(pid, signal.SIGKILL, spare_first=False)


def _signal_tree(pid: int, number: signal.Signals, *, spare_first: bool) -> None:
    below = descendants(pid)
    if not spare_first or not below:
        _signal_group(pid, number)
    for one in below:
        with suppress(ProcessLookupError, PermissionError):
            if spare_first or os.getpgid(one) != pid:  # a second signal would run a trap twice
                os.kill(one, number)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def descendants(pid: int) -> list[int]:
    """Process ids of all that came from `pid` and have no other parent by now. Empty where /proc is missing."""
    children: dict[int, list[int]] = {}
    for entry in _numbered(Path("/proc")):
        with suppress(OSError):
            # The name in parentheses may hold anything, so the fields are counted from the last one.
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.extend(below)
        waiting.extend(below)
    return found


def _numbered(proc: Path) -> list[Path]:
    return [entry for entry in proc.iterdir() if entry.name.isdecimal()] if proc.is_dir() else []


def _read_status(code: int | None, supervised: bool) -> tuple[int | None, int | None]:
    """Exit code and signal. A supervisor passes a signal on as shells do, by adding 128."""
    if code is None:
        return None, None
    if code < 0:
        return None, -code
    return code, code - 128 if supervised and 128 < code < 128 + signal.NSIG else None


class _Descriptor:
    """A file descriptor that is closed once, by whoever comes first."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._open = True

    def close(self) -> None:
        if self._open:
            self._open = False
            os.close(self.number)


@contextmanager
def _pipe() -> Generator[tuple[_Descriptor, _Descriptor]]:
    ends = [_Descriptor(number) for number in os.pipe()]
    try:
        yield ends[0], ends[1]
    finally:
        for end in ends:
            end.close()


class _Reader:
    """Feeds what arrives on a descriptor to the output: `finished` at its end, `broken` if the output fails."""

    def __init__(self, descriptor: _Descriptor, output: _Output) -> None:
        self._loop = asyncio.get_running_loop()
        self._number = descriptor.number
        self._output = output
        self.finished: asyncio.Future[None] = self._loop.create_future()
        self.broken: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._number, self._read)

    def _read(self) -> None:
        chunk = os.read(self._number, _READ_SIZE)
        if not chunk:
            self._loop.remove_reader(self._number)
            self.finished.set_result(None)
            return
        try:
            self._output.feed(chunk)
        except Exception as error:
            self._loop.remove_reader(self._number)
            self.broken.set_exception(error)

    def close(self) -> None:
        self._loop.remove_reader(self._number)
        if self.broken.done():
            self.broken.exception()  # marks it as seen
        self.broken.cancel()


class _Output:
    """Takes the bytes of one command: to the file, to the sink, and both ends into memory."""

    def __init__(
        self, spill: Path, sink: Callable[[bytes], None] | None, limits: ProcessLimits
    ) -> None:
        self._limits = limits
        self._path = spill
        self._sink = sink
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = _Descriptor(os.open(spill, flags, 0o600))
        self._room = limits.spill_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0
        self._newlines = 0
        self._spilled = 0

    def feed(self, chunk: bytes) -> None:
        self._total += len(chunk)
        self._newlines += chunk.count(b"\n")
        self._spill(chunk)
        size = self._limits.end_bytes
        front = max(0, size - len(self._head))
        self._head += chunk[:front]
        self._tail += chunk[front:]
        if len(self._tail) > 2 * size:
            del self._tail[:-size]
        if self._sink is not None:
            self._sink(chunk)

    def _spill(self, chunk: bytes) -> None:
        data = memoryview(chunk)[: self._room]
        try:
            while data:
                written = os.write(self._file.number, data)
                self._spilled += written
                self._room -= written
                data = data[written:]
        except (
            OSError
        ):  # the disk is full: the command goes on, and the result counts what was dropped
            self._room = 0

    def result(self) -> ClippedOutput:
        unended = self._total > 0 and not (self._tail or self._head).endswith(b"\n")
        lines = self._newlines + unended
        dropped = self._total - self._spilled
        source = str(self._path) + (f" (but for the last {dropped:,} bytes)" if dropped else "")
        limits = self._limits.text
        if len(self._head) + len(self._tail) == self._total:
            text = clip(clean(bytes(self._head + self._tail)).removesuffix("\n"), limits, source)
        else:
            # Whole lines where there are any, so that neither a line nor a character is cut by the buffer.
            head = self._head[: self._head.rfind(b"\n") + 1 or None].removesuffix(b"\n")
            tail = self._tail[self._tail.find(b"\n") + 1 :].removesuffix(b"\n")
            text = clip_ends(
                clean(bytes(head)), clean(bytes(tail)), lines, self._total, limits, source
            )
        return ClippedOutput(text, self._total, lines, self._path, dropped)

    def close(self) -> None:
        self._file.close()
