"""What a model costs now, and when that will be another price. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .catalog import Catalog, Price

DAYS = 33
"""So far after a moment peak hours are looked at: more than any holiday takes, with the weekends around it."""


@dataclass(frozen=True, slots=True)
class Change:
    """Another price, from `at` on, in UTC."""

    price: Price
    at: datetime


@dataclass(frozen=True, slots=True)
class Ahead:
    """`change` is the next one, None where none is known of."""

    now: Price
    change: Change | None


def price_now_and_next(catalog: Catalog, model: str, at: datetime) -> Ahead:
    """By the catalog: peak hours, dated prices, names that another model will answer to, and models that retire.

    `at` may be of any time zone, but must have one.
    """
    now = catalog.price(model, at)
    for moment in _moments(catalog, at.astimezone(UTC)):
        price = catalog.price(model, moment)
        if _figures(price) != _figures(now):
            return Ahead(now, Change(price, moment))
    return Ahead(now, None)


def _figures(price: Price) -> tuple[float, float, float, bool]:
    return price.hit, price.miss, price.output, price.known


def _moments(catalog: Catalog, at: datetime) -> Iterator[datetime]:
    """All after `at` at which any price can change, the soonest first."""
    dated = sorted(_dates(catalog, at))
    begins = (at, *dated)
    ends = (*dated, None)
    for begin, end in zip(begins, ends, strict=True):
        if begin is not at:
            yield begin
        for moment in _peak_edges(catalog, begin):
            if end is not None and moment >= end:
                break
            yield moment


def _dates(catalog: Catalog, at: datetime) -> set[datetime]:
    found = {catalog.peak.since}
    for model in catalog.models.values():
        found.update(rate.since for rate in model.prices)
        found.update(alias.since for alias in model.aliases)
        found.update({model.since, model.until or model.since})
    return {moment.astimezone(UTC) for moment in found if moment > at}


def _peak_edges(catalog: Catalog, after: datetime) -> Iterator[datetime]:
    """Hours at which peak hours begin or end, whatever the weekday: the catalog knows which of them count."""
    hours = sorted({0, *(hour for span in catalog.peak.hours for hour in span if hour < 24)})
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(DAYS):
        for hour in hours:
            moment = midnight + timedelta(days=day, hours=hour)
            if moment > after:
                yield moment
