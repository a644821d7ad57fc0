"""What a plan will likely take: requests, tokens, money and minutes, each with an interval. Pure.

The work of the tasks is meant, with reading the shared prefix once for each lane. The planner has been paid for by
then, and the reviewer and a plan made anew are not in it.

How it is reckoned. A try is a number of requests in one transcript, each of which hits all before it and adds a little
(`habits`). A task is tried along its ladder, each try counted by how likely it is to be needed.

How the interval comes about. What is not known is how long this project's tasks are and how often a try fails, and
that is the same for all tasks, so it does not even out over many of them: `low` has all tries shorter and fewer of
them failing, by each rung's `spread`, and `high` longer and more. The spread is a factor of two as long as nothing was
learnt, and narrows with the tries that the project has seen. For minutes, `low` is moreover what no order of the tasks
can be faster than, and `high` what no order of the scheduler's is slower than (`span`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..events_plan import Forecast, Interval
from ..messages import Usage
from ..v4.catalog import Price
from ..v4.facts import Rung, Tier
from . import span
from .habits import RETRY, Habit, habit
from .ladder import Ladder
from .outcomes import Outcomes, outcome_on
from .plan import Plan

Case = Literal["low", "likely", "high"]
_CASES: tuple[Case, ...] = ("low", "likely", "high")
_PRIMING_OUTPUT = 50
"""Tokens of the answer to a priming request, which asks for one word."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a forecast rests on.

    `prefix` tokens are what all workers share; the lanes of `stored` (tier and effort) have it in the service's cache
    already, as the planner's has. `prices` are those of now: what is done in other hours may cost twice or half.
    `outcomes` are the project's. `landing` is the seconds from a task's end until what waits for it may start: those
    of the plan's checks.
    """

    prefix: int
    ladder: Ladder
    prices: Mapping[Tier, Price]
    outcomes: Outcomes = ()
    stored: frozenset[tuple[Tier, str]] = frozenset()
    landing: float = 0.0


@dataclass(frozen=True, slots=True)
class _Use:
    """Sums of what is used up, as expected values: requests, tokens, US dollars, seconds."""

    requests: float = 0.0
    hit: float = 0.0
    miss: float = 0.0
    output: float = 0.0
    usd: float = 0.0
    seconds: float = 0.0

    def plus(self, other: _Use, times: float = 1.0) -> _Use:
        return _Use(
            self.requests + times * other.requests,
            self.hit + times * other.hit,
            self.miss + times * other.miss,
            self.output + times * other.output,
            self.usd + times * other.usd,
            self.seconds + times * other.seconds,
        )


def forecast(plan: Plan, ground: Ground, workers: int) -> Forecast:
    """The plan's work with up to `workers` at once, at least 1. Raises graphlib.CycleError."""
    uses = {case: _whole(plan, ground, case) for case in _CASES}
    seconds = {
        case: {task.id: _task(ground, task.tier, case).seconds for task in plan.tasks}
        for case in _CASES
    }
    rungs = {rung for task in plan.tasks for rung in ground.ladder[task.tier]}
    outcomes = {outcome_on(ground.outcomes, rung) for rung in rungs}
    low, likely, high = (uses[case] for case in _CASES)
    return Forecast(
        tasks=len(plan.tasks),
        workers=workers,
        requests=Interval(low.requests, likely.requests, high.requests),
        hit=Interval(low.hit, likely.hit, high.hit),
        miss=Interval(low.miss, likely.miss, high.miss),
        output=Interval(low.output, likely.output, high.output),
        usd=Interval(low.usd, likely.usd, high.usd),
        minutes=Interval(
            span.at_least(plan.tasks, seconds["low"], workers, ground.landing) / 60,
            span.likely(plan.tasks, seconds["likely"], workers, ground.landing) / 60,
            span.at_most(plan.tasks, seconds["high"], workers, ground.landing) / 60,
        ),
        priced=all(ground.prices[rung.tier].known for rung in rungs),
        learnt=sum(outcome.tries for outcome in outcomes),
    )


def first_try(ground: Ground, rung: Rung) -> Interval:
    """US dollars of a worker's first try at a task."""
    return _usd(ground, rung, retry=False)


def next_try(ground: Ground, rung: Rung) -> Interval:
    """US dollars of a try that goes on in the transcript of the one before."""
    return _usd(ground, rung, retry=True)


def priming(ground: Ground, rung: Rung) -> float:
    """US dollars of having the service read what all workers of this rung's lane share."""
    return _primed(ground, rung.tier).usd


def _primed(ground: Ground, tier: Tier) -> _Use:
    return _use(1, 0, ground.prefix, _PRIMING_OUTPUT, 0, ground.prices[tier])


def _usd(ground: Ground, rung: Rung, *, retry: bool) -> Interval:
    costs = [_tries(ground, rung, case)[int(retry)].usd for case in _CASES]
    return Interval(*costs)


# --- the sums ---


def _whole(plan: Plan, ground: Ground, case: Case) -> _Use:
    """All tasks, and the prefix for each lane that is needed and that the service does not have."""
    total = _Use()
    needless: dict[tuple[Tier, str], float] = {}
    for task in plan.tasks:
        total = total.plus(_task(ground, task.tier, case))
        for lane, needed in _lanes(ground, task.tier, case).items():
            needless[lane] = needless.get(lane, 1.0) * (1 - needed)
    for lane, odds in needless.items():
        if lane not in ground.stored:
            total = total.plus(_primed(ground, lane[0]), 1 - odds)
    return total


def _task(ground: Ground, tier: Tier, case: Case) -> _Use:
    """One task, from its first try up the ladder, each by how likely it is to come to it."""
    total, reached = _Use(), 1.0
    for rung in ground.ladder[tier]:
        first, again = _tries(ground, rung, case)
        fails = _fails(_habit(ground, rung), case)
        for number in range(rung.tries):
            total = total.plus(again if number else first, reached)
            reached *= fails
    return total


def _lanes(ground: Ground, tier: Tier, case: Case) -> Mapping[tuple[Tier, str], float]:
    """How likely a task needs each lane of its ladder: how likely it comes to the first rung that is in it."""
    lanes: dict[tuple[Tier, str], float] = {}
    reached = 1.0
    for rung in ground.ladder[tier]:
        lanes.setdefault((rung.tier, rung.effort), reached)
        reached *= _fails(_habit(ground, rung), case) ** rung.tries
    return lanes


def _tries(ground: Ground, rung: Rung, case: Case) -> tuple[_Use, _Use]:
    """A first try, and one that goes on."""
    known = _habit(ground, rung)
    price = ground.prices[rung.tier]
    requests = known.requests * _factor(known, case)
    first = _requests(known, requests, ground.prefix, price)
    context = ground.prefix + first.requests * known.growth
    return first, _requests(known, requests * RETRY, context, price)


def _requests(known: Habit, requests: float, context: float, price: Price) -> _Use:
    """Requests in one transcript, at least one, that is `context` tokens long before the first of them."""
    count = max(1.0, requests)
    grown = known.growth * count * (count - 1) / 2
    hit, miss, output = count * context + grown, count * known.fresh, count * known.output
    return _use(count, hit, miss, output, count * known.seconds, price)


def _use(
    requests: float, hit: float, miss: float, output: float, seconds: float, price: Price
) -> _Use:
    usd = price.of(Usage(round(hit), round(miss), round(output)))
    return _Use(requests, hit, miss, output, usd, seconds)


def _habit(ground: Ground, rung: Rung) -> Habit:
    return habit(rung, outcome_on(ground.outcomes, rung))


def _factor(known: Habit, case: Case) -> float:
    return {"low": 1 / known.spread, "likely": 1.0, "high": known.spread}[case]


def _fails(known: Habit, case: Case) -> float:
    return min(1.0, (1 - known.solves) * _factor(known, case))
