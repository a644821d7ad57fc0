"""What happens to a plan and to the work of its tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .planning.plan import WriteSet
from .planning.plan_check import CheckedPlan, PlanFaults
from .planning.schedule import State
from .v4.facts import Tier

PlanSource = Literal["planner", "person", "edited", "replan", "review"]
"""Who a plan is by: the planner, the person, the planner with changes of the person's, the planner once more for a task
that failed, or the reviewer."""


@dataclass(frozen=True, slots=True)
class Forked:
    """The transcript of this event's agent begins with the first `messages` messages of `parent`'s, system included.

    Whether it shares the parent's cache is another matter: it may be in another lane.
    """

    parent: str
    messages: int
    kind: Literal["forked"] = "forked"


@dataclass(frozen=True, slots=True)
class PlanProposed:
    """A plan that can be run. It takes the place of the one before where that has not begun, and for a "replan" also
    where it has: tasks of the same ids keep their states then."""

    checked: CheckedPlan
    summary: str
    source: PlanSource
    kind: Literal["plan_proposed"] = "plan_proposed"


@dataclass(frozen=True, slots=True)
class PlanDeclined:
    """The person does not want the plan, and says why; its planner, who was told, makes another one."""

    reason: str
    kind: Literal["plan_declined"] = "plan_declined"


@dataclass(frozen=True, slots=True)
class EditRefused:
    """The plan as the person changed it can't be run. They are asked about the one before again."""

    faults: PlanFaults
    kind: Literal["edit_refused"] = "edit_refused"


@dataclass(frozen=True, slots=True)
class Interval:
    """`likely`, and what it may be off by: `low` <= `likely` <= `high`."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """Tokens as `hit`, `miss` and `output`, money in US dollars. `priced` is False where a price is not known, and that
    part counts as 0. `learnt` is how many tries of the project the figures rest on; with 0 they are defaults."""

    tasks: int
    workers: int
    requests: Interval
    hit: Interval
    miss: Interval
    output: Interval
    usd: Interval
    minutes: Interval
    priced: bool
    learnt: int


@dataclass(frozen=True, slots=True)
class Forecasted:
    """What the plan will likely take, before any of it is spent."""

    forecast: Forecast
    kind: Literal["forecasted"] = "forecasted"


@dataclass(frozen=True, slots=True)
class PlanStarted:
    """Workers begin, at most `workers` at once, on the commit `base` of the store."""

    base: str
    workers: int
    kind: Literal["plan_started"] = "plan_started"


@dataclass(frozen=True, slots=True)
class PlanEnded:
    """No worker is at work any more; `commit` has what landed. Counts are of tasks."""

    commit: str
    done: int
    failed: int
    skipped: int
    left: int
    kind: Literal["plan_ended"] = "plan_ended"


@dataclass(frozen=True, slots=True)
class TaskMoved:
    """A task has another state; see `planning.schedule`. `evidence` is what its worker is told of a refusal."""

    task: str
    state: State
    bounces: int
    rungs: int
    reason: str
    evidence: str = ""
    kind: Literal["task_moved"] = "task_moved"


@dataclass(frozen=True, slots=True)
class WorkerBegan:
    """This event's agent begins with a task, in a clone of the commit `base` that bears the agent's name."""

    task: str
    tier: Tier
    effort: str
    base: str
    kind: Literal["worker_began"] = "worker_began"


@dataclass(frozen=True, slots=True)
class PathsGranted:
    """A running task may write more; `write_set` is all of it."""

    task: str
    write_set: WriteSet
    kind: Literal["paths_granted"] = "paths_granted"


@dataclass(frozen=True, slots=True)
class CodemodRun:
    """Leadline carried out a task's codemod in its clone; `left` are files that it may have missed."""

    task: str
    files: int
    matches: int
    left: tuple[str, ...]
    kind: Literal["codemod_run"] = "codemod_run"


@dataclass(frozen=True, slots=True)
class Landed:
    """The work of these tasks is on the session's tree, which is `commit` now and was proven as a whole."""

    commit: str
    tasks: tuple[str, ...]
    kind: Literal["landed"] = "landed"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The reviewer's word on the whole change: `ok`, or what has to be mended."""

    ok: bool
    text: str
    kind: Literal["reviewed"] = "reviewed"


@dataclass(frozen=True, slots=True)
class HomecomingBegan:
    """The first file of what landed is about to be written in the person's tree, which is as in the snapshot `before`
    and is to be as in `after`. The step that follows says how it ended."""

    before: str
    after: str
    kind: Literal["homecoming_began"] = "homecoming_began"


@dataclass(frozen=True, slots=True)
class BroughtHome:
    """The commit is merged into the person's tree. At `conflicts` theirs stayed, and ours is only in the commit."""

    commit: str
    conflicts: tuple[str, ...]
    kind: Literal["brought_home"] = "brought_home"


PlanEvent = (
    Forked
    | PlanProposed
    | PlanDeclined
    | EditRefused
    | Forecasted
    | PlanStarted
    | PlanEnded
    | TaskMoved
    | WorkerBegan
    | PathsGranted
    | CodemodRun
    | Landed
    | Reviewed
    | HomecomingBegan
    | BroughtHome
)
