"""The next change of a price, held against the catalog's own word on every hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.v4.catalog import Price, load_catalog
from leadline.agent.v4.prices_ahead import DAYS, price_now_and_next

CATALOG = load_catalog()
FLASH, PRO = "deepseek-flash", "deepseek-v4-pro"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "peak", "change"),
    [
        ("2026-11-23T00:59:59", False, "2026-11-23T01:00:00"),
        ("2026-11-23T01:00:00", True, "2026-11-23T04:00:00"),
        ("2026-11-23T03:59:59.999", True, "2026-11-23T04:00:00"),
        ("2026-11-23T04:00:00", False, "2026-11-23T06:00:00"),
        ("2026-11-23T06:30:00", True, "2026-11-23T10:00:00"),
        ("2026-11-27T10:00:00", False, "2026-11-30T01:00:00"),  # over a weekend
        ("2026-09-30T09:59:59", True, "2026-09-30T10:00:00"),
        ("2026-09-30T10:00:00", False, "2026-10-08T01:00:00"),  # over a week of holidays
    ],
)
def test_peak_hours_begin_and_end(when: str, peak: bool, change: str):
    ahead = price_now_and_next(CATALOG, FLASH, at(when))
    assert ahead.now == CATALOG.price(FLASH, at(when))
    assert ahead.now.peak is peak
    assert ahead.change
    assert (ahead.change.at, ahead.change.price.peak) == (at(change), not peak)


@pytest.mark.parametrize(
    ("model", "when", "change"),
    [
        # The price of hits was cut at a quarter past an hour.
        (PRO, "2026-04-25T10:00:00", "2026-04-26T12:15:00"),
        (PRO, "2026-05-01T10:00:00", "2026-08-16T16:00:00"),
        # Another model answers to the name.
        ("deepseek-v4-flash", "2026-09-10T03:30:00", "2026-09-10T04:00:00"),
        # From the day on when a model can be had it has a price.
        (FLASH, "2026-08-30T00:00:00", "2026-09-10T04:00:00"),
    ],
)
def test_prices_change_at_their_dates(model: str, when: str, change: str):
    ahead = price_now_and_next(CATALOG, model, at(when))
    assert ahead.change
    assert ahead.change.at == at(change)
    assert ahead.change.price == CATALOG.price(model, at(change))


def test_the_answer_is_the_same_in_every_time_zone():
    utc = at("2026-11-22T23:30:00")
    for hours in (-11, -3.5, 5.75, 8, 14):
        local = utc.astimezone(timezone(timedelta(hours=hours)))
        assert price_now_and_next(CATALOG, FLASH, local) == price_now_and_next(CATALOG, FLASH, utc)


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_where_nothing_will_change_nothing_is_said(tmp_path: Path):
    flat = own(
        tmp_path,
        "[models.mine]\nlike = 'deepseek-flash'\n"
        "prices = [{ since = 2026-01-01T00:00:00Z, hit = 1, miss = 1, output = 1 }]",
    )
    ahead = price_now_and_next(load_catalog(flat), "mine", at("2026-11-23T08:00:00"))
    assert (ahead.now, ahead.change) == (Price(1, 1, 1, peak=False), None)
    unknown = price_now_and_next(CATALOG, "of-nobody", at("2026-11-23T08:00:00"))
    assert (unknown.now.known, unknown.change) == (False, None)


def test_a_price_of_the_far_future_is_known_of(tmp_path: Path):
    far = own(
        tmp_path,
        "[models.mine]\nlike = 'deepseek-flash'\nprices = [\n"
        "{ since = 2026-01-01T00:00:00Z, hit = 1, miss = 1, output = 1 },\n"
        "{ since = 2030-01-01T00:30:00+02:00, hit = 2, miss = 2, output = 2 }]",
    )
    ahead = price_now_and_next(load_catalog(far), "mine", at("2026-11-23T08:00:00"))
    assert ahead.change
    assert ahead.change.at == at("2029-12-31T22:30:00")


def test_peak_hours_up_to_midnight_end_there(tmp_path: Path):
    late = load_catalog(own(tmp_path, "[peak]\nhours = [[22, 24]]\nweekdays = [1]"))
    ahead = price_now_and_next(late, FLASH, at("2026-11-23T22:15:00"))
    assert ahead.change
    assert ahead.change.at == at("2026-11-24T00:00:00")


MOMENTS = st.datetimes(datetime(2026, 4, 1), datetime(2027, 12, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([FLASH, PRO, "deepseek-v4-flash"]), MOMENTS)
def test_no_hour_before_the_change_costs_anything_else(model: str, moment: datetime):
    ahead = price_now_and_next(CATALOG, model, moment)
    end = ahead.change.at if ahead.change else moment + timedelta(days=DAYS - 1)
    hour = moment
    while hour < end:
        price = CATALOG.price(model, hour)
        assert (price.hit, price.miss, price.output) == (
            ahead.now.hit,
            ahead.now.miss,
            ahead.now.output,
        )
        hour += timedelta(hours=1)
