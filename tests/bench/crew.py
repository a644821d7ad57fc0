"""Many workers on two cores: how near they come to working side by side, and what each of them takes.

64 tasks of eight answers that take a second each, by 32 workers; the workers' phase against the ideal, in which nothing
but answers takes time. Then what a waiting worker holds in memory (`crew_memory`), and what priming saves
(`crew_priming`).
"""

from __future__ import annotations

import math
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leadline.agent.events import Event, Reported, UsageReported
from leadline.agent.events_plan import PlanEnded, PlanStarted, WorkerBegan
from leadline.agent.planning.workers import TASK

from . import crew_memory, crew_priming
from .crew_child import Spent
from .crew_stage import ANSWERS, Dials, project, stage

WORKERS = 32


@dataclass(frozen=True, slots=True)
class Phase:
    """Seconds: until the first worker begins, from there to the last report, and until the last work has landed."""

    priming: float
    work: float
    landing: float


async def measure() -> str:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        repo = project(work / "repo")
        parts = [
            await side_by_side(work / "whole", repo, Dials(WORKERS)),
            "The same, edits not looked through for what they broke:\n"
            # In a project of its own: in the first one all is done by now, and no edit would find its text.
            + await side_by_side(
                work / "unlooked", project(work / "anew"), Dials(WORKERS, looked=False)
            ),
            await crew_memory.measure(work, repo),
            await crew_priming.measure(work),
        ]
    return "\n\n".join(parts)


async def side_by_side(folder: Path, repo: Path, dials: Dials) -> str:
    async with stage(folder, repo, dials) as run:
        events = await run.ended()
        spent = run.spent()
    _require_all_done(events, dials.tasks)
    phase = phase_of(events)
    ideal = math.ceil(dials.tasks / dials.workers) * len(ANSWERS) * dials.answer_seconds
    answers = [
        e.body.seconds for e in of_workers(events) if isinstance(e.body, UsageReported)
    ]  # as long as Leadline waited
    both = phase.work + phase.landing
    ratios = (phase.work / ideal, both / (ideal + phase.landing), both / ideal)
    slow = statistics.quantiles(answers, n=10)[-1]
    lines = (
        f"{dials.tasks} tasks of {len(ANSWERS)} answers of {dials.answer_seconds:g} s, {dials.workers} workers",
        f"priming {phase.priming:.1f} s, work {phase.work:.1f} s, the last landing {phase.landing:.1f} s",
        f"of the ideal of {ideal:.0f} s: work alone {ratios[0]:.2f}",
        f"with the last landing on both sides {ratios[1]:.2f} (goal: 1.15), on ours alone {ratios[2]:.2f}",
        f"an answer as Leadline waited for it: median {statistics.median(answers):.3f} s, slowest tenth {slow:.3f} s",
        *_cpu(spent, len(answers)),
    )
    return "\n".join(lines)


def _cpu(spent: Spent, turns: int) -> tuple[str, ...]:
    cores = os.cpu_count() or 1
    known = spent.own + spent.children + spent.endpoint
    others = max(0.0, spent.machine - known) / (spent.wall * cores)
    return (
        f"CPU a turn, all told: Leadline {1000 * spent.own / turns:.1f} ms",
        f"its git, commands and checkers {1000 * spent.children / turns:.1f} ms",
        f"the endpoint {1000 * spent.endpoint / turns:.1f} ms",
        f"together {known / cores:.1f} s of {cores} cores; others took {others:.0%} of the machine",
    )


def phase_of(events: Sequence[Event]) -> Phase:
    began = next(_at(e) for e in events if isinstance(e.body, PlanStarted))
    first = next(_at(e) for e in events if isinstance(e.body, WorkerBegan))
    last = max(_at(e) for e in of_workers(events) if isinstance(e.body, Reported))
    end = next(_at(e) for e in events if isinstance(e.body, PlanEnded))
    return Phase(first - began, last - first, end - last)


def of_workers(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.agent.startswith(f"{TASK}-")]


def _at(event: Event) -> float:
    return datetime.fromisoformat(event.at).timestamp()


def _require_all_done(events: Sequence[Event], tasks: int) -> None:
    (ended,) = (event.body for event in events if isinstance(event.body, PlanEnded))
    begun = sum(isinstance(event.body, WorkerBegan) for event in events)
    if ended.done != tasks or begun != tasks:
        raise RuntimeError(f"{ended.done} of {tasks} tasks were done, by {begun} workers")
