"""Runs a plan: starts workers where they may start, lands what is green, sends back what is not, ends when all has.

It knows neither models nor clones: an `Engine` does the work of one task, and merging and proving are handed in. No
worker outlives the call, however it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from . import schedule as moves
from .ladder import GiveUp, Higher, Ladder, Rung, next_step, rung_of
from .merge_queue import Breaking, Change, Merge, Prove, Round, land
from .plan import Tier
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
    """The worker's checks are green on `commit`, which began at `base`."""

    base: str
    commit: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The work is not accepted, and why: for the next try, and in a few words for people."""

    evidence: str
    reason: str


class Engine(Protocol):
    """Does the work of one task at a time and place of its own."""

    async def work(self, order: Order) -> Done | Refused:
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


class Telling(Protocol[C_contra, E_contra]):
    """How refusals by a merge are said to the worker."""

    def conflict(self, change: Change, conflicts: C_contra) -> str: ...

    def breaking(self, change: Change, beside: tuple[str, ...], evidence: E_contra) -> str: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """`most` workers at once; `ladder` says what is tried after a refusal."""

    most: int
    ladder: Ladder


@dataclass(frozen=True, slots=True)
class Ended:
    """`tree` has the work of all tasks that are done."""

    schedule: Schedule
    tree: str

    @property
    def out_of_money(self) -> bool:
        """Whether tasks could be started and were not, for want of it."""
        return not self.schedule.ended


@dataclass(slots=True)
class Scheduler(Generic[C, E]):
    """One run of one plan. `changed` is called after each move, for those who watch."""

    engine: Engine
    merge: Merge[C]
    prove: Prove[E]
    telling: Telling[C, E]
    purse: Purse
    rules: Rules
    changed: Callable[[Schedule], None]
    _schedule: Schedule = field(init=False)
    _tree: str = field(init=False)
    _refusals: dict[str, str] = field(default_factory=dict[str, str])
    _fresh: set[str] = field(default_factory=set[str])
    _waiting: list[Change] = field(default_factory=list[Change])

    async def run(self, schedule: Schedule, tree: str) -> Ended:
        """From where `schedule` stands (a new one, or one that was interrupted) to its end, on the session's `tree`."""
        self._schedule, self._tree = schedule, tree
        self._fresh = {task.id for task in schedule.plan.tasks}
        workers: dict[asyncio.Task[Done | Refused], Order] = {}
        landing: asyncio.Task[Round[C, E]] | None = None
        try:
            while True:
                self._start(workers)
                if landing is None and self._waiting:
                    waiting, self._waiting = self._waiting, []
                    landing = asyncio.create_task(land(self._tree, waiting, self.merge, self.prove))
                pending: set[asyncio.Task[Any]] = {*workers, *([landing] if landing else ())}
                if not pending:
                    return Ended(self._schedule, self._tree)
                done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                if landing in done:
                    self._landed(landing.result())
                    landing = None
                # In the order of their starts, so that a run whose workers end at once is the same each time.
                ended = [(worker, order) for worker, order in workers.items() if worker in done]
                for worker, order in ended:
                    del workers[worker]
                    self.purse.settle(order)
                    self._worked(order, worker.result())
        finally:
            left: list[asyncio.Task[Any]] = [*workers, *([landing] if landing else ())]
            for each in left:
                each.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _start(self, workers: dict[asyncio.Task[Done | Refused], Order]) -> None:
        for task in moves.ready(self._schedule):
            if len(workers) >= self.rules.most:
                return
            order = self._order(task)
            if not self.purse.reserve(order):
                return
            self._fresh.discard(task)
            self._move(moves.start(self._schedule, task))
            workers[asyncio.create_task(self.engine.work(order))] = order

    def _order(self, task: str) -> Order:
        rung = rung_of(self.rules.ladder, self._tier(task), self._schedule.of(task))
        return Order(task, rung, self._tree, self._refusals.get(task, ""), task in self._fresh)

    def _worked(self, order: Order, result: Done | Refused) -> None:
        if isinstance(result, Refused):
            self._refuse(order.task, result.evidence, result.reason)
            return
        self._move(moves.queue(moves.report(self._schedule, order.task), order.task))
        self._waiting.append(Change(order.task, result.base, result.commit))

    def _landed(self, done: Round[C, E]) -> None:
        self._tree = done.tree
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
            self._move(moves.fail(self._schedule, task, f"{step.reason}: {reason}"))

    def _tier(self, task: str) -> Tier:
        return next(each.tier for each in self._schedule.plan.tasks if each.id == task)

    def _move(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.changed(schedule)
