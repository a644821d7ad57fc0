"""What a change did to a check that is red: which failures are new, and which were there before. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .model import CheckReport, Failure


@dataclass(frozen=True, slots=True)
class Comparison:
    """`new` fail only after the change; `mended` is how many failed before and pass now."""

    new: tuple[Failure, ...]
    mended: int


def compare(before: CheckReport, after: CheckReport) -> Comparison | None:
    """None where the two can't be compared: a runner that is not known, failures that are not all named, or an end
    that the tests don't explain.

    A test that failed before and is gone is not mended: as many more must pass.
    """
    if not (_names_all(before) and _names_all(after)) or before.framework != after.framework:
        return None
    known = Counter(failure.name for failure in before.failures)
    new: list[Failure] = []
    for failure in after.failures:
        if known[failure.name]:
            known[failure.name] -= 1
        else:
            new.append(failure)
    return Comparison(tuple(new), min(known.total(), max(0, after.passed - before.passed)))


def _names_all(report: CheckReport) -> bool:
    counted = report.failed + report.errors
    explained = report.exit_code is None and not report.ran_nothing
    return report.framework is not None and explained and len(report.failures) == counted
