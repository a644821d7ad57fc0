from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from leadline.agent.account import Account
from leadline.agent.board import board_of
from leadline.agent.bus import Bus, Live, Published, Recorder
from leadline.agent.events import (
    Durable,
    Event,
    Evidence,
    MessageCommitted,
    Routed,
    SessionResumed,
    ToolFinished,
    ToolStarted,
    TurnStarted,
    UsageReported,
    Verified,
    Warned,
)
from leadline.agent.events_plan import (
    BroughtHome,
    CodemodRun,
    Landed,
    PathsGranted,
    PlanEnded,
    PlanProposed,
    PlanStarted,
    Reviewed,
    TaskMoved,
    WorkerBegan,
)
from leadline.agent.events_requests import TokenPrice
from leadline.agent.history.journal import Journal
from leadline.agent.messages import AssistantMessage, Usage
from leadline.agent.passing import Passing, ReasoningDelta, RetryScheduled, TextDelta
from leadline.agent.planning import schedule as moves
from leadline.agent.planning.plan import Area, Plan, Task, WriteSet
from leadline.agent.planning.plan_check import CheckedPlan
from leadline.agent.planning.record import PlanRecord
from leadline.agent.planning.schedule import Schedule, State
from leadline.tests.agent.test_headless import Written
from leadline.tui.commands.screen import Terminal

PRICE = TokenPrice(0.022, 0.66, 1.32)


def plan(*names: str) -> CheckedPlan:
    tasks = tuple(
        Task(name, f"Mend {name}", f"Do {name}.", (f"{name}.py",), checks=("make",))
        for name in names
    )
    sets = tuple(WriteSet((Area(f"{name}.py"),)) for name in names)
    return CheckedPlan(Plan("Count in cents", tasks), sets)


def events(*said: tuple[str, Durable]) -> list[Event]:
    return [
        Event(number, "2026-11-22T05:00:00.000Z", "s1", agent, 1, body)
        for number, (agent, body) in enumerate(said, 1)
    ]


def told(*said: tuple[str, Durable | Passing]) -> Written:
    screen = Written()
    account = Account(screen)
    for published in _published(said):
        account(published)
    return screen


def _published(said: tuple[tuple[str, Durable | Passing], ...]) -> Iterator[Published]:
    for number, (agent, body) in enumerate(said, 1):
        if isinstance(body, Passing):
            yield Live(agent, 1, body)
        else:
            yield Event(number, "2026-11-22T05:00:00.000Z", "s1", agent, 1, body)


def begun(*names: str, workers: int = 8) -> list[tuple[str, Durable]]:
    """A plan with these tasks, and a worker begun for each."""
    said: list[tuple[str, Durable]] = [
        ("main", PlanProposed(plan(*names), "", "planner")),
        ("main", PlanStarted("c0", workers)),
    ]
    for number, name in enumerate(names, 1):
        agent = f"task-{name}-{number}"
        said += [
            ("main", TaskMoved(name, "running", 0, 0, "")),
            (agent, WorkerBegan(name, "flash", "high", "c0")),
            (agent, Routed("worker", "deepseek-flash", "high", "a brief and checks", PRICE)),
        ]
    return said


def usage(cost: float) -> UsageReported:
    return UsageReported(1, "m", Usage(1, 2, 3), cost, cost, False, 0, "none", "", 0.5, 1.0)


CALL = ToolFinished("1", True, "text", 0.14, "read money.py")
MANY = [f"t{number}" for number in range(5)]


# --- whose line it is ---


def test_lines_of_workers_say_which_task_they_are_for():
    screen = told(
        *begun("money", "split"),
        ("task-money-1", TurnStarted()),
        ("task-money-1", ToolStarted("1", "read", "read money.py", False)),
        ("task-split-2", ToolStarted("1", "read", "read split.py", False)),
        ("task-money-1", ToolFinished("1", True, "text", 0.14, "")),
        ("task-split-2", ToolFinished("1", True, "text", 0.2, "")),
        (
            "task-split-2",
            MessageCommitted(AssistantMessage("I see.", "", (), "stop", Usage(1, 1, 1), "m")),
        ),
        ("proof", Verified(Evidence("make", "t", 0, 3, 0, 0, False, 1.0, ""))),
        ("main", Warned("look")),
    )
    assert screen.lines == [
        "plan: 2 tasks, 1 in a row at most",
        "[money] began with deepseek-flash, effort high: Mend money",
        "[split] began with deepseek-flash, effort high: Mend split",
        "[money] ok       0.1 s read money.py",
        "[split] ok       0.2 s read split.py",
        "[split] I see.",
        "[proof] check  make: 3 passed in 1.0 s",
        "warning: look",
    ]


def test_before_workers_begin_and_after_they_ended_nobody_needs_a_name():
    alone: tuple[tuple[str, Durable], ...] = (
        ("planner", Routed("planner", "deepseek-v4-pro", "high", "thinks")),
        ("planner", CALL),
    )
    lines = ["planner: deepseek-v4-pro, effort high (thinks)", "ok       0.1 s read money.py"]
    assert told(*alone).lines == lines
    ended = told(*begun("money"), ("main", PlanEnded("c1", 1, 0, 0, 0)), ("reviewer", CALL))
    assert ended.lines[-2:] == ["the workers have ended: 1 done", "ok       0.1 s read money.py"]


def test_the_parts_of_many_answers_do_not_flicker_over_each_other():
    single = told(("main", ReasoningDelta("hm")), ("main", TextDelta("I")))
    assert single.statuses == ["thinking", "writing"]
    screen = told(
        *begun("money", "split"),
        ("task-money-1", ReasoningDelta("hm")),
        ("task-split-2", TextDelta("I")),
        ("task-split-2", TurnStarted()),
    )
    assert set(screen.statuses) == {
        "0 of 2 done, 0 at work, $0.00",
        "0 of 2 done, 1 at work, $0.00",
        "0 of 2 done, 2 at work, $0.00",
    }


def test_a_terminal_always_ends_with_the_count_and_never_with_an_answers_parts():
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Tty()
    account = Account(Terminal(stream, {"NO_COLOR": "1"}))
    for published in _published(
        (*begun("a", "b"), ("task-a-1", TextDelta("x")), ("task-a-1", CALL))
    ):
        account(published)
    assert stream.getvalue().endswith(
        "\r\x1b[2K[a] ok       0.1 s read money.py\n0 of 2 done, 2 at work, $0.00"
    )


# --- many at once ---


def test_of_many_workers_only_what_becomes_of_their_tasks_is_told():
    screen = told(
        *begun(*MANY),
        ("task-t0-1", CALL),
        ("task-t0-1", RetryScheduled("429", 1.0, 1)),
        ("task-t1-2", Warned("another model answered")),
        ("task-t2-3", Warned("another model answered")),
        ("proof", Verified(Evidence("make", "t", 1, 3, 1, 0, False, 1.0, ""))),
        ("main", Verified(Evidence("make", "t", 1, 3, 1, 0, False, 1.0, ""), before=True)),
        ("main", Warned("look")),
        ("planner", Routed("planner", "deepseek-v4-pro", "high", "asked once more")),
        ("main", TaskMoved("t0", "verifying", 0, 0, "")),
        ("main", TaskMoved("t0", "merging", 0, 0, "")),
        ("main", Landed("c1", ("t0",))),
        ("main", TaskMoved("t0", "done", 0, 0, "")),
    )
    assert screen.lines[6:] == [
        "[t1] warning: another model answered",
        "warning: look",
        "[planner] planner: deepseek-v4-pro, effort high (asked once more)",
        "landed: t0 (1 of 5 done)",
    ]


def test_four_are_told_call_by_call_and_fewer_workers_than_tasks_count():
    assert "[t0] ok       0.1 s read money.py" in told(*begun(*MANY[:4]), ("task-t0-1", CALL)).lines
    few = begun(*MANY, workers=4)
    assert "[t0] ok       0.1 s read money.py" in told(*few, ("task-t0-1", CALL)).lines


def test_who_primes_says_which_model_reads_and_else_nothing_but_warnings():
    answer = MessageCommitted(AssistantMessage("Ready.", "", (), "stop", Usage(1, 1, 1), "m"))
    name = "prime-pro-high"
    said = ((name, Routed("prime", "m", "high", "r")), (name, answer), (name, Warned("slow")))
    assert told(*said).lines == ["prime: m, effort high (r)", "warning: slow"]
    assert told(*begun("money"), *said).lines[2:] == [
        "[prime-pro-high] prime: m, effort high (r)",
        "[prime-pro-high] warning: slow",
    ]


# --- what becomes of a task ---


def test_a_higher_rung_says_model_effort_price_and_why():
    screen = told(
        *begun("money"),
        ("main", TaskMoved("money", "bounced", 1, 0, "its checks are red")),
        ("main", TaskMoved("money", "running", 1, 0, "its checks are red")),
        ("task-money-1", WorkerBegan("money", "flash", "high", "c1")),
        ("main", TaskMoved("money", "bounced", 2, 0, "it lies")),
        ("main", TaskMoved("money", "escalated", 2, 1, "it lies")),
        ("main", TaskMoved("money", "running", 2, 1, "it lies")),
        ("task-money-2", WorkerBegan("money", "pro", "high", "c1")),
        ("task-money-2", Routed("worker", "deepseek-v4-pro", "high", "the rung below", PRICE)),
        ("main", TaskMoved("money", "bounced", 3, 1, "it lies again")),
        ("main", TaskMoved("money", "stuck", 3, 1, "refused 3 times")),
        ("main", PlanProposed(plan("cents"), "", "replan")),
        ("main", TaskMoved("cents", "failed", 0, 0, "no way")),
    )
    assert screen.lines[2:] == [
        "[money] refused: its checks are red",
        "[money] refused (2 times by now): it lies",
        (
            "[money] escalated to deepseek-v4-pro, effort high, $0.66 in ($0.022 from the cache) and "
            "$1.32 out per million tokens: it lies"
        ),
        "[money] refused (3 times by now): it lies again",
        "[money] stuck, its planner is asked: refused 3 times",
        "plan made anew: 1 task",
        "[cents] failed: no way",
    ]
    unpriced = told(
        *begun("money"),
        ("main", TaskMoved("money", "escalated", 2, 1, "it lies")),
        ("task-money-1", Routed("worker", "qwen", "high", "the rung below")),
    )
    assert "escalated to qwen, effort high, price not known: it lies" in unpriced.lines[-1]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (TaskMoved("t1", "skipped", 0, 0, "it depends on t0"), "[t1] skipped: it depends on t0"),
        (
            PathsGranted("t1", WriteSet((Area("new.py"), Area("t1.py")))),
            "[t1] may write new.py as well",
        ),
        (
            CodemodRun("t1", 2, 12, ("a.py",)),
            "[t1] codemod: 12 matches in 2 files; for the worker: a.py",
        ),
        (CodemodRun("t1", 1, 1, ()), "[t1] codemod: 1 file changed; nothing is left of it"),
        (Landed("c1", ("t1", "t0")), "landed: t1, t0 (2 of 5 done)"),
        (
            PlanEnded("c1", 2, 1, 1, 1),
            "the workers have ended: 2 done, 1 failed, 1 skipped, 1 left",
        ),
        (Reviewed(True, ""), "The reviewer is content."),
        (
            Reviewed(False, "Tax is missing."),
            "The reviewer sends work back: Tax is missing.",
        ),
        (BroughtHome("0123456789abcdef", ()), "brought into your tree: 0123456789ab"),
        (
            BroughtHome("0123456789abcdef", ("a.py", "b.py")),
            (
                "Brought into your tree, but yours stayed at 2 paths where both changed the same: a.py, b.py. "
                "What was made of them is in 0123456789ab."
            ),
        ),
    ],
)
def test_each_event_of_a_plan_has_its_line(body: Durable, line: str):
    assert told(*begun(*MANY), ("main", body)).lines[-1] == line


@pytest.mark.parametrize("state", ["waiting", "ready", "running", "verifying", "merging"])
def test_what_goes_its_way_has_none(state: State):
    before = begun(*MANY)
    assert told(*before, ("main", TaskMoved("t1", state, 0, 0, ""))).lines == told(*before).lines


# --- counts ---


def test_the_status_counts_tasks_and_the_money_of_all():
    board = board_of(
        events(
            *begun(*MANY),
            ("task-t0-1", usage(0.1)),
            ("task-t1-2", usage(0.206)),
            ("main", Landed("c1", ("t0",))),
            ("main", TaskMoved("t1", "merging", 0, 0, "")),
            ("main", TaskMoved("t2", "verifying", 0, 0, "")),
            ("main", TaskMoved("t3", "failed", 0, 0, "no")),
        )
    )
    assert board.status == "1 of 5 done, 2 at work, 1 waiting to land, 1 failed, $0.31"


def test_a_resumed_session_knows_its_plan_and_what_it_has_cost():
    earlier = events(*begun(*MANY), ("task-t0-1", usage(0.5)), ("main", Landed("c1", ("t0",))))
    screen = Written()
    account = Account(screen, earlier)
    assert screen.lines == []
    for event in events(
        ("main", SessionResumed("0.1", "Confined.", ())),
        ("planner", CALL),
        ("main", PlanStarted("c0", 8)),
        ("main", TaskMoved("t1", "running", 0, 0, "")),
        ("task-t1-2", CALL),
        ("task-t1-6", WorkerBegan("t1", "flash", "high", "c0")),
        ("task-t1-6", Routed("worker", "deepseek-flash", "high", "r", PRICE)),
    ):
        account(event)
    assert screen.lines == [
        "Confined.",
        "ok       0.1 s read money.py",
        "[t1] began with deepseek-flash, effort high: Mend t1",
    ]
    assert screen.statuses[-1] == "1 of 5 done, 1 at work, $0.50"


def test_the_board_agrees_with_the_schedule_it_never_sees(tmp_path: Path):
    """Through what the scheduler's own record makes of it: a task lands, one is refused and planned anew, one fails."""
    journal = Journal.create(tmp_path / "s")
    record = PlanRecord(Recorder(journal, Bus(), "main"))
    record.recorder.emit(PlanProposed(plan("a", "b", "c"), "", "planner"))
    schedule = moves.new_schedule(plan("a", "b", "c"))
    steps: tuple[Callable[[Schedule], Schedule], ...] = (
        lambda s: moves.start(s, "a"),
        lambda s: moves.start(s, "b"),
        lambda s: moves.report(s, "a"),
        lambda s: moves.queue(s, "a"),
        lambda s: moves.bounce(s, "b", "red"),
        lambda s: moves.escalate(s, "b", "red"),
        lambda s: moves.start(s, "b"),
        lambda s: moves.land(s, "a"),
        lambda s: moves.bounce(s, "b", "red"),
        lambda s: moves.get_stuck(s, "b", "no rung is left"),
        lambda s: moves.replan(s, plan("a", "b", "c", "d"), "b"),
        lambda s: moves.fail(s, "c", "no"),
    )
    for step in steps:
        before, schedule = schedule, step(schedule)
        if len(schedule.plan.tasks) > len(before.plan.tasks):
            record.recorder.emit(PlanProposed(plan("a", "b", "c", "d"), "", "replan"))
        record.moved(schedule, {})
        board = board_of(journal.events)
        rows = zip(schedule.plan.tasks, schedule.progress, strict=True)
        for task, now in rows:
            assert board.states.get(task.id, "waiting") == now.state, (task.id, now)
            assert board.rungs.get(task.id, 0) == now.rungs
    journal.close()
