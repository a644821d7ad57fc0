"""The present state of a clone as a tree in the store, by our index of it and never by the clone's own `.git`."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from .clone_files import open_up
from .run import Place, run_git
from .staging import add, backdated, distrust, drop
from .store import MARGIN_NS, Store
from .survey import LeftOut, Limits, Reason, Survey, list_taken, survey


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
    failed = await add(at, index, found.add)
    await distrust(at, index, await asyncio.to_thread(backdated, at.root, found.add, began))
    tree = (await run_git(at.place(index), "write-tree")).line
    await asyncio.to_thread(_date, index, began)
    return Staged(tree, tuple(sorted((*found.left_out, *failed))))


async def _look(at: Store, index: Path, limits: Limits) -> Survey:
    # Ignored files that belong to the clone's base are tracked here; the others are the worker's caches.
    listing = await list_taken(at, index)
    return await asyncio.to_thread(survey, at, listing, frozenset[str](), limits)


def _unlock(index: Path) -> None:
    """Removes what a killed git left: nobody else works with this index."""
    index.with_name(index.name + ".lock").unlink(missing_ok=True)


def _date(index: Path, began_ns: int) -> None:
    """Dates the index before the look, so that git reads every file again that changed since."""
    before = began_ns - MARGIN_NS
    os.utime(index, ns=(before, before))
