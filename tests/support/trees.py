"""What a folder holds, to the byte: a value to compare before and after."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from leadline.agent.rehearsal.server import RehearsalServer

Tree = dict[str, tuple[str, bytes]]
"""Path to (kind, content): kind is "file", "program" or "link", content a link's target."""


def tree_of(folder: Path, *without: str) -> Tree:
    """All files and links below `folder`, but `.git` and the top-level names in `without`."""
    found: Tree = {}
    for above, folders, files in os.walk(folder):
        here = Path(above)
        if here == folder:
            folders[:] = [name for name in folders if name not in (".git", *without)]
            files[:] = [name for name in files if name not in (".git", *without)]
        for name in [*files, *(name for name in folders if (here / name).is_symlink())]:
            path = here / name
            found[path.relative_to(folder).as_posix()] = _entry(path)
    return found


def _entry(path: Path) -> tuple[str, bytes]:
    facts = path.lstat()
    if stat.S_ISLNK(facts.st_mode):
        return "link", os.fsencode(path.readlink())
    return ("program" if facts.st_mode & 0o100 else "file"), path.read_bytes()


def digests(folder: Path) -> dict[str, str]:
    """Every file below `folder`, `.git` and all, with its mode and the hash of its bytes; links by their target."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        if stat.S_ISLNK(facts.st_mode):
            content = os.fsencode(path.readlink())
        else:
            content = path.read_bytes() if path.is_file() else b""
        digest = hashlib.sha256(content).hexdigest()
        found[path.relative_to(folder).as_posix()] = f"{facts.st_mode:o} {digest}"
    return found


@asynccontextmanager
async def trees_at_requests(
    server: RehearsalServer, folder: Path, *without: str
) -> AsyncGenerator[list[Tree]]:
    """Collects the tree at each request, when Leadline waits for the model and nothing changes it.

    The server needs a `first_token_seconds` above zero, so that it is looked at before the answer leaves.
    """
    seen: list[Tree] = []

    async def watch() -> None:
        while True:
            await server.arrived(len(seen) + 1)
            seen.append(tree_of(folder, *without))

    watching = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
