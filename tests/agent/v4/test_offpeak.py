"""The cheap hours, held against the catalog's own word on every hour."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.v4.catalog import load_catalog
from leadline.agent.v4.offpeak import STEP_SECONDS, next_off_peak, wait_off_peak

CATALOG = load_catalog()
FLASH = "deepseek-flash"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "until"),
    [
        ("2026-11-23T00:59:59", None),
        ("2026-11-23T01:00:00", "2026-11-23T04:00:00"),
        ("2026-11-23T03:59:59", "2026-11-23T04:00:00"),
        ("2026-11-23T04:00:00", None),
        ("2026-11-23T06:30:00", "2026-11-23T10:00:00"),
        ("2026-11-22T08:00:00", None),  # a Sunday
        ("2026-10-01T08:00:00", None),  # a holiday
        ("2026-08-14T08:00:00", None),  # before there were peak prices
    ],
)
def test_when_the_cheap_hours_begin(when: str, until: str | None):
    expected = at(until) if until else None
    assert next_off_peak(CATALOG, "deepseek-v4-pro", at(when)) == expected


def test_a_model_without_a_peak_price_is_not_waited_for(tmp_path: Path):
    own = tmp_path / "mine.toml"
    own.write_text(
        "[models.mine]\nlike = 'deepseek-flash'\n"
        "prices = [{ since = 2026-01-01T00:00:00Z, hit = 1, miss = 1, output = 1 }]"
    )
    busy = at("2026-11-23T08:00:00")
    assert CATALOG.is_peak(busy)
    assert next_off_peak(load_catalog(own), "mine", busy) is None
    assert next_off_peak(CATALOG, "of-nobody", busy) is None


def test_peak_hours_without_an_end_are_not_waited_for(tmp_path: Path):
    own = tmp_path / "mine.toml"
    own.write_text("[peak]\nhours = [[0, 24]]\nweekdays = [1, 2, 3, 4, 5, 6, 7]")
    assert next_off_peak(load_catalog(own), FLASH, at("2026-11-23T08:00:00")) is None


MOMENTS = st.datetimes(datetime(2026, 9, 11), datetime(2028, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@settings(deadline=None)
@given(MOMENTS)
def test_it_is_the_first_moment_that_is_off_peak(moment: datetime):
    until = next_off_peak(CATALOG, FLASH, moment)
    if until is None:
        assert not CATALOG.is_peak(moment)
        return
    assert moment < until
    assert not CATALOG.is_peak(until)
    assert next_off_peak(CATALOG, FLASH, until) is None
    step = moment
    while step < until:
        assert CATALOG.is_peak(step)
        step += timedelta(minutes=7)
    assert CATALOG.is_peak(until - timedelta(microseconds=1))


@settings(deadline=None)
@given(MOMENTS, st.integers(-14, 14))
def test_the_time_zone_of_the_caller_makes_no_difference(moment: datetime, hours: int):
    zone = moment.tzinfo
    assert zone is UTC
    there = moment + timedelta(hours=hours)
    elsewhere = datetime.fromisoformat(
        f"{there.replace(tzinfo=None).isoformat()}{hours:+03d}:00".replace("+-", "-")
    )
    assert elsewhere == moment
    assert next_off_peak(CATALOG, FLASH, elsewhere) == next_off_peak(CATALOG, FLASH, moment)


@dataclass
class Clock:
    """A clock that sleeping moves. `naps` are minutes that a laptop sleeps beside, by the number of the sleep."""

    time: datetime
    naps: dict[int, float] = field(default_factory=dict[int, float])
    slept: list[float] = field(default_factory=list[float])
    told: list[datetime] = field(default_factory=list[datetime])

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        nap = self.naps.get(len(self.slept), 0)
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds, minutes=nap)
        await asyncio.sleep(0)

    async def wait(self) -> None:
        await wait_off_peak(CATALOG, FLASH, self.now, self.sleep, self.told.append)


@settings(deadline=None, max_examples=40)
@given(MOMENTS, st.dictionaries(st.integers(0, 20), st.floats(0, 3000), max_size=3))
async def test_it_waits_until_the_cheap_hours_however_long_the_machine_slept(
    moment: datetime, naps: dict[int, float]
):
    clock = Clock(moment, naps)
    await clock.wait()
    assert not CATALOG.is_peak(clock.time)
    assert bool(clock.slept) is bool(clock.told) is CATALOG.is_peak(moment)
    assert all(0 < seconds <= STEP_SECONDS for seconds in clock.slept)
    if not naps and clock.told:
        assert clock.told == [clock.time]


async def test_a_machine_that_wakes_in_the_next_peak_hours_is_told_of_their_end():
    clock = Clock(at("2026-11-23T03:00:00"), {0: 4 * 60})
    await clock.wait()
    assert clock.told == [at("2026-11-23T04:00:00"), at("2026-11-23T10:00:00")]
    assert clock.time == at("2026-11-23T10:00:00")


async def test_waiting_can_be_cancelled():
    clock = Clock(at("2026-11-23T01:00:00"))

    async def hang(seconds: float) -> None:
        clock.slept.append(seconds)
        await asyncio.Event().wait()

    waiting = asyncio.create_task(wait_off_peak(CATALOG, FLASH, clock.now, hang, clock.told.append))
    while not clock.slept:
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
