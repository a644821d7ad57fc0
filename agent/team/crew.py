"""The workers of a session: scheduler, engine, priming, merging and proving, put together on its kit."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

from ...tools.checks.model import Check
from ...tools.errors import PersonError
from ...tools.git.clones import Clone
from ...tools.git.objects import tree_changes
from ...tools.git.snapshot import Snapshot
from ...tools.git.store import Store
from ...tools.slots import Slots, default_slots
from ..budget import Budget, Limits
from ..bus import Recorder
from ..clonework import Clonework, open_clonework
from ..context.deltas import changes, delta_text
from ..events_plan import PlanEnded, PlanStarted
from ..history.journal import JournalError
from ..kit import Kit
from ..lanes import lane_of, route
from ..planning.engine import Posted
from ..planning.landing import Merging, Proving, Told
from ..planning.outcomes import keep_outcomes
from ..planning.plan import Plan, WriteSet
from ..planning.prefixes import Prefixes
from ..planning.purse import SharedPurse
from ..planning.record import PlanRecord, PlanRun, plans_of
from ..planning.schedule import in_state
from ..planning.scheduler import Ended, Order, Replan, Rules, Scheduler, Watches
from ..planning.shop import Bounds, Left, Shop
from ..planning.tally import Tally
from ..planning.verify import Verdict
from ..planning.workers import LocalEngine
from .anew import code_of, packed_tree
from .takeover import left_workers

WORK = "work"
"""Below a session's folder: its workers' clones, there until no worker is left to go on."""
PROOF = "proof"
"""The agent that proves merged work, and its clone."""


@dataclass(slots=True)
class Crew:
    """Runs the plans of one session, one after the other, from the person's tree as it was at `base`.

    To be closed, whatever became of it.
    """

    kit: Kit
    store: Store
    work: Clonework
    base: Snapshot
    prefixes: Prefixes
    purse: SharedPurse
    seen: Mapping[str, str]
    _proving: Proving | None = None
    _spares: asyncio.Task[None] | None = None

    async def run(self, run: PlanRun, tree: str, begun: int, replan: Replan) -> Ended:
        """A plan from where it stands to its end, or as far as the money goes, on the session's `tree`.

        `begun` workers there were before. Cancelled, it leaves the clones to a later run.
        """
        kit = self.kit
        proving = await self._ready_to_prove(tree)
        done = [task for task, now in run.progress.items() if now.state == "done"]
        proving.landed(tree, done)
        tally = Tally()
        watch = Watches((tally, PlanRecord(kit.recorder, dict(run.progress)), proving))
        left = left_workers(kit, run)
        await self.work.keep_only({PROOF, *(each.transcript.name for each in left.values())})
        bounds = Bounds(
            lambda task: scheduler.schedule.write_set(task),
            lambda task, paths, code: scheduler.request(task, paths, code),
        )
        shop = replace(self._shop(left, begun), left_by=partial(self._left_by, run.number))
        engine = LocalEngine(shop, bounds)
        posted = Posted(
            engine,
            lambda: scheduler.schedule.plan,
            bounds.write_set,
            lambda order: self.prefixes.of(order.rung),
            self.purse.share,
            tally.delivered,
        )
        rules = Rules(self._most, kit.catalog.rungs())
        told = Told()
        scheduler = Scheduler(
            posted,
            Merging(self.store),
            proving,
            told,
            self.purse,
            rules,
            watch,
            replan,
        )
        proving.plan = lambda: scheduler.schedule.plan
        schedule = run.schedule()
        kit.recorder.emit(PlanStarted(run.base or tree, kit.job.workers))
        self._make_spares(tree, len(schedule.plan.tasks))
        try:
            ended = await scheduler.run(schedule, tree, run.told(), left)
        except BaseException:
            await asyncio.shield(engine.stop())
            with suppress(JournalError):
                kit.recorder.emit(_ending(Ended(scheduler.schedule, proving.proven)))
            raise
        finally:
            with suppress(OSError):  # what was learnt is no work of anybody's
                await asyncio.to_thread(keep_outcomes, kit.project_folder, tally.outcomes())
        await (engine.stop() if ended.out_of_money else engine.close())
        kit.recorder.emit(_ending(ended))
        return ended

    async def prove(self, tree: str, checks: Sequence[Check]) -> Verdict:
        """What these checks say of a commit of the store."""
        proving = await self._ready_to_prove(tree)
        return await proving.everything(tree, checks)

    async def close(self) -> None:
        """End what runs. The clones of workers that are not done stay."""
        if self._spares is not None:
            self._spares.cancel()
            await asyncio.wait({self._spares})
        if self._proving is not None:
            # What can't be removed stays in the session's folder.
            with suppress(PersonError, OSError):
                await self._proving.close()
        with suppress(PersonError, OSError):
            await self.work.clones.clear()
            if not self.work.clones.names():
                folder = self.kit.journal.folder / WORK
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def recorder(self, name: str) -> Recorder:
        """How the agent of this name says what happens."""
        return Recorder(self.kit.journal, self.kit.bus, name)

    async def _ready_to_prove(self, tree: str) -> Proving:
        """The clone for proofs, at first with this commit of the store, which counts as proven."""
        if self._proving is None:
            clones = self.work.clones
            clone = await self.work.whole(PROOF, tree)
            recorder = self.recorder(PROOF)
            self._proving = Proving(
                self.store,
                clones,
                clone,
                self.work.commands(clone, recorder),
                self.work.code(clone),
                _no_plan,
                recorder,
                tree,
                baseline=self.kit.baseline,
            )
        return self._proving

    def _shop(self, left: Mapping[str, Left], begun: int) -> Shop:
        kit = self.kit
        return Shop(
            store=self.store,
            clones=self.work.clones,
            model=kit.client,
            journal=kit.journal,
            recorder=self.recorder,
            route=self._route,
            commands=self.work.commands,
            code=self.work.code,
            budget=lambda: Budget(
                Limits(minutes=kit.settings.max_minutes, turns=kit.settings.max_turns), monotonic
            ),
            seen=self.seen,
            news=self._news,
            left=left,
            begun=begun,
            baseline=kit.baseline,
            known_as=self.work.root,
            where=self.work.where,
            checker=kit.checker,
            reach=kit.job.reach,
        )

    def _left_by(self, number: int, task: str) -> Left | None:
        """The worker of this task of the plan with this number; others, who are at work, are left alone."""
        runs = plans_of(self.kit.journal.events).runs
        run = next(each for each in runs if each.number == number)
        alone = replace(run, workers={task: run.workers[task]})
        return left_workers(self.kit, alone).get(task)

    def _route(self, recorder: Recorder, order: Order) -> None:
        kit, rung = self.kit, order.rung
        lane = lane_of(kit.catalog, kit.settings, rung.tier, rung.effort)
        reason = kit.catalog.role("worker").reason
        if order.refusal:
            reason = "the work of the rung below was refused"
        elif rung.tier == "pro":
            reason = "the plan says that this task needs thought"
        route(recorder, kit.ledger, "worker", lane, reason)

    async def _news(self, clone: Clone, write_set: WriteSet) -> str | None:
        """What others have landed in a new clone, which the pack says nothing of; None where there is no pack.

        What the task may write comes first, as there may not be room for all.
        """
        kit = self.kit
        if not kit.pack_budget:
            return None
        packed = await packed_tree(kit)
        before = await code_of(kit, packed) if packed is not None else await kit.code.first()
        known = self.base if packed is None or before is None else packed
        since = await tree_changes(self.store, known.tree, clone.tree)
        if not since:
            return None

        # Only what differs is looked at: the whole of a large tree is not indexed for each of many clones.
        async def there() -> Sequence[str]:
            return [change.path for change in since if change.after is not None]

        first = before or await kit.code.first()
        now = await self.work.live(clone.root, there).tree()
        paths = sorted((c.path for c in since), key=lambda path: not write_set.covers(path))
        return await asyncio.to_thread(lambda: delta_text(changes(first, now, paths)))

    def _most(self) -> int:
        """As many as were asked for, and as the service lets work at the same time."""
        kit = self.kit
        flash = lane_of(kit.catalog, kit.settings, "flash", "high")
        return min(kit.job.workers, kit.throttle.limit(flash.model))

    def _make_spares(self, tree: str, tasks: int) -> None:
        """Lay out files of clones ahead, while the service reads what their workers share."""
        count = min(self.kit.job.workers, tasks)
        if self._spares is not None:
            self._spares.cancel()
        self._spares = asyncio.create_task(self.work.clones.prepare(tree, count))
        self._spares.add_done_callback(_forgotten)


def _no_plan() -> Plan:
    """Of who proves before any plan is under way."""
    return Plan("", ())


def _forgotten(task: asyncio.Task[None]) -> None:
    """A spare that could not be made is missed by nobody: the clone is made anew then, and its fault is told."""
    if not task.cancelled():
        task.exception()


def _ending(ended: Ended) -> PlanEnded:
    schedule = ended.schedule
    done, failed, skipped = (
        len(in_state(schedule, (state,))) for state in ("done", "failed", "skipped")
    )
    left = len(schedule.plan.tasks) - done - failed - skipped
    return PlanEnded(ended.tree, done, failed, skipped, left)


async def open_work(kit: Kit, base: Snapshot) -> Clonework | str:
    """The session's clones, or why several agents can't work side by side here, for the person."""
    assert kit.around is not None
    return await open_clonework(
        kit.around,
        kit.journal.folder / WORK,
        base,
        Slots(default_slots(os.cpu_count() or 1)),
        [check.command for check in kit.checks],
        await kit.code.beside(),
    )


async def gather_crew(
    kit: Kit, base: Snapshot, prefixes: Prefixes, purse: SharedPurse, seen: Mapping[str, str]
) -> Crew | str:
    """The crew, or why several agents can't work side by side here, for the person."""
    work = await open_work(kit, base)
    if isinstance(work, str):
        return work
    assert kit.around is not None
    return Crew(kit, kit.around.store, work, base, prefixes, purse, seen)
