"""What the status line and its neighbours say of a state, without a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from leadline.agent.events import (
    ApprovalAsked,
    CheckStarted,
    Durable,
    Event,
    RequestSent,
    Routed,
    SessionEnded,
    SessionStarted,
    ToolStarted,
    TurnStarted,
    UsageReported,
)
from leadline.agent.events_plan import Landed, PlanProposed, PlanStarted, TaskMoved, WorkerBegan
from leadline.agent.messages import Usage
from leadline.agent.passing import IndexProgress, Passing
from leadline.agent.settings.config import Settings
from leadline.tests.agent.test_account import plan
from leadline.tests.tui.test_state_laws import STARTED, numbered
from leadline.tools.sandbox.base import Unavailable
from leadline.tools.sandbox.bubblewrap import Bubblewrap
from leadline.tools.sandbox.detect import choose_sandbox
from leadline.tools.sandbox.none import Unconfined
from leadline.tui.amounts import moment, share, short, span, usd
from leadline.tui.state.reducer import State, state_of
from leadline.tui.widgets.status.facts import Facts, facts_before, facts_of, sandbox_word
from leadline.tui.widgets.status.fitting import row

NOW = datetime(2026, 11, 28, 5, 1, 0, tzinfo=UTC)
FULL = Facts(
    activity="plan 5/12 landed, 8 at work",
    brief="plan 5/12",
    model="deepseek-flash",
    effort="high",
    mode="auto",
    sandbox="bubblewrap",
    branch="main",
    spent=0.314,
    budget=5.0,
    share=0.931,
    context=45_000,
    window=1_048_576,
)
ROUTED = Routed("solo", "deepseek-flash", "high", "cheap")


def usage(cost: float = 0.5) -> UsageReported:
    tokens = Usage(900, 100, 30)
    return UsageReported(1, "m", tokens, cost, 2 * cost, False, 0, "first", "", 0.5, 1.0)


def shown(*said: tuple[str, Durable | Passing]) -> State:
    return state_of(numbered(said))


def facts(*said: tuple[str, Durable | Passing], agent: str = "", branch: str = "main") -> Facts:
    return facts_of(shown(*said), agent, branch, {"deepseek-flash": 4120}, NOW)


# --- the row ---


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            160,
            (
                "plan 5/12 landed, 8 at work  deepseek-flash high  mode auto  sandbox bubblewrap  "
                "branch main  $0.31 of $5.00  cache 93%  context 45k of 1.0M (4%)"
            ),
        ),
        (
            80,
            "plan 5/12  flash high  auto  bubblewrap  main  $0.31 of $5.00  hit 93%  ctx 4%",
        ),
        (40, "flash high  auto       $0.31  hit 93%"),
        (20, "flash high     $0.31"),
        (12, "$0.31"),
        (3, "$0…"),
    ],
)
def test_less_room_leaves_less_to_say_and_the_money_last(columns: int, text: str):
    fitted = row(FULL, columns)
    assert fitted.cell_length <= columns
    assert " ".join(fitted.plain.split()) == " ".join(text.split())


@pytest.mark.parametrize("columns", range(0, 200, 7))
def test_no_row_is_too_long(columns: int):
    long = replace(FULL, model="宽" * 90, branch="b" * 90, activity="a" * 90, brief="a" * 90)
    for each in (FULL, long, Facts(), replace(FULL, urgent=True, sandbox="off")):
        assert row(each, columns).cell_length <= columns


def test_what_must_not_be_missed_stays_where_there_is_little_room():
    asked = replace(FULL, activity="1 question for you", brief="1 asked", urgent=True)
    assert "? 1 asked" in row(asked, 30).plain
    loose = row(replace(FULL, sandbox="off"), 40)
    assert "unconfined!" in loose.plain
    assert any("$error" in str(each.style) for each in loose.spans)
    assert "no sandbox" in row(replace(FULL, sandbox="none"), 60).plain


def test_what_nears_its_end_has_a_mark():
    near = replace(FULL, spent=4.2, context=900_000)
    assert "$4.20 of $5.00!" in row(near, 160).plain
    assert "(86%!)" in row(near, 160).plain


# --- what is known ---


def test_before_a_session_the_settings_are_told():
    before = facts_before(Settings(budget_usd=2.0, model_flash="mine"), "main")
    assert before == Facts(
        "ready",
        "ready",
        model="pro + mine",
        mode="auto",
        sandbox="auto",
        branch="main",
        budget=2.0,
    )
    assert facts_before(Settings(solo="flash", sandbox="off")).model == "flash"
    assert facts_before(Settings(solo="flash", sandbox="off")).sandbox == "off"


def test_the_lead_says_model_effort_and_context():
    told = facts(("main", ROUTED), ("main", TurnStarted()), ("main", usage()))
    assert (told.model, told.effort) == ("deepseek-flash", "high")
    assert (told.context, told.window) == (1030, 4120)
    assert (told.spent, told.share) == (0.5, 0.9)
    assert told.activity.startswith("works")


def test_another_agent_says_its_own_when_it_is_looked_at():
    said = (
        ("planner", replace(ROUTED, model="pro")),
        ("task-a-1", WorkerBegan("a", "flash", "high", "c0")),
        ("task-a-1", ROUTED),
        ("task-a-1", TurnStarted()),
        ("task-a-1", RequestSent(1, "m", "high", (), 2)),
    )
    assert facts(*said).model == "pro"
    worker = facts(*said, agent="task-a-1")
    assert (worker.model, worker.activity) == ("deepseek-flash", "waits 54s")
    assert facts(*said, agent="nobody").model == "pro"


PLANNED: tuple[tuple[str, Durable], ...] = (
    ("planner", PlanProposed(plan("a", "b", "c"), "s", "planner")),
    ("main", PlanStarted("c0", 2)),
    ("main", TaskMoved("a", "running", 0, 0, "")),
    ("main", TaskMoved("b", "running", 0, 0, "")),
    ("task-a-1", WorkerBegan("a", "flash", "high", "c0")),
)


def test_long_work_has_counts():
    index = facts(("main", IndexProgress(1200, 6900)))
    assert index.activity == "index 1,200/6,900"
    running = facts(*PLANNED)
    assert running.activity == "plan 0/3 landed, 2 at work, clones 1/2"
    landed = facts(
        *PLANNED,
        ("task-b-1", WorkerBegan("b", "flash", "high", "c0")),
        ("main", Landed("c1", ("a",))),
    )
    assert (landed.activity, landed.brief) == ("plan 1/3 landed, 1 at work", "plan 1/3")
    check = facts(*PLANNED, ("task-a-1", CheckStarted("make")), agent="task-a-1")
    assert "checks 1/1: make" in check.activity


def test_a_command_says_how_long_it_has_run():
    told = facts(("main", TurnStarted()), ("main", ToolStarted("1", "shell", "make [b]", True)))
    assert told.activity == "runs: make [b] 57s"


def test_a_question_comes_before_all_else_and_an_end_is_told():
    asked = facts(("main", ToolStarted("1", "x", "x", True)), ("main", ApprovalAsked("1", "?")))
    assert (asked.activity, asked.urgent) == ("1 question for you", True)
    ended = facts(("main", SessionEnded("not_done", 1, "")))
    assert ended.activity == "ended: not done"


def test_the_branch_that_the_work_goes_to_stands_beside_the_one_that_is_there():
    assert isinstance(STARTED, SessionStarted)
    events = numbered([])
    first = events[0]
    body = replace(STARTED, commit=True, branch="mend")
    assert isinstance(first, Event)
    state = state_of([replace(first, body=body)])
    assert facts_of(state, "", "main", {}, NOW).branch == "main > mend"
    assert facts_of(state, "", "mend", {}, NOW).branch == "mend"


async def test_each_sandbox_has_its_word(tmp_path: Path):
    here = await choose_sandbox("auto", tmp_path)
    assert sandbox_word(here.describe()) in ("bubblewrap", "landlock", "none")
    assert sandbox_word(Bubblewrap("bwrap", None).describe()) == "bubblewrap"
    assert sandbox_word(Unconfined().describe()) == "off"
    assert sandbox_word(Unavailable("x").describe()) == "none"
    assert sandbox_word("Confined, as an older version said.") == "?"


# --- amounts ---


def test_amounts_are_short():
    assert [usd(each) for each in (0, 0.00042, 0.0314, 0.314, 12.3, 1234.4)] == [
        "$0.00",
        "$0.0004",
        "$0.0314",
        "$0.31",
        "$12.30",
        "$1,234",
    ]
    assert [short(each) for each in (0, 999, 999.9, 1000, 12_345, 999_960, 1_048_576)] == [
        "0",
        "999",
        "1.0k",
        "1.0k",
        "12k",
        "1.0M",
        "1.0M",
    ]
    assert [span(each) for each in (-3, 5.9, 65, 3840)] == ["0s", "5s", "1m05s", "1h04m"]
    assert [share(each) for each in (0, 0.931, 0.9912, 0.99999, 1)] == [
        "0%",
        "93%",
        "99.1%",
        "99.9%",
        "100%",
    ]
    assert moment("") is None
    assert moment("2026-11-28T05:01:00.000Z") == NOW
