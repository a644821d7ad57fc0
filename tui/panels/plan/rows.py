"""What the plan's list and its head say: a row for each task, and the whole in a few lines. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from ....agent.events_plan import Forecast, Interval
from ....agent.planning.plan import Task
from ....agent.planning.schedule import State
from ...amounts import short, usd
from ...columns import left
from ...safe import line
from ...signs import Sign, sign
from ...state.plan import PlanView, TaskRow
from .draft import Draft

STATES: Mapping[State, tuple[Sign, str, str]] = {
    "waiting": ("waiting", "waiting", "$text-muted"),
    "ready": ("waiting", "ready", ""),
    "running": ("running", "at work", "$primary"),
    "verifying": ("running", "checking", "$primary"),
    "merging": ("running", "landing", "$primary"),
    "bounced": ("warn", "refused", "$warning"),
    "escalated": ("warn", "escalated", "$warning"),
    "stuck": ("warn", "stuck", "$warning"),
    "done": ("ok", "done", "$success"),
    "failed": ("failed", "failed", "$error"),
    "skipped": ("cut", "skipped", "$text-muted"),
}
"""How each state is told: a sign, a word, a style."""
PLANNED: tuple[Sign, str, str] = ("waiting", "planned", "")
"""The same for a task of a plan that has not begun."""
LEFT: tuple[Sign, str, str] = ("cut", "left", "$text-muted")
"""The same for one that had not ended when all work did."""
_WORD = 9
MOST_ID = 16
"""Columns of an id in the list."""
TIERS = {"flash": "Flash", "pro": "Pro"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the list as it is to be shown; equal ones look the same.

    `state` is a sign, a word and a style; `beneath` is what stands in a line of its own, if anything.
    """

    state: tuple[Sign, str, str]
    id: str
    tier: str
    title: str
    beneath: tuple[str, ...] = ()

    def content(self, width: int) -> Content:
        """`width` is that of the ids."""
        mark, word, style = self.state
        head = Content(" ").join(
            (
                Content.styled(f"{sign(mark)} {word:<{_WORD}}", style),
                left(line(self.id, "bold"), width),
                Content(f"{self.tier:<5}"),
                line(self.title, "$text-muted" if mark == "cut" else ""),
            )
        )
        if not self.beneath:
            return head
        indent = " " * (_WORD + 3)
        return (
            head
            + Content("\n")
            + line("; ".join(self.beneath), "$text-muted").pad_left(len(indent))
        )


def of_row(row: TaskRow) -> Shown:
    """A task of a plan that runs, or has run."""
    task = row.task
    beneath = [f"after: {', '.join(task.depends_on)}"] if task.depends_on else []
    beneath += [f"moved up {times(row.rungs)}"] if row.rungs else []
    beneath += [f"refused {times(row.bounces)}"] if row.bounces else []
    beneath += [row.agent] if row.agent else []
    return Shown(standing(row), task.id, TIERS[task.tier], task.title, tuple(beneath))


def standing(row: TaskRow) -> tuple[Sign, str, str]:
    return LEFT if row.left else STATES[row.state]


def of_draft(draft: Draft, faulty: Collection[str]) -> list[Shown]:
    """The tasks of a plan that the person is asked about."""
    waits, beside = draft.waits, draft.beside
    first = {task.id: task for task in draft.start}
    return [
        _drafted(
            task,
            first[task.id],
            (*waits[task.id], *beside.get(task.id, ())),
            _draft_state(task.id, draft.dropped, faulty),
        )
        for task in draft.tasks
    ]


def _draft_state(
    name: str, dropped: Collection[str], faulty: Collection[str]
) -> tuple[Sign, str, str]:
    if name in dropped:
        return "cut", "dropped", "$text-muted"
    return ("warn", "faulty", "$error") if name in faulty else PLANNED


def _drafted(task: Task, first: Task, after: Sequence[str], state: tuple[Sign, str, str]) -> Shown:
    beneath = [f"after: {', '.join(dict.fromkeys(after))}"] if after else []
    beneath += ["brief changed"] if task.brief != first.brief else []
    beneath += ["tier changed"] if task.tier != first.tier else []
    return Shown(state, task.id, TIERS[task.tier], task.title, tuple(beneath))


def of_whole(tasks: int) -> Shown:
    """The row above all tasks."""
    return Shown(
        ("bullet", "plan", ""), "", "", f"all of it, {tasks} task{'' if tasks == 1 else 's'}"
    )


def times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


# --- the head ---


def progress(rows: Sequence[TaskRow]) -> str:
    """`5 of 12 landed, 3 at work, 1 failed`."""
    counts = Counter(row.state for row in rows if not row.left)
    parts = [f"{counts['done']} of {len(rows)} landed"]
    groups: tuple[tuple[str, tuple[State, ...]], ...] = (
        ("at work", ("running", "verifying")),
        ("waiting to land", ("merging",)),
        ("to be tried again", ("bounced", "escalated")),
        ("stuck", ("stuck",)),
        ("failed", ("failed",)),
        ("skipped", ("skipped",)),
    )
    for word, states in groups:
        count = sum(counts[state] for state in states)
        parts += [f"{count} {word}"] if count else []
    left = sum(row.left for row in rows)
    parts += [f"{left} left"] if left else []
    return ", ".join(parts)


def to_approve(draft: Draft) -> str:
    """What may begin."""
    kept = len(draft.tasks) - len(draft.dropped)
    parts = [f"{kept} task{'' if kept == 1 else 's'}"]
    parts += [f"{len(draft.dropped)} dropped"] if draft.dropped else []
    parts += ["with your changes"] if draft.changed else []
    return f"Waits for your word, y or n: {', '.join(parts)}"


def forecast_short(forecast: Forecast) -> str:
    """Tokens, money, minutes, each with what it may be."""
    kinds = (forecast.hit, forecast.miss, forecast.output)
    tokens = Interval(
        sum(kind.low for kind in kinds),
        sum(kind.likely for kind in kinds),
        sum(kind.high for kind in kinds),
    )
    minutes = forecast.minutes
    return (
        f"Forecast: {short(tokens.likely)} tokens ({short(tokens.low)} to {short(tokens.high)}), "
        f"{usd(forecast.usd.likely)} ({usd(forecast.usd.low)} to {usd(forecast.usd.high)}), "
        f"{minutes.likely:.0f} min ({minutes.low:.0f} to {minutes.high:.0f})"
    )


def goal_of(plan: PlanView) -> str:
    return "" if plan.proposed is None else plan.proposed.checked.plan.goal
