"""What a session came to, computed from its events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..tools.checks.model import FileChange
from ..tools.checks.weakening import weakened_tests
from .events import Event, SnapshotTaken, UsageReported, Warned
from .result import Bill


def bill(events: Iterable[Event]) -> Bill:
    """The sum of all requests, retries included."""
    used = [event.body for event in events if isinstance(event.body, UsageReported)]
    return Bill(
        cost=sum(item.cost for item in used),
        uncached=sum(item.cost_uncached for item in used),
        hit=sum(item.usage.hit for item in used),
        miss=sum(item.usage.miss for item in used),
        output=sum(item.usage.output for item in used),
        requests=len(used),
        unexpected_misses=sum(item.cause in ("ours", "service") for item in used),
    )


def models(events: Iterable[Event]) -> tuple[str, ...]:
    """The names that answers really carried, in order of appearance."""
    return tuple(dict.fromkeys(e.body.model for e in events if isinstance(e.body, UsageReported)))


def notes(events: Iterable[Event], changes: Sequence[FileChange]) -> tuple[str, ...]:
    """What a person should look at, the gravest first: weakened tests, then files without a snapshot, then warnings."""
    told: list[str] = []
    for weak in sorted(weakened_tests(changes), key=lambda w: w.soft):
        place = weak.path if weak.line is None else f"{weak.path}:{weak.line}"
        told.append(f"{'look at' if weak.soft else 'weakened test'}: {place}: {weak.what}")
    left_out: dict[str, None] = {}
    for event in events:
        if isinstance(event.body, SnapshotTaken):
            left_out |= dict.fromkeys(event.body.left_out)
        elif isinstance(event.body, Warned):
            told.append(event.body.text)
    told.extend(f"not in the snapshots, so undo can't bring it back: {path}" for path in left_out)
    return tuple(dict.fromkeys(told))
