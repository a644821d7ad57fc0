"""What a lane shows of an agent, and in which order the lanes stand. Pure; what did not change stays the same value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter

from ....agent.planning.schedule import ENDED
from ....agent.planning.schedule import State as TaskState
from ...state.activity import Activity, activity, last_words
from ...state.agents import AgentView
from ...state.blocks import Approval
from ...state.names import known_as
from ...state.now import Now
from ...state.plan import PlanView
from ...state.reducer import State


@dataclass(frozen=True, slots=True)
class Lane:
    """An agent. `asked` is its oldest question that nobody answered, `title` and `state` are its task's, "" where it
    has none; `over` says that nothing more will come of it."""

    view: AgentView
    now: Now
    asked: Approval | None = None
    title: str = ""
    state: TaskState | None = None
    over: bool = False

    @property
    def name(self) -> str:
        return self.view.name

    @property
    def called(self) -> str:
        """What people know it as: a worker by its task."""
        return self.view.task or known_as(self.view.name).removeprefix("the ")

    @property
    def worker(self) -> bool:
        return bool(self.view.task)

    @property
    def doing(self) -> Activity:
        return activity(self.view, self.now, () if self.asked is None else (self.asked,))

    @property
    def words(self) -> str:
        """The last line that it wrote, or that its commands print."""
        return last_words(self.view, self.now)


Lanes = Mapping[str, Lane]
"""By the agent's name, in the order in which they began."""

_PARTS = attrgetter(*(field.name for field in fields(Lane)))


def lanes_of(state: State, before: Lanes) -> Lanes:
    """The lanes of all agents that did anything. One that shows what it showed `before` is the same value."""
    questions: dict[str, Approval] = {}
    for asked in state.waiting.values():
        questions.setdefault(asked.agent, asked)
    found: dict[str, Lane] = {}
    for name, view in state.agents.items():
        if view.task or view.requests or view.at_work:
            lane = _lane(state, view, questions.get(name))
            old = before.get(name)
            found[name] = old if old is not None and _same(old, lane) else lane
    return found


def ordered(lanes: Lanes, *, with_ended: bool = True) -> tuple[list[Lane], list[Lane]]:
    """Who leads, plans and looks over, and the workers; in both those that are over at the end."""
    shown = [lane for lane in lanes.values() if with_ended or not lane.over]
    shown.sort(key=lambda lane: lane.over)
    return [lane for lane in shown if not lane.worker], [lane for lane in shown if lane.worker]


def heading(state: State, lanes: Lanes) -> str:
    """`12 at work, 3 wait, 2 to land, 40 done; 2 queue for a build; $1.23`, without the money."""
    board = state.plan.board
    states: Mapping[str, TaskState] = board.states
    counts = Counter[TaskState](states.get(task, "waiting") for task in board.tasks)
    parts = _counted(counts, at_rest=state.plan.at_rest) if board.tasks else []
    queued = sum(bool(lane.now.waits) for lane in lanes.values())
    asking = sum(lane.asked is not None for lane in lanes.values())
    more = [
        f"{queued} queue for a build" if queued else "",
        f"{asking} ask you" if asking > 1 else "1 asks you" if asking else "",
    ]
    return "; ".join(filter(None, (", ".join(parts) or _without_plan(lanes), *more)))


def _counted(counts: Counter[TaskState], *, at_rest: bool) -> list[str]:
    at_work = counts["running"] + counts["verifying"]
    landing, stuck = counts["merging"], counts["stuck"]
    wait = counts.total() - at_work - landing - stuck - sum(counts[state] for state in ENDED)
    ended = counts["failed"] + counts["skipped"]
    under_way = (
        (at_work, "at work"),
        (wait, "wait"),
        (landing, "to land"),
        (stuck, "stuck"),
    )
    left = ((sum(number for number, _ in under_way), "left"),)
    numbers = (
        *(left if at_rest else under_way),
        (counts["done"], "done"),
        (ended, "failed"),
    )
    return [f"{number} {word}" for number, word in numbers if number or word == "at work"]


def _without_plan(lanes: Lanes) -> str:
    at_work = sum(lane.view.at_work for lane in lanes.values())
    if not lanes:
        return "nobody is at work yet"
    return f"{at_work} at work"


def _lane(state: State, view: AgentView, asked: Approval | None) -> Lane:
    plan = state.plan
    task_state = plan.board.states.get(view.task) if view.task else None
    return Lane(
        view,
        state.now_of(view.name),
        asked,
        _title(plan, view.task),
        task_state,
        _over(state, view, task_state),
    )


def _over(state: State, view: AgentView, task_state: TaskState | None) -> bool:
    if view.at_work:
        return False
    if state.header.ended is not None or view.role == "prime":
        return True
    if not view.task:
        return False
    # Another one has the task by now, or the plan is not the one that it was of.
    gone = state.plan.agents.get(view.task) != view.name
    return gone or task_state in ENDED


def _title(plan: PlanView, task: str) -> str:
    """Of the plan that has the task; the person may have been given others before."""
    for each in (plan, *reversed(plan.earlier)):
        if task in each.board.tasks:
            return each.board.tasks[task].title
    return task


def _same(old: Lane, new: Lane) -> bool:
    """Whether both show the same: parts are shared by states where nothing changed, so identity tells, and is quick."""
    return all(one is other for one, other in zip(_PARTS(old), _PARTS(new), strict=True))
