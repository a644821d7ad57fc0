"""Looking for processes without `ps`, which small systems lack."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from pathlib import Path

_NUMBERS = itertools.count(1)


def nap() -> tuple[str, str]:
    """A command that nobody waits for to end, and that no other test has, nor another run of it."""
    return "sleep", f"{100_000 + os.getpid()}.{next(_NUMBERS):03}"


def is_running(*argv: str) -> bool:
    """Whether some process was started with exactly these arguments."""
    return bool(running(*argv))


def running(*argv: str) -> list[int]:
    """The ids of all processes that were started with exactly these arguments."""
    wanted = b"".join(word.encode() + b"\0" for word in argv)
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if (entry / "cmdline").read_bytes() == wanted:
                    found.append(int(entry.name))
    return found
