"""A homecoming that was cut off: what it had written by then is a step, so that an undo takes it back as well."""

from __future__ import annotations

from ...tools.git.homecoming import arrived
from ...tools.git.snapshots import SnapshotStore
from ..events import SnapshotTaken
from ..events_plan import HomecomingBegan

LABEL = "the work of the plan, cut off on its way home"


async def step_of(
    store: SnapshotStore, homing: HomecomingBegan, number: int
) -> SnapshotTaken | None:
    """The step of this number; None where nothing was written. What the person did since is no part of it."""
    before, after = await store.load(homing.before), await store.load(homing.after)
    there = await arrived(store, before, after, LABEL)
    if there.tree == before.tree:
        return None
    return SnapshotTaken(number, there.commit, there.tree, LABEL, before=before.commit)
