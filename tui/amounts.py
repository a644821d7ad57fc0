"""Amounts as people read them at a glance: money, tokens, spans of time."""

from __future__ import annotations

from datetime import UTC, datetime


def usd(amount: float) -> str:
    """`$1.23`; small amounts with as many places as they need to be more than nothing."""
    if amount >= 100:
        return f"${amount:,.0f}"
    if amount >= 0.1 or amount == 0:
        return f"${amount:.2f}"
    return f"${amount:.4f}"


def short(count: float) -> str:
    """`950`, `1.2k`, `45k`, `1.1M`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        # What would be rounded up to a thousand of one unit is one of the next.
        if count >= size * 0.9995:
            number = count / size
            return f"{number:.1f}{letter}" if number < 9.95 else f"{number:.0f}{letter}"
    return f"{count:.0f}"


def span(seconds: float) -> str:
    """`5s`, `2m05s`, `1h04m`."""
    whole = max(0, int(seconds))
    minutes, left = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{left:02}s" if minutes else f"{left}s"


def share(part: float) -> str:
    """A share from 0 to 1 in per cent. Only what is all is 100%."""
    per_cent = part * 100
    if 99.95 <= per_cent < 100:
        per_cent = 99.9
    return f"{per_cent:.0f}%" if per_cent in (0, 100) or per_cent < 99 else f"{per_cent:.1f}%"


def moment(at: str) -> datetime | None:
    """When an event says that it was; None where it doesn't, or not in a way that is understood."""
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)
