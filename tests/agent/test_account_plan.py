from __future__ import annotations

import io
from dataclasses import replace

import pytest
from leadline.agent.account import Account
from leadline.agent.events import Routed, SessionStarted, Way
from leadline.agent.events_plan import (
    BroughtHome,
    CodemodRun,
    Forecast,
    Forecasted,
    Interval,
    PathsGranted,
    PlanProposed,
    PlanStarted,
    Reviewed,
    TaskMoved,
    WorkerBegan,
)
from leadline.agent.planning.plan import Area, Plan, Task, WriteSet
from leadline.agent.planning.plan_check import CheckedPlan
from leadline.tests.agent.test_account import events, plan, told
from leadline.tui.commands.screen import Terminal

FORECAST = Forecast(
    tasks=40,
    workers=8,
    requests=Interval(100, 200, 400),
    hit=Interval(500_000, 1_000_000, 2_000_000),
    miss=Interval(40_000, 80_000, 160_000),
    output=Interval(10_000, 40_000, 80_000),
    usd=Interval(0.151, 0.31, 0.799),
    minutes=Interval(6.2, 11.6, 25),
    priced=True,
    learnt=0,
)


@pytest.mark.parametrize(
    ("way", "plan_only", "whole"),
    [("planned", False, False), ("planned", True, True), ("refactor", False, True)],
)
def test_the_whole_plan_is_shown_where_the_person_decides(way: Way, plan_only: bool, whole: bool):
    started = SessionStarted(
        "0.1", "/w", "t", "auto", "Confined.", {}, way=way, workers=8, plan_only=plan_only
    )
    screen = told(("main", started), ("main", PlanProposed(plan("money"), "", "planner")))
    assert ("Do money." in "\n".join(screen.lines)) == whole
    assert ("plan: 1 task" in screen.lines) == (not whole)


def test_where_the_person_decides_each_task_has_its_line_before_the_forecast():
    known = plan("money", "shop")
    later = replace(known.plan.tasks[1], depends_on=("money",), tier="pro")
    chained = replace(known, plan=replace(known.plan, tasks=(known.plan.tasks[0], later)))
    ways: tuple[Way, ...] = ("refactor", "planned")
    for way in ways:
        started = SessionStarted("0.1", "/w", "t", "auto", "Confined.", {}, way=way, workers=8)
        proposed = PlanProposed(chained, "", "planner")
        lines = told(("main", started), ("main", proposed), ("main", Forecasted(FORECAST))).lines
        in_short = ["  money  Flash: Mend money", "  shop   Pro, after money: Mend shop", ""]
        assert (lines[-4:-1] == in_short) == (way == "refactor")
        assert lines[-1].startswith("forecast: ")


def test_a_forecast_names_each_likely_figure_and_its_bounds():
    assert told(("main", Forecasted(FORECAST))).lines == [
        (
            "forecast: 40 tasks with 8 workers: 1.1M tokens (550k to 2.2M), $0.31 ($0.15 to $0.80), "
            "12 minutes (6 to 25); by defaults, as nothing was tried in this project yet"
        )
    ]
    known = replace(FORECAST, tasks=1, workers=1, learnt=1, priced=False)
    (line,) = told(("main", Forecasted(known))).lines
    assert line.startswith("forecast: 1 task with 1 worker: ")
    assert line.endswith(
        "; from 1 earlier try in this project; a price is not known and counts as $0"
    )


def test_what_a_plan_holds_cannot_steer_the_terminal():
    evil = "\x1b]0;owned\x07\x1b[2J\u202e"
    task = Task("money", evil, evil, ("a.py",), checks=("make",))
    checked = CheckedPlan(Plan(evil, (task,)), (WriteSet((Area(f"{evil}.py"),)),))
    stream = io.StringIO()
    account = Account(Terminal(stream, {}))
    started = SessionStarted("0.1", "/w", "t", "auto", "Confined.", {}, way="refactor")
    for event in events(
        ("main", started),
        ("main", PlanProposed(checked, evil, "planner")),
        ("main", PlanStarted("c0", 8)),
        ("task-money-1", WorkerBegan("money", "flash", "high", "c0")),
        ("task-money-1", Routed("worker", evil, evil, evil)),
        ("main", TaskMoved("money", "bounced", 1, 0, evil)),
        ("main", PathsGranted("money", WriteSet((Area(evil),)))),
        ("main", CodemodRun("money", 1, 1, (evil,))),
        ("main", Reviewed(False, evil)),
        ("main", BroughtHome(evil, (evil,))),
    ):
        account(event)
    assert not {"\x1b", "\x07", "\u202e"} & set(stream.getvalue())
