"""The tables of `catalog.toml` as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field, NonNegativeFloat, PositiveInt

from .tables import Table

Effort = Literal["low", "high", "max"]
Encoding = Literal["v4", "v4.1"]
Tier = Literal["flash", "pro"]


class Rate(Table):
    """US dollars per million tokens."""

    hit: float = Field(ge=0)
    miss: float = Field(ge=0)
    output: float = Field(ge=0)


class DatedRate(Rate):
    """A rate from a moment on; `peak` is what the peak hours cost, if they cost more."""

    since: AwareDatetime
    peak: Rate | None = None


class Alias(Table):
    name: str
    since: AwareDatetime


class Quality(Table):
    """How well a model finds things in a context of this many tokens, 0 to 1."""

    tokens: PositiveInt
    score: float = Field(ge=0, le=1)


class Model(Table):
    """What is known of a model. Sizes are in tokens; `known` is False for a name that no catalog has.

    `store_seconds` is how long the service takes to store what it read, so that others can hit it.
    """

    id: str
    title: str
    since: AwareDatetime
    until: AwareDatetime | None = None
    encoding: Encoding
    effort_numbers: dict[Effort, int] = Field(default_factory=dict[Effort, int])
    context: PositiveInt
    max_output: PositiveInt
    answer_cap: PositiveInt
    shares_cache_with: tuple[str, ...] = ()
    cache_unit: PositiveInt
    store_seconds: NonNegativeFloat = 3.0
    quality: tuple[Quality, ...] = ()
    quality_source: str = ""
    prices: tuple[DatedRate, ...] = ()
    aliases: tuple[Alias, ...] = ()
    known: bool = True

    def score_at(self, tokens: int) -> float | None:
        """The measured quality at this context length (that of the next longer one measured), None if unknown."""
        longer = [point for point in self.quality if point.tokens >= tokens]
        return min(longer, key=lambda point: point.tokens).score if longer else None

    def serves(self, name: str, at: datetime | None) -> bool:
        """Whether a request for this name is answered by this model at this time (None: today's facts)."""
        names = [(self.id, self.since), *((alias.name, alias.since) for alias in self.aliases)]
        retired = self.until is not None and (at is None or at >= self.until)
        return not retired and any(
            name.casefold() == known.casefold() and (at is None or at >= since)
            for known, since in names
        )


class Role(Table):
    """Which tier or model a role takes, how hard it thinks, and why."""

    model: str
    effort: str
    thinking: bool = True
    reason: str


class Tiers(Table):
    pro: str
    flash: str


@dataclass(frozen=True, slots=True)
class Rung:
    """A model at an effort, and how often a task may be tried with it: the first time, and then with the evidence."""

    tier: Tier
    effort: str
    tries: int


class RungRow(Table):
    """A rung as it is written: `effort` is any word that `efforts` has."""

    tier: Tier
    effort: str
    tries: int = Field(ge=1, le=20)


class Ladders(Table):
    """For each tier that a task may begin with, its rungs from the first one up."""

    flash: tuple[RungRow, ...] = Field(min_length=1)
    pro: tuple[RungRow, ...] = Field(min_length=1)


class Peak(Table):
    """Hours are UTC, from the first up to but not including the second; Monday is 1."""

    since: AwareDatetime
    hours: tuple[tuple[int, int], ...]
    weekdays: tuple[int, ...]
