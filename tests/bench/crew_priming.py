"""What priming saves: how often N workers read the shared pack anew, and the cost against the same run without it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leadline.agent.events import UsageReported

from .crew_stage import Dials, project, stage

WORKERS = (1, 4, 16, 64)
_HIT = 0.9
"""Whose request hits less of what is shared has read it anew."""


@dataclass(frozen=True, slots=True)
class Bill:
    """`shared` is in tokens, `misses` are the requests that read it anew; money in US dollars."""

    shared: int
    misses: int
    usd: float


async def measure(work: Path) -> str:
    lines = [
        "| workers | shared tokens | reads of it anew | cost | without priming: reads anew | cost | priming costs |",
        "|---|---|---|---|---|---|---|",
    ]
    for count in WORKERS:
        primed, plain = [await _run(work, count, primed=primed) for primed in (True, False)]
        lines.append(
            f"| {count} | {primed.shared:,} | {primed.misses} | ${primed.usd:.4f} | {plain.misses} | ${plain.usd:.4f} "
            f"| {primed.usd / plain.usd:.2f} of it |"
        )
    return "\n".join([*lines, "goal: reads anew at most 2 for any number of workers"])


async def _run(work: Path, count: int, *, primed: bool) -> Bill:
    name = f"{'primed' if primed else 'plain'}-{count}"
    repo = project(work / f"shop-{name}")  # what one run has done nothing is left of for another
    dials = Dials(count, tasks=max(2, count), at_once=count, primed=primed)
    async with stage(work / name, repo, dials) as run:
        events = await run.ended()
        requests = run.requests()
    # The shortest is that of priming, or the first of a worker: all that is shared, and a few words.
    shared = min(line.prompt_tokens for line in requests)
    misses = sum(line.hit < _HIT * shared for line in requests)
    return Bill(
        shared, misses, sum(e.body.cost for e in events if isinstance(e.body, UsageReported))
    )
