"""Steps: the numbered snapshots of a session. Step 0 is the person's own state; each turn that changed files adds one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..tools.git.snapshots import Snapshot, SnapshotStore
from .bus import Recorder
from .events import SnapshotTaken


class Steps:
    """Takes the snapshots of one session and records them. `base` is safe to call from many tasks at once."""

    def __init__(
        self, store: SnapshotStore, recorder: Recorder, earlier: Sequence[SnapshotTaken] = ()
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._steps = list(earlier)
        self._written: set[str] = set()
        self._lock = asyncio.Lock()

    @property
    def first(self) -> SnapshotTaken | None:
        return self._steps[0] if self._steps else None

    @property
    def last(self) -> SnapshotTaken | None:
        return self._steps[-1] if self._steps else None

    async def base(self) -> None:
        """Store the person's state, once, before anything changes it."""
        async with self._lock:
            if not self._steps:
                self._record(0, "before the first change", await self._take("step 0"))

    async def before_change(self, paths: tuple[str, ...]) -> None:
        """Make sure that what is about to be written can be brought back, ignored files included."""
        await self.base()
        new = set(paths) - self._written
        if new:
            self._written |= new
            if await self._store.would_leave_out(sorted(new)):
                await self.after_change("before writing ignored files")

    async def after_change(self, label: str | None = None) -> SnapshotTaken:
        """Store the tree; a new step only if it differs from the last one."""
        await self.base()
        async with self._lock:
            last = self._steps[-1]
            step = last.step + 1
            snapshot = await self._take(f"step {step}")
            if snapshot.tree == last.tree:
                return last
            return self._record(step, label or f"turn {self._recorder.turn}", snapshot)

    async def _take(self, label: str) -> Snapshot:
        return await self._store.take(label, tuple(sorted(self._written)))

    def _record(self, step: int, label: str, snapshot: Snapshot) -> SnapshotTaken:
        taken = SnapshotTaken(
            step,
            snapshot.commit,
            snapshot.tree,
            label,
            tuple(f"{left.path}: {left.reason}" for left in snapshot.left_out),
        )
        self._steps.append(taken)
        self._recorder.emit(taken)
        return taken
