"""What the requests cost and hit so far: sums, a curve, and the misses that should not have been."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...agent.events import Event, RequestFailed, UsageReported
from ...agent.v4.cost import UNEXPECTED, Row, Total, cost_report, role_of

MOST_POINTS = 512
"""Of the curve; when there are more, every other one is left out from then on."""
MOST_MISSES = 200
"""Unexpected misses that are kept, the newest; the sums count all."""

_ZERO = Total("all", 0, 0, 0, 0, 0.0, 0.0, 0, 0)


@dataclass(frozen=True, slots=True)
class Point:
    """All sums after a request: of everything, and by role. `at` is UTC."""

    at: str
    total: Total
    by_role: Mapping[str, Total]


@dataclass(frozen=True, slots=True)
class Money:
    """`points` are at every `stride`-th request. `lost` are tokens of unexpected misses, `misses` the newest of these.

    `newest` is the last answered request: its model, tokens, and whether it was paid at the price of peak hours.
    `failed` counts requests without an answer, whose price is not known.
    """

    total: Total = _ZERO
    by_role: Mapping[str, Total] = field(default_factory=dict[str, Total])
    points: tuple[Point, ...] = ()
    stride: int = 1
    misses: tuple[Row, ...] = ()
    lost: int = 0
    newest: Row | None = None
    failed: int = 0

    @property
    def curve(self) -> tuple[Point, ...]:
        """The points with the newest sums at their end."""
        if self.newest is None or self.total.requests % self.stride == 0:
            return self.points
        return (*self.points, Point(self.newest.at, self.total, self.by_role))


def money_after(money: Money, event: Event) -> Money:
    """The sums after an event, which may be of any kind."""
    if isinstance(event.body, RequestFailed):
        return replace(money, failed=money.failed + 1)
    if not isinstance(event.body, UsageReported):
        return money
    report = cost_report((event,))
    row, role = report.rows[0], role_of(event.agent)
    total = _sum("all", money.total, report.total)
    by_role = {**money.by_role, role: _sum(role, money.by_role.get(role, _ZERO), report.total)}
    money = replace(money, total=total, by_role=by_role, newest=row)
    if row.cause in UNEXPECTED:
        misses = (*money.misses, row)[-MOST_MISSES:]
        money = replace(money, misses=misses, lost=money.lost + row.lost)
    return _drawn(money, row.at)


def _drawn(money: Money, at: str) -> Money:
    if money.total.requests % money.stride:
        return money
    points = (*money.points, Point(at, money.total, money.by_role))
    if len(points) <= MOST_POINTS:
        return replace(money, points=points)
    # Sums up to a point stay right when another is left out.
    stride = money.stride * 2
    kept = tuple(point for point in points if point.total.requests % stride == 0)
    return replace(money, points=kept, stride=stride)


def _sum(name: str, first: Total, second: Total) -> Total:
    return Total(
        name,
        first.requests + second.requests,
        first.hit + second.hit,
        first.miss + second.miss,
        first.output + second.output,
        first.cost + second.cost,
        first.saved + second.saved,
        first.unexpected + second.unexpected,
        first.unpriced + second.unpriced,
    )
