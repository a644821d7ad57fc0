"""The catalog: dated facts about models, prices and peak hours. Pure: every answer depends on the time given.

The facts are in `catalog.toml`; a file of the person's own may be merged over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import model_validator

from ...tools.errors import PersonError
from ..context.transcript import Lane
from ..messages import Usage
from .facts import DatedRate, Effort, Ladders, Model, Peak, Role, Rung, RungRow, Tier, Tiers
from .tables import Table, checked, from_file, merged, nearest, packaged
from .values import Tree, is_tree

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost in US dollars at one moment.

    `known` is False when the catalog has no price: all is 0 then, which is not the same as free. `note` says what a
    person should know about it, "" for nothing.
    """

    hit: float
    miss: float
    output: float
    peak: bool
    known: bool = True
    note: str = ""

    def of(self, usage: Usage) -> float:
        """The dollars these tokens cost."""
        return (
            usage.hit * self.hit + usage.miss * self.miss + usage.output * self.output
        ) / _MILLION


class Catalog(Table):
    """All facts. `load_catalog` makes one."""

    tiers: Tiers
    roles: dict[str, Role]
    ladder: Ladders
    efforts: dict[str, Effort]
    models: dict[str, Model]
    unknown: Model
    peak: Peak
    holidays: dict[str, tuple[tuple[date, date], ...]]

    @model_validator(mode="after")
    def _names_exist(self) -> Catalog:
        for name, role in self.roles.items():
            if role.effort not in self.efforts:
                hint = nearest(role.effort, list(self.efforts))
                raise ValueError(f"roles.{name}.effort '{role.effort}' is no effort; {hint}")
        for tier, rows in self._rows().items():
            for number, row in enumerate(rows):
                if row.effort not in self.efforts:
                    place = f"ladder.{tier}.{number}.effort '{row.effort}'"
                    hint = nearest(row.effort, list(self.efforts))
                    raise ValueError(f"{place} is no effort; {hint}")
        return self

    def _rows(self) -> Mapping[Tier, tuple[RungRow, ...]]:
        return {"flash": self.ladder.flash, "pro": self.ladder.pro}

    def resolve(self, name: str, at: datetime | None = None) -> Model:
        """The model that answers to this name at this time (None: the newest facts).

        A name that no model has gives the careful facts of an unknown one, under that name, with `known` False.
        """
        for model in self.models.values():
            if model.serves(name, at):
                return model
        if name in self.models:
            return self.models[name]
        return self.unknown.model_copy(update={"id": name, "known": False})

    def lane(
        self,
        role: str,
        model_pro: str | None = None,
        model_flash: str | None = None,
        *,
        at: datetime | None = None,
    ) -> Lane:
        """The lane a role works in. The two models replace those of the tiers; an alias becomes the model's id."""
        chosen = self.role(role)
        tiers = {"pro": model_pro or self.tiers.pro, "flash": model_flash or self.tiers.flash}
        model = self.resolve(tiers.get(chosen.model, chosen.model), at)
        return Lane(model.id, self.efforts[chosen.effort], chosen.thinking)

    def role(self, name: str) -> Role:
        """The role's facts, or PersonError with the nearest name."""
        if name not in self.roles:
            raise PersonError(f"There is no role '{name}'; {nearest(name, list(self.roles))}")
        return self.roles[name]

    def rungs(self) -> Mapping[Tier, tuple[Rung, ...]]:
        """The ladder: for each tier that a task may begin with, what is tried, from the first rung up.

        Efforts are those that the words of the file really are, so that two names of one effort are one lane.
        """
        return {
            tier: tuple(Rung(row.tier, self.efforts[row.effort], row.tries) for row in rows)
            for tier, rows in self._rows().items()
        }

    def rate(self, model: str, at: datetime) -> DatedRate | None:
        """The rate in force at this moment, None if no price is known."""
        rates = [rate for rate in self.resolve(model, at).prices if rate.since <= at]
        return max(rates, key=lambda rate: rate.since) if rates else None

    def price(self, model: str, at: datetime) -> Price:
        """What a million tokens of this model cost at this minute."""
        rate = self.rate(model, at)
        if rate is None:
            note = f"no price of {model} is known: its cost counts as 0"
            return Price(0.0, 0.0, 0.0, self.is_peak(at), known=False, note=note)
        if rate.peak is None or not self.is_peak(at):
            return Price(rate.hit, rate.miss, rate.output, peak=False)
        note = (
            ""
            if self.knows_holidays(at)
            else (
                f"the public holidays of {at.astimezone(UTC).year} are not in the catalog: "
                "peak prices are assumed on every weekday"
            )
        )
        return Price(rate.peak.hit, rate.peak.miss, rate.peak.output, peak=True, note=note)

    def cost(self, usage: Usage, model: str, at: datetime) -> float:
        """US dollars; 0 when the price is not known."""
        return self.price(model, at).of(usage)

    def is_peak(self, at: datetime) -> bool:
        """Whether peak hours run at this moment."""
        utc = at.astimezone(UTC)
        return (
            utc >= self.peak.since
            and utc.isoweekday() in self.peak.weekdays
            and any(start <= utc.hour < end for start, end in self.peak.hours)
            and not any(
                first <= utc.date() <= last for first, last in self.holidays.get(str(utc.year), ())
            )
        )

    def knows_holidays(self, at: datetime) -> bool:
        return str(at.astimezone(UTC).year) in self.holidays


def load_catalog(override: Path | None = None) -> Catalog:
    """The catalog with the person's file merged over it. PersonError tells what is wrong with their file."""
    tree = packaged("catalog.toml")
    source = "catalog.toml"
    if override is not None:
        tree = merged(tree, from_file(override))
        source = str(override)
    models = tree["models"]
    if is_tree(models):
        tree["models"] = {name: _whole(name, models, source) for name in models}
    if is_tree(tree["unknown"]):
        tree["unknown"] = {**tree["unknown"], "id": "unknown"}
    return checked(Catalog, tree, source)


def _whole(name: str, models: Tree, source: str) -> object:
    """A model's table with its id, and with the facts of the model it is `like`, save prices, names and dates."""
    entry = models[name]
    if not is_tree(entry):
        return entry
    other = entry.get("like")
    if other is None:
        return {**entry, "id": name}
    like = models.get(str(other))
    if not is_tree(like):
        hint = nearest(str(other), list(models))
        raise PersonError(f"{source}: models.{name}.like: no model '{other}'; {hint}")
    own = {"prices", "aliases", "title", "until", "like"}
    base = {key: value for key, value in like.items() if key not in own}
    mine = {key: value for key, value in entry.items() if key != "like"}
    return {**merged({**base, "title": name}, mine), "id": name}
