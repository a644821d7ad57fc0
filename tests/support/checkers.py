"""Finding the servers that have edits looked through, and what is at work for them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from leadline.tools.process import descendants

SERVER = (sys.executable, "-I", "-m", "leadline.tools.code.check_server")


def servers(of: int) -> list[int]:
    """The servers that a process has started and not yet taken leave of. Their children look like them, but for their
    parent."""
    wanted = b"".join(word.encode() + b"\0" for word in SERVER)
    return [pid for pid in descendants(of) if command_line(pid) == wanted and _parent(pid) == of]


def command_line(pid: int) -> bytes:
    """Empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def cpu_seconds(pid: int) -> float:
    """What a process has used so far. Raises OSError if it is gone."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _parent(pid: int) -> int | None:
    try:
        return int(_stat(pid)[1])
    except OSError:
        return None


def _stat(pid: int) -> list[str]:
    """What the system says of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
