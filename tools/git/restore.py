"""Bringing a work tree from one snapshot to another: first everything is looked at, then it is done or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from enum import Enum

from ..errors import Exit, PersonError
from .names import some
from .objects import Change, Entry
from .snapshot import Snapshot
from .worktree import BlockedError, Found, Stamp, Tree


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore did, by path."""

    written: tuple[str, ...]
    deleted: tuple[str, ...]
    already: tuple[str, ...]
    """As wanted before anything was done."""
    kept: tuple[str, ...]
    """Would be deleted by the trees alone, but the target says nothing of them."""
    overtaken: tuple[str, ...]
    """Touched by somebody while the restore was at work, and so left as they are."""
    saved: Snapshot | None
    """Before a forced restore: the tree as it was."""


class Verdict(Enum):
    DO = "do"
    ALREADY = "already"
    CONFLICT = "conflict"
    """The person's own work is there: only with force."""
    REFUSED = "refused"
    """A link or folder is in the way: not even with force."""


@dataclass(frozen=True, slots=True)
class Step:
    """One path to bring to `wanted` (None: to remove), as it was when it was looked at."""

    path: str
    wanted: Entry | None
    stamp: Stamp | None
    clear: bool
    """An empty folder has to go first."""
    private: bool = False
    """For nobody but its owner."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a restore will do, decided before it begins."""

    steps: tuple[Step, ...]
    already: tuple[str, ...]
    conflicts: tuple[str, ...]
    refused: tuple[str, ...]

    @property
    def contents(self) -> frozenset[str]:
        """Ids of the contents that it needs."""
        return frozenset(step.wanted.object_id for step in self.steps if step.wanted is not None)


def chosen(changes: Iterable[Change], paths: Iterable[str] | None) -> tuple[Change, ...]:
    """The changes to the paths given, or below them; all without paths."""
    if paths is None:
        return tuple(changes)
    wanted = frozenset(paths)
    return tuple(
        change
        for change in changes
        if change.path in wanted or any(change.path.startswith(f"{path}/") for path in wanted)
    )


_UNLIKE_ANY = Entry(0, "")


def in_a_row(legs: Iterable[Iterable[Change]]) -> tuple[Change, ...]:
    """The changes of several legs, one after the other, as one change of each path.

    Where a leg does not begin with what the one before ended with, somebody else changed the file in between. It is
    then like nothing that may be changed without force, whatever it is now.
    """
    found: dict[str, Change] = {}
    for leg in legs:
        for change in leg:
            earlier = found.get(change.path, change)
            follows = earlier is change or earlier.after == change.before
            before = earlier.before if follows else _UNLIKE_ANY
            found[change.path] = Change(change.path, before, change.after)
    return tuple(change for change in found.values() if change.before != change.after)


def make_plan(
    tree: Tree,
    changes: Iterable[Change],
    *,
    force: bool,
    private: Set[str] = frozenset(),
) -> Plan:
    """Looks at every path and decides what a restore has to do. Changes nothing; blocking.

    A path is changed if it is as it was before the change; with `force` also if it is neither as before nor as
    wanted.
    """
    looked = [(change, tree.look(change.path)) for change in changes]
    leaving = frozenset(
        change.path
        for change, found in looked
        if change.after is None
        and found.entry is not None
        and (force or found.entry == change.before)
    )
    verdicts = [(change, found, _judge(tree, change, found, leaving)) for change, found in looked]
    allowed = {Verdict.DO, Verdict.CONFLICT} if force else {Verdict.DO}
    return Plan(
        steps=tuple(
            Step(change.path, change.after, found.stamp, found.folder, change.path in private)
            for change, found, verdict in verdicts
            if verdict in allowed
        ),
        already=tuple(change.path for change, _, verdict in verdicts if verdict is Verdict.ALREADY),
        conflicts=tuple(
            change.path for change, _, verdict in verdicts if verdict is Verdict.CONFLICT
        ),
        refused=tuple(change.path for change, _, verdict in verdicts if verdict is Verdict.REFUSED),
    )


def _judge(tree: Tree, change: Change, found: Found, leaving: frozenset[str]) -> Verdict:
    if change.after is None and (found.blocked_by is not None or found.folder):
        return Verdict.ALREADY
    if found.other:
        return Verdict.REFUSED
    if found.blocked_by is not None:
        free = found.blocked_by in leaving
        return _as_absent(change) if free else Verdict.REFUSED
    if found.folder:
        emptied = all(path in leaving for path in tree.files_below(change.path))
        return _as_absent(change) if emptied else Verdict.REFUSED
    if found.entry == change.after:
        return Verdict.ALREADY
    return Verdict.DO if found.entry == change.before else Verdict.CONFLICT


def _as_absent(change: Change) -> Verdict:
    return Verdict.DO if change.before is None else Verdict.CONFLICT


def refuse(plan: Plan, *, force: bool) -> None:
    """Raises `PersonError` with `Exit.CONFLICT` where the plan may not be carried out."""
    if plan.refused:
        raise PersonError(
            f"Nothing was changed: a link, a folder or a special file is in the way of {some(plan.refused)}."
            " Move it aside and try again.",
            Exit.CONFLICT,
        )
    if plan.conflicts and not force:
        raise PersonError(
            f"Nothing was changed: {some(plan.conflicts)} changed since, not by Leadline. Save that work and"
            " use --force to overwrite it (the tree as it is now is stored first).",
            Exit.CONFLICT,
        )


_OVERTAKEN = (BlockedError, FileNotFoundError, IsADirectoryError)
"""What it means that somebody came between the look at a path and the work on it."""


def remove_files(tree: Tree, plan: Plan) -> tuple[list[str], list[str]]:
    """Carries out the removals, deepest first; gives the paths removed and those overtaken."""
    removed: list[str] = []
    overtaken: list[str] = []
    for step in sorted(plan.steps, key=lambda one: one.path, reverse=True):
        if step.wanted is None and step.stamp is not None:
            try:
                if tree.same(step.path, step.stamp):
                    tree.remove(step.path)
                    removed.append(step.path)
                    continue
            except _OVERTAKEN:
                pass
            overtaken.append(step.path)
    return removed, overtaken


def write_files(
    tree: Tree, steps: Iterable[Step], contents: Mapping[str, bytes]
) -> tuple[list[str], list[str]]:
    """Carries out the steps whose content is given; gives the paths written and those overtaken."""
    written: list[str] = []
    overtaken: list[str] = []
    for step in steps:
        if step.wanted is None or step.wanted.object_id not in contents:
            continue
        try:
            if step.clear:
                tree.make_way(step.path)
            if tree.same(step.path, step.stamp):
                content = contents[step.wanted.object_id]
                tree.write(step.path, step.wanted, content, private=step.private)
                written.append(step.path)
                continue
        except _OVERTAKEN:
            pass
        overtaken.append(step.path)
    return written, overtaken
