"""The cheap hours: when they begin, and waiting for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from .catalog import Catalog

LONGEST = timedelta(days=8)
"""Further off nobody waits for it: a week has all that repeats, only holidays are rarer."""

STEP_SECONDS = 60.0
"""Of waiting at a time. A timer stands still while a laptop sleeps, so the clock is asked again after each."""


def next_off_peak(catalog: Catalog, model: str, at: datetime) -> datetime | None:
    """When the model stops costing its peak price, in UTC, to the hour.

    None if there is nothing to wait for: it does not cost it at `at`, has none, or would go on to for more than a week.
    """
    if not _costs_peak(catalog, model, at):
        return None
    # Peak hours, weekdays and holidays begin and end with an hour.
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    last = hour + LONGEST
    while hour < last:
        hour += timedelta(hours=1)
        if not _costs_peak(catalog, model, hour):
            return hour
    return None


def _costs_peak(catalog: Catalog, model: str, at: datetime) -> bool:
    rate = catalog.rate(model, at)
    return rate is not None and rate.peak is not None and catalog.is_peak(at)


async def wait_off_peak(
    catalog: Catalog,
    model: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    tell: Callable[[datetime], None],
) -> None:
    """Return once the model does not cost its peak price; at once if there is nothing to wait for.

    `tell` hears what is waited for, before the waiting and again if that changes. Can be cancelled at any time.
    """
    told: datetime | None = None
    while True:
        at = now()
        until = next_off_peak(catalog, model, at)
        if until is None:
            return
        if until != told:
            tell(until)
            told = until
        await sleep(min(STEP_SECONDS, (until - at).total_seconds()))
