"""Runs a plan: starts workers where they may start, lands what is green, sends back what is not, ends when all has.

It knows neither models nor clones: `Workers` do the work of one task, and merging, proving and planning anew are handed
in. No worker outlives the call, however it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from ...tools.code.model import CodeTree
from ...tools.errors import ToolError
from ..v4.facts import Tier
from . import schedule as moves
from .ladder import GiveUp, Higher, Ladder, Rung, next_step, rung_of
from .merge_queue import Breaking, Change, Merge, Prove, Round, land
from .plan import WriteSet
from .plan_check import CheckedPlan
from .schedule import Schedule

C = TypeVar("C")
E = TypeVar("E")
C_contra = TypeVar("C_contra", contravariant=True)
E_contra = TypeVar("E_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Order:
    """One try at a task. `base` is the session tree that it begins on, or goes on from.

    `refusal` is what was wrong with the try before, in words for the worker; empty for the first try. On a new rung
    another worker begins, with the refusal.
    """

    task: str
    rung: Rung
    base: str
    refusal: str
    anew: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The worker's checks are green on `commit`, which began at `base`. `unchanged` is what the worker said of it where
    nothing differs between the two."""

    base: str
    commit: str
    unchanged: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The work is not accepted, and why: for the next try, and in a few words for people. `cut`: the person ended the
    try, which says nothing of who was at work."""

    evidence: str
    reason: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The person wants no further try at the task: it fails at once, and nobody plans it anew. `by_person` says why,
    in a few words for people."""

    by_person: str


Result = Done | Refused | GivenUp
"""What a try at a task came to."""


class Workers(Protocol):
    """Do the work of one task at a time and place of its own."""

    async def work(self, order: Order) -> Result:
        """Cancelled, it leaves nothing running. What it raises ends the whole run."""
        ...


class Purse(Protocol):
    """The money for the whole tree of agents."""

    def reserve(self, order: Order) -> bool:
        """Put aside what the try may cost; False if there is not enough left."""
        ...

    def settle(self, order: Order) -> None:
        """The try has ended: what was put aside for it and not spent is free again."""
        ...

    def reserve_planning(self) -> bool:
        """Put aside what planning a task anew may cost; False if there is not enough left."""
        ...

    def settle_planning(self) -> None:
        """The planning has ended, as for `settle`."""
        ...


class Telling(Protocol[C_contra, E_contra]):
    """How refusals by a merge are said to the worker."""

    def conflict(self, change: Change, conflicts: C_contra) -> str: ...

    def breaking(self, change: Change, beside: tuple[str, ...], evidence: E_contra) -> str: ...


class Watch(Protocol):
    """Who is told of each step, before the next one is made."""

    def moved(self, schedule: Schedule, refusals: Mapping[str, str]) -> None:
        """Tasks have other states. `refusals` is what was wrong with each task's last try."""
        ...

    def landed(self, tree: str, tasks: tuple[str, ...]) -> None:
        """The session tree is another one, with the work of these tasks."""
        ...

    def granted(self, task: str, write_set: WriteSet) -> None:
        """A task may write more."""
        ...


@dataclass(frozen=True, slots=True)
class Watches:
    """Several that are told, one after the other."""

    each: tuple[Watch, ...]

    def moved(self, schedule: Schedule, refusals: Mapping[str, str]) -> None:
        for watch in self.each:
            watch.moved(schedule, refusals)

    def landed(self, tree: str, tasks: tuple[str, ...]) -> None:
        for watch in self.each:
            watch.landed(tree, tasks)

    def granted(self, task: str, write_set: WriteSet) -> None:
        for watch in self.each:
            watch.granted(task, write_set)


@dataclass(frozen=True, slots=True)
class Postponed:
    """A limit, such as the budget, stopped who plans: the task stays stuck, for a later run."""


Replan = Callable[[Schedule, str, str], Awaitable[CheckedPlan | Postponed | None]]
"""A plan with others in the place of the task of this id, given what was wrong with it last; None if there is none."""


async def no_replan(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
    """Where nobody plans: what is stuck fails."""
    del schedule, task, evidence


@dataclass(frozen=True, slots=True)
class Rules:
    """`most` workers at once, as things are; `ladder` says what is tried after a refusal."""

    most: Callable[[], int]
    ladder: Ladder


@dataclass(frozen=True, slots=True)
class Ended:
    """`tree` has the work of all tasks that are done."""

    schedule: Schedule
    tree: str

    @property
    def out_of_money(self) -> bool:
        """Whether tasks could be started, or planned anew, and were not, for want of it."""
        return not self.schedule.ended


@dataclass(slots=True)
class Scheduler(Generic[C, E]):
    """One run of one plan. A task that is stuck is planned anew once; what came of that is not."""

    workers: Workers
    merge: Merge[C]
    prove: Prove[E]
    telling: Telling[C, E]
    purse: Purse
    rules: Rules
    watch: Watch
    replan: Replan = no_replan
    _schedule: Schedule = field(init=False)
    _tree: str = field(init=False)
    _refusals: dict[str, str] = field(default_factory=dict[str, str])
    _fresh: set[str] = field(default_factory=set[str])
    _waiting: list[Change] = field(default_factory=list[Change])
    _stuck: list[str] = field(default_factory=list[str])
    _planned_anew: set[str] = field(default_factory=set[str])

    @property
    def schedule(self) -> Schedule:
        """Where the run stands."""
        return self._schedule

    async def run(
        self,
        schedule: Schedule,
        tree: str,
        refusals: Mapping[str, str] | None = None,
        kept: Collection[str] = (),
    ) -> Ended:
        """From where `schedule` stands (a new one, or one that was interrupted) to its end, on the session's `tree`.

        Of an earlier run: `refusals` say by task what was wrong with the last try, `kept` are tasks whose workers are
        still there.
        """
        self._schedule, self._tree = schedule, tree
        self._refusals = dict(refusals or {})
        self._fresh = {task.id for task in schedule.plan.tasks}.difference(kept)
        workers: dict[asyncio.Task[Result], Order] = {}
        landing: asyncio.Task[Round[C, E]] | None = None
        planning: asyncio.Task[CheckedPlan | Postponed | None] | None = None
        try:
            while True:
                self._start(workers)
                if landing is None and self._waiting:
                    waiting, self._waiting = self._waiting, []
                    landing = asyncio.create_task(land(self._tree, waiting, self.merge, self.prove))
                if planning is None and self._stuck and self.purse.reserve_planning():
                    planning = asyncio.create_task(self._plan_anew(self._stuck[0]))
                others = [each for each in (landing, planning) if each is not None]
                pending: set[asyncio.Task[Any]] = {*workers, *others}
                if not pending:
                    return Ended(self._schedule, self._tree)
                done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                if landing in done:
                    self._landed(landing.result())
                    landing = None
                if planning in done:
                    self.purse.settle_planning()
                    self._planned(planning.result())
                    planning = None
                # In the order of their starts, so that a run whose workers end at once is the same each time.
                ended = [(worker, order) for worker, order in workers.items() if worker in done]
                for worker, order in ended:
                    del workers[worker]
                    self.purse.settle(order)
                    self._worked(order, worker.result())
        finally:
            await _end([*workers, *(each for each in (landing, planning) if each is not None)])

    def request(self, task: str, entries: Sequence[str], tree: CodeTree) -> str:
        """More paths for a running task, those that nobody else holds; what it is told of them.

        Raises WriteSetError for entries that mean nothing in `tree`, and ToolError where others hold all of it.
        """
        answer = moves.request_paths(self._schedule, task, entries, tree)
        held = ""
        if isinstance(answer, moves.Held):
            held = str(answer)
            answer = self._what_is_free(task, entries, tree)
        if answer is None:
            raise ToolError(held)
        self._schedule = answer.schedule
        self.watch.granted(task, answer.write_set)
        return f"Granted. You may write {', '.join(answer.write_set.entries)}. {held}".strip()

    def _what_is_free(
        self, task: str, entries: Sequence[str], tree: CodeTree
    ) -> moves.Granted | None:
        """Those of the entries that can be granted, one after the other; None if none can."""
        schedule, last = self._schedule, None
        for entry in entries:
            answer = moves.request_paths(schedule, task, [entry], tree)
            if isinstance(answer, moves.Granted):
                schedule, last = answer.schedule, answer
        return last

    def _start(self, workers: dict[asyncio.Task[Result], Order]) -> None:
        for task in moves.ready(self._schedule):
            if len(workers) >= self.rules.most():
                return
            order = self._order(task)
            if not self.purse.reserve(order):
                return
            self._fresh.discard(task)
            self._move(moves.start(self._schedule, task))
            workers[asyncio.create_task(self.workers.work(order))] = order

    def _order(self, task: str) -> Order:
        rung = rung_of(self.rules.ladder, self._tier(task), self._schedule.of(task))
        return Order(task, rung, self._tree, self._refusals.get(task, ""), task in self._fresh)

    def _worked(self, order: Order, result: Result) -> None:
        match result:
            case Refused(evidence=evidence, reason=reason):
                self._refuse(order.task, evidence, reason)
            case GivenUp(reason):
                self._move(moves.fail(self._schedule, order.task, reason))
            case Done(base, commit, unchanged):
                reason = "" if unchanged is None else moves.unchanged(unchanged)
                reported = moves.report(self._schedule, order.task)
                self._move(moves.queue(reported, order.task, reason))
                self._waiting.append(Change(order.task, base, commit))

    def _landed(self, done: Round[C, E]) -> None:
        self._tree = done.tree
        if done.landed:
            self.watch.landed(done.tree, tuple(change.task for change in done.landed))
        for change in done.landed:
            self._move(moves.land(self._schedule, change.task))
        for one in done.bounced:
            if isinstance(one, Breaking):
                text = self.telling.breaking(one.change, one.beside, one.evidence)
                self._refuse(one.change.task, text, "green alone, red with what has landed")
            else:
                text = self.telling.conflict(one.change, one.conflicts)
                self._refuse(one.change.task, text, "meets what has landed in the same lines")

    def _refuse(self, task: str, evidence: str, reason: str) -> None:
        """Bounce a task, and take the step that follows by the ladder."""
        self._refusals[task] = evidence
        self._move(moves.bounce(self._schedule, task, reason))
        step = next_step(self.rules.ladder, self._tier(task), self._schedule.of(task))
        if isinstance(step, Higher):
            self._fresh.add(task)
            self._move(moves.escalate(self._schedule, task, reason))
        elif isinstance(step, GiveUp):
            text = f"{step.reason}: {reason}"
            if task in self._planned_anew or self.replan is no_replan:
                self._move(moves.fail(self._schedule, task, text))
            else:
                self._move(moves.get_stuck(self._schedule, task, text))
                self._stuck.append(task)

    async def _plan_anew(self, task: str) -> CheckedPlan | Postponed | None:
        return await self.replan(self._schedule, task, self._refusals[task])

    def _planned(self, checked: CheckedPlan | Postponed | None) -> None:
        task = self._stuck.pop(0)
        if isinstance(checked, Postponed):
            return
        self._planned_anew.add(task)
        if checked is None:
            reason = self._schedule.of(task).reason
            self._move(
                moves.fail(self._schedule, task, f"{reason}; the planner knows no other way")
            )
            return
        known = {each.id for each in self._schedule.plan.tasks} - {task}
        new = {each.id for each in checked.plan.tasks} - known
        self._planned_anew |= new
        self._fresh |= new
        self._refusals.pop(task, None)
        self._move(moves.replan(self._schedule, checked, task))

    def _tier(self, task: str) -> Tier:
        return next(each.tier for each in self._schedule.plan.tasks if each.id == task)

    def _move(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.watch.moved(schedule, self._refusals)


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel them, and wait until all have ended."""
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
