"""The client library in a process of its own, forked before the program loads anything else.

The library takes longer to load than all of Leadline, and an import holds the interpreter's lock: in a thread it only
takes turns with our own. A process has a core of its own. It sends the requests of one session, too, so the program
never loads the library. Imports nothing heavy: what is loaded before the fork is waited for by both.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager


class Courier:
    """The process, as the program sees it. It ends with the program, whichever way that ends."""

    def __init__(self, process: int, channel: socket.socket) -> None:
        self._process = process
        self._channel: socket.socket | None = channel

    def take(self) -> socket.socket | None:
        """The way to it, for who asks first; see `couriered`."""
        channel, self._channel = self._channel, None
        return channel

    def end(self) -> None:
        """End the process. It holds nothing that could be lost."""
        if self._channel is not None:
            self._channel.close()
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)


@contextmanager
def courier() -> Generator[Courier | None]:
    """A courier at work; None where none can be had or would help. The program must have no second thread yet."""
    # Elsewhere libraries of the system do not survive a fork, and on one core two processes only have more to do.
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        yield None
        return
    ours, theirs = socket.socketpair()
    try:
        process = os.fork()
    except OSError:
        ours.close()
        theirs.close()
        yield None
        return
    if process == 0:
        ours.close()
        _work(theirs)
    theirs.close()
    started = Courier(process, ours)
    try:
        yield started
    finally:
        started.end()


def _work(channel: socket.socket) -> None:
    """What the process does. Never returns: nothing of the program may run twice."""
    try:
        # These are for the program, which ends what it has begun, and its courier last.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        # Who waits for the end of our output waits for the program alone.
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(nothing, descriptor)
        gc.disable()  # all that is loaded now stays
        from .courier_work import serve

        gc.freeze()
        gc.enable()
        serve(channel)
    finally:
        os._exit(0)
