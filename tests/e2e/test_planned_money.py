"""One budget for all agents, and cheaper hours."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import (
    EDIT,
    QUICK,
    VARIABLES,
    journal_of,
    plan,
    project,
    refactor,
    states,
    task,
    texts,
)
from leadline.tests.support.cli import ended, start
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import (
    REPORT,
    planner,
    primer,
    reviewer,
    turn,
)
from leadline.tests.support.repos import write_files

pytestmark = BUBBLEWRAP


@pytest.fixture
def variables() -> Mapping[str, str]:
    return VARIABLES


CATALOG = """
[models.deepseek-v4-pro]
store_seconds = 0.1
prices = [{ since = 2026-01-01T00:00:00Z, hit = 0.02, miss = 0.6, output = 2.0 }]
[models.deepseek-flash]
store_seconds = 0.1
prices = [{ since = 2026-01-01T00:00:00Z, hit = 0.0, miss = 0.0, output = 1.0 }]
"""
"""Prices that are the same at every hour; with Flash only answers cost."""


async def test_the_budget_covers_all_agents(stage: MakeStage) -> None:
    """A task costs a quarter of a cent here, and the planner as much: the budget ends it after some of them."""
    names = [f"f{number}" for number in range(8)]
    thinking = " ".join(str(number * number) for number in range(600))
    mine = {"matches": "Your task \\((?P<id>f[0-9])\\)"}
    place = await project(
        stage,
        names,
        planner(plan(*map(task, names))),
        primer(),
        turn("work-0", {"answers": 1, "any_user": mine}, EDIT, reasoning=thinking),
        turn("work-1", {"answers": 2, "any_user": mine}, REPORT),
        reviewer(),
    )
    write_files(place.home.parent, {"catalog.toml": CATALOG})
    ran = await refactor(place, "--budget-usd", "0.016", "--workers", "2")
    assert ran.code == 5, ran.err
    assert ran.result["cost"]["usd"] <= 0.016
    done = [name for name, state in states(ran).items() if state == "done"]
    assert 0 < len(done) < len(names)
    assert texts(place, done) == {"done"}
    assert "no further task fits" in ran.err
    again = await place("resume", "--json", "--budget-usd", "1")
    assert again.code == 0, again.err
    assert texts(place, names) == {"done"}
    assert set(states(again).values()) == {"done"}


async def test_work_waits_for_cheaper_hours_and_can_be_stopped_meanwhile(stage: MakeStage) -> None:
    """Peak is now and for the hours to come, and ends within the week."""
    place = await project(stage, ["a", "b"], planner(plan(task("a"), task("b"))))
    day = datetime.now(UTC).isoweekday()
    days = [day, day % 7 + 1]
    peak = (
        f"[peak]\nsince = 2026-01-01T00:00:00Z\nhours = [[0, 24]]\nweekdays = {days}\n[holidays]\n"
    )
    years = "\n".join(f"{year} = []" for year in range(2026, 2040))
    write_files(place.home.parent, {"catalog.toml": QUICK + peak + years})
    process = await start(
        *("refactor", "Do all of it", "--json", "--defer-to-offpeak"), cwd=place.repo, env=place.env
    )
    reading = asyncio.create_task(ended(process))
    while b"waiting for cheaper hours, until" not in journal_of(place):
        await asyncio.sleep(0.05)
        assert process.returncode is None
    process.send_signal(signal.SIGINT)
    ran = await reading
    assert ran.code == 130, ran.err
    assert len(place.server.requests) == 1
    assert ran.bodies("plan_started") == []
