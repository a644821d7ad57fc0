"""What tries teach of the rungs that they were on."""

from __future__ import annotations

import pytest
from leadline.agent.planning.engine import Delivery
from leadline.agent.planning.plan import Area, Plan, Task, write_set
from leadline.agent.planning.plan_check import CheckedPlan
from leadline.agent.planning.schedule import bounce, fail, land, new_schedule, queue, report, start
from leadline.agent.planning.scheduler import Done, Order, Refused, Result
from leadline.agent.planning.tally import Tally
from leadline.agent.planning.workers import GIVEN_UP, STOPPED
from leadline.agent.v4.facts import Rung

ORDER = Order("a", Rung("flash", "high", 2), "", "", anew=True)
RED = Refused("red", "its checks are red")


def outcomes(result: Result) -> list[tuple[int, int]]:
    """How many tries were solved and refused, by rung, after one with this result."""
    task = Task("a", "a", "do", ("a.py",), (), ("true",))
    schedule = start(
        new_schedule(CheckedPlan(Plan("", (task,)), (write_set([Area("a.py")]),))), "a"
    )
    tally = Tally()
    tally.delivered(ORDER, Delivery(result, (), ()))
    match result:
        case Done():
            schedule = queue(report(schedule, "a"), "a")
            tally.moved(schedule, {})
            schedule = land(schedule, "a")
        case Refused():
            schedule = bounce(schedule, "a", result.reason)
        case _:
            schedule = fail(schedule, "a", "given up")
    tally.moved(schedule, {})
    return [(each.solved, each.refused) for each in tally.outcomes()]


@pytest.mark.parametrize(
    ("result", "taught"),
    [
        (Done("b", "c"), [(1, 0)]),
        (RED, [(0, 1)]),
        (STOPPED, []),
        (GIVEN_UP, []),
    ],
)
def test_what_the_person_ended_says_nothing_of_a_rung(
    result: Result, taught: list[tuple[int, int]]
) -> None:
    assert outcomes(result) == taught
