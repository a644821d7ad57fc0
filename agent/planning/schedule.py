"""Where each task of a plan stands, and which moves are allowed: a value, and functions that give the next one.

    waiting -> ready -> running -> verifying -> merging -> done

A task whose work was refused is bounced and may be started again, or is escalated first, to be started by a stronger
model; at the end of the ladder it is stuck, until its planner has put other tasks in its place. Any task that has not
ended may fail; what waits for it is skipped. Who does the work, and when, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ...tools.code.model import CodeTree
from ...tools.git.names import printable
from ...tools.text import clipped
from .plan import Overlap, Plan, WriteSet, prerequisites, remaining_chain, union
from .plan_check import CheckedPlan
from .write_set import overlaps, resolve

State = Literal[
    "waiting",
    "ready",
    "running",
    "verifying",
    "merging",
    "bounced",
    "escalated",
    "stuck",
    "done",
    "failed",
    "skipped",
]
ENDED = frozenset[State](("done", "failed", "skipped"))
STARTABLE = frozenset[State](("ready", "bounced", "escalated"))
ACTIVE = frozenset[State](("running", "verifying", "merging"))
_UNENDED = frozenset[State](("waiting", "stuck")) | STARTABLE | ACTIVE


MOST_SAID = 400
"""Characters of a worker's words; its report is in the result as a whole."""


class IllegalMoveError(Exception):
    """A move that the task's state does not allow: a fault of the caller, not of the model."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one task stands. `bounces` counts how often its work was refused, `rungs` how often it was escalated;
    `reason` says why it bounced, was escalated, failed or was skipped last, or of one that is done without a change why
    there is none."""

    state: State
    bounces: int = 0
    rungs: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A checked plan on its way. `write_sets` and `progress` are in the order of the plan's tasks; the former grow by
    what workers were granted."""

    plan: Plan
    write_sets: tuple[WriteSet, ...]
    progress: tuple[Progress, ...]

    def of(self, task: str) -> Progress:
        """Raises IllegalMoveError for an id that no task has."""
        return self.progress[_number(self, task)]

    def write_set(self, task: str) -> WriteSet:
        """Raises IllegalMoveError for an id that no task has."""
        return self.write_sets[_number(self, task)]

    @property
    def ended(self) -> bool:
        """Whether every task is done, failed or skipped."""
        return all(each.state in ENDED for each in self.progress)


def new_schedule(checked: CheckedPlan) -> Schedule:
    waiting = tuple(Progress("waiting") for _ in checked.plan.tasks)
    return _released(Schedule(checked.plan, checked.write_sets, waiting))


def ready(schedule: Schedule) -> tuple[str, ...]:
    """The tasks that can be started now, those first that the longest chain of others waits for, then in plan order."""
    left = set(in_state(schedule, _UNENDED))
    chain = remaining_chain([task for task in schedule.plan.tasks if task.id in left])
    startable = in_state(schedule, STARTABLE)
    return tuple(sorted(startable, key=lambda task: -chain[task]))


def in_state(schedule: Schedule, states: Iterable[State]) -> tuple[str, ...]:
    """The tasks in one of these states, in plan order."""
    wanted = frozenset(states)
    pairs = zip(schedule.plan.tasks, schedule.progress, strict=True)
    return tuple(task.id for task, progress in pairs if progress.state in wanted)


# --- moves ---


def start(schedule: Schedule, task: str) -> Schedule:
    """A worker begins, or begins again with what was found wrong."""
    return _moved(schedule, task, STARTABLE, lambda now: replace(now, state="running"))


def report(schedule: Schedule, task: str) -> Schedule:
    """The worker claims to be done; its checks are run."""
    return _moved(schedule, task, ("running",), lambda now: replace(now, state="verifying"))


def queue(schedule: Schedule, task: str, reason: str = "") -> Schedule:
    """The task's checks are green; it is in the merge queue. `reason` is what people should know of it all the same."""
    return _moved(
        schedule, task, ("verifying",), lambda now: replace(now, state="merging", reason=reason)
    )


def unchanged(said: str) -> str:
    """The reason of a task that is done without a change: what its worker `said` of that, on one line."""
    why = clipped(said, MOST_SAID) or "its worker does not say why"
    return f"it changed nothing: {why}"


def land(schedule: Schedule, task: str) -> Schedule:
    """The task's work is part of the session tree; what waited for it alone is ready."""
    return _released(_moved(schedule, task, ("merging",), lambda now: replace(now, state="done")))


def bounce(schedule: Schedule, task: str, reason: str) -> Schedule:
    """The work is refused: red checks, a conflict, a worker that got stuck. `reason` is for people."""

    def refused(now: Progress) -> Progress:
        return replace(now, state="bounced", bounces=now.bounces + 1, reason=reason)

    return _moved(schedule, task, ACTIVE, refused)


def escalate(schedule: Schedule, task: str, reason: str) -> Schedule:
    """A bounced task is to be done on the next rung of the ladder."""

    def raised(now: Progress) -> Progress:
        return replace(now, state="escalated", rungs=now.rungs + 1, reason=reason)

    return _moved(schedule, task, ("bounced",), raised)


def get_stuck(schedule: Schedule, task: str, reason: str) -> Schedule:
    """No rung is left for a bounced task; its planner is asked."""
    return _moved(
        schedule, task, ("bounced",), lambda now: replace(now, state="stuck", reason=reason)
    )


def replan(schedule: Schedule, checked: CheckedPlan, task: str) -> Schedule:
    """After the planner put others in the place of a stuck task: another plan, of which the rest stands as it did.

    A task that still has the id of the stuck one begins anew. One that was ready may have to wait now, and what waits
    for one that failed meanwhile is skipped.
    """
    kept = {
        each.id: (held, now)
        for each, held, now in zip(
            schedule.plan.tasks, schedule.write_sets, schedule.progress, strict=True
        )
        if each.id != task
    }
    rows = [
        kept.get(each.id, (held, Progress("waiting")))
        for each, held in zip(checked.plan.tasks, checked.write_sets, strict=True)
    ]
    held = tuple(held for held, _ in rows)
    progress = tuple(
        replace(now, state="waiting") if now.state == "ready" else now for _, now in rows
    )
    return _released(_without_hope(Schedule(checked.plan, held, progress)))


def fail(schedule: Schedule, task: str, reason: str) -> Schedule:
    """The task is given up; all that wait for it, directly or not, are skipped."""
    return _without_hope(
        _moved(schedule, task, _UNENDED, lambda now: replace(now, state="failed", reason=reason))
    )


def interrupt(schedule: Schedule) -> Schedule:
    """After the whole run was cut off: what was under way can be started again, what ended stays ended.

    A stuck task gets one more try before its planner is asked again.
    """
    progress = [
        replace(now, state="bounced")
        if now.state == "stuck"
        else replace(now, state="ready", reason="")
        if now.state in ACTIVE
        else now
        for now in schedule.progress
    ]
    return _released(replace(schedule, progress=tuple(progress)))


def _moved(
    schedule: Schedule,
    task: str,
    allowed: Iterable[State],
    change: Callable[[Progress], Progress],
) -> Schedule:
    number = _number(schedule, task)
    now = schedule.progress[number]
    if now.state not in allowed:
        raise IllegalMoveError(f"Task {task} is {now.state}, which does not allow this move.")
    progress = list(schedule.progress)
    progress[number] = change(now)
    return replace(schedule, progress=tuple(progress))


def _without_hope(schedule: Schedule) -> Schedule:
    """What waits for a task that failed, directly or not, is skipped."""
    failed = in_state(schedule, ("failed",))
    before = prerequisites(schedule.plan.tasks)
    progress = list(schedule.progress)
    for number, task in enumerate(schedule.plan.tasks):
        cause = next((each for each in failed if each in before[task.id]), None)
        if cause is not None and progress[number].state not in ENDED:
            reason = f"it depends on {cause}, which failed"
            progress[number] = Progress("skipped", reason=reason)
    return replace(schedule, progress=tuple(progress))


def _released(schedule: Schedule) -> Schedule:
    """Waiting tasks whose dependencies are all done become ready."""
    done = set(in_state(schedule, ("done",)))
    pairs = zip(schedule.plan.tasks, schedule.progress, strict=True)
    progress = [
        replace(now, state="ready")
        if now.state == "waiting" and done.issuperset(task.depends_on)
        else now
        for task, now in pairs
    ]
    return replace(schedule, progress=tuple(progress))


def _number(schedule: Schedule, task: str) -> int:
    for number, each in enumerate(schedule.plan.tasks):
        if each.id == task:
            return number
    raise IllegalMoveError(f"There is no task {printable(task)}.")


# --- asking for more to write ---


@dataclass(frozen=True, slots=True)
class Granted:
    """`schedule` has the task's larger write set; `write_set` is that."""

    schedule: Schedule
    write_set: WriteSet


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing was granted: these tasks hold these areas of what was asked for, in plan order."""

    by: tuple[tuple[str, tuple[Overlap, ...]], ...]

    def __str__(self) -> str:
        """For the model."""
        held = [f"{task} writes {', '.join(map(str, areas))}" for task, areas in self.by]
        return f"Not granted: {'; '.join(held)}. Do the work without it, or report what is left to do there."


def request_paths(
    schedule: Schedule, task: str, entries: Iterable[str], tree: CodeTree
) -> Granted | Held:
    """More paths for a running task, all of them or none.

    Held are areas of tasks that have not ended and neither wait for this one nor are waited for by it. What waits for
    it begins after it, on a tree that has its work. Raises WriteSetError for entries that mean nothing in `tree`, and
    IllegalMoveError for a task that is not running.
    """
    number = _number(schedule, task)
    if schedule.progress[number].state != "running":
        raise IllegalMoveError(f"Task {task} is not running, so it can't ask for paths.")
    own = schedule.write_sets[number]
    made = {area.path for area in own.areas if area.kind == "folder"}
    wanted = union(own, resolve(entries, tree, made))
    by = tuple(
        (other, areas)
        for other, theirs in _beside(schedule, task).items()
        if (areas := overlaps(wanted, theirs, tree))
    )
    if by:
        return Held(by)
    write_sets = list(schedule.write_sets)
    write_sets[number] = wanted
    return Granted(replace(schedule, write_sets=tuple(write_sets)), wanted)


def _beside(schedule: Schedule, task: str) -> Mapping[str, WriteSet]:
    """The write sets of the tasks that may be at work at the same time. What a running one depended on has ended."""
    before = prerequisites(schedule.plan.tasks)
    rows = zip(schedule.plan.tasks, schedule.write_sets, schedule.progress, strict=True)
    return {
        other.id: held
        for other, held, now in rows
        if now.state not in ENDED and other.id != task and task not in before[other.id]
    }
