"""Bringing the result of work done elsewhere into the person's tree, where they may have gone on working meanwhile.

Nothing of theirs is overwritten: what both sides changed is merged, and where that can't be done their version stays
and ours is kept in the store.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Exit, PersonError
from .merging import Conflict, Labels, merge_trees, with_entries
from .objects import Entry
from .restore import RestoreReport
from .snapshot import Snapshot
from .snapshots import SnapshotStore

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


async def bring_home(snapshots: SnapshotStore, base: str, result: str, label: str) -> Homecoming:
    """Merges what the commit `result` of the store changed since the commit `base` into the person's tree as it is now.

    Raises PersonError where a link or a full folder is in the way, with nothing touched, and where files change
    faster than they can be looked at.
    """
    for _ in range(_TRIES - 1):
        try:
            return await _bring(snapshots, base, result, label)
        except PersonError as error:
            if error.exit_code is not Exit.CONFLICT:
                raise
    return await _bring(snapshots, base, result, label)


async def _bring(snapshots: SnapshotStore, base: str, result: str, label: str) -> Homecoming:
    before = await snapshots.take(f"before: {label}")
    store = snapshots.store
    merged = await merge_trees(store, base, before.tree, result, LABELS)
    theirs: dict[str, Entry | None] = {each.path: each.ours for each in merged.conflicts}
    tree = await with_entries(store, merged.tree, theirs) if theirs else merged.tree
    after = await snapshots.adopt(tree, before, label)
    report = await snapshots.restore(before, after)
    return Homecoming(before, after, report, merged.conflicts)
