"""What people are told of a plan: what it is, what it will likely take, and how its tasks go."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..tools.git.names import some
from .board import Board
from .events import Event, Routed
from .events_plan import (
    BroughtHome,
    CodemodRun,
    EditRefused,
    Forecast,
    Forecasted,
    Interval,
    Landed,
    PathsGranted,
    PlanDeclined,
    PlanEnded,
    PlanProposed,
    PlanSource,
    Reviewed,
    TaskMoved,
)
from .events_requests import TokenPrice
from .headless import Screen, Span, plural
from .planning.plan import remaining_chain
from .planning.plan_text import show_plan

_PLANS: dict[PlanSource, str] = {
    "planner": "plan",
    "person": "your plan",
    "edited": "the plan as you changed it",
    "replan": "plan made anew",
    "review": "plan for what the review found",
}


class Labelled:
    """A screen whose lines begin with a label; empty ones stay empty."""

    def __init__(self, screen: Screen, label: str) -> None:
        self._screen = screen
        self._mark = f"[{label}] "

    def line(self, *spans: Span) -> None:
        if not spans:
            self._screen.line()
            return
        self._screen.line(("dim", self._mark), *spans)

    def fitted(self, *spans: Span) -> None:
        self._screen.fitted(("dim", self._mark), *spans)

    def paragraph(self, text: str, indent: int = 0, most: int | None = None) -> None:
        """One that is set in belongs to the line before it, which has the label."""
        self._screen.paragraph(text if indent else self._mark + text.lstrip(), indent, most)

    def status(self, text: str) -> None:
        self._screen.status(self._mark + text)


def labelled(screen: Screen, label: str) -> Screen:
    """The screen where the lines of whoever has this label go; an empty one is none."""
    return Labelled(screen, label) if label else screen


# --- what becomes of a plan ---


def tell_plan(screen: Screen, event: Event, before: Board, now: Board) -> None:
    """What an event says of a plan or of the work of its tasks, if it does. `now` is the board after the event."""
    match event.body:
        case PlanProposed() | PlanDeclined() | EditRefused() as body:
            _before_work(screen, body, now)
        case Forecasted(forecast):
            if now.whole and len(now.tasks) > 1:
                _in_short(screen, now)
            screen.paragraph(forecast_line(forecast))
        case Routed(role="worker") as body if event.agent in now.agents:
            _began(labelled(screen, now.agents[event.agent]), body, now.agents[event.agent], now)
        case TaskMoved() as body:
            _moved(labelled(screen, body.task), body)
        case PathsGranted(task, write_set):
            known = before.held.get(task)
            new = set(write_set.entries).difference(known.entries if known else ())
            Labelled(screen, task).fitted(("dim", f"may write {some(new)} as well"))
        case CodemodRun() as body:
            Labelled(screen, body.task).fitted(codemod_line(body))
        case Landed(tasks=tasks):
            screen.fitted(("good", "landed: "), f"{', '.join(tasks)} ({now.done})")
        case PlanEnded() as body:
            screen.line(("dim", _ended_line(body)))
        case Reviewed(ok, text):
            word = "The reviewer is content" if ok else "The reviewer sends work back"
            screen.paragraph(f"{word}: {text}" if text.strip() else f"{word}.")
        case BroughtHome(commit, conflicts):
            _home(screen, commit, conflicts)
        case _:
            pass


def _before_work(
    screen: Screen, body: PlanProposed | PlanDeclined | EditRefused, now: Board
) -> None:
    match body:
        case PlanProposed():
            _proposed(screen, body, now)
        case PlanDeclined(reason):
            screen.paragraph(f"You want another plan: {reason}")
        case EditRefused(faults):
            screen.line(("warn", "your changes make a plan that can't be run:"))
            for fault in faults.faults:
                screen.paragraph(f"- {fault}", 2)


def _proposed(screen: Screen, body: PlanProposed, now: Board) -> None:
    tasks = body.checked.plan.tasks
    if now.whole and body.source in ("planner", "person"):
        screen.line()
        screen.paragraph(show_plan(body.checked))
        screen.line()
        return
    longest = max(remaining_chain(tasks).values(), default=0)
    chain = f", {longest} in a row at most" if len(tasks) > 1 else ""
    screen.line(f"{_PLANS[body.source]}: {plural(len(tasks), 'task')}{chain}")


def _in_short(screen: Screen, now: Board) -> None:
    """The plan once more, a line for each task: the whole has rolled away by the time that the person is asked."""
    widest = max(map(len, now.tasks))
    for task in now.tasks.values():
        tier = "Pro" if task.tier == "pro" else "Flash"
        after = f", after {some(task.depends_on)}" if task.depends_on else ""
        screen.fitted(f"  {task.id:<{widest}}  ", f"{tier}{after}: {task.title}")
    screen.line()


def _began(screen: Screen, body: Routed, task: str, now: Board) -> None:
    """A worker begins: the task's first, or one on a higher rung, which is dearer and so says its price."""
    if now.rungs.get(task, 0):
        why = now.reasons.get(task) or body.reason
        price = price_text(body.price)
        text = f"escalated to {body.model}, effort {body.effort}, {price}"
        screen.line(("warn", f"{text}: {why}"))
        return
    title = now.tasks[task].title if task in now.tasks else task
    screen.fitted(f"began with {body.model}, effort {body.effort}: {title}")


def _moved(screen: Screen, body: TaskMoved) -> None:
    match body.state:
        case "bounced":
            again = f" ({body.bounces} times by now)" if body.bounces > 1 else ""
            screen.line(("warn", f"refused{again}: {body.reason}"))
        case "stuck":
            screen.line(("warn", f"stuck, its planner is asked: {body.reason}"))
        case "failed":
            screen.line(("bad", f"failed: {body.reason}"))
        case "skipped":
            screen.line(("warn", f"skipped: {body.reason}"))
        case "done" if body.reason:
            screen.paragraph(f"done, but {body.reason}")
        case _:
            pass


def _home(screen: Screen, commit: str, conflicts: Sequence[str]) -> None:
    if not conflicts:
        screen.line(("dim", f"brought into your tree: {commit[:12]}"))
        return
    screen.paragraph(
        f"Brought into your tree, but yours stayed at {plural(len(conflicts), 'path')} where both changed the same: "
        f"{some(conflicts)}. What was made of them is in {commit[:12]}."
    )


def _ended_line(body: PlanEnded) -> str:
    rest = ((body.failed, "failed"), (body.skipped, "skipped"), (body.left, "left"))
    parts = [f"{body.done} done", *(f"{count} {word}" for count, word in rest if count)]
    return f"the workers have ended: {', '.join(parts)}"


# --- in words ---


def forecast_line(forecast: Forecast) -> str:
    """A forecast in words: each likely figure, and in brackets what it may be."""
    kinds = (forecast.hit, forecast.miss, forecast.output)
    tokens = Interval(
        sum(kind.low for kind in kinds),
        sum(kind.likely for kind in kinds),
        sum(kind.high for kind in kinds),
    )
    parts = [
        _interval(tokens, _short, " tokens"),
        _interval(forecast.usd, "${:.2f}".format),
        _interval(forecast.minutes, "{:.0f}".format, " minutes"),
    ]
    ground = (
        f"from {plural(forecast.learnt, 'earlier try', 'earlier tries')} in this project"
        if forecast.learnt
        else "by defaults, as nothing was tried in this project yet"
    )
    unpriced = "" if forecast.priced else "; a price is not known and counts as $0"
    work = f"{plural(forecast.tasks, 'task')} with {plural(forecast.workers, 'worker')}"
    return f"forecast: {work}: {', '.join(parts)}; {ground}{unpriced}"


def codemod_line(run: CodemodRun) -> str:
    """What a codemod did, and what it left."""
    files = plural(run.files, "file")
    # A script counts one match for each file.
    changed = (
        f"{run.matches} matches in {files}" if run.matches != run.files else f"{files} changed"
    )
    left = f"; for the worker: {some(run.left)}" if run.left else "; nothing is left of it"
    return f"codemod: {changed}{left}"


def price_text(price: TokenPrice | None) -> str:
    """What tokens cost, per million."""
    if price is None:
        return "price not known"
    return f"${price.miss:g} in (${price.hit:g} from the cache) and ${price.output:g} out per million tokens"


def _interval(interval: Interval, said: Callable[[float], str], unit: str = "") -> str:
    return f"{said(interval.likely)}{unit} ({said(interval.low)} to {said(interval.high)})"


def _short(tokens: float) -> str:
    """`850`, `41k`, `1.2M`."""
    if tokens >= 999_500:
        return f"{tokens / 1e6:.1f}M"
    return f"{tokens / 1e3:.0f}k" if tokens >= 999.5 else f"{tokens:.0f}"
