"""The present state of a clone as a tree in the store, by our index of it and never by the clone's own `.git`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from .clone_files import open_up
from .names import joined
from .objects import path_groups, removal_lines
from .run import GitError, Place, run_git
from .store import Store
from .survey import LeftOut, Limits, Reason, Survey, list_tree, survey

_MARGIN_NS = 20_000_000
"""More than one tick of the clock that file times are taken from."""
_STORE_TROUBLE = re.compile(
    r"No space left|Disk quota|Read-only file system|Input/output error|adding an object|loose object"
    r"|temporary file|index file|index\.lock"
)
"""Complaints of git about where it writes, in contrast to what it reads."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A tree of the store, and what is on disk but could not be put in it."""

    tree: str
    left_out: tuple[LeftOut, ...]


def bench(store: Store, root: Path, index: Path, ignore: Path) -> Store:
    """The store as git is to see it when it works on a clone: with the clone's files and our index of them.

    `ignore` holds the person's own ignore rules, beside the `.gitignore` files of the tree.
    """
    place = Place(root, git_dir=store.path, work_tree=root, index=index)
    rules = (("core.excludesFile", str(ignore)),)
    return replace(store, root=root, own_folder=None, user=place, carried=rules)


async def stage(at: Store, index: Path, limits: Limits) -> Staged:
    """Brings the index to what is on disk and writes its tree.

    Taken are the files that the index knows, ignored or not, and all others that are not ignored, within `limits`.
    """
    await asyncio.to_thread(_unlock, index)
    began = time.time_ns()
    found = await _look(at, index, limits)
    closed = [left.path for left in found.left_out if left.reason is Reason.UNREADABLE]
    if closed:
        # The files are ours: a worker that took its own rights away hides nothing.
        await asyncio.to_thread(open_up, at.root, closed)
        found = await _look(at, index, limits)
    await drop(at, index, found.remove)
    failed = await _add(at, index, found.add)
    await _distrust(at, index, await asyncio.to_thread(_backdated, at.root, found.add, began))
    tree = (await run_git(at.place(index), "write-tree")).line
    await asyncio.to_thread(_date, index, began)
    return Staged(tree, tuple(sorted((*found.left_out, *failed))))


async def _look(at: Store, index: Path, limits: Limits) -> Survey:
    listing = await list_tree(at, index)
    # Those that belong to the clone's base are tracked here; the others are the worker's caches.
    work = replace(listing, ignored=frozenset[str]())
    return await asyncio.to_thread(survey, at, work, frozenset[str](), limits)


async def drop(at: Store, index: Path, paths: Iterable[str]) -> None:
    """Takes the paths out of the index."""
    lines = removal_lines(at, paths)
    if lines:
        await run_git(at.place(index), "update-index", "-z", "--index-info", stdin=lines)


async def _add(at: Store, index: Path, paths: tuple[str, ...]) -> list[LeftOut]:
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
        first = await _add(at, index, paths[:middle])
        return first + await _add(at, index, paths[middle:])
    return []


def _backdated(root: Path, paths: Iterable[str], began_ns: int) -> list[str]:
    """Those of the files that could change again unseen: changed just now, and with an older time of writing.

    git looks at whole seconds, so only a time of writing that is not before the index's makes it read a file again.
    """
    began = (began_ns - _MARGIN_NS) // 1_000_000_000
    found: list[str] = []
    for path in paths:
        with contextlib.suppress(OSError):
            facts = (root / path).lstat()
            if int(facts.st_mtime) < began <= int(facts.st_ctime):
                found.append(path)
    return found


async def _distrust(at: Store, index: Path, paths: list[str]) -> None:
    """Makes the index forget when these files were written, so that they are read each time."""
    lines: list[str] = []
    for group in path_groups(paths):
        listed = await run_git(at.place(index), "ls-files", "-z", "--stage", "--", *group)
        wanted = frozenset(group)
        lines += [item for item in listed.items if item.partition("\t")[2] in wanted]
    if lines:
        command = ("update-index", "-z", "--index-info")
        await run_git(at.place(index), *command, stdin=joined(lines))


def _unlock(index: Path) -> None:
    """Removes what a killed git left: nobody else works with this index."""
    index.with_name(index.name + ".lock").unlink(missing_ok=True)


def _date(index: Path, began_ns: int) -> None:
    """Dates the index before the look, so that git reads every file again that changed since."""
    before = began_ns - _MARGIN_NS
    os.utime(index, ns=(before, before))
