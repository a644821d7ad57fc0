"""Which files of a tree go into a snapshot, and what is left out. Asks git and the disk; writes nothing."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from pathlib import Path

from .names import parents, storable
from .run import run_git
from .store import Store


@dataclass(frozen=True, slots=True)
class Limits:
    """What a snapshot takes of files that git does not track, in bytes. Tracked files are always taken."""

    untracked_file: int = 50 << 20
    ignored_file: int = 1 << 20
    ignored_total: int = 64 << 20


class Reason(StrEnum):
    """Why something is not in a snapshot."""

    IGNORED_FOLDER = "an ignored folder"
    NESTED = "a repository of its own"
    TOO_LARGE = "too large"
    UNREADABLE = "cannot be read"
    SPECIAL = "neither a file nor a link"
    NAME = "a name git cannot store"
    LINKED = "behind a symbolic link"
    OWN = "Leadline's own state"


@dataclass(frozen=True, slots=True, order=True)
class LeftOut:
    """A file, or with `/` at the end a folder and all in it, that a snapshot says nothing about."""

    path: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Listing:
    """What git names in a tree. Folders, which git does not enter, end with `/`."""

    tracked: frozenset[str]
    untracked: frozenset[str]
    ignored: frozenset[str]
    closed: frozenset[str]
    """Folders that could not be opened."""
    known: frozenset[str]
    """In our index."""
    changed: frozenset[str]
    """Known, and different or gone since."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What to do to our index to make it the tree."""

    add: tuple[str, ...]
    remove: tuple[str, ...]
    gone: tuple[str, ...]
    """Those of `remove` that are no longer there, in contrast to those that cannot be taken."""
    left_out: tuple[LeftOut, ...]


class _Gone(Enum):
    GONE = "gone"


_GONE = _Gone.GONE
_Verdict = Reason | _Gone | None
"""Why a file is not taken; None where it is."""

_CLOSED = re.compile(r"^warning: could not open directory '(.*?)/': ", re.DOTALL | re.MULTILINE)


async def list_tree(store: Store, index: Path) -> Listing:
    """What is there, by the person's index and ignore rules, and what our index `index` knows of it."""
    flags = ("--others", "--ignored", "--exclude-standard", "--directory")
    listing, ignored = await asyncio.gather(
        list_taken(store, index),
        run_git(store.user, "ls-files", "-z", *flags, overrides=store.carried),
    )
    return replace(listing, ignored=frozenset(ignored.items))


async def list_taken(store: Store, index: Path) -> Listing:
    """As `list_tree`, but what is ignored is not looked for: that enters every folder of caches."""
    ours = store.place(index)
    seen, known = await asyncio.gather(
        run_git(
            store.user,
            *("ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard"),
            overrides=store.carried,
        ),
        run_git(ours, "ls-files", "-z", "-t", "--cached", "--modified", "--deleted"),
    )
    here, mine = seen.items, known.items
    return Listing(
        tracked=frozenset(item[2:] for item in here if item[0] != "?"),
        untracked=frozenset(item[2:] for item in here if item[0] == "?"),
        ignored=frozenset(),
        closed=frozenset(match + "/" for match in _CLOSED.findall(seen.stderr)),
        known=frozenset(item[2:] for item in mine if item[0] == "H"),
        changed=frozenset(item[2:] for item in mine if item[0] in "CR"),
    )


def survey(store: Store, listing: Listing, forced: frozenset[str], limits: Limits) -> Survey:
    """Looks at each file that may have to be read and decides. Blocking: for a thread."""
    work = _Work(store.root, store.own_folder, listing, limits)
    for path in sorted(forced):
        work.take(path, None, forced=True)
    same = listing.known - listing.changed
    for path in sorted(listing.tracked - same):
        work.take(path, None)
    for path in sorted(listing.untracked - same):
        if path.endswith("/"):
            work.leave(path, Reason.NESTED)
        else:
            work.take(path, limits.untracked_file)
    for path in sorted(listing.ignored):
        if path.endswith("/"):
            work.leave(path, Reason.IGNORED_FOLDER)
        else:
            work.take_ignored(path)
    for path in listing.closed:
        work.leave(path, Reason.UNREADABLE)
    for path in sorted(listing.changed):
        work.take(path, limits.untracked_file)
    left = sorted(LeftOut(path, reason) for path, reason in work.left.items())
    return Survey(tuple(work.add), tuple(work.remove), tuple(work.gone), tuple(left))


@dataclass(slots=True)
class _Work:
    """One survey in the making."""

    root: Path
    own: str | None
    listing: Listing
    limits: Limits
    add: list[str] = field(default_factory=list[str])
    remove: list[str] = field(default_factory=list[str])
    gone: list[str] = field(default_factory=list[str])
    left: dict[str, Reason] = field(default_factory=dict[str, Reason])
    seen: set[str] = field(default_factory=set[str])
    folders: dict[str, _Verdict] = field(default_factory=dict[str, _Verdict])
    ignored_bytes: int = 0

    def leave(self, path: str, reason: Reason) -> None:
        self.left.setdefault(path, reason)

    def take(self, path: str, limit: int | None, *, forced: bool = False) -> None:
        """Adds the file, or removes it from the index and, if it is there, says why it is left out."""
        if path in self.seen:
            return
        self.seen.add(path)
        known = path in self.listing.known
        if known and path not in self.listing.changed:
            return
        verdict = self._judge(path, limit)
        if verdict is None:
            self.add.append(path)
            return
        if known:
            self.remove.append(path)
        if verdict is _GONE or (verdict is Reason.LINKED and not forced):
            # A tracked file whose folder became a link is not there; the link is, and is taken.
            if known:
                self.gone.append(path)
        elif verdict is Reason.OWN:
            self.leave(f"{self.own}/", verdict)
        else:
            self.leave(f"{path}/" if verdict is Reason.NESTED else path, verdict)

    def take_ignored(self, path: str) -> None:
        """Adds an ignored file while all of them together keep below the limit."""
        if path in self.seen:
            return
        try:
            size = os.lstat(self.root / path).st_size
        except OSError:
            size = 0
        if size <= self.limits.ignored_file:
            self.ignored_bytes += size
            if self.ignored_bytes <= self.limits.ignored_total:
                self.take(path, self.limits.ignored_file)
                return
            self.ignored_bytes -= size
        self.seen.add(path)
        self.leave(path, Reason.TOO_LARGE)
        if path in self.listing.known:
            self.remove.append(path)

    def _judge(self, path: str, limit: int | None) -> _Verdict:
        if not storable(path):
            return Reason.NAME
        if self.own is not None and f"{path}/".startswith(f"{self.own}/"):
            return Reason.OWN
        for folder in parents(path):
            verdict = self._judge_folder(folder)
            if verdict is not None:
                return verdict
        return self._judge_file(path, limit)

    def _judge_folder(self, folder: str) -> _Verdict:
        if folder not in self.folders:
            facts = self._look(folder)
            if isinstance(facts, Reason | _Gone):
                self.folders[folder] = facts
            elif stat.S_ISLNK(facts.st_mode):
                self.folders[folder] = Reason.LINKED
            else:
                self.folders[folder] = None if stat.S_ISDIR(facts.st_mode) else _GONE
        return self.folders[folder]

    def _judge_file(self, path: str, limit: int | None) -> _Verdict:
        facts = self._look(path)
        if isinstance(facts, Reason | _Gone):
            return facts
        if stat.S_ISLNK(facts.st_mode):
            return None
        if stat.S_ISDIR(facts.st_mode):
            return Reason.NESTED if self._is_nested(path) else _GONE
        if not stat.S_ISREG(facts.st_mode):
            return Reason.SPECIAL
        if limit is not None and facts.st_size > limit:
            return Reason.TOO_LARGE
        return None if os.access(self.root / path, os.R_OK) else Reason.UNREADABLE

    def _look(self, path: str) -> os.stat_result | Reason | _Gone:
        try:
            return os.lstat(self.root / path)
        except (FileNotFoundError, NotADirectoryError):
            return _GONE
        except OSError:
            return Reason.UNREADABLE

    def _is_nested(self, path: str) -> bool:
        """A folder where git tracks a path: a submodule, unless its files are files of this tree."""
        below = f"{path}/"
        return path in self.listing.tracked and not any(
            other.startswith(below) and other != below for other in self.listing.untracked
        )
