"""What a session came to, computed from its events. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..tools.checks.model import FileChange
from ..tools.checks.weakening import weakened_tests
from .events import Event, Reported, Routed, SnapshotTaken, TurnStarted, UsageReported, Warned
from .events_plan import WorkerBegan
from .history.replay import works_in_place
from .planning.record import PlansRecord, since_said
from .planning.schedule import Progress
from .result import Bill, TaskResult


def bill(events: Iterable[Event]) -> Bill:
    """The sum of all requests, retries included."""
    used = [event.body for event in events if isinstance(event.body, UsageReported)]
    return Bill(
        cost=sum(item.cost for item in used),
        uncached=sum(item.cost_uncached for item in used),
        hit=sum(item.usage.hit for item in used),
        miss=sum(item.usage.miss for item in used),
        output=sum(item.usage.output for item in used),
        requests=len(used),
        unexpected_misses=sum(item.cause in ("ours", "service") for item in used),
    )


def models(events: Iterable[Event]) -> tuple[str, ...]:
    """The names that answers really carried, in order of appearance."""
    return tuple(dict.fromkeys(e.body.model for e in events if isinstance(e.body, UsageReported)))


def notes(events: Iterable[Event], changes: Sequence[FileChange]) -> tuple[str, ...]:
    """What a person should look at, the gravest first: weakened tests, then files without a snapshot, then warnings."""
    told: list[str] = []
    for weak in sorted(weakened_tests(changes), key=lambda w: w.soft):
        place = weak.path if weak.line is None else f"{weak.path}:{weak.line}"
        told.append(f"{'look at' if weak.soft else 'weakened test'}: {place}: {weak.what}")
    left_out: dict[str, None] = {}
    for event in events:
        if isinstance(event.body, SnapshotTaken):
            left_out |= dict.fromkeys(event.body.left_out)
        elif isinstance(event.body, Warned):
            told.append(event.body.text)
    told.extend(f"not in the snapshots, so undo can't bring it back: {path}" for path in left_out)
    return tuple(dict.fromkeys(told))


def turns(events: Iterable[Event]) -> int:
    """Answers of the model that were asked for by any agent."""
    return sum(isinstance(event.body, TurnStarted) for event in events)


def task_results(events: Sequence[Event], record: PlansRecord) -> tuple[TaskResult, ...]:
    """What became of each task of each plan for what the person wanted last."""
    work = _by_task(since_said(events), record)
    results: list[TaskResult] = []
    for run in record.runs:
        for task in run.checked.plan.tasks:
            now, done = run.progress.get(task.id, Progress("waiting")), work[task.id]
            tries = now.bounces + (now.state not in ("waiting", "failed"))
            results.append(
                TaskResult(
                    task.id,
                    task.title,
                    now.state,
                    tries,
                    now.reason,
                    tuple(done.models),
                    done.usd,
                    done.report,
                )
            )
    return tuple(results)


@dataclass(slots=True)
class _Work:
    """What the agents of one task came to: US dollars, the models that were sent for, the last report."""

    usd: float = 0.0
    models: dict[str, None] = field(default_factory=dict[str, None])
    report: str = ""


def _by_task(events: Sequence[Event], record: PlansRecord) -> Mapping[str, _Work]:
    """By task id. What was done in place is told of the only task alone."""
    only = record.runs[0].checked.plan.tasks if record.runs else ()
    tasks: dict[str, str] = {}
    work = defaultdict[str, _Work](_Work)
    for event in events:
        if isinstance(event.body, WorkerBegan):
            tasks[event.agent] = event.body.task
        task = tasks.get(event.agent)
        if task is None and len(only) == 1 and works_in_place(event.agent):
            task = only[0].id
        if task is None:
            continue
        match event.body:
            case UsageReported(cost=cost):
                work[task].usd += cost
            case Routed(model=model):
                work[task].models[model] = None
            case Reported(summary=summary):
                work[task].report = summary
            case _:
                pass
    return work
