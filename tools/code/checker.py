"""Has each look at what a change broke taken by a process of its own, forked by a server (`check_server`)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SERVER = (sys.executable, "-I", "-m", f"{__package__}.check_server")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
_MOST_STARTS = 2
"""A server that dies is started anew once; who kills two of them may kill any number."""
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class _Server:
    """The process leads a group, in which its children stay."""

    process: subprocess.Popen[bytes]
    control: socket.socket

    @classmethod
    def start(cls, argv: Sequence[str]) -> _Server:
        """Raises OSError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                process = subprocess.Popen(
                    argv,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env=_ENVIRONMENT,
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        return cls(process, ours)

    def end(self) -> None:
        """Kills it with its children, which a server that was killed has left behind, and takes its leave."""
        self.control.close()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Checker:
    """Answers requests as `check_python` does, any number at once. The server is started by the first of them.

    To be closed; then, and where no server can be started or none stays alive, it has no answers.
    """

    def __init__(self, argv: Sequence[str] = _SERVER) -> None:
        self._argv = argv
        self._starts = 0
        self._server: _Server | None = None

    async def ask(
        self, root: Path, language: str, request: bytes, most: int, seconds: float
    ) -> bytes | None:
        """What a child in the folder `root` says to the request, as far as it comes within `seconds`.

        Its answer ends with the first chunk past `most` bytes. None if no child could be had, which says nothing of
        the request.
        """
        try:
            server, connection = self._begin(root, language)
        except OSError:
            return None
        said = bytearray()
        with connection:  # whose end is the end of the child
            try:
                async with asyncio.timeout(seconds):
                    await _converse(connection, request, said, most)
            except TimeoutError:
                return bytes(said)
            except OSError:  # it ended before it had read all
                pass
        # Nothing at all was said, or the child was ended with its server, by us.
        return bytes(said) if said and server is self._server else None

    def close(self) -> None:
        """Ends the server and what it is at."""
        self._starts = _MOST_STARTS
        self._end()

    def _begin(self, root: Path, language: str) -> tuple[_Server, socket.socket]:
        """A connection to a child, and the server that forks it. Raises OSError."""
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            with theirs:
                try:
                    return self._send(language, (theirs.fileno(), folder)), ours
                except OSError:
                    ours.close()
                    raise
        finally:
            os.close(folder)

    def _send(self, language: str, descriptors: Sequence[int]) -> _Server:
        """Raises OSError."""
        while True:
            server = self._running()
            try:
                socket.send_fds(server.control, [language.encode()], descriptors)
            except (BrokenPipeError, ConnectionResetError):  # it has died
                self._end()
            else:
                return server

    def _running(self) -> _Server:
        """Raises OSError."""
        if self._server is None:
            if self._starts == _MOST_STARTS:
                raise ProcessLookupError("the server does not stay alive")
            self._starts += 1
            self._server = _Server.start(self._argv)
        return self._server

    def _end(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.end()


async def _converse(connection: socket.socket, request: bytes, said: bytearray, most: int) -> None:
    """Raises OSError where the other end is gone."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, request)
    connection.shutdown(socket.SHUT_WR)
    while len(said) < most and (chunk := await loop.sock_recv(connection, _CHUNK)):
        said += chunk
