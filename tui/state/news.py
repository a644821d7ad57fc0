"""What becomes of a plan, as the session's transcript tells it: a line for each thing that happened to a task."""

from __future__ import annotations

from dataclasses import replace

from ...agent.board import Board
from ...agent.events import Event, Routed, SessionResumed
from ...agent.events_plan import (
    CodemodRun,
    Forecast,
    Forecasted,
    Landed,
    PathsGranted,
    PlanProposed,
    PlanStarted,
    TaskMoved,
)
from ...agent.headless import COMMAND_SHOWN, Span, evidence_line
from ...agent.headless_plan import codemod_line, tell_plan
from ...tools.git.names import some
from ..amounts import short
from .agents import AgentView
from .blocks import Mark, News, Said
from .header import Header
from .plan import PlanView
from .texts import excerpt


def with_news(
    view: AgentView, event: Event, header: Header, before: PlanView, now: PlanView
) -> AgentView:
    """The session's own agent with what the event says of a plan, if it does. `before` and `now` are the plans around
    it. What the person wants, and was said to the planner alone, stands above.

    A refusal and what is tried next are two events, one right behind the other: they are one line.
    """
    match event.body:
        case SessionResumed(more=more) if more.strip() and header.way != "solo":
            return view.with_block(Said(event.seq, event.at, excerpt(more, event.seq), "person"))
        case PlanProposed() if before.proposed is None and not _has_task(view):
            task = excerpt(header.task, event.seq)
            view = view.with_block(Said(event.seq, event.at, task, "task"))
        case _:
            pass
    told = news(event, before, now)
    if told is None:
        return view
    last = view.transcript[-1] if len(view.transcript) else None
    if told.task and isinstance(last, News) and (last.task, last.seq) == (told.task, told.seq - 1):
        told = replace(told, detail=told.detail or last.detail)
        return replace(view, transcript=view.transcript.put(len(view.transcript) - 1, told))
    return view.with_block(told)


def _has_task(view: AgentView) -> bool:
    return any(isinstance(each, Said) and each.origin == "task" for each in view.transcript)


def news(event: Event, before: PlanView, now: PlanView) -> News | None:
    """What an event says of a plan or of the work of its tasks, if it does."""
    match event.body:
        case TaskMoved() as body:
            return _moved(event, body, now)
        case Landed(tasks=tasks):
            landed: tuple[Span, ...] = ("bold", ", ".join(tasks)), f" landed, {now.board.done}"
            return News(event.seq, event.at, (landed,), "ok")
        case _:
            lines = _lines(event, before, now)
            return News(event.seq, event.at, lines) if lines else None


def _moved(event: Event, body: TaskMoved, now: PlanView) -> News | None:
    """What comes next stands before the reason, which may be long."""
    task, why = body.task, body.reason.replace("by the person", "by you")
    times = f" {body.bounces} times" if body.bounces > 1 else ""
    match body.state:
        case "bounced" if why.startswith("stopped"):
            return _of_task(event, "cut", task, f" {why}, is tried again")
        case "bounced":
            text = f" sent back{times}, is tried again: {_reason(task, why, now)}"
            return _of_task(event, "warn", task, text)
        case "escalated":
            text = f" sent back{times}, goes to a stronger model: {_reason(task, why, now)}"
            return _of_task(event, "warn", task, text)
        case "stuck":
            return _of_task(event, "warn", task, f" is stuck, its planner is asked: {why}")
        case "failed" if why.startswith("given up"):
            return _of_task(event, "failed", task, f" {why}")
        case "failed":
            return _of_task(event, "failed", task, f" failed, nothing more is tried: {why}")
        case "skipped":
            return _of_task(event, "cut", task, f" skipped: {why}")
        case "done" if why:
            return _of_task(event, "warn", task, f" done, but {why}")
        case _:
            return None


def _of_task(event: Event, mark: Mark, task: str, text: str) -> News:
    """Who unfolds it reads what the worker was told."""
    body = event.body
    told = body.evidence.strip() if isinstance(body, TaskMoved) else ""
    detail = excerpt(told, event.seq) if told else None
    return News(event.seq, event.at, ((("bold", task), text),), mark, detail, task)


def _reason(task: str, why: str, now: PlanView) -> str:
    """With the check that is red, where it was that."""
    proofs = now.proofs.get(task, {}).values()
    red = [each for each in proofs if not (each.green or each.no_worse)]
    if "red" not in why.split() or not red:
        return why
    return f"{why}: {evidence_line(red[0], COMMAND_SHOWN)}"


def _lines(event: Event, before: PlanView, now: PlanView) -> tuple[tuple[Span, ...], ...]:
    match event.body:
        case PlanStarted(workers=workers):
            most = f", at most {workers} at once" if workers > 1 else ""
            return ((("dim", f"the workers begin{most}"),),)
        case Forecasted(forecast):
            return ((("dim", forecast_line(forecast)),),)
        case Routed(role="worker") as body:
            task = now.board.agents.get(event.agent, "")
            if not now.board.rungs.get(task, 0):  # that somebody is at a task is no news
                return ()
            lane = f" goes on with {body.model}, effort {body.effort}"
            return ((("bold", task), ("dim", lane)),)
        case PathsGranted(task, write_set):
            known = before.board.held.get(task)
            new = set(write_set.entries).difference(known.entries if known else ())
            return ((("bold", task), ("dim", f" may write {some(new)} as well")),)
        case CodemodRun(task=task) as body:
            return ((("bold", task), f": {codemod_line(body)}"),)
        case _:
            written = _Written()
            tell_plan(written, event, _in_short(before.board), _in_short(now.board))
            return tuple(written.lines)


def forecast_line(forecast: Forecast) -> str:
    """`forecast: $0.31 ($0.19 to $0.55), 12 minutes (7 to 21), 2.4M tokens`."""
    cost, minutes = forecast.usd, forecast.minutes
    tokens = forecast.hit.likely + forecast.miss.likely + forecast.output.likely
    unpriced = "" if forecast.priced else "; a price is not known and counts as $0"
    return (
        f"forecast: ${cost.likely:.2f} (${cost.low:.2f} to ${cost.high:.2f}), {minutes.likely:.0f} minutes "
        f"({minutes.low:.0f} to {minutes.high:.0f}), {short(tokens)} tokens{unpriced}"
    )


def _in_short(board: Board) -> Board:
    """Whose whole plan is not told: the plan's panel has it."""
    return replace(board, whole=False)


class _Written:
    """A screen that keeps what is put on it. How it fits is decided where it is painted."""

    def __init__(self) -> None:
        self.lines: list[tuple[Span, ...]] = []

    def line(self, *spans: Span) -> None:
        self.lines.append(spans)

    def fitted(self, *spans: Span) -> None:
        self.lines.append(spans)

    def paragraph(self, text: str, indent: int = 0, most: int | None = None) -> None:
        del indent, most
        self.lines.append((text,))

    def status(self, text: str) -> None:
        """What only flickers by is in the state itself."""
