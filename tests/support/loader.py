"""Leadline with its modules loaded, which forks for each run: half of what a short run costs is importing them.

A program of its own: `python loader.py SOCKET`. A message on the socket is an order, with four open files: what the
child gets as stdin, stdout and stderr, and where its process id and then its exit code are written, a line each.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from leadline.tui.cli import main

MODULES = ("leadline.tui.commands.run", "leadline.agent.session", "openai")
"""What nearly every run imports, and with it the rest. Nothing of the interface."""
MOST = 1 << 20


@dataclass(frozen=True)
class Order:
    """One run of the console script."""

    argv: list[str]
    folder: str
    environ: dict[str, str]


def next_order(orders: socket.socket) -> Order | None:
    """Returns in each child, with its order; in the loader itself when there is nobody left to give any."""
    children: dict[int, tuple[int, int]] = {}
    waiting = select.poll()
    waiting.register(orders, select.POLLIN)
    while True:
        for ready, _ in waiting.poll():
            if ready in children:
                waiting.unregister(ready)
                pid, report = children.pop(ready)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                os.write(report, f"{code}\n".encode())
                os.close(ready)
                os.close(report)
                continue
            message, files, _, _ = socket.recv_fds(orders, MOST, 4)
            if not message:
                return None
            pid = os.fork()
            if pid == 0:
                orders.close()
                for open_file in (*children, *(report for _, report in children.values())):
                    os.close(open_file)
                _take(files)
                return Order(**json.loads(message))
            children[pidfd := os.pidfd_open(pid)] = (pid, files[3])
            waiting.register(pidfd, select.POLLIN)
            os.write(files[3], f"{pid}\n".encode())
            for given in files[:3]:
                os.close(given)


def _take(files: list[int]) -> None:
    """Have these as stdin, stdout and stderr. They came with higher numbers, and leave none behind."""
    for number, given in enumerate(files[:3]):
        os.dup2(given, number)
    for given in files:
        os.close(given)


def _become(order: Order) -> None:
    """What a new process has from its start."""
    os.setsid()
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environ)
    time.tzset()
    sys.argv = order.argv


def _load() -> None:
    for module in MODULES:
        importlib.import_module(module)
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1 or threading.active_count() > 1:
        raise RuntimeError(f"{threads} threads after importing: none of them would be in a child")
    gc.collect()
    gc.freeze()  # a collection in a child would otherwise copy every page


if __name__ == "__main__":
    _load()
    with socket.socket(fileno=int(sys.argv[1])) as commanded:
        given_order = next_order(commanded)
    if given_order is not None:
        _become(given_order)
        sys.exit(main())
