"""Putting files of a work tree into an index of ours, and taking them out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

from .names import joined
from .objects import path_groups, removal_lines
from .run import GitError, run_git
from .store import MARGIN_NS, Store
from .survey import LeftOut, Reason

_STORE_TROUBLE = re.compile(
    r"No space left|Disk quota|Read-only file system|Input/output error|adding an object|loose object"
    r"|temporary file|index file|index\.lock"
)
"""Complaints of git about where it writes, in contrast to what it reads."""


async def drop(at: Store, index: Path, paths: Iterable[str]) -> None:
    """Takes the paths out of the index."""
    lines = removal_lines(at, paths)
    if lines:
        await run_git(at.place(index), "update-index", "-z", "--index-info", stdin=lines)


async def add(at: Store, index: Path, paths: tuple[str, ...]) -> list[LeftOut]:
    """Puts the files in the index; those that resist, found by halving, are given back."""
    if not paths:
        return []
    flags = ("-z", "--add", "--remove", "--replace", "--stdin")
    try:
        await run_git(at.place(index), "update-index", *flags, stdin=joined(paths))
    except GitError as error:
        if error.result is None or _STORE_TROUBLE.search(error.result.stderr):
            raise
        if len(paths) == 1:
            await drop(at, index, paths)
            return [LeftOut(paths[0], Reason.UNREADABLE)]
        middle = len(paths) // 2
        first = await add(at, index, paths[:middle])
        return first + await add(at, index, paths[middle:])
    return []


def backdated(root: Path, paths: Iterable[str], began_ns: int) -> list[str]:
    """Those of the files that could change again unseen: changed just now, and with an older time of writing.

    git looks at whole seconds, so only a time of writing that is not before the index's makes it read a file again.
    """
    began = (began_ns - MARGIN_NS) // 1_000_000_000
    found: list[str] = []
    for path in paths:
        with contextlib.suppress(OSError):
            facts = (root / path).lstat()
            if int(facts.st_mtime) < began <= int(facts.st_ctime):
                found.append(path)
    return found


async def distrust(at: Store, index: Path, paths: list[str]) -> None:
    """Makes the index forget when these files were written, so that they are read each time."""
    lines: list[str] = []
    for group in path_groups(paths):
        listed = await run_git(at.place(index), "ls-files", "-z", "--stage", "--", *group)
        wanted = frozenset(group)
        lines += [item for item in listed.items if item.partition("\t")[2] in wanted]
    if lines:
        command = ("update-index", "-z", "--index-info")
        await run_git(at.place(index), *command, stdin=joined(lines))
