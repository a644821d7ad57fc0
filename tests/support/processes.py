"""Looking for processes without `ps`, which small systems lack."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def is_running(*argv: str) -> bool:
    """Whether some process was started with exactly these arguments."""
    wanted = b"".join(word.encode() + b"\0" for word in argv)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if (entry / "cmdline").read_bytes() == wanted:
                    return True
    return False
