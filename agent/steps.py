"""Steps: the numbered snapshots of a session. Step 0 is the person's own state; each turn that changed files adds one.

Snapshots are taken while the model is being asked, and nothing changes the tree before the last one is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..tools.git.repository import Repository
from ..tools.git.snapshots import SnapshotStore
from ..tools.git.survey import Reason
from .bus import Recorder
from .events import SnapshotTaken


class Steps:
    """Takes the snapshots of one session, one after the other, and records them."""

    def __init__(
        self,
        store: SnapshotStore,
        repository: Repository,
        recorder: Recorder,
        earlier: Sequence[SnapshotTaken] = (),
    ) -> None:
        self._store = store
        self._repository = repository
        self._recorder = recorder
        self._steps = list(earlier)
        self._written: set[str] = set()
        self._pending: asyncio.Task[SnapshotTaken] | None = None

    @property
    def first(self) -> SnapshotTaken | None:
        return self._steps[0] if self._steps else None

    @property
    def written(self) -> tuple[str, ...]:
        """Paths that tools have written, stored even where git ignores them."""
        return tuple(sorted(self._written))

    def begin(self) -> None:
        """Start storing the tree as it is: step 0 of a new session, or what a resumed one finds."""
        self._start("before the first change" if not self._steps else "found when resumed")

    def changed(self) -> None:
        """Start storing what this turn changed."""
        self._start(f"turn {self._recorder.turn}")

    async def before_change(self, paths: tuple[str, ...]) -> None:
        """Return when the tree is stored as it is, ignored files about to be written included."""
        await self.settle()
        new = set(paths) - self._written
        if new:
            self._written |= new
            if await self._repository.is_ignored(sorted(new)):
                self._start("before writing ignored files")
                await self.settle()

    async def settle(self) -> None:
        """Wait for the snapshot under way, if there is one. Raises what went wrong with it."""
        if self._pending is not None:
            await self._pending

    async def now(self, label: str) -> SnapshotTaken:
        """Store the tree as it is at this moment; the last step if it is still the same."""
        self._start(label)
        assert self._pending is not None
        return await self._pending

    async def close(self) -> None:
        if self._pending is not None and not self._pending.done():
            self._pending.cancel()
            await asyncio.wait([self._pending])

    def _start(self, label: str) -> None:
        self._pending = asyncio.create_task(self._take(label, self._pending))

    async def _take(self, label: str, before: asyncio.Task[SnapshotTaken] | None) -> SnapshotTaken:
        if before is not None:
            await before
        last = self._steps[-1] if self._steps else None
        step = 0 if last is None else last.step + 1
        snapshot = await self._store.take(f"step {step}", self.written)
        if last is not None and last.tree == snapshot.tree:
            return last
        # Whole ignored folders (environments, build results) are left out by rule; what else is, is news.
        left_out = tuple(
            f"{left.path}: {left.reason.value}"
            for left in snapshot.left_out
            if left.reason != Reason.IGNORED_FOLDER
        )
        taken = SnapshotTaken(step, snapshot.commit, snapshot.tree, label, left_out)
        self._steps.append(taken)
        self._recorder.emit(taken)
        return taken
