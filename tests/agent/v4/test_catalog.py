from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.context.transcript import Lane
from leadline.agent.messages import Usage
from leadline.agent.v4.catalog import load_catalog
from leadline.agent.v4.facts import Rung
from leadline.tools.errors import Exit, PersonError

CATALOG = load_catalog()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_roles_are_lanes():
    assert CATALOG.lane("planner") == Lane("deepseek-v4-pro", "high")
    assert CATALOG.lane("worker") == Lane("deepseek-flash", "high")
    assert CATALOG.lane("reviewer") == Lane("deepseek-v4-pro", "high")
    assert CATALOG.lane("solo") == Lane("deepseek-flash", "high")
    assert all(role.reason for role in CATALOG.roles.values())


def test_the_tiers_of_a_lane_can_be_replaced():
    assert CATALOG.lane("solo", "mine", "deepseek-v4-flash").model == "deepseek-flash"
    assert CATALOG.lane("planner", "mine").model == "mine"
    with pytest.raises(PersonError, match="did you mean 'worker'"):
        CATALOG.lane("workr")


def test_the_ladder_begins_with_the_worker_and_goes_up():
    ladder = CATALOG.rungs()
    assert ladder["flash"] == (Rung("flash", "high", 2), Rung("pro", "high", 1))
    assert ladder["pro"] == (Rung("pro", "high", 2), Rung("pro", "max", 1))
    planner, worker = CATALOG.lane("planner"), CATALOG.lane("worker")
    assert ladder["flash"][0].effort == worker.effort
    # The second rung of Flash forks the planner's transcript: it has to be in its lane.
    assert (ladder["flash"][1].tier, ladder["flash"][1].effort) == ("pro", planner.effort)


def test_a_ladder_of_ones_own_takes_the_place_of_one_tier(tmp_path: Path):
    text = "[ladder]\nflash = [{ tier = 'flash', effort = 'xhigh', tries = 3 }]"
    ladder = load_catalog(written(tmp_path, text)).rungs()
    assert ladder["flash"] == (Rung("flash", "high", 3),)
    assert ladder["pro"] == CATALOG.rungs()["pro"]


@pytest.mark.parametrize(
    ("name", "when", "model"),
    [
        ("deepseek-v4-flash", "2026-09-10T03:59:59", "deepseek-v4-flash"),
        ("deepseek-v4-flash", "2026-09-10T04:00:00", "deepseek-flash"),
        ("deepseek-flash", "2026-11-22T00:00:00", "deepseek-flash"),
        ("DEEPSEEK-AI/deepseek-v4.1-flash", "2026-11-22T00:00:00", "deepseek-flash"),
        ("deepseek/deepseek-v4-pro", "2026-11-22T00:00:00", "deepseek-v4-pro"),
    ],
)
def test_names_resolve_by_date(name: str, when: str, model: str):
    found = CATALOG.resolve(name, at(when))
    assert (found.id, found.known) == (model, True)


def test_an_unknown_model_has_careful_sizes_and_no_price():
    model = CATALOG.resolve("my/model")
    assert (model.id, model.known) == ("my/model", False)
    assert model.context < CATALOG.resolve("deepseek-flash").context
    price = CATALOG.price("my/model", at("2026-11-22T00:00:00"))
    assert (price.hit, price.miss, price.output, price.known) == (0, 0, 0, False)
    assert "my/model" in price.note


FLASH, FLASH_PEAK = (0.003, 0.15, 0.60), (0.006, 0.30, 1.20)
PRO, PRO_PEAK = (0.022, 0.66, 1.98), (0.044, 1.32, 3.96)


@pytest.mark.parametrize(
    ("model", "when", "rates"),
    [
        # a Monday, over the edges of both peaks
        ("deepseek-flash", "2026-11-23T00:59:59", FLASH),
        ("deepseek-flash", "2026-11-23T01:00:00", FLASH_PEAK),
        ("deepseek-flash", "2026-11-23T03:59:59", FLASH_PEAK),
        ("deepseek-flash", "2026-11-23T04:00:00", FLASH),
        ("deepseek-flash", "2026-11-23T05:59:59", FLASH),
        ("deepseek-v4-pro", "2026-11-23T06:00:00", PRO_PEAK),
        ("deepseek-v4-pro", "2026-11-23T09:59:59", PRO_PEAK),
        ("deepseek-v4-pro", "2026-11-23T10:00:00", PRO),
        # a weekend
        ("deepseek-v4-pro", "2026-11-21T08:00:00", PRO),
        ("deepseek-v4-pro", "2026-11-22T08:00:00", PRO),
        # weekdays around and in holidays
        ("deepseek-v4-pro", "2026-09-24T08:00:00", PRO_PEAK),
        ("deepseek-v4-pro", "2026-09-25T08:00:00", PRO),
        ("deepseek-v4-pro", "2026-10-01T08:00:00", PRO),
        ("deepseek-v4-pro", "2026-10-07T08:00:00", PRO),
        ("deepseek-v4-pro", "2026-10-08T08:00:00", PRO_PEAK),
        # the history of the prices
        ("deepseek-v4-pro", "2026-04-24T00:00:00", (0.145, 1.74, 3.48)),
        ("deepseek-v4-pro", "2026-06-01T08:00:00", (0.003625, 0.435, 0.87)),
        ("deepseek-v4-pro", "2026-08-16T15:59:59", (0.003625, 0.435, 0.87)),
        ("deepseek-v4-pro", "2026-08-16T16:00:00", PRO),
        ("deepseek-v4-flash", "2026-08-17T08:00:00", (0.014, 0.44, 1.32)),
        ("deepseek-v4-flash", "2026-09-10T03:00:00", (0.014, 0.44, 1.32)),
        ("deepseek-v4-flash", "2026-09-10T06:00:00", FLASH_PEAK),
    ],
)
def test_prices(model: str, when: str, rates: tuple[float, float, float]):
    price = CATALOG.price(model, at(when))
    assert (price.hit, price.miss, price.output) == rates
    assert price.known
    assert price.note == ""
    assert price.peak is (rates in (FLASH_PEAK, PRO_PEAK, (0.014, 0.44, 1.32)))


def test_years_without_holidays_count_weekdays_as_peak_and_say_so():
    price = CATALOG.price("deepseek-flash", at("2027-01-01T08:00:00"))
    assert price.peak
    assert "2027" in price.note
    assert CATALOG.price("deepseek-flash", at("2027-01-02T08:00:00")).note == ""


def test_the_time_zone_of_the_caller_makes_no_difference():
    here = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
    assert CATALOG.is_peak(here)
    assert not CATALOG.is_peak(here - timedelta(seconds=1))


@settings(deadline=None)
@given(
    st.datetimes(datetime(2026, 9, 11), datetime(2028, 1, 1)),
    st.builds(Usage, *[st.integers(0, 10**6)] * 3),
)
def test_peak_costs_exactly_twice(when: datetime, usage: Usage):
    moment = when.replace(tzinfo=UTC)
    saturday = at("2026-11-21T00:00:00")
    low = CATALOG.cost(usage, "deepseek-flash", saturday)
    factor = 2 if CATALOG.is_peak(moment) else 1
    assert abs(CATALOG.cost(usage, "deepseek-flash", moment) - factor * low) < 1e-9


def test_a_worked_cost():
    usage = Usage(hit=100_000, miss=1_000, output=1_000, reasoning=400)
    assert round(CATALOG.cost(usage, "deepseek-flash", at("2026-11-21T00:00:00")), 6) == 0.00105


def test_quality_falls_with_length():
    pro = CATALOG.resolve("deepseek-v4-pro")
    assert pro.score_at(100_000) == 0.92
    assert pro.score_at(1_000_000) == 0.59
    assert pro.score_at(2_000_000) is None


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_of_ones_own_is_merged_key_by_key(tmp_path: Path):
    catalog = load_catalog(
        written(
            tmp_path,
            """
[roles.solo]
effort = "max"
[models.deepseek-flash]
answer_cap = 50_000
[models."my/flash"]
like = "deepseek-flash"
context = 200_000
""",
        )
    )
    assert catalog.lane("solo") == Lane("deepseek-flash", "max")
    assert catalog.lane("worker").effort == "high"
    assert catalog.resolve("deepseek-flash").answer_cap == 50_000
    mine = catalog.resolve("my/flash")
    assert (mine.context, mine.encoding, mine.known) == (200_000, "v4.1", True)
    assert not catalog.price("my/flash", at("2026-11-22T00:00:00")).known


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[roles.solo]\neffrt = 'max'", "roles.solo: unknown key 'effrt'; did you mean 'effort'?"),
        ("[rolls.solo]\neffort = 'max'", "unknown key 'rolls'; did you mean 'roles'?"),
        ("[roles.solo]\neffort = 'hihg'", "did you mean 'high'"),
        ("[models.deepseek-flash]\ncontext = -1", "models.deepseek-flash.context"),
        ("[models.x]\nlike = 'deepseek-flsh'", "did you mean 'deepseek-flash'"),
        ("[models.x]\ncontext = 5", "models.x."),
        ("models = 3", "models"),
        ("peak = 3", "peak"),
        ("unknown = 3", "unknown"),
        ("[roles", "not valid TOML"),
        ("ladder = 3", "ladder"),
        ("[ladder]\nflash = []", "ladder.flash"),
        ("[ladder]\nturbo = []", "ladder: unknown key 'turbo'"),
        ("[ladder]\npro = [{ tier = 'pro', effort = 'hihg', tries = 1 }]", "did you mean 'high'"),
        ("[ladder]\npro = [{ tier = 'pro', effort = 'hihg', tries = 1 }]", "ladder.pro.0.effort"),
        ("[ladder]\npro = [{ tier = 'pro', effort = 'high', tries = 0 }]", "ladder.pro.0.tries"),
        ("[ladder]\npro = [{ tier = 'por', effort = 'high', tries = 1 }]", "ladder.pro.0.tier"),
        ("[ladder]\npro = [{ tier = 'pro', effort = 'max', trys = 1 }]", "did you mean 'tries'"),
        ("[ladder]\npro = [{ tier = 'pro', effort = 'max' }]", "ladder.pro.0.tries"),
    ],
)
def test_mistakes_in_it_name_the_key(tmp_path: Path, text: str, told: str):
    with pytest.raises(PersonError) as caught:
        load_catalog(written(tmp_path, text))
    assert told in caught.value.message
    assert "mine.toml" in caught.value.message
    assert caught.value.exit_code == Exit.USAGE


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(PersonError, match=r"absent\.toml can't be read"):
        load_catalog(tmp_path / "absent.toml")
