"""Sockets of other programs that lie in the file system: a read-only mount does not keep a command from connecting."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .policy import Policy

_SERVICES = (Path("/run"), Path("/var/run"))
_DEPTH = 3
_LISTENS = 0x10000
"""__SO_ACCEPTCON, of the flags in the kernel's list."""
_DATAGRAMS = 2
_BY_THE_KERNEL = re.compile(r"@[0-9a-f]{5}")
"""Given to a client that asked for no name."""


def reachable_sockets(policy: Policy) -> list[Path]:
    """Sockets that the user may connect to, but for those below the working tree and the temporary folder.

    Docker, D-Bus, systemd, tmux or an agent for keys would act for a command, outside. The kernel lists those bound in
    this network namespace; what was mounted into a container from outside is not listed, and lies in /run.
    """
    found = {path for path in _listed() if _is_socket(path)}
    for folder in _SERVICES:
        found |= set(_below(Path(os.path.realpath(folder)), _DEPTH))
    ours = (policy.root, policy.temp)
    return sorted(
        path
        for path in found
        if os.access(path, os.W_OK) and not any(path.is_relative_to(place) for place in ours)
    )


def _is_socket(path: Path) -> bool:
    """False also for one that nobody here may look at, and so not connect to."""
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


def are_there_abstract() -> bool:
    """Whether a program listens, in this network namespace, at a name that is in no file system: X11 and D-Bus may, and
    whoever is in the namespace can connect."""
    for fields in _named():
        listens = int(fields[3], 16) & _LISTENS or int(fields[4], 16) == _DATAGRAMS
        if listens and fields[7].startswith("@") and not _BY_THE_KERNEL.fullmatch(fields[7]):
            return True
    return False


def _listed() -> Iterator[Path]:
    for fields in _named():
        if fields[7].startswith("/"):
            with suppress(OSError):
                yield Path(os.path.realpath(fields[7]))


def _named() -> Iterator[list[str]]:
    """The kernel's list: seven fields and, for a socket with a name, that; @ begins one that is in no file system."""
    with suppress(OSError):
        text = Path("/proc/net/unix").read_text(errors="surrogateescape")
        for line in text.splitlines()[1:]:
            fields = line.split(maxsplit=7)
            if len(fields) == 8:
                yield fields


def _below(folder: Path, depth: int) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                yield Path(entry.path)
            elif depth and entry.is_dir(follow_symlinks=False):
                yield from _below(Path(entry.path), depth - 1)
