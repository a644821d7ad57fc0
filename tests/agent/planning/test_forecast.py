"""Forecasts: figures that can be reckoned by hand, and the laws that hold for every plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.planning.forecast import (
    Forecast,
    Ground,
    Interval,
    first_try,
    forecast,
    next_try,
)
from leadline.agent.planning.habits import FRESH, NARROWEST, OUTPUT, REQUESTS, WIDEST, habit
from leadline.agent.planning.outcomes import Outcome
from leadline.agent.planning.plan import Plan, Task, Tier
from leadline.agent.v4.catalog import Price, load_catalog
from leadline.agent.v4.facts import Rung

LADDER = load_catalog().rungs()
PRICES: Mapping[Tier, Price] = {
    "flash": Price(0.003, 0.15, 0.6, peak=False),
    "pro": Price(0.022, 0.66, 1.98, peak=False),
}
GROUND = Ground(50_000, LADDER, PRICES, stored=frozenset({("pro", "high")}))
NAMES = "abcdefgh"


def plan(depends: Mapping[str, str], tiers: Mapping[str, Tier] | None = None) -> Plan:
    """Tasks by their names, each with the names that it depends on."""
    return Plan(
        "goal",
        tuple(
            Task(name, name, "do", (), tuple(on), tier=(tiers or {}).get(name, "flash"))
            for name, on in depends.items()
        ),
    )


def near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-4)


def intervals(got: Forecast) -> dict[str, Interval]:
    found = {each.name: getattr(got, each.name) for each in fields(got)}
    return {name: value for name, value in found.items() if isinstance(value, Interval)}


def sure(tries: int, requests: int, seconds: float) -> Outcome:
    """A rung that solves each task in one try of so many requests, learnt so often that the defaults don't count."""
    each = tries * requests
    return Outcome(
        "flash",
        "high",
        tries=tries,
        anew=tries,
        solved=tries,
        requests=each,
        miss=each * 1000,
        output=each * 500,
        seconds=tries * seconds,
    )


LEARNT = replace(GROUND, outcomes=(sure(10**9, 4, 60.0),))


def test_a_forecast_reckoned_by_hand():
    got = forecast(plan({"a": "", "b": ""}), LEARNT, 1)
    # Each task: four requests, on 50,000 tokens and then 1,500 more each time; and the prefix read once.
    hits = 2 * (4 * 50_000 + 1_500 * (0 + 1 + 2 + 3))
    assert near(got.requests.likely, 2 * 4 + 1)
    assert near(got.hit.likely, hits)
    assert near(got.miss.likely, 2 * 4 * 1000 + 50_000)
    priced = (hits * 0.003 + (8_000 + 50_000) * 0.15 + (4_000 + 50) * 0.6) / 1e6
    assert near(got.usd.likely, priced)
    assert near(got.minutes.low, 2 / NARROWEST)
    assert near(got.minutes.likely, 2)
    assert near(got.minutes.high, 2 * NARROWEST)
    assert got.learnt == 10**9
    assert got.priced


def test_minutes_follow_the_longest_chain_and_the_number_of_workers():
    chain = plan({"a": "", "b": "a", "c": "b", "d": ""})
    for workers, minutes in ((1, 4), (2, 3), (8, 3)):
        assert near(forecast(chain, LEARNT, workers).minutes.likely, minutes)
    landing = replace(LEARNT, landing=30.0)
    assert near(forecast(chain, landing, 2).minutes.likely, 4.5)


def test_what_the_service_has_is_not_paid_for_again():
    one = plan({"a": ""}, {"a": "pro"})
    anew = replace(GROUND, stored=frozenset())
    saved = forecast(one, anew, 1).miss.likely - forecast(one, GROUND, 1).miss.likely
    assert near(saved, 50_000)


def test_a_lane_is_read_as_often_as_it_is_likely_to_be_needed():
    one, unread = plan({"a": ""}), replace(GROUND, stored=frozenset())
    fails = 1 - habit(Rung("flash", "high", 2), Outcome("flash", "high")).solves
    more = forecast(one, unread, 1).miss.likely - forecast(one, GROUND, 1).miss.likely
    assert near(more, 50_000 * fails**2)
    assert near(forecast(one, replace(LEARNT, stored=frozenset()), 1).miss.likely, 54_000)


def test_a_price_that_is_not_known_is_told():
    unknown = {**PRICES, "pro": Price(0, 0, 0, peak=False, known=False)}
    assert not forecast(plan({"a": ""}), replace(GROUND, prices=unknown), 1).priced


def test_a_try_that_goes_on_costs_less_than_a_first_one():
    for rung in {rung for rungs in LADDER.values() for rung in rungs}:
        first, again = first_try(GROUND, rung), next_try(GROUND, rung)
        assert 0 < again.low < first.low
        assert again.likely < first.likely
        assert again.high < first.high


def test_a_plan_without_tasks_takes_nothing():
    got = forecast(plan({}), GROUND, 4)
    assert set(intervals(got).values()) == {Interval(0, 0, 0)}


def test_defaults_stand_until_a_project_teaches_better():
    rung = Rung("flash", "high", 2)
    start = habit(rung, Outcome("flash", "high"))
    assert (start.requests, start.fresh, start.output) == (REQUESTS, FRESH, OUTPUT["high"])
    assert start.spread == WIDEST
    seen = [habit(rung, sure(tries, 30, 100.0)) for tries in (0, 1, 4, 16, 64, 10**6)]
    for earlier, later in pairwise(seen):
        assert REQUESTS <= earlier.requests < later.requests < 30
        assert earlier.solves < later.solves <= 1
        assert earlier.spread >= later.spread >= NARROWEST
    assert seen[-1].spread == NARROWEST
    assert seen[2].requests == (REQUESTS + 30) / 2


# --- laws ---


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    depends = {
        name: "".join(sorted(draw(st.sets(st.sampled_from(names[:at]), max_size=3)))) if at else ""
        for at, name in enumerate(names)
    }
    tier = st.sampled_from(("flash", "pro"))
    return plan(depends, {name: draw(tier) for name in names})


@st.composite
def learnt(draw: st.DrawFn) -> Outcome:
    tries = draw(st.integers(0, 60))
    solved = draw(st.integers(0, tries))
    return Outcome(
        draw(st.sampled_from(("flash", "pro"))),
        draw(st.sampled_from(("high", "max"))),
        tries,
        draw(st.integers(0, tries)),
        solved,
        draw(st.integers(0, tries - solved)),
        *draw(st.tuples(*[st.integers(0, 10**6)] * 4)),
        seconds=draw(st.floats(0, 10**6)),
    )


RATES = st.floats(0, 10)


@st.composite
def grounds(draw: st.DrawFn) -> Ground:
    prices: dict[Tier, Price] = {
        "flash": Price(draw(RATES), draw(RATES), draw(RATES), peak=False),
        "pro": Price(draw(RATES), draw(RATES), draw(RATES), peak=False),
    }
    outcomes = {(each.tier, each.effort): each for each in draw(st.lists(learnt(), max_size=4))}
    lanes: st.SearchStrategy[tuple[Tier, str]] = st.sampled_from(
        (("flash", "high"), ("pro", "high"), ("pro", "max"))
    )
    stored = draw(st.frozensets(lanes))
    landing = draw(st.floats(0, 600))
    return Ground(
        draw(st.integers(0, 300_000)), LADDER, prices, tuple(outcomes.values()), stored, landing
    )


def not_above(one: float, other: float) -> bool:
    return one <= other * (1 + 1e-9) + 1e-9


@settings(deadline=None)
@given(plans(), grounds(), st.integers(1, 12))
def test_the_likely_figure_lies_in_its_interval(each: Plan, ground: Ground, workers: int):
    for interval in intervals(forecast(each, ground, workers)).values():
        assert interval.low >= 0
        assert not_above(interval.low, interval.likely)
        assert not_above(interval.likely, interval.high)


@settings(deadline=None)
@given(plans(), grounds(), st.integers(1, 12))
def test_fewer_tasks_are_never_dearer(each: Plan, ground: Ground, workers: int):
    whole = intervals(forecast(each, ground, workers))
    fewer = intervals(forecast(replace(each, tasks=each.tasks[:-1]), ground, workers))
    for name in ("requests", "hit", "miss", "output", "usd"):
        assert not_above(fewer[name].low, whole[name].low)
        assert not_above(fewer[name].likely, whole[name].likely)
        assert not_above(fewer[name].high, whole[name].high)


@settings(deadline=None)
@given(plans(), grounds())
def test_more_workers_are_never_slower_nor_dearer(each: Plan, ground: Ground):
    rising = [forecast(each, ground, workers) for workers in range(1, len(each.tasks) + 3)]
    for fewer, more in pairwise(rising):
        assert not_above(more.minutes.low, fewer.minutes.low)
        assert not_above(more.minutes.likely, fewer.minutes.likely)
        assert not_above(more.minutes.high, fewer.minutes.high)
        assert more.usd == fewer.usd


@settings(deadline=None)
@given(plans(), grounds())
def test_twice_the_price_is_twice_the_money(each: Plan, ground: Ground):
    twice = {
        tier: Price(2 * price.hit, 2 * price.miss, 2 * price.output, peak=True)
        for tier, price in ground.prices.items()
    }
    before = forecast(each, ground, 3)
    after = forecast(each, replace(ground, prices=twice), 3)
    assert near(after.usd.low, 2 * before.usd.low)
    assert near(after.usd.likely, 2 * before.usd.likely)
    assert near(after.usd.high, 2 * before.usd.high)
    assert replace(after, usd=before.usd) == before
