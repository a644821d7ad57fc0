"""What each rung of the ladder solved and cost in a project, kept in Leadline's state folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from ..events import UsageReported
from ..v4.facts import Rung, Tier

FILE = "outcomes.json"
MOST_RUNGS = 20
"""Kept; the efforts that there are make six."""

_Count = Annotated[int, Field(ge=0)]
_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_RUNG = frozenset(("tier", "effort"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Sums over all tries on one rung. `anew` are those that a new worker began, the others went on with what it knew.

    `solved` tries landed, `refused` ones did not; what is in neither was cut off. Tokens as counted by the service,
    money in US dollars, `seconds` from the start of a try to its end, with its tools and checks.
    Raises ValueError for counts that do not go together.
    """

    tier: Tier
    effort: str
    tries: _Count = 0
    anew: _Count = 0
    solved: _Count = 0
    refused: _Count = 0
    requests: _Count = 0
    hit: _Count = 0
    miss: _Count = 0
    output: _Count = 0
    usd: _Amount = 0.0
    seconds: _Amount = 0.0

    def __post_init__(self) -> None:
        if self.anew > self.tries or self.solved + self.refused > self.tries:
            raise ValueError("more tries ended than began")

    @property
    def solved_share(self) -> float | None:
        """Of the tries that were not cut off, 0 to 1; None without any."""
        ended = self.solved + self.refused
        return self.solved / ended if ended else None

    @property
    def usd_per_solved(self) -> float | None:
        """What all tries cost, by those that landed; None without any."""
        return self.usd / self.solved if self.solved else None


Outcomes = tuple[Outcome, ...]
"""At most one a rung, those first that were added to longest ago."""

_OUTCOMES: TypeAdapter[Outcomes] = TypeAdapter(Outcomes)


def one_try(
    rung: Rung, *, anew: bool, solved: bool, reported: Iterable[UsageReported], seconds: float
) -> Outcome:
    """The outcome of one try that came to its end, from what its requests reported."""
    usages = tuple(reported)
    return Outcome(
        rung.tier,
        rung.effort,
        tries=1,
        anew=int(anew),
        solved=int(solved),
        refused=int(not solved),
        requests=len(usages),
        hit=sum(each.usage.hit for each in usages),
        miss=sum(each.usage.miss for each in usages),
        output=sum(each.usage.output for each in usages),
        usd=sum(each.cost for each in usages),
        seconds=seconds,
    )


def add(known: Iterable[Outcome], new: Iterable[Outcome]) -> Outcomes:
    """Both, rung by rung. The rungs of `new` come last."""
    sums: dict[tuple[Tier, str], Outcome] = {}
    for each in (*known, *new):
        before = sums.pop((each.tier, each.effort), None)
        sums[each.tier, each.effort] = each if before is None else _sum(before, each)
    return tuple(sums.values())


def outcome_on(outcomes: Outcomes, rung: Rung) -> Outcome:
    """What is known of this rung; all zero if nothing is."""
    for each in outcomes:
        if (each.tier, each.effort) == (rung.tier, rung.effort):
            return each
    return Outcome(rung.tier, rung.effort)


def read_outcomes(folder: Path) -> Outcomes:
    """A missing or damaged file is no knowledge, not an error: it only feeds forecasts and figures for people."""
    try:
        return add((), _OUTCOMES.validate_json((folder / FILE).read_bytes()))
    except (OSError, ValidationError):
        return ()


def keep_outcomes(folder: Path, new: Iterable[Outcome]) -> None:
    """Add `new` to the file; sessions that end at the same time don't lose each other's. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        kept = add(read_outcomes(folder), new)[-MOST_RUNGS:]
        fresh = folder / f"{FILE}.new"
        fresh.write_text(json.dumps([asdict(each) for each in kept]), encoding="utf-8")
        fresh.replace(folder / FILE)


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    descriptor = os.open(folder / f"{FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sum(one: Outcome, other: Outcome) -> Outcome:
    names = [each.name for each in fields(Outcome) if each.name not in _RUNG]
    return Outcome(
        one.tier, one.effort, **{name: getattr(one, name) + getattr(other, name) for name in names}
    )
