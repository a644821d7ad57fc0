"""The moves of a plan as events, and a plan's state from its events: what resume and every account start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..bus import Recorder
from ..events import Event, SessionResumed
from ..events_plan import (
    BroughtHome,
    Landed,
    PathsGranted,
    PlanDeclined,
    PlanEnded,
    PlanProposed,
    PlanStarted,
    Reviewed,
    TaskMoved,
    WorkerBegan,
)
from . import schedule as moves
from .plan import WriteSet
from .plan_check import CheckedPlan
from .schedule import Progress, Schedule


@dataclass(slots=True)
class PlanRecord:
    """A `scheduler.Watch` that emits what is news. `known` is how the tasks stand by the events so far."""

    recorder: Recorder
    known: dict[str, Progress] = field(default_factory=dict[str, Progress])

    def moved(self, schedule: Schedule, refusals: Mapping[str, str]) -> None:
        for task, now in zip(schedule.plan.tasks, schedule.progress, strict=True):
            if self.known.get(task.id, Progress("waiting")) == now:
                continue
            self.known[task.id] = now
            evidence = refusals.get(task.id, "") if now.state == "bounced" else ""
            self.recorder.emit(
                TaskMoved(task.id, now.state, now.bounces, now.rungs, now.reason, evidence)
            )

    def landed(self, tree: str, tasks: tuple[str, ...]) -> None:
        self.recorder.emit(Landed(tree, tasks))

    def granted(self, task: str, write_set: WriteSet) -> None:
        self.recorder.emit(PathsGranted(task, write_set))


@dataclass(frozen=True, slots=True)
class WorkerPlace:
    """The agent that was last at work on a task, and the commit that it counts its changes from."""

    agent: str
    base: str


@dataclass(frozen=True, slots=True)
class PlanRun:
    """A plan of a session and how far it came; `number` counts them from 0.

    `base` is None before its workers began; `tree` has what landed.
    """

    number: int
    proposed: PlanProposed
    base: str | None = None
    tree: str = ""
    progress: Mapping[str, Progress] = field(default_factory=dict[str, Progress])
    refusals: Mapping[str, str] = field(default_factory=dict[str, str])
    granted: Mapping[str, WriteSet] = field(default_factory=dict[str, WriteSet])
    workers: Mapping[str, WorkerPlace] = field(default_factory=dict[str, WorkerPlace])
    ended: PlanEnded | None = None

    @property
    def checked(self) -> CheckedPlan:
        return self.proposed.checked

    @property
    def begun(self) -> bool:
        return self.base is not None or bool(self.progress)

    def schedule(self) -> Schedule:
        """Where the tasks stand, those that were under way ready to be started again."""
        tasks = self.checked.plan.tasks
        sets = zip(tasks, self.checked.write_sets, strict=True)
        schedule = Schedule(
            self.checked.plan,
            tuple(self.granted.get(task.id, held) for task, held in sets),
            tuple(self.progress.get(task.id, Progress("waiting")) for task in tasks),
        )
        return moves.interrupt(schedule)

    def told(self) -> Mapping[str, str]:
        """What was wrong with the last try of each task that was refused."""
        bounced = {task for task, now in self.progress.items() if now.bounces}
        return {task: text for task, text in self.refusals.items() if task in bounced}


@dataclass(frozen=True, slots=True)
class PlansRecord:
    """All that a session's events say of plans: the runs in their order, and what came of them since. What the person
    wanted after the task, `said`, has plans of its own; those before the last of it are in `earlier`.

    `reviewed` is the reviewer's word, `home` the last commit that was merged into the person's tree, `begun` how many
    workers there were in the session. `declined` is how often the person wanted another plan, and `wanted` whether that
    is still to be made.
    """

    runs: tuple[PlanRun, ...] = ()
    reviewed: Reviewed | None = None
    home: BroughtHome | None = None
    begun: int = 0
    declined: int = 0
    wanted: bool = False
    said: tuple[str, ...] = ()
    earlier: PlansRecord | None = None

    @property
    def count(self) -> int:
        """How many runs there were in the session."""
        return len(self.runs) + (self.earlier.count if self.earlier else 0)

    @property
    def last(self) -> PlanRun | None:
        return self.runs[-1] if self.runs else None

    @property
    def tree(self) -> str:
        """The commit that has all that landed; empty before anything began."""
        return next((run.tree for run in reversed(self.runs) if run.tree), "")


def plans_of(events: Sequence[Event]) -> PlansRecord:
    """What the events say of plans."""
    found = PlansRecord()
    for event in events:
        match event.body:
            case PlanProposed(source="replan") as body if found.last is not None:
                found = _with(found, replace(found.last, proposed=body))
            case PlanProposed() as body:
                found = replace(_with_plan(found, body), wanted=False)
            case PlanDeclined():
                found = replace(found, declined=found.declined + 1, wanted=True)
            case SessionResumed(more=more) if more:
                said = (*found.said, more)
                found = PlansRecord(begun=found.begun, said=said, earlier=found)
            case Reviewed() as body:
                found = replace(found, reviewed=body)
            case BroughtHome() as body if found.earlier is not None and not found.runs:
                found = replace(found, earlier=replace(found.earlier, home=body))
            case BroughtHome() as body:
                found = replace(found, home=body)
            case _ if found.last is not None:
                found = _with(found, _after(found.last, event))
                found = replace(found, begun=found.begun + isinstance(event.body, WorkerBegan))
            case _:
                pass
    return found


def since_said(events: Sequence[Event]) -> Sequence[Event]:
    """The events from where the person last said what they want: all of them where that is the task."""
    for number in range(len(events) - 1, -1, -1):
        body = events[number].body
        if isinstance(body, SessionResumed) and body.more:
            return events[number:]
    return events


def _with_plan(found: PlansRecord, body: PlanProposed) -> PlansRecord:
    """The plan as a run of its own, or in the place of one that has not begun."""
    if found.last is not None and not found.last.begun:
        return _with(found, PlanRun(found.last.number, body))
    return replace(found, runs=(*found.runs, PlanRun(found.count, body)))


def _with(found: PlansRecord, run: PlanRun) -> PlansRecord:
    return replace(found, runs=(*found.runs[:-1], run))


def _after(run: PlanRun, event: Event) -> PlanRun:
    match event.body:
        case PlanStarted(base=base):
            return replace(run, base=base, tree=run.tree or base, ended=None)
        case PlanEnded() as body:
            return replace(run, ended=body)
        case Landed(commit=commit):
            return replace(run, tree=commit)
        case PathsGranted(task, write_set):
            return replace(run, granted={**run.granted, task: write_set})
        case WorkerBegan(task=task, base=base):
            place = WorkerPlace(event.agent, base)
            return replace(run, workers={**run.workers, task: place})
        case TaskMoved(task, state, bounces, rungs, reason, evidence):
            now = Progress(state, bounces, rungs, reason)
            refusals = {**run.refusals, task: evidence} if evidence else run.refusals
            return replace(run, progress={**run.progress, task: now}, refusals=refusals)
        case _:
            return run
