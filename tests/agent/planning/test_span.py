"""How long plans take: bounds that hold whatever the order, and an order that no worker more makes slower."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st
from leadline.agent.planning.plan import Task
from leadline.agent.planning.span import at_least, at_most, likely

NAMES = "abcdefgh"
Case = tuple[tuple[Task, ...], Mapping[str, float]]


def case(depends: Mapping[str, str], seconds: Mapping[str, float]) -> Case:
    tasks = tuple(Task(name, name, "do", (), tuple(on)) for name, on in depends.items())
    return tasks, seconds


UNLUCKY = case(
    {"a": "", "b": "", "c": "", "d": "", "e": "", "f": "c", "g": "f"},
    {"a": 3, "b": 1, "c": 1, "d": 3, "e": 6, "f": 4, "g": 6},
)
"""The scheduler's order takes 12 seconds with two workers and 13 with three."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = NAMES[: draw(st.integers(0, len(NAMES)))]
    depends = {
        name: "".join(sorted(draw(st.sets(st.sampled_from(names[:at]), max_size=3)))) if at else ""
        for at, name in enumerate(names)
    }
    return case(depends, {name: draw(st.integers(0, 9)) for name in names})


LANDING = st.integers(0, 5).map(float)


@settings(deadline=None, max_examples=200)
@given(cases(), st.integers(1, 9), LANDING)
@example(UNLUCKY, 3, 0.0)
def test_an_order_lies_between_the_bounds(each: Case, workers: int, landing: float):
    low = at_least(*each, workers, landing)
    middle = likely(*each, workers, landing)
    high = at_most(*each, workers, landing)
    assert low <= middle + 1e-9
    assert middle <= high + 1e-9


@settings(deadline=None, max_examples=200)
@given(cases(), LANDING)
@example(UNLUCKY, 0.0)
def test_one_worker_more_is_never_slower(each: Case, landing: float):
    for span in (at_least, likely, at_most):
        times = [span(*each, workers, landing) for workers in range(1, len(NAMES) + 2)]
        assert all(later <= earlier + 1e-9 for earlier, later in pairwise(times))


@settings(deadline=None)
@given(cases())
def test_one_worker_does_all_work_and_waits_for_nothing(each: Case):
    whole = sum(each[1].values())
    for span in (at_least, likely, at_most):
        assert math.isclose(span(*each, 1, 0.0), whole)


@settings(deadline=None)
@given(cases(), LANDING)
def test_with_a_worker_for_each_task_it_is_the_longest_chain(each: Case, landing: float):
    tasks, seconds = each
    ends: dict[str, float] = {}
    for task in tasks:  # each comes after those it depends on
        before = [ends[other] for other in task.depends_on]
        ends[task.id] = max(before, default=0.0) + seconds[task.id] + landing
    assert likely(tasks, seconds, len(tasks) + 1, landing) == max(ends.values(), default=0.0)
