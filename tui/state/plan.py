"""A plan as it is shown: the board with what proves each task, who is at work on it, and what it was refused for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...agent.board import Board
from ...agent.events import Event, Evidence, Verified
from ...agent.events_plan import (
    CodemodRun,
    EditRefused,
    Forecast,
    Forecasted,
    PlanDeclined,
    PlanEnded,
    PlanProposed,
    PlanStarted,
    Reviewed,
    TaskMoved,
    WorkerBegan,
)
from ...agent.history.replay import works_in_place
from ...agent.planning.plan import Task, WriteSet
from ...agent.planning.plan_check import Fault
from ...agent.planning.schedule import ENDED, State

Proofs = Mapping[str, Evidence]
"""The newest evidence by the check's command."""


@dataclass(frozen=True, slots=True)
class PlanView:
    """`board` has tasks, states, rungs and write sets. By task id: `agents` who began with it last, `bounces` how often
    its work was refused, `refusals` what its worker was told then, `proofs` its evidence, `codemods` what they did.
    `whole` is the evidence on all of the work; `earlier` are plans of the session that had begun before this one.
    `faults` are those of the person's last changes to it, `declined` why they want another one."""

    board: Board = field(default_factory=Board)
    proposed: PlanProposed | None = None
    forecast: Forecast | None = None
    started: PlanStarted | None = None
    ended: PlanEnded | None = None
    agents: Mapping[str, str] = field(default_factory=dict[str, str])
    bounces: Mapping[str, int] = field(default_factory=dict[str, int])
    refusals: Mapping[str, str] = field(default_factory=dict[str, str])
    proofs: Mapping[str, Proofs] = field(default_factory=dict[str, Proofs])
    codemods: Mapping[str, CodemodRun] = field(default_factory=dict[str, CodemodRun])
    whole: Proofs = field(default_factory=dict[str, Evidence])
    reviewed: Reviewed | None = None
    earlier: tuple[PlanView, ...] = ()
    faults: tuple[Fault, ...] = ()
    declined: str = ""

    @property
    def at_rest(self) -> bool:
        """Whether workers began and none is at work any more."""
        return self.started is not None and not self.board.running

    @property
    def rows(self) -> tuple[TaskRow, ...]:
        """All tasks, in the plan's order."""
        return tuple(map(self.row, self.board.tasks))

    def row(self, task: str) -> TaskRow:
        """Raises KeyError for an id that no task has."""
        board = self.board
        return TaskRow(
            board.tasks[task],
            board.states.get(task, "waiting"),
            board.held[task],
            board.rungs.get(task, 0),
            self.bounces.get(task, 0),
            board.reasons.get(task, ""),
            self.refusals.get(task, ""),
            self.agents.get(task, ""),
            self.proofs.get(task, {}),
            self.codemods.get(task),
            self.at_rest and board.states.get(task, "waiting") not in ENDED,
        )


@dataclass(frozen=True, slots=True)
class TaskRow:
    """All that is known of a task. `held` is what it may write now, `reason` why it was moved last; `refusal` is what
    its worker was told. `agent` is empty before anybody began. Each of the task's checks that ran is in `proofs`.
    `left` says that all work has ended without an end of this."""

    task: Task
    state: State
    held: WriteSet
    rungs: int
    bounces: int
    reason: str
    refusal: str
    agent: str
    proofs: Proofs
    codemod: CodemodRun | None
    left: bool = False


def plan_after(plan: PlanView, event: Event) -> PlanView:
    """The plan after an event, which may be of any kind."""
    board = plan.board.after(event)
    if isinstance(event.body, PlanProposed):
        return _proposed(plan, event.body, board)
    if board is not plan.board:
        plan = replace(plan, board=board)
    match event.body:
        case PlanStarted() as body:
            return replace(plan, started=body, ended=None)
        case PlanEnded() as body:
            return replace(plan, ended=body)
        case Forecasted(forecast):
            return replace(plan, forecast=forecast)
        case Reviewed() as body:
            return replace(plan, reviewed=body)
        case EditRefused() | PlanDeclined():
            return _not_this(plan, event.body)
        case Verified(evidence, before=False):
            return _proven(plan, event.agent, evidence)
        case WorkerBegan() | TaskMoved() | CodemodRun():
            return _of_task(plan, event.agent, event.body)
        case _:
            return plan


def _proposed(plan: PlanView, body: PlanProposed, board: Board) -> PlanView:
    """What is known of tasks of the same ids stays where the plan is for the rest of the same work, as on the board."""
    if body.source == "replan":
        return replace(plan, proposed=body, board=board)
    old = replace(plan, earlier=())
    earlier = plan.earlier if plan.started is None else (*plan.earlier, old)
    return PlanView(board=board, proposed=body, earlier=earlier)


def _not_this(plan: PlanView, body: EditRefused | PlanDeclined) -> PlanView:
    match body:
        case EditRefused(found):
            return replace(plan, faults=found.faults)
        case PlanDeclined(reason):
            return replace(plan, declined=reason)


def _of_task(plan: PlanView, agent: str, body: WorkerBegan | TaskMoved | CodemodRun) -> PlanView:
    task = body.task
    match body:
        case WorkerBegan():
            return replace(plan, agents={**plan.agents, task: agent})
        case CodemodRun():
            return replace(plan, codemods={**plan.codemods, task: body})
        case TaskMoved(bounces=bounces, evidence=evidence):
            told = {**plan.refusals, task: evidence} if evidence else plan.refusals
            return replace(plan, bounces={**plan.bounces, task: bounces}, refusals=told)


def _proven(plan: PlanView, agent: str, evidence: Evidence) -> PlanView:
    task = _task_of(plan.board, agent)
    if task is None:
        return replace(plan, whole={**plan.whole, evidence.command: evidence})
    known = plan.proofs.get(task, {})
    proofs = {**plan.proofs, task: {**known, evidence.command: evidence}}
    return replace(plan, proofs=proofs)


def _task_of(board: Board, agent: str) -> str | None:
    """The task that an agent is at work on; who works in place does the only one there is."""
    if agent in board.agents:
        return board.agents[agent]
    if len(board.tasks) == 1 and not board.agents and works_in_place(agent):
        return next(iter(board.tasks))
    return None
