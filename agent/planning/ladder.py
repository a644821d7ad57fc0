"""What is tried next when the work of a task was refused: a table, read by counting. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..v4.facts import Rung, Tier
from .schedule import Progress

Ladder = Mapping[Tier, Sequence[Rung]]
"""For each tier that a task may begin with, from the first rung up."""


@dataclass(frozen=True, slots=True)
class Again:
    """The same worker, told what was wrong."""


@dataclass(frozen=True, slots=True)
class Higher:
    """A worker on the next rung."""

    rung: Rung


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The top was reached."""

    reason: str


def rung_of(ladder: Ladder, tier: Tier, progress: Progress) -> Rung:
    """The rung that a task of this tier stands on."""
    return ladder[tier][progress.rungs]


def next_step(ladder: Ladder, tier: Tier, progress: Progress) -> Again | Higher | GiveUp:
    """What follows for a task that has just been bounced."""
    rungs = ladder[tier]
    tried = progress.bounces - sum(rung.tries for rung in rungs[: progress.rungs])
    if tried < rungs[progress.rungs].tries:
        return Again()
    if progress.rungs + 1 < len(rungs):
        return Higher(rungs[progress.rungs + 1])
    times = "once" if progress.bounces == 1 else f"{progress.bounces} times"
    return GiveUp(
        f"refused {times}, the last time by {rungs[-1].tier} at effort {rungs[-1].effort}"
    )
