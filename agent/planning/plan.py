"""What is to be done, by tasks, and what each may write: plain values.

What makes a plan fit to run is `plan_check`'s to say, and what an entry of a write set means in a tree `write_set`'s.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Literal

from ...tools.codemods.model import Codemod
from ...tools.git.names import printable
from ...tools.paths import is_git_internal
from ..v4.facts import Tier


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work for one worker.

    `paths` is the write set: files (`pkg/a.py`), folders (`pkg/sub/`) and symbols (`pkg/a.py:Class.method`), see
    `write_set.resolve`. `depends_on` holds ids of tasks whose result this one builds on. `checks` are commands that
    prove it, run from the root of the tree; a task without any says why in `no_check_reason`. `tier` is the model that
    begins: Flash for what the brief says in full, Pro for what needs thought. A `codemod` is applied before the worker
    begins, which then does what that leaves.
    """

    id: str
    title: str
    brief: str
    paths: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    no_check_reason: str = ""
    tier: Tier = "flash"
    codemod: Codemod | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`checks` are run on the whole result. `open_questions` are for the person, before work starts; `assumptions` are
    what was taken for granted instead of asking."""

    goal: str
    tasks: tuple[Task, ...]
    checks: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


def prerequisites(tasks: Sequence[Task]) -> Mapping[str, frozenset[str]]:
    """For each task, by id, all that have to be done before it: those it depends on, and those these depend on.

    Ids that no task has are left out. Raises graphlib.CycleError, with the cycle as its second argument.
    """
    direct = {task.id: task.depends_on for task in tasks}
    found: dict[str, frozenset[str]] = {}
    for name in TopologicalSorter(direct).static_order():
        if name in direct:
            above = [other for other in direct[name] if other in direct]
            found[name] = frozenset(above).union(*(found[other] for other in above))
    return found


def remaining_chain(tasks: Sequence[Task]) -> Mapping[str, int]:
    """For each task, by id, the tasks on the longest chain that begins with it and goes on with what depends on it.

    Raises graphlib.CycleError.
    """
    before = {task.id: task.depends_on for task in tasks}
    length = dict.fromkeys(before, 1)
    for name in reversed(tuple(TopologicalSorter(before).static_order())):
        for other in before.get(name, ()):
            if other in length:
                length[other] = max(length[other], length[name] + 1)
    return length


# --- what a task may write ---


@dataclass(frozen=True, slots=True, order=True)
class Area:
    """A part of the tree. `path` has no slash at its end and is empty for the root; `symbol` is a qualified name."""

    path: str
    kind: Literal["file", "folder", "symbol"] = "file"
    symbol: str = ""

    def __str__(self) -> str:
        if self.kind == "folder":
            return f"{self.path or '.'}/"
        return f"{self.path}:{self.symbol}" if self.kind == "symbol" else self.path

    def contains(self, other: Area) -> bool:
        """Whether whoever may write this may write `other`."""
        if self.kind == "folder":
            same = self.path == other.path and other.kind == "folder"
            return same or is_below(other.path, self.path)
        if self.path != other.path or other.kind == "folder":
            return False
        if self.kind == "file":
            return True
        return other.kind == "symbol" and f"{other.symbol}.".startswith(f"{self.symbol}.")


@dataclass(frozen=True, slots=True)
class WriteSet:
    """`areas` are sorted, and none of them contains another."""

    areas: tuple[Area, ...] = ()

    @property
    def entries(self) -> tuple[str, ...]:
        """The one way in which this is spelled in a plan."""
        return tuple(map(str, self.areas))

    def areas_of(self, path: str) -> tuple[Area, ...]:
        """What allows writing the file at `path`: symbols of it, or more than them.

        Empty if it may not be written at all, and for a text that is no plain relative path.
        """
        outside = path.startswith(("/", "../")) or path in ("", ".", "..")
        if outside or path != posixpath.normpath(path) or is_git_internal(path):
            return ()
        file = Area(path)
        return tuple(
            area
            for area in self.areas
            if area.contains(file) or (area.kind == "symbol" and area.path == path)
        )

    def covers(self, path: str) -> bool:
        """Whether the file at `path` may be written, be it in part (`areas_of` says in which)."""
        return bool(self.areas_of(path))


@dataclass(frozen=True, slots=True)
class Overlap:
    """An area of each of two sets that can't be changed side by side."""

    one: Area
    other: Area

    @property
    def shared(self) -> Area:
        """The narrower of the two, which is what both would write."""
        return self.other if self.one.contains(self.other) else self.one

    def __str__(self) -> str:
        return printable(str(self.shared))


def write_set(areas: Iterable[Area]) -> WriteSet:
    """The set of these areas, those left out that lie in another."""
    every = sorted(set(areas))
    folders = {area.path for area in every if area.kind == "folder"}
    files = {area.path for area in every if area.kind == "file"}
    kept: dict[Area, None] = {}
    for area in every:
        if any(above in folders for above in folders_above(area.path)):
            continue
        # Sorted, what encloses a symbol comes before it.
        if area.kind == "symbol" and (area.path in files or any(a in kept for a in _around(area))):
            continue
        kept[area] = None
    return WriteSet(tuple(kept))


def union(one: WriteSet, other: WriteSet) -> WriteSet:
    return write_set((*one.areas, *other.areas))


def folders_above(path: str) -> list[str]:
    """The folders that a path lies in, the root last."""
    found: list[str] = []
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found


def is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/") if folder else bool(path)


def _around(area: Area) -> list[Area]:
    """The symbols that a symbol lies in by its name."""
    parts = area.symbol.split(".")
    return [Area(area.path, "symbol", ".".join(parts[:end])) for end in range(1, len(parts))]
