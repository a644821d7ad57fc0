"""What a session cost and what its cache saved, computed from its events. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ..events import Event, RequestFailed, UsageReported
from ..events_requests import MissCause

UNEXPECTED: frozenset[MissCause] = frozenset({"ours", "service"})
"""Causes of a miss that should not have been."""

MANY = 8
"""Agents, beyond which the table has sums by role as well."""

_WIDTH = 80
_NAME = 13
_ROLES = {"task": "workers"}
"""By what an agent's name begins with, where that is not its role."""


@dataclass(frozen=True, slots=True)
class Row:
    """One answered request. Tokens as counted by the service, money in US dollars."""

    at: str
    agent: str
    request: int
    model: str
    hit: int
    miss: int
    output: int
    cost: float
    cost_uncached: float
    peak: bool
    expected_hit: int
    cause: MissCause
    detail: str

    @property
    def lost(self) -> int:
        """Tokens that should have been hits and were not."""
        return max(0, self.expected_hit - self.hit) if self.cause in UNEXPECTED else 0


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over requests. `unpriced` counts those whose price is not known, their cost counts as 0."""

    name: str
    requests: int
    hit: int
    miss: int
    output: int
    cost: float
    saved: float
    unexpected: int
    unpriced: int

    @property
    def hit_share(self) -> float:
        """Share of the prompt's tokens that were hits, 0 to 1."""
        prompt = self.hit + self.miss
        return self.hit / prompt if prompt else 0.0


@dataclass(frozen=True, slots=True)
class CostReport:
    """`failed` counts requests without a whole answer; what they cost is not known."""

    rows: tuple[Row, ...]
    failed: int

    @property
    def total(self) -> Total:
        return _total("all", self.rows)

    @property
    def by_model(self) -> tuple[Total, ...]:
        return _grouped(self.rows, lambda row: row.model)

    @property
    def by_agent(self) -> tuple[Total, ...]:
        return _grouped(self.rows, lambda row: row.agent)

    @property
    def by_role(self) -> tuple[Total, ...]:
        return _grouped(self.rows, lambda row: role_of(row.agent))

    @property
    def begun_on_shared(self) -> Total | None:
        """The first requests of all workers: what sharing one prefix saved is saved by these. None without any."""
        firsts = {row.agent: row for row in reversed(self.rows) if role_of(row.agent) == "workers"}
        return _total("shared", firsts.values()) if firsts else None

    def to_json(self) -> dict[str, Any]:
        """The report as values that `json.dumps` takes."""
        return {
            "requests": [asdict(row) for row in self.rows],
            "models": [_total_json(total) for total in self.by_model],
            "roles": [_total_json(total) for total in self.by_role],
            "agents": [_total_json(total) for total in self.by_agent],
            "total": _total_json(self.total),
            "shared_prefix_saved_usd": shared.saved if (shared := self.begun_on_shared) else 0.0,
            "failed_requests": self.failed,
        }

    def table(self) -> str:
        """The report as plain text, 80 columns wide at most."""
        if not self.rows and not self.failed:
            return "No request was sent.\n"
        lines = [_HEAD, *(_row_line(row) for row in self.rows), ""]
        lines += [_TOTAL_HEAD, *(_total_line(total) for total in self.by_model)]
        if len(self.by_agent) > MANY:
            alone = {
                total.name for total in self.by_agent
            }  # who is its role's only agent has a line already
            lines += [_total_line(total) for total in self.by_role if total.name not in alone]
        if len(self.by_agent) > 1:
            lines += [_total_line(total) for total in self.by_agent]
        lines += [_total_line(self.total), ""]
        return "\n".join([*lines, *self._remarks()]) + "\n"

    def _remarks(self) -> list[str]:
        total = self.total
        lines = [
            f"The cache saved ${total.saved:.4f}; {total.hit_share:.1%} of the input were hits."
        ]
        if shared := self.begun_on_shared:
            lines.append(
                f"{shared.requests} workers began with what was read once for all of them, "
                f"which saved ${shared.saved:.4f}."
            )
        lines += _unexpected_lines(self.rows)
        if total.unpriced:
            lines.append(
                f"The price of {total.unpriced} of {total.requests} requests is not known; "
                "they count as $0."
            )
        if any(row.cause == "unknown" for row in self.rows):
            lines.append("Hits are not known where the endpoint does not report them: '?'.")
        if self.failed:
            count = "1 request" if self.failed == 1 else f"{self.failed} requests"
            lines.append(f"{count} failed; what was spent by that is not known.")
        return lines


def role_of(agent: str) -> str:
    """What the agent of this name is: main, planner, workers, prime, reviewer, and so on."""
    first = agent.partition("-")[0]
    return _ROLES.get(first, first)


def cost_report(events: Iterable[Event]) -> CostReport:
    """The report over a session's journal, or any part of it."""
    rows: list[Row] = []
    failed = 0
    for event in events:
        body = event.body
        if isinstance(body, UsageReported):
            rows.append(_row(event, body))
        elif isinstance(body, RequestFailed):
            failed += 1
    return CostReport(tuple(rows), failed)


def _row(event: Event, body: UsageReported) -> Row:
    return Row(
        at=event.at,
        agent=event.agent,
        request=body.request,
        model=body.model,
        hit=body.usage.hit,
        miss=body.usage.miss,
        output=body.usage.output,
        cost=body.cost,
        cost_uncached=body.cost_uncached,
        peak=body.peak,
        expected_hit=body.expected_hit,
        cause=body.cause,
        detail=body.detail,
    )


def _total(name: str, rows: Iterable[Row]) -> Total:
    rows = tuple(rows)
    return Total(
        name=name,
        requests=len(rows),
        hit=sum(row.hit for row in rows),
        miss=sum(row.miss for row in rows),
        output=sum(row.output for row in rows),
        cost=sum(row.cost for row in rows),
        saved=sum(row.cost_uncached - row.cost for row in rows),
        unexpected=sum(row.cause in UNEXPECTED for row in rows),
        # No known price is 0, and an answer always has tokens.
        unpriced=sum(row.cost_uncached == 0 for row in rows),
    )


def _grouped(rows: tuple[Row, ...], key: Callable[[Row], str]) -> tuple[Total, ...]:
    names = dict.fromkeys(key(row) for row in rows)
    return tuple(_total(name, (row for row in rows if key(row) == name)) for name in names)


def _total_json(total: Total) -> dict[str, Any]:
    return {**asdict(total), "hit_share": total.hit_share}


_HEAD = f"{'agent':<{_NAME}} {'#':>4}  {'model':<15} {'hit':>8} {'miss':>7} {'output':>7} {'$':>9}  cause"
_TOTAL_HEAD = f"{'total':<28} {'n':>6} {'hit':>8} {'miss':>7} {'output':>7} {'$':>9}  hits"


def _row_line(row: Row) -> str:
    hit = "?" if row.cause == "unknown" else f"{row.hit}"
    cause = "" if row.cause in ("none", "unknown") else row.cause
    peak = "^" if row.peak else " "
    line = (
        f"{_cut(row.agent, _NAME):<{_NAME}} {row.request:>4}  {_cut(row.model, 15):<15} {hit:>8} {row.miss:>7} "
        f"{row.output:>7} {row.cost:>9.5f}{peak} {cause}"
    )
    return line.rstrip()[:_WIDTH]


def _total_line(total: Total) -> str:
    return (
        f"{_cut(total.name, 28):<28} {total.requests:>6} {total.hit:>8} {total.miss:>7} "
        f"{total.output:>7} {total.cost:>9.4f}  {total.hit_share:>6.1%}"
    )


def _unexpected_lines(rows: tuple[Row, ...]) -> list[str]:
    bad = [row for row in rows if row.cause in UNEXPECTED]
    if not bad:
        return ["Unexpected misses: none."]
    lines = [f"Unexpected misses: {len(bad)}, {sum(row.lost for row in bad)} tokens."]
    lines += [f"  {row.agent} {row.request} ({row.cause}): {row.detail}"[:_WIDTH] for row in bad]
    return lines


def _cut(text: str, width: int) -> str:
    """A longer text without its middle: names differ at their ends, `task-money-3` from `task-money-12`."""
    if len(text) <= width:
        return text
    end = width // 2 - 1
    return f"{text[: width - 1 - end]}~{text[-end:]}"
