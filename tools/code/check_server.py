"""Forks a child for each look at what a change broke: `python -I -m leadline.tools.code.check_server`.

Starting an interpreter takes many times as long as looking, and a fork of one that has all it needs does not. What is
hostile is read by children only, each of which ends after one request. `Checker` is who asks.

Standard input is a socket. A message is a language's name, with two descriptors: the child's connection, on which it
gets a request and answers as `check_python` does, and the folder that it is in. The child is killed when the other end
of its connection is closed, and all of them when that of standard input is, as by the death of who held it.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from contextlib import suppress
from types import FrameType

from . import check_python
from .languages import grammar_of

BEGUN = b"\n"
"""What a child says before it reads its request. Where it is missing, there was no child."""

_STDIN, _STDOUT, _STDERR = range(3)
_MOST_NAME = 64
_MOST_WAKES = 4096


def _ended(_signal: int, _frame: FrameType | None) -> None:
    """Without a handler the end of a child would not wake the server."""


class _Server:
    """`_children` are the connections of children by process, until they are reaped."""

    def __init__(self) -> None:
        self._control = socket.socket(fileno=_STDIN)
        self._woken, self._wake = socket.socketpair()
        self._wake.setblocking(False)
        signal.signal(signal.SIGCHLD, _ended)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._poll = select.poll()
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)
        self._children: dict[int, int] = {}

    def serve(self) -> None:
        """Until the other end of standard input is closed."""
        more = True
        while more:
            ready = {number for number, _ in self._poll.poll()}
            # In this order, because a new connection may get the number of one that is closed by reaping.
            for child, connection in self._children.items():
                if connection in ready:  # nobody waits for its answer
                    self._poll.unregister(connection)
                    os.kill(child, signal.SIGKILL)
            if self._woken.fileno() in ready:
                self._reap()
            if _STDIN in ready:
                more = self._take()
        for child in self._children:
            os.kill(child, signal.SIGKILL)

    def _reap(self) -> None:
        """Take leave of children that ended. Who asked hears of the end only by that."""
        self._woken.recv(_MOST_WAKES)
        while self._children:
            child, _ = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            connection = self._children.pop(child)
            with suppress(KeyError):  # it was killed
                self._poll.unregister(connection)
            os.close(connection)

    def _take(self) -> bool:
        """Have the next request answered; False if no more will come."""
        language, descriptors, _, _ = socket.recv_fds(self._control, _MOST_NAME, 2)
        if not language:
            return False
        child = None
        if len(descriptors) == 2:  # else there is no room for more open files
            grammar_of(language.decode())  # once, for all children from here on
            child = self._fork(*descriptors)
        if child is not None:
            connection = descriptors.pop(0)
            self._children[child] = connection
            self._poll.register(connection, 0)  # that is for its other end being closed
        for number in descriptors:
            os.close(number)
        return True

    def _fork(self, connection: int, folder: int) -> int | None:
        """A child for the request that comes on `connection`; None if there can be none."""
        try:
            child = os.fork()
        except OSError:
            return None
        if child == 0:
            try:
                self._answer(connection, folder)
            finally:
                os._exit(1)
        return child

    def _answer(self, connection: int, folder: int) -> None:
        """The whole life of a child."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.fchdir(folder)
        os.dup2(connection, _STDIN)
        os.dup2(connection, _STDOUT)
        known = (self._woken.fileno(), self._wake.fileno(), connection, folder)
        os.closerange(_STDERR + 1, max(*known, *self._children.values()) + 1)
        os.write(_STDOUT, BEGUN)
        check_python.main()
        os._exit(0)


if __name__ == "__main__":
    _Server().serve()
