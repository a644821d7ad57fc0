"""What a worker that waits for its answer holds in memory: the slope over their number, all of them waiting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from .crew_stage import Dials, stage

WORKERS = (1, 16, 64)
ANSWERED = 4
"""Answers that each worker has had: it has read, searched and changed its file."""
REST_SECONDS = 3.0
"""After which all is written, and what was begun beside has ended."""
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of Leadline's own process, and proportional ones of it and its children together."""

    workers: int
    resident: int
    family: int


async def measure(work: Path, repo: Path) -> str:
    held = [await _waiting(work, repo, count) for count in WORKERS]
    rows = [
        f"{each.workers:3} waiting: {each.resident / _MB:6.1f} MB resident, "
        f"{each.family / _MB:6.1f} MB with its children"
        for each in held
    ]
    slopes = [
        f"{less.workers} to {more.workers}: {_slope(less, more):.2f} MB"
        for less, more in (held[:2], held[1:], held[::2])
    ]
    return "\n".join([*rows, f"a waiting worker takes, from {', '.join(slopes)} (goal: under 2)"])


def _slope(less: Held, more: Held) -> float:
    return (more.resident - less.resident) / (more.workers - less.workers) / _MB


async def _waiting(work: Path, repo: Path, count: int) -> Held:
    # A plan of one task would be carried out without a worker.
    dials = Dials(count, tasks=max(2, count), answer_seconds=0.2, at_once=count, waits_at=ANSWERED)
    async with stage(work / f"memory-{count}", repo, dials) as run:
        await run.until_waiting(count)
        await asyncio.sleep(REST_SECONDS)
        process = run.leadline.pid
        return Held(
            count, _read(process, "Rss"), sum(_read(each, "Pss") for each in _family(process))
        )


def _family(process: int) -> list[int]:
    found = [process]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def _read(process: int, field: str) -> int:
    """A field of the process' memory, in bytes."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the system says nothing of {field}")
