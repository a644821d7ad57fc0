"""Where the tasks of a session's plan stand, as people are told: a value that each event gives the next one of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from .events import Event, SessionEnded, SessionResumed, SessionStarted, UsageReported
from .events_plan import (
    Landed,
    PathsGranted,
    PlanEnded,
    PlanProposed,
    PlanStarted,
    TaskMoved,
    WorkerBegan,
)
from .history.replay import works_in_place
from .planning.plan import Task, WriteSet
from .planning.schedule import ACTIVE, State

MANY = 4
"""Workers at once, beyond which only what becomes of their tasks is told, not each of their calls."""


@dataclass(frozen=True, slots=True)
class Board:
    """`tasks` and `held`, which a task may write, are by task id; `states` has those that ever moved, `rungs` how often
    they were escalated. `agents` are the tasks of workers. `usd` is what all agents cost so far.

    `workers` is how many may be at work at once, and 0 while none is. `whole` says whether the person is to see whole
    plans, because the session ends with one or because it is for them to approve.
    """

    tasks: Mapping[str, Task] = field(default_factory=dict[str, Task])
    held: Mapping[str, WriteSet] = field(default_factory=dict[str, WriteSet])
    states: Mapping[str, State] = field(default_factory=dict[str, State])
    rungs: Mapping[str, int] = field(default_factory=dict[str, int])
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    agents: Mapping[str, str] = field(default_factory=dict[str, str])
    usd: float = 0.0
    workers: int = 0
    whole: bool = False

    @property
    def running(self) -> bool:
        return self.workers > 0

    @property
    def many(self) -> bool:
        """Whether more may be at work at once than a person can follow call by call."""
        return min(self.workers, len(self.tasks)) > MANY

    @property
    def done(self) -> str:
        """`12 of 40 done`."""
        return f"{self._counts['done']} of {len(self.tasks)} done"

    @property
    def status(self) -> str:
        """`12 of 40 done, 8 at work, 2 waiting to land, $0.31`."""
        counts = self._counts
        parts = [self.done, f"{counts['running'] + counts['verifying']} at work"]
        rest: tuple[tuple[State, str], ...] = (
            ("merging", "waiting to land"),
            ("stuck", "stuck"),
            ("failed", "failed"),
            ("skipped", "skipped"),
        )
        parts += [f"{counts[state]} {word}" for state, word in rest if counts[state]]
        return ", ".join([*parts, f"${self.usd:.2f}"])

    def label(self, agent: str) -> str:
        """What stands before a line of this agent: a worker's task, another's name, nothing while it works alone."""
        if not self.running or works_in_place(agent):
            return ""
        return self.agents.get(agent, agent)

    def after(self, event: Event) -> Board:
        """The board after this event, which may be of any kind."""
        match event.body:
            case UsageReported(cost=cost):
                return replace(self, usd=self.usd + cost)
            case SessionStarted(way=way, plan_only=plan_only):
                return replace(self, whole=plan_only or way == "refactor")
            case SessionResumed():
                return self._cut_off()
            case SessionEnded() | PlanEnded():
                return replace(self, workers=0)
            case PlanProposed() as body:
                return self._with_plan(body)
            case PlanStarted(workers=workers):
                return replace(self, workers=max(1, workers))
            case WorkerBegan(task=task):
                return replace(self, agents={**self.agents, event.agent: task})
            case TaskMoved() as body:
                return self._moved(body)
            case PathsGranted(task, write_set):
                return replace(self, held={**self.held, task: write_set})
            case Landed(tasks=tasks):
                landed: dict[str, State] = dict.fromkeys(tasks, "done")
                return replace(self, states={**self.states, **landed})
            case _:
                return self

    @property
    def _counts(self) -> Counter[State]:
        return Counter(self.states[task] for task in self.tasks if task in self.states)

    def _cut_off(self) -> Board:
        """A run was killed: nobody is at work on what was under way."""
        states: dict[str, State] = {
            task: "ready" if state in ACTIVE else state for task, state in self.states.items()
        }
        return replace(self, workers=0, states=states)

    def _with_plan(self, body: PlanProposed) -> Board:
        """Tasks of the same ids keep what is known of them where the plan is for the rest of the same work."""
        plan = body.checked.plan
        sets = zip(plan.tasks, body.checked.write_sets, strict=True)
        held = {task.id: write_set for task, write_set in sets}
        tasks = {task.id: task for task in plan.tasks}
        if body.source != "replan":
            return replace(self, tasks=tasks, held=held, states={}, rungs={}, reasons={})
        kept = {task: self.held[task] for task in held if task in self.held}
        return replace(self, tasks=tasks, held={**held, **kept})

    def _moved(self, body: TaskMoved) -> Board:
        return replace(
            self,
            states={**self.states, body.task: body.state},
            rungs={**self.rungs, body.task: body.rungs},
            reasons={**self.reasons, body.task: body.reason},
        )


def board_of(events: Iterable[Event]) -> Board:
    """The board after all of these events."""
    board = Board()
    for event in events:
        board = board.after(event)
    return board
