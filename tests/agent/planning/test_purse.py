"""One budget for a whole tree of agents: what may start, how far each may go, and that the whole keeps to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.budget import Budget, Limits
from leadline.agent.events import Event, UsageReported
from leadline.agent.events_plan import Interval
from leadline.agent.messages import Usage
from leadline.agent.planning.forecast import Ground
from leadline.agent.planning.ladder import Rung
from leadline.agent.planning.purse import PLANNING, SharedPurse, try_cost
from leadline.agent.planning.scheduler import Order
from leadline.agent.v4.catalog import Price, load_catalog
from leadline.agent.v4.facts import Tier

FLASH = Rung("flash", "high", 2)
COST = Interval(0.25, 0.5, 1.0)
PRICES: Mapping[Tier, Price] = {
    "flash": Price(0.003, 0.15, 0.6, peak=False),
    "pro": Price(0.022, 0.66, 1.98, peak=False),
}


def order(task: str, *, anew: bool = True) -> Order:
    return Order(task, FLASH, "base", "", anew)


def reported(cost: float) -> UsageReported:
    return UsageReported(
        1, "deepseek-flash", Usage(10, 5, 3), cost, cost, False, 0, "none", "", 0.5, 1.0
    )


def purse(budget: float | None) -> SharedPurse:
    return SharedPurse(budget, lambda order: COST, lambda: COST)


def test_without_a_budget_everything_may_start():
    got = purse(None)
    for task in "abcdefgh":
        assert got.reserve(order(task))
        assert got.share(order(task)) is None
        got.note(reported(100.0), task)
        got.settle(order(task))
    assert got.spent == 800.0
    assert got.left is None


def test_each_gets_what_it_may_need_then_what_is_left_and_then_none():
    got = purse(2.75)
    shares: list[float | None] = []
    for task in "abc":
        assert got.reserve(order(task))
        shares.append(got.share(order(task)))
    assert shares == [1.0, 1.0, 0.75]
    assert not got.reserve(order("d"))
    with pytest.raises(KeyError):
        got.share(order("d"))


def test_less_than_the_likely_cost_is_enough_only_where_nobody_is_at_work():
    got = purse(1.25)
    assert got.reserve(order("a"))
    assert not got.reserve(order("b"))
    got.note(reported(1.0), "a")
    got.settle(order("a"))
    assert got.reserve(order("b"))
    assert got.share(order("b")) == 0.25
    got.note(reported(0.125), "b")
    got.settle(order("b"))
    assert not got.reserve(order("c"))  # what is left would not even get a short try to its end


def test_what_a_try_leaves_is_free_again_once_it_has_ended():
    got = purse(1.5)
    assert got.reserve(order("a"))
    got.note(reported(0.25), "a")
    assert (got.spent, got.reserved, got.left) == (0.25, 0.75, 0.5)
    got.settle(order("a"))
    assert (got.reserved, got.left) == (0, 1.25)


def test_what_is_of_nobodys_task_counts_as_well():
    got = purse(1.5)
    got.note(reported(0.5))
    got.note("something else")
    assert got.reserve(order("a"))
    got.note(reported(0.25))  # perhaps it is a's: that is known once a has ended
    assert (got.reserved, got.left) == (1.0, -0.25)
    got.settle(order("a"))
    assert got.left == 0.75


def test_an_earlier_run_of_the_session_counts():
    got = purse(1.0)
    got.replay(
        [Event(1, "", "s", "t1-1", 1, reported(0.9)), Event(2, "", "s", "m", 1, reported(1))]
    )
    assert got.spent == 1.9
    assert not got.reserve(order("a"))


def test_what_planning_anew_may_cost_is_put_aside_as_well():
    got = purse(2.5)
    assert got.reserve(order("a"))
    assert got.reserve_planning()
    assert (got.reserved, got.held, got.left) == (2.0, 1.0, 0.5)
    got.note(reported(0.75), PLANNING)
    got.note(reported(0.25), "a")
    assert (got.spent, got.reserved, got.held, got.left) == (1.0, 1.0, 0.75, 0.5)
    got.settle_planning()
    assert (got.reserved, got.held, got.left) == (0.75, 0.75, 0.75)
    got.note(reported(0.5), PLANNING)  # more than was foreseen is of nobody's share
    assert (got.spent, got.left) == (1.5, 0.25)
    assert not got.reserve_planning()


def test_who_plans_anew_leaves_what_is_put_aside_for_workers():
    """However much it thinks: its budget is the whole one, of which a worker has not spent its part yet."""
    got = purse(3.0)
    assert got.reserve(order("a"))
    assert got.reserve_planning()
    planner = Budget(Limits(3.0), lambda: 0.0, lambda: got.held)
    while planner.reached() is None:
        planner.note(reported(0.25))
        got.note(reported(0.25), PLANNING)
    assert got.spent == 2.0
    worker = Budget(Limits(), lambda: 0.0)
    worker.allow(got.share(order("a")))
    while worker.reached() is None:
        worker.note(reported(0.25))
        got.note(reported(0.25), "a")
    assert got.spent == 3.0


def test_what_a_lane_is_primed_with_comes_out_of_the_share_of_the_first():
    got = purse(2.0)
    assert got.reserve(order("a"))
    assert got.reserve(order("b"))
    got.note(reported(0.75))
    assert [got.share(order("a")), got.share(order("b"))] == [0.25, 1.0]
    assert (got.spent, got.left) == (0.75, 0.0)


def test_a_share_of_nothing_sends_no_request():
    got = purse(1.0)
    assert got.reserve(order("a"))
    got.note(reported(2.0))
    budget = Budget(Limits(), lambda: 0.0)
    budget.allow(got.share(order("a")))
    assert budget.reached() is not None


def test_a_lane_that_is_not_primed_costs_more():
    ground = Ground(50_000, load_catalog().rungs(), PRICES)
    primed, cold = try_cost(ground, order("a")), try_cost(ground, order("a"), primed=False)
    more = 50_000 * 0.15 / 1e6
    assert more < cold.low - primed.low < 1.01 * more
    assert more < cold.high - primed.high < 1.01 * more
    assert try_cost(ground, order("a", anew=False), primed=False) == try_cost(
        ground, order("a", anew=False)
    )


def test_where_no_price_is_known_nothing_is_held_up():
    got = SharedPurse(1.0, lambda order: Interval(0, 0, 0), lambda: COST)
    assert all(got.reserve(order(task)) for task in "abcdefgh")


def test_the_cost_of_a_try_is_that_of_its_rung_and_less_for_one_that_goes_on():
    ground = Ground(50_000, load_catalog().rungs(), PRICES)
    first, again = try_cost(ground, order("a")), try_cost(ground, order("a", anew=False))
    higher = try_cost(ground, replace(order("a"), rung=Rung("pro", "high", 1)))
    assert again.likely < first.likely < higher.likely


# --- the law ---


@dataclass
class Crew:
    """Workers with budgets of their own, as real ones have, that go on until their work is done or their share used up.

    `costs` are those of the requests, in order. `needs` says for each try how many requests its work takes; a task has
    two of them, the second by the same worker. `known` says whether the purse is told whose a request was.

    The first of all has its lane primed. Beside them a planner, whose budget is the whole one, plans anew as often as
    there are `plannings`.
    """

    purse: SharedPurse
    costs: Sequence[float]
    needs: Sequence[int]
    known: bool
    waiting: list[Order]
    budgets: dict[str, Budget] = field(default_factory=dict[str, Budget])
    running: dict[Order, int] = field(default_factory=dict[Order, int])
    begun: int = 0
    sent: int = 0
    primed: bool = False
    plannings: int = 0
    planner: Budget | None = None
    left_to_plan: int | None = None

    def plan(self) -> None:
        """Begin to plan anew, if there is something to be planned and the money for it."""
        if self.plannings and self.left_to_plan is None and self.purse.reserve_planning():
            self.plannings -= 1
            self.left_to_plan = 3 * self.needs[0]

    def step_of_planner(self) -> None:
        assert self.planner is not None
        self.planner.spent = self.purse.spent
        if self.left_to_plan and self.planner.reached() is None:
            self.left_to_plan -= 1
            body = self._paid()
            self.planner.note(body)
            self.purse.note(body, PLANNING)
            return
        self.left_to_plan = None
        self.purse.settle_planning()

    def _paid(self) -> UsageReported:
        body = reported(self.costs[self.sent % len(self.costs)])
        self.sent += 1
        return body

    def start(self, most: int) -> None:
        while self.waiting and len(self.running) < most and self.purse.reserve(self.waiting[0]):
            order = self.waiting.pop(0)
            self.running[order] = self.needs[self.begun % len(self.needs)]
            self.begun += 1
            if not self.primed:
                self.primed = True
                self.purse.note(self._paid())
            if order.anew:
                self.budgets[order.task] = Budget(Limits(), lambda: 0.0)
            self.budgets[order.task].allow(self.purse.share(order))

    def step(self, order: Order) -> None:
        """One request of this worker, or the end of its try."""
        budget = self.budgets[order.task]
        if self.running[order] and budget.reached() is None:
            self.running[order] -= 1
            body = self._paid()
            budget.note(body)
            self.purse.note(body, order.task if self.known else "")
            return
        del self.running[order]
        self.purse.settle(order)
        if order.anew:
            self.waiting.append(replace(order, anew=False))


MONEY = st.floats(0.01, 2.0)


@settings(max_examples=300, deadline=None)
@given(
    budget=st.floats(0.1, 12.0),
    guess=st.tuples(MONEY, MONEY, MONEY).map(sorted),
    costs=st.lists(MONEY, min_size=1, max_size=12),
    needs=st.lists(st.integers(1, 8) | st.integers(20, 40), min_size=1, max_size=6),
    most=st.integers(1, 5),
    tasks=st.integers(1, 8),
    plannings=st.integers(0, 3),
    known=st.booleans(),
    chance=st.randoms(use_true_random=False),
)
def test_the_budget_is_passed_by_no_more_than_one_request_of_each_worker(
    budget: float,
    guess: list[float],
    costs: list[float],
    needs: list[int],
    most: int,
    tasks: int,
    plannings: int,
    known: bool,
    chance: Random,
):
    got = SharedPurse(budget, lambda order: Interval(*guess), lambda: Interval(*guess))
    crew = Crew(got, costs, needs, known, [order(f"t{number}") for number in range(tasks)])
    crew.plannings, crew.planner = plannings, Budget(Limits(budget), lambda: 0.0, lambda: got.held)
    while True:
        crew.start(most)
        crew.plan()
        planning = [] if crew.left_to_plan is None else [None]
        at_work = [*crew.running, *planning]
        if not at_work:
            break
        one = chance.choice(at_work)
        if one is None:
            crew.step_of_planner()
        else:
            crew.step(one)
        # One request of each worker, of the planner, and the one that primes.
        assert got.spent <= budget + (most + 2) * max(costs) + 1e-9
    assert got.reserved == 0
    if crew.waiting:
        # Nobody is at work, and not even a short try fits.
        assert budget - got.spent < guess[0]
    else:
        assert crew.begun == 2 * tasks
