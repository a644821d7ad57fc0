"""One budget for all agents, and cheaper hours."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime

from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import (
    EDIT,
    EDIT_A,
    QUICK,
    count_of,
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
    worker,
)
from leadline.tests.support.repos import write_files

pytestmark = BUBBLEWRAP


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


async def test_what_there_is_no_money_to_plan_anew_waits_for_more(stage: MakeStage) -> None:
    """A worker on Pro thinks what is left of the budget away. Its planner is not asked, and nothing has failed."""
    thinking = " ".join(str(number * number) for number in range(3000))
    mine = {"matches": "Your task \\((?P<id>a)\\)"}
    on_pro = {"model": "deepseek-v4-pro", "any_user": mine}
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("b", [[EDIT], [REPORT]], name="b"),
        worker("a", [[REPORT], [REPORT]], name="a"),
        turn("pro-0", on_pro | {"answers": 1}, REPORT, reasoning=thinking),
        turn("pro-1", on_pro | {"answers": 2}, EDIT_A),
        turn("pro-2", on_pro | {"answers": 3}, REPORT),
        reviewer(),
    )
    write_files(place.home.parent, {"catalog.toml": CATALOG})
    ran = await refactor(place, "--budget-usd", "0.028")
    assert ran.code == 5, ran.err
    assert ran.result["cost"]["usd"] <= 0.028
    assert states(ran) == {"a": "stuck", "b": "done"}
    assert [body["source"] for body in ran.bodies("plan_proposed")] == ["planner"]
    assert "no further task fits" in ran.err
    again = await place("resume", "--json", "--budget-usd", "1")
    assert again.code == 0, again.err
    assert states(again) == {"a": "done", "b": "done"}
    assert texts(place, ["a", "b"]) == {"done"}


async def test_what_a_worker_that_goes_on_spends_counts_for_the_reviewer(stage: MakeStage) -> None:
    """It was at work when the run was killed; by its next answer the budget is passed, and nobody else is asked."""
    thinking = " ".join(str(number * number) for number in range(3000))
    mine = {"matches": "Your task \\((?P<id>a)\\)"}
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a", "b"), task("b"))),
        primer(),
        worker("b", [[EDIT], [REPORT]], name="b"),
        turn("a-0", {"answers": 1, "any_user": mine}, EDIT_A),
        turn("a-1", {"answers": 2, "any_user": mine}, REPORT, reasoning=thinking),
        reviewer(),
        delay=0.3,
    )
    write_files(place.home.parent, {"catalog.toml": CATALOG})
    process = await start("refactor", "Do all of it", "--json", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(ended(process))
    while (
        count_of(place, "tool_finished") < 5
    ):  # two of the planner's, two of b's, and the edit of a
        await asyncio.sleep(0.02)
        assert process.returncode is None
    process.send_signal(signal.SIGKILL)
    await reading
    ran = await place("resume", "--json", "--budget-usd", "0.012")
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "b"]) == {"done"}
    assert "review" not in {record.step for record in place.server.requests}
    assert "the change was not reviewed: $0.0" in " ".join(ran.result["notes"])


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
