from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from leadline.agent.events import (
    Durable,
    Event,
    Evidence,
    MessageCommitted,
    RequestFailed,
    Restored,
    Routed,
    SessionEnded,
    SessionStarted,
    SnapshotTaken,
    ToolFinished,
    TurnStarted,
    UsageReported,
    Verified,
    Warned,
)
from leadline.agent.events_plan import (
    PlanEnded,
    PlanProposed,
    PlanStarted,
    TaskMoved,
    WorkerBegan,
)
from leadline.agent.history.journal import Journal
from leadline.agent.history.store import sessions_folder
from leadline.agent.messages import AssistantMessage, SystemMessage, Usage, UserMessage
from leadline.agent.planning.plan import Area, Plan, Task, WriteSet
from leadline.agent.planning.plan_check import CheckedPlan
from leadline.tools.errors import PersonError
from leadline.tui.commands.common import session_folder
from leadline.tui.commands.screen import Terminal
from leadline.tui.commands.sessions import local_time
from leadline.tui.commands.show import tell

PLAN = Plan("Count in cents", (Task("money", "Cents", "Use int.", ("calc.py",), checks=("make",)),))
AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def started(root: str = "/w", task: str = "Fix add().\nIt subtracts.") -> SessionStarted:
    return SessionStarted("0.1.0", root, task, "auto", "Commands are confined.", {})


def usage(cost: float) -> UsageReported:
    return UsageReported(
        1, "deepseek-flash", Usage(10, 5, 3), cost, cost * 9, False, 0, "none", "", 0.5, 1.0
    )


STORY: list[tuple[int, Durable]] = [
    (0, started()),
    (0, MessageCommitted(SystemMessage("the system prompt"))),
    (0, MessageCommitted(UserMessage("Fix add().", "task"))),
    (1, TurnStarted()),
    (1, usage(0.25)),
    (
        1,
        MessageCommitted(
            AssistantMessage(
                "I look.", "secret thoughts", (), "stop", Usage(1, 1, 1), "deepseek-flash"
            )
        ),
    ),
    (1, SnapshotTaken(0, "c", "t", "before the first change")),
    (1, ToolFinished("1", True, "\n== calc.py\nreturn a - b", 0.1, "read calc.py")),
    (1, ToolFinished("2", False, "no match", 0.2, "edit calc.py")),
    (2, TurnStarted()),
    (2, RequestFailed(2, "503", True)),
    (2, usage(0.5)),
    (2, MessageCommitted(UserMessage("Checks are red.\na\nb\nc\nd", "harness"))),
    (2, Verified(Evidence("pytest", "t", 0, 3, 0, 0, False, 1.0, ""))),
    (2, SessionEnded("done", 0, "It adds now.")),
    (2, Restored(0, "c", ("calc.py",))),
]


def events(story: list[tuple[int, Durable]]) -> list[Event]:
    return [
        Event(seq, "2026-11-22T05:00:00.000Z", "s1", "main", turn, body)
        for seq, (turn, body) in enumerate(story, 1)
    ]


def test_times_are_shown_by_the_persons_clock(monkeypatch: pytest.MonkeyPatch):
    shown = local_time("2026-11-22T05:00:00.000Z")
    assert shown == f"{AT.astimezone():%Y-%m-%d %H:%M}"
    assert local_time("") == ""


def told(story: list[tuple[int, Durable]], *, full: bool = False) -> str:
    stream = io.StringIO()
    tell(events(story), Terminal(stream, {}), full=full)
    return stream.getvalue()


def test_show_tells_the_story():
    text = told(STORY)
    when = local_time("2026-11-22T05:00:00.000Z")
    assert (
        text
        == f"""\
s1  leadline 0.1.0
{when}  /w  mode auto
Commands are confined.

Fix add().
It subtracts.

turn 1, deepseek-flash
I look.
step 0: before the first change
ok       0.1 s read calc.py
               == calc.py
failed   0.2 s edit calc.py
               no match
request failed, sent again: 503

from Leadline
    Checks are red.
    a
    b
    ... 2 more lines
check  pytest: 3 passed in 1.0 s

Done and verified. {when}
    It adds now.
went to step 0, 1 path
"""
    )


CREW: list[tuple[str, Durable]] = [
    ("main", started()),
    ("planner", TurnStarted()),
    ("planner", ToolFinished("1", True, "x", 0.1, "read calc.py")),
    ("main", PlanProposed(CheckedPlan(PLAN, (WriteSet((Area("calc.py"),)),)), "", "planner")),
    ("main", PlanStarted("c0", 8)),
    ("main", TaskMoved("money", "running", 0, 0, "")),
    ("task-money-1", WorkerBegan("money", "flash", "high", "c0")),
    ("task-money-1", Routed("worker", "deepseek-flash", "high", "a brief")),
    ("task-money-1", TurnStarted()),
    ("task-money-1", ToolFinished("1", False, "no match", 0.2, "edit calc.py")),
    ("task-money-1", TurnStarted()),
    ("task-money-1", MessageCommitted(UserMessage("Mend it.\nAll of it.", "harness"))),
    ("task-money-1", ToolFinished("2", True, "ok", 0.0, "reports", "Cents now.\nAll of it.")),
    (
        "task-money-1",
        MessageCommitted(AssistantMessage("Hm.", "", (), "stop", Usage(1, 1, 1), "m")),
    ),
    ("main", TaskMoved("money", "failed", 1, 0, "its checks are red")),
    ("main", PlanEnded("c0", 0, 1, 0, 0)),
    ("main", SessionEnded("not_done", 1, "It subtracts.")),
]


def crew() -> list[Event]:
    return [
        Event(seq, "2026-11-22T05:00:00.000Z", "s1", agent, 1, body)
        for seq, (agent, body) in enumerate(CREW, 1)
    ]


def shown_crew(*, full: bool = False) -> str:
    stream = io.StringIO()
    tell(crew(), Terminal(stream, {}), full=full)
    return stream.getvalue()


def test_show_tells_a_plans_story_and_who_did_what():
    assert (
        shown_crew().partition("It subtracts.\n")[2].partition("\nNot done.")[0]
        == """\
ok       0.1 s read calc.py
               x
plan: 1 task
[money] began with deepseek-flash, effort high: Cents
[money] failed   0.2 s edit calc.py
[money]                no match

[money] from Leadline
    Mend it.
    All of it.
[money] ok       0.0 s reports
[money]                Cents now.

[money] turn 1, m
[money] Hm.
[money] failed: its checks are red
the workers have ended: 0 done, 1 failed
"""
    )


def test_show_in_full_has_the_whole_plan():
    assert "Use int." in shown_crew(full=True)
    assert "    Cents now.\n    All of it.\n" in shown_crew(full=True)
    assert "Use int." not in shown_crew()


def test_show_in_full_has_whole_results_and_never_the_thoughts():
    text = told(STORY, full=True)
    assert "    return a - b\n" in text
    assert "    d\n" in text
    assert "secret thoughts" not in text


def test_show_is_harmless_whatever_the_session_held():
    hostile = "\x1b[2J\x1b]52;c;eA==\x07\u202ex"
    text = told(
        [
            (0, started(root=hostile, task=hostile)),
            (1, ToolFinished("1", False, hostile, 0.1, hostile)),
            (1, Warned(hostile)),
            (1, SessionEnded("not_done", 1, hostile)),
        ],
        full=True,
    )
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


# --- which session is meant ---


def make_session(home: Path, name: str, root: Path) -> Path:
    folder = sessions_folder(home) / name
    journal = Journal.create(folder)
    journal.append("main", 0, started(root=str(root)))
    journal.close()
    return folder


def test_without_a_name_it_is_the_newest_session_of_this_work_tree(tmp_path: Path):
    home, mine, other = tmp_path / "home", tmp_path / "mine", tmp_path / "other"
    (mine / ".git").mkdir(parents=True)
    (mine / "below").mkdir()
    (other / ".git").mkdir(parents=True)
    make_session(home, "20260101-000000-aaaa", mine)
    newest = make_session(home, "20260102-000000-bbbb", mine)
    elsewhere = make_session(home, "20260103-000000-cccc", other)
    (sessions_folder(home) / "20260104-000000-dddd").mkdir()  # killed before its first line
    assert session_folder(home, None, mine / "below") == newest
    assert session_folder(home, None, other) == elsewhere
    assert session_folder(home, "aaaa", other).name == "20260101-000000-aaaa"


def test_a_place_without_sessions_never_gets_another_ones(tmp_path: Path):
    home, mine, other = tmp_path / "home", tmp_path / "mine", tmp_path / "other"
    (mine / ".git").mkdir(parents=True)
    (other / ".git").mkdir(parents=True)
    make_session(home, "20260101-000000-aaaa", other)
    with pytest.raises(PersonError, match="There is no session of"):
        session_folder(home, None, mine)
