"""Steps: what Leadline did to the tree, each between a snapshot taken just before and one taken just after.

What the person changes between two steps is in neither, so that undo leaves it alone. The snapshot after a step is
taken while the model is being asked; nothing changes the tree before it is stored.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ..tools.git.history import Timeline, touched
from ..tools.git.homecoming import Homecoming, bring_home
from ..tools.git.names import printable
from ..tools.git.repository import Repository
from ..tools.git.snapshot import Snapshot
from ..tools.git.snapshots import SnapshotStore
from ..tools.git.survey import Reason
from .bus import Recorder
from .events import SnapshotTaken
from .events_plan import HomecomingBegan
from .history.homing import step_of

TICK_NS = 10_000_000
"""File systems stamp changes with a clock that lags by up to a tick of the kernel."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Where an earlier run of the session left its steps; `first` is the id of the first snapshot.

    `unsettled` says that something was under way whose end no snapshot shows; `homing` is such a homecoming.
    """

    first: str
    timeline: Timeline
    unsettled: bool
    homing: HomecomingBegan | None = None


class Steps:
    """Takes the snapshots of one session and records them.

    `jobs_running` tells whether commands of the session go on in the background: what they change is a step's too.
    """

    def __init__(
        self,
        store: SnapshotStore,
        repository: Repository,
        recorder: Recorder,
        jobs_running: Callable[[], bool],
    ) -> None:
        self._store = store
        self._repository = repository
        self._recorder = recorder
        self._jobs_running = jobs_running
        self._jobs_ran = False
        self._written: set[str] = set()
        self._first: Snapshot | None = None
        self._last: Snapshot | None = None
        self._last_ns = 0
        self._before: Snapshot | None = None
        self._paths: tuple[str, ...] | None = None
        self._timeline = Timeline()
        self._lock = asyncio.Lock()
        self._pending: asyncio.Task[None] | None = None

    @property
    def first(self) -> Snapshot | None:
        """The person's own state, before the first change."""
        return self._first

    @property
    def count(self) -> int:
        return self._timeline.at

    def begin(self, earlier: Earlier | None) -> None:
        """Start storing the tree as it is, or take up where an earlier run left. Only the first call counts."""
        if self._pending is None:
            self._pending = asyncio.create_task(self._begin(earlier))

    async def before_change(self, paths: tuple[str, ...], *, commands: bool) -> None:
        """Return when the tree is stored as it is: also `paths`, about to be written, where git ignores them.

        Without `commands` only `paths` will change, so the last snapshot will do if it still holds for them.
        """
        await self.settle()
        async with self._lock:
            holds = not commands and await self._holds(paths)
            self._written.update(paths)
            self._paths = None if commands else paths
            busy = self._was_busy()
            self._before = self._last if busy or holds else await self._take("before")

    async def _holds(self, paths: tuple[str, ...]) -> bool:
        """Whether the last snapshot has these paths as they are now. A file's change time can't be set back."""
        if self._last is None:
            return False
        new = set(paths) - self._written
        if new and await self._repository.is_ignored(sorted(new)):
            return False
        for path in paths:
            with suppress(OSError):  # what can't be looked at can't be written either
                if os.lstat(self._repository.root / path).st_ctime_ns >= self._last_ns:
                    return False
        return True

    def changed(self) -> None:
        """Start storing what this turn changed."""
        label = f"turn {self._recorder.turn}"
        self._pending = asyncio.create_task(self._after(label, self._pending))

    async def settle(self) -> None:
        """Wait for the snapshot under way, if there is one. Raises what went wrong with it."""
        if self._pending is not None:
            # Who waits may be cancelled; what is being stored is stored all the same.
            await asyncio.shield(self._pending)

    async def now(self) -> Snapshot:
        """The tree as it is at this moment. What background jobs did since the last step becomes one."""
        await self.settle()
        if self._was_busy():
            self._before, self._paths = self._before or self._last, None
            await self._after("background jobs", None)
        return await self._take("now")

    async def bring_home(self, base: str, result: str, label: str) -> Homecoming:
        """Merge what was changed elsewhere, from the commit `base` to `result`, into the tree as it is now: one step.

        Once begun it is carried to its end, also where the caller is cancelled.
        """
        await self.settle()
        bringing = asyncio.create_task(self._bring(base, result, label))
        self._pending = asyncio.create_task(_ended(bringing))
        return await asyncio.shield(bringing)

    async def _bring(self, base: str, result: str, label: str) -> Homecoming:
        async with self._lock:
            home = await bring_home(self._store, base, result, label, self._begun)
            self._last, self._last_ns = home.after, time.time_ns() - TICK_NS
            if home.before.tree != home.after.tree:
                before, after = home.before.commit, home.after.commit
                self._timeline = self._timeline.record(before, after)
                self._record(home.after, label, before, None)
            return home

    def _begun(self, before: Snapshot, after: Snapshot) -> None:
        if before.tree != after.tree:
            self._recorder.emit(HomecomingBegan(before.commit, after.commit))

    async def changed_paths(self) -> tuple[str, ...]:
        """What the steps of the session changed, whoever else changed something meanwhile."""
        return await touched(self._store, self._timeline.done)

    async def close(self) -> None:
        """End the storing that is under way. What went wrong with it was for who waits for it, and now nobody does."""
        if self._pending is not None:
            self._pending.cancel()
            await asyncio.gather(self._pending, return_exceptions=True)

    async def _begin(self, earlier: Earlier | None) -> None:
        if earlier is None:
            self._first = await self._take_last("step 0")
            self._record(self._first, "before the first change", "", None)
            return
        self._first = await self._store.load(earlier.first)
        self._timeline = earlier.timeline
        if earlier.homing is not None:
            await self._cut_off(earlier.homing)
        done = self._timeline.done
        self._last = await self._store.load(done[-1].after) if done else self._first
        if earlier.unsettled:
            self._before = self._last
            await self._after("found when resumed", None)

    async def _cut_off(self, homing: HomecomingBegan) -> None:
        """What a homecoming had written before it was cut off becomes a step. The person may have gone on since."""
        step = await step_of(self._store, homing, self._timeline.at + 1)
        if step is not None:
            self._timeline = self._timeline.record(step.before, step.commit)
            self._recorder.emit(step)

    async def _after(self, label: str, pending: asyncio.Task[None] | None) -> None:
        if pending is not None:
            await pending
        async with self._lock:
            before, self._before = self._before, None
            paths, self._paths = self._paths, None
            await self._take_last(f"step {self._timeline.at + 1}")
            assert self._last is not None
            if before is None or before.tree == self._last.tree:
                return
            self._timeline = self._timeline.record(before.commit, self._last.commit, paths)
            self._record(self._last, label, before.commit, paths)

    def _was_busy(self) -> bool:
        """Whether background jobs ran since this was asked last."""
        running = self._jobs_running()
        busy, self._jobs_ran = self._jobs_ran or running, running
        return busy

    async def _take_last(self, label: str) -> Snapshot:
        """The snapshot that the next step is compared with, and the moment from which on it may be out of date."""
        began = time.time_ns()
        self._last = await self._take(label)
        self._last_ns = began - TICK_NS
        return self._last

    async def _take(self, label: str) -> Snapshot:
        return await self._store.take(label, self._written)

    def _record(
        self, snapshot: Snapshot, label: str, before: str, paths: tuple[str, ...] | None
    ) -> None:
        # Whole ignored folders (environments, build results) are left out by rule; what else is, is news.
        left_out = tuple(
            f"{printable(left.path)}: {left.reason.value}"
            for left in snapshot.left_out
            if left.reason != Reason.IGNORED_FOLDER
        )
        self._recorder.emit(
            SnapshotTaken(
                self._timeline.at, snapshot.commit, snapshot.tree, label, left_out, before, paths
            )
        )


async def _ended(task: asyncio.Task[Homecoming]) -> None:
    """Wait for its end; how it ended is told to who began it."""
    await asyncio.wait({task})
