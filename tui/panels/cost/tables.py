"""The cost panel's texts: sums, a table by role, misses, prices. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from textual.content import Content

from ....agent.v4.catalog import Price
from ....agent.v4.cost import Row, Total
from ....agent.v4.prices_ahead import Ahead
from ... import amounts
from ...columns import beside, cut, left, right
from ...safe import line
from ...signs import sign
from ...state.money import MOST_MISSES, Money
from ...state.names import READER
from ...state.reducer import State

_CAUSES: Mapping[str, str] = {
    "ours": "Leadline changed what stands before",
    "service": "the service had it no longer",
}
"""Whose fault an unexpected miss was."""


def sums(state: State) -> list[Content]:
    """What was spent, what is left, and what the cache saved."""
    money, total = state.money, state.money.total
    spent = line(f"{amounts.usd(total.cost)} spent", "bold")
    if state.usd_left is not None and state.header.limits.usd is not None:
        left_over = amounts.usd(state.usd_left)
        text = f"{left_over} of {amounts.usd(state.header.limits.usd)} left"
        spent = spent + ", " + line(text, "$warning" if state.usd_left <= 0 else "")
    found = [beside([spent, line(f"{_counted(total.requests, 'request')} answered")], "; ")]
    if total.requests:
        found.append(
            line(
                f"The cache saved {amounts.usd(total.saved)}; "
                f"{amounts.share(total.hit_share)} of the input were hits."
            )
        )
    if money.failed:
        count = _counted(money.failed, "request")
        found.append(line(f"{count} failed; what was spent by that is not known.", "$warning"))
    if total.unpriced:
        text = f"The price of {_counted(total.unpriced, 'request')} is not known: $0 each here."
        found.append(line(text, "$warning"))
    return found


def by_role(money: Money, columns: int) -> list[Content]:
    """A row for each role and one for all; what has the least to say is left out where it is narrow."""
    roles = sorted(money.by_role.values(), key=lambda total: -total.cost)
    rows = [_HEAD, *map(_cells, roles)]
    if len(roles) > 1:
        rows.append(_cells(money.total))
    shown = _shown(columns)
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    found: list[Content] = []
    for number, row in enumerate(rows):
        style = "$text-muted" if number == 0 else "bold" if number > len(roles) else ""
        cells = [
            (left if place == 0 else right)(line(row[place], style), widths[place])
            for place in shown
        ]
        found.append(cut(beside(cells, "  "), columns))
    return found


_HEAD = ("role", "requests", "hit", "missed", "written", "hits", "cost", "saved")


def _shown(columns: int) -> Sequence[int]:
    if columns >= 72:
        return range(len(_HEAD))
    return (0, 2, 3, 4, 5, 6) if columns >= 48 else (0, 5, 6)


def _cells(total: Total) -> tuple[str, ...]:
    return (
        "reader" if total.name == READER else total.name,
        f"{total.requests:,}",
        amounts.short(total.hit),
        amounts.short(total.miss),
        amounts.short(total.output),
        amounts.share(total.hit_share),
        amounts.usd(total.cost),
        amounts.usd(total.saved),
    )


def misses(money: Money, zone: tzinfo | None) -> list[Content]:
    """Each unexpected miss with its cause, the newest first."""
    count = money.total.unexpected
    if not money.total.requests:
        return []
    if not count:
        return [line(f"{sign('ok')} No unexpected miss.", "$success")]
    tokens = f"{amounts.short(money.lost)} tokens were read again"
    found = [line(f"{sign('warn')} {_counted(count, 'unexpected miss', 'es')}: {tokens}", "$error")]
    if count > len(money.misses):
        found.append(line(f"The newest {MOST_MISSES} of them:", "$text-muted"))
    return [*found, *(_miss(row, zone) for row in reversed(money.misses))]


def _miss(row: Row, zone: tzinfo | None) -> Content:
    when = amounts.moment(row.at)
    facts = [
        line(f"{when.astimezone(zone):%H:%M:%S}" if when else "", "$text-muted"),
        line(f"{row.agent} #{row.request}"),
        line(amounts.short(row.lost), "bold"),
    ]
    cause = _CAUSES.get(row.cause, row.cause)
    detail = line(row.detail)
    return beside([*facts, line(cause) + ": " + detail if detail else line(cause)], "  ")


def prices(ahead: Mapping[str, Ahead], now: datetime, zone: tzinfo | None) -> list[Content]:
    """For each model what it costs now, and from when on what else."""
    found: list[Content] = []
    for model, each in ahead.items():
        found.append(line(model, "bold") + ": " + _price(each.now))
        if each.now.known:
            found.append(Content("  ") + _change(each, now, zone))
        if each.now.note:
            found.append(Content("  ") + line(each.now.note, "$warning"))
    return found


def _price(price: Price) -> Content:
    if not price.known:
        return line("its price is not known", "$warning")
    peak = " " + line("(peak hours)", "$warning") if price.peak else Content("")
    figures = f"in {_dollars(price.miss)} (hit {_dollars(price.hit)}), out {_dollars(price.output)}"
    return line(f"{figures} per million") + peak


def _change(ahead: Ahead, now: datetime, zone: tzinfo | None) -> Content:
    if ahead.change is None:
        return line("No other price is known of.", "$text-muted")
    at, price = ahead.change.at, ahead.change.price
    here, today = at.astimezone(zone), now.astimezone(zone).date()
    day = "" if here.date() == today else f"{here:%a} "
    if here.date() - today >= timedelta(days=7):
        day = f"{here:%Y-%m-%d} "
    text = f"from {day}{here:%H:%M} (in {_wait(at - now)})"
    ratio = _ratio(ahead.now, price)
    return line(text) + ": " + (line(ratio) if ratio else _price(price))


def _wait(time: timedelta) -> str:
    """To the minute, rounded up: what is told of as over shall be over."""
    minutes = -int(-time.total_seconds() // 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _ratio(now: Price, then: Price) -> str:
    """`twice that`, where all figures change alike."""
    pairs = ((now.hit, then.hit), (now.miss, then.miss), (now.output, then.output))
    if not then.known or any(not before or not after for before, after in pairs):
        return ""
    ratios = [after / before for before, after in pairs]
    if max(ratios) - min(ratios) > 1e-6:
        return ""
    known = {2.0: "twice that", 0.5: "half that"}
    return known.get(round(ratios[0], 6), f"{ratios[0]:.3g} times that")


def _dollars(price: float) -> str:
    """As catalogs write prices: as many places as it has, two at least."""
    text = f"{price:.6f}".rstrip("0")
    whole, _, places = text.partition(".")
    return f"${whole}.{places:0<2}"


def _counted(count: int, word: str, more: str = "s") -> str:
    return f"1 {word}" if count == 1 else f"{count:,} {word}{more}"


def joined(rows: Iterable[Content]) -> Content:
    return Content("\n").join(rows)
