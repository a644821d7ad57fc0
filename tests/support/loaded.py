"""Runs of the console script as forks of a process that has its modules loaded."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from signal import SIGKILL, SIGTERM

LOADER = Path(__file__).with_name("loader.py")
KEPT = ("PATH", "HOME", "LANG")
"""What a loader has of this process's environment."""
READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_")
"""How variables begin that only a new interpreter heeds."""
SEEDS = ("1", "2")
"""One loader each, taken in turn: what rests on the order of a set still shows between two runs."""


class Child:
    """A run, with what tests use of `asyncio.subprocess.Process`. It leads a session of its own."""

    stdin = None

    def __init__(
        self,
        pid: int,
        stdout: asyncio.StreamReader,
        stderr: asyncio.StreamReader,
        code: asyncio.Task[int],
    ) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self._code = code

    @property
    def returncode(self) -> int | None:
        return self._code.result() if self._code.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._code)

    async def communicate(self, given: bytes | None = None) -> tuple[bytes, bytes]:
        assert given is None, "a fork has nothing on stdin"
        out, err, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return out, err

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        self.send_signal(SIGKILL)


class _Loader:
    def __init__(self, environ: Mapping[str, str], seed: str) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(LOADER), str(theirs.fileno())],
                cwd="/",
                env={**environ, "PYTHONHASHSEED": seed},
                # Pipes, as a run has: what Python makes of an open file rests on what it is.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    async def start(self, argv: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Child:
        order = {"argv": argv, "folder": str(folder), "environ": dict(environ)}
        given = [os.open(os.devnull, os.O_RDONLY)]
        kept: list[int] = []
        for _ in range(3):
            ours, theirs = os.pipe()
            kept.append(ours)
            given.append(theirs)
        socket.send_fds(self._orders, [json.dumps(order).encode()], given)
        for each in given:
            os.close(each)
        stdout, stderr, report = [await _reader(each) for each in kept]
        pid = await self._number(report)
        return Child(pid, stdout, stderr, asyncio.create_task(self._number(report)))

    async def _number(self, report: asyncio.StreamReader) -> int:
        line = await report.readline()
        if not line:
            raise RuntimeError(f"what has the modules loaded has ended: {self.close()}")
        return int(line)

    def close(self) -> str:
        """What it said, which is nothing if all went well."""
        self._orders.close()
        return self._process.communicate()[0].decode()


async def _reader(file: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(file, "rb", buffering=0)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


class _Loaders:
    def __init__(self) -> None:
        self._environ = {name: os.environ[name] for name in KEPT if name in os.environ}
        self._running: dict[str, _Loader] = {}
        self._turns = cycle(SEEDS)

    def fits(self, environ: Mapping[str, str]) -> bool:
        """Whether an interpreter that starts with this environment is like those that run."""
        names = {name for name in (*environ, *self._environ) if name.startswith(READ_AT_START)}
        return all(environ.get(name) == self._environ.get(name) for name in names)

    def next(self) -> _Loader:
        seed = next(self._turns)
        if seed not in self._running:
            self._running[seed] = _Loader(self._environ, seed)
        return self._running[seed]

    def close(self) -> None:
        for loader in self._running.values():
            loader.close()


_in_use: list[_Loaders] = []


@contextmanager
def loaded() -> Generator[None]:
    """Runs are forks in here, of two processes that start when they are first needed."""
    loaders = _Loaders()
    _in_use.append(loaders)
    try:
        yield
    finally:
        _in_use.remove(loaders)
        loaders.close()


@contextmanager
def started_anew() -> Generator[None]:
    """Each run has an interpreter of its own in here, and with it a command line and an environment that others can
    look at."""
    kept = _in_use[:]
    _in_use.clear()
    try:
        yield
    finally:
        _in_use[:] = kept


async def forked(argv: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Child | None:
    """None where a run has to start an interpreter. It has nothing on stdin."""
    if not _in_use or not _in_use[-1].fits(environ):
        return None
    return await _in_use[-1].next().start(argv, folder, environ)
