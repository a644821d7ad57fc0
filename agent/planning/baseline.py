"""What the project's checks say of the tree before the first change, so that old failures aren't blamed on new work.

Asked only once a check is red: the tree of step 0 is then put into a private clone, and the check runs there.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...tools.checks.model import Check, CheckReport
from ...tools.commands import SandboxedCommands
from ...tools.errors import PersonError
from ...tools.git.clones import Clone, Clones
from ...tools.git.snapshot import Snapshot
from ...tools.git.store import Store
from ...tools.git.survey import Reason
from ...tools.sandbox.base import Sandbox, why_not_in_clones
from ...tools.sandbox.carried import carried_folders
from ...tools.sandbox.detect import able_to_mount
from ..bus import Recorder
from ..events import Warned
from .verify import MOST_SECONDS_AGAIN, Ground, run_check

_NAME = "before"

CloneCommands = Callable[[Sandbox, Clone, tuple[Path, ...]], SandboxedCommands]
"""Makes a runner for a clone. The last argument are the folders that are carried over from the person's tree."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What it takes to run commands in a clone.

    `folder` is the session's, for clones.
    """

    root: Path
    folder: Path
    session: str
    store: Store
    sandbox: Sandbox
    commands: CloneCommands


@dataclass(frozen=True, slots=True)
class _Standing:
    clones: Clones
    clone: Clone
    commands: SandboxedCommands


@dataclass(slots=True)
class CloneBaseline:
    """See `verify.Baseline`. `first` gives the snapshot before the first change."""

    around: Surroundings
    first: Callable[[], Snapshot | None]
    recorder: Recorder
    _standing: _Standing | None = None
    _refused: bool = False
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reports: dict[str, CheckReport | None] = field(default_factory=dict[str, "CheckReport | None"])

    async def report(self, check: Check) -> CheckReport | None:
        """None where it can't be run; the person is told why, once. Those who ask at once wait for each other."""
        async with self._turn:
            if check.command not in self._reports:
                self._reports[check.command] = await self._asked(check)
        return self._reports[check.command]

    async def close(self) -> None:
        """End what runs in the clone, and remove all but the outputs."""
        if self._standing is not None:
            await self._standing.commands.close()
            # What can't be removed stays in the session's own folder.
            with suppress(PersonError, OSError):
                await self._standing.clones.remove(self._standing.clone)
                await self._standing.clones.clear()
        await asyncio.to_thread(shutil.rmtree, self.around.folder, ignore_errors=True)

    async def _asked(self, check: Check) -> CheckReport | None:
        first = self.first()
        if first is None or self._refused:
            return None
        try:
            standing = self._standing = self._standing or await self._stand(first)
            return await self._run(check, first, standing) if standing else None
        except (PersonError, OSError) as error:
            return self._refuse(str(error))

    async def _run(self, check: Check, first: Snapshot, standing: _Standing) -> CheckReport | None:
        root, commands = standing.clone.root, standing.commands
        ground = Ground(root, first.tree, commands, self.recorder, before=True)
        run = await run_check(check, ground)
        if run.failed and run.evidence.seconds <= MOST_SECONDS_AGAIN:
            # A test that fails now and then is no excuse for one that fails always.
            again = await run_check(check, ground)
            run = again if not again.failed or _failed(again.report) < _failed(run.report) else run
        return run.report

    async def _stand(self, first: Snapshot) -> _Standing | None:
        around = self.around
        ignored = [left.path for left in first.left_out if left.reason is Reason.IGNORED_FOLDER]
        carried = carried_folders(around.root, ignored)
        sandbox = await able_to_mount(around.sandbox, around.root)
        reason = why_not_in_clones(sandbox, carried)
        if reason is not None:
            return self._refuse(reason)
        clones = await Clones.open(around.store, around.folder, around.session)
        clone = clones.find(_NAME) or await clones.make(first, _NAME)
        return _Standing(clones, clone, around.commands(sandbox, clone, carried))

    def _refuse(self, reason: str) -> None:
        self._refused = True
        self.recorder.emit(
            Warned(f"it can't be told which failures were there before the change: {reason}")
        )


def _failed(report: CheckReport | None) -> int:
    return report.failed + report.errors if report else 0
