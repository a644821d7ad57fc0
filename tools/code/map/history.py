"""What git history says of files: how often each changed, and which changed last."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...git.repository import Repository
from ...git.run import GitError, run_git
from ..index.packed import SpoiltError, numbers, pack_parts, seal, unpack_parts, unseal

MOST_COMMITS = 1_000
_MOST_RECENT = 200
_MOST_FILES = 100
"""A commit that touches more says little about each: a move, a reformatting, an import."""

_SECONDS = 30.0
_COMMIT = "//"  # no path is or begins so


@dataclass(frozen=True, slots=True)
class History:
    """Of the last commits of HEAD, merges aside: in how many each path was changed; paths, latest change first.

    A renamed file begins anew. Paths need not exist any more. `note` is a line for the log if git could not tell.
    """

    changes: Mapping[str, int] = field(default_factory=dict[str, int])
    recent: Sequence[str] = ()
    note: str = ""


class Kept(Protocol):
    """Where small values are kept by name; `store.Store` is one."""

    def kept(self, name: str) -> bytes | None: ...

    def keep(self, name: str, value: bytes) -> None: ...


async def read_history(repository: Repository, kept: Kept) -> History:
    """The history of HEAD, asked of git once for each HEAD. Empty before the first commit, and if git fails.

    Paths are relative to the top of the work tree.
    """
    if repository.head is None:
        return History()
    name = f"history {repository.root}"
    made = kept.kept(name)
    found = None if made is None else _unpacked(made, repository.head)
    if found is None:
        try:
            found = await _asked(repository)
        except GitError as error:
            return History(note=f"no git history is used: {error.message}")
        kept.keep(name, _packed(found, repository.head))
    return found


async def _asked(repository: Repository) -> History:
    flags = ("--no-renames", "--no-show-signature", "--no-notes", "--no-mailmap", "--no-ext-diff")
    result = await run_git(
        repository.place,
        *("log", "-z", "--name-only", f"--format=tformat:{_COMMIT}", f"--max-count={MOST_COMMITS}"),
        *("--no-merges", "--no-textconv", "--no-color", *flags),
        *(repository.head or "", "--"),
        seconds=_SECONDS,
    )
    return history_of(result.stdout)


def history_of(log: bytes) -> History:
    """From the output of `git log -z --name-only --format=tformat://`, newest commit first. Pure."""
    changes: dict[str, int] = {}
    recent: dict[str, None] = {}
    for paths in _commits(os.fsdecode(log).split("\0")):
        if len(paths) > _MOST_FILES:
            continue
        for path in paths:
            changes[path] = changes.get(path, 0) + 1
            if len(recent) < _MOST_RECENT:
                recent.setdefault(path)
    return History(changes, tuple(recent))


def _commits(items: Iterable[str]) -> Iterator[list[str]]:
    """The paths of each commit. A line end parts the mark of a commit from its first path."""
    paths: list[str] = []
    fresh = False
    for item in items:
        if item == _COMMIT:
            yield paths
            paths, fresh = [], True
        elif item:
            paths.append(item.removeprefix("\n") if fresh else item)
            fresh = False
    yield paths


def _packed(history: History, head: str) -> bytes:
    recent = [os.fsencode(path) for path in history.recent]
    paths = [os.fsencode(path) for path in history.changes]
    counts = array("I", history.changes.values())
    return seal(
        pack_parts((head.encode(), b"\0".join(paths), counts.tobytes(), b"\0".join(recent)))
    )


def _unpacked(sealed: bytes, head: str) -> History | None:
    """What was packed, if it is about this commit and whole."""
    try:
        of, paths, counts, recent = unpack_parts(unseal(sealed), 4)
        times = numbers(counts, "I", len(counts) // 4)
    except SpoiltError:
        return None
    if of != head.encode():
        return None
    names = os.fsdecode(paths).split("\0") if paths else []
    return History(
        dict(zip(names, times, strict=True)),
        tuple(os.fsdecode(recent).split("\0")) if recent else (),
    )
