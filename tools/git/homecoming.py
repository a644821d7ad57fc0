"""Bringing the result of work done elsewhere into the person's tree, where they may have gone on working meanwhile.

Nothing of theirs is overwritten: what both sides changed is merged, and where that can't be done their version stays
and ours is kept in the store. Also what is in no snapshot stays (too large a file, another repository), and is in the
way of nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import Exit, PersonError
from .merging import Conflict, ConflictKind, Labels, merge_trees, with_entries
from .objects import Entry, tree_changes
from .restore import RestoreReport, make_plan
from .snapshot import Snapshot
from .snapshots import SnapshotStore
from .store import Store
from .worktree import Tree

LABELS = Labels(ours="your tree", base="when this work began", theirs="Leadline's result")
_TRIES = 3
"""The person may write a file between the look at it and the merge, but hardly every time."""


@dataclass(frozen=True, slots=True)
class Homecoming:
    """What became of the person's tree.

    `before` is the tree as it was found, `after` what it was brought to; `report` says by which paths. At `conflicts`
    the person's version stayed.
    """

    before: Snapshot
    after: Snapshot
    report: RestoreReport
    conflicts: tuple[Conflict, ...]


Begun = Callable[[Snapshot, Snapshot], None]


def _nobody_cares(_before: Snapshot, _after: Snapshot) -> None:
    pass


async def bring_home(
    snapshots: SnapshotStore, base: str, result: str, label: str, begun: Begun = _nobody_cares
) -> Homecoming:
    """Merges what the commit `result` of the store changed since the commit `base` into the person's tree as it is now.

    `begun` hears what the tree is and what it is about to be, before the first file is written: whatever ends this in
    the middle, that is how to go back.

    Raises PersonError where a link or a full folder is in the way, with nothing touched, and where files change
    faster than they can be looked at.
    """
    for _ in range(_TRIES - 1):
        try:
            return await _bring(snapshots, base, result, label, begun)
        except PersonError as error:
            if error.exit_code is not Exit.CONFLICT:
                raise
    return await _bring(snapshots, base, result, label, begun)


async def _bring(
    snapshots: SnapshotStore, base: str, result: str, label: str, begun: Begun
) -> Homecoming:
    before = await snapshots.take(f"before: {label}")
    store = snapshots.store
    merged = await merge_trees(store, base, before.tree, result, LABELS)
    conflicts = (*merged.conflicts, *await _met_unknown(store, before, merged.tree))
    theirs: dict[str, Entry | None] = {each.path: each.ours for each in conflicts}
    tree = await with_entries(store, merged.tree, theirs) if theirs else merged.tree
    after = await snapshots.adopt(tree, before, label)
    report = await snapshots.restore(before, after, begun=lambda: begun(before, after))
    if report.overtaken:
        overtaken = await _overtaken(store, before, tree, report)
        theirs = {each.path: each.ours for each in overtaken}
        after = await snapshots.adopt(await with_entries(store, tree, theirs), before, label)
        conflicts = tuple(sorted((*conflicts, *overtaken), key=lambda each: each.path))
    return Homecoming(before, after, report, conflicts)


async def arrived(
    snapshots: SnapshotStore, before: Snapshot, after: Snapshot, label: str
) -> Snapshot:
    """How far a homecoming came that was cut off on its way from `before` to `after`.

    What a file is now counts only where that is what it was to become: the rest of the tree is as it was before.
    """
    store = snapshots.store
    now = await snapshots.take(f"now: {label}")
    there, wanted = await asyncio.gather(
        tree_changes(store, now.tree, after.tree), tree_changes(store, before.tree, after.tree)
    )
    missing = {each.path for each in there}
    came: dict[str, Entry | None] = {
        each.path: each.after for each in wanted if each.path not in missing
    }
    return await snapshots.adopt(await with_entries(store, before.tree, came), before, label)


async def _overtaken(
    store: Store, before: Snapshot, tree: str, report: RestoreReport
) -> list[Conflict]:
    """Files that the person wrote when it was too late for a merge: to the step they are as they were."""
    changes = await tree_changes(store, before.tree, tree)
    return [
        Conflict(each.path, ConflictKind.OVERTAKEN, each.before, each.before, each.after)
        for each in changes
        if each.path in report.overtaken
    ]


async def _met_unknown(store: Store, before: Snapshot, tree: str) -> list[Conflict]:
    """Files that `tree` adds where the person has something that their snapshot says nothing of."""
    changes = [
        each
        for each in await tree_changes(store, before.tree, tree)
        if each.before is None or each.after is None
    ]
    added = {each.path: each.after for each in changes if each.before is None}
    place = Tree(store.root, store.blob_id)
    found = await asyncio.to_thread(make_plan, place, changes, force=False)
    # What is known and differs was written since: it is looked at once more.
    unknown = before.hidden_among(frozenset(found.conflicts)) | set(found.refused)
    return [
        Conflict(path, ConflictKind.UNKNOWN, None, None, added[path])
        for path in sorted(unknown & added.keys())
    ]
