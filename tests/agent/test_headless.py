from __future__ import annotations

import errno
import io
import json
import os
from dataclasses import replace

import pytest
from leadline.agent.bus import Live
from leadline.agent.context.repacking import Prices, Sizes, weigh
from leadline.agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    BudgetReached,
    CheckStarted,
    Durable,
    Event,
    Evidence,
    MessageCommitted,
    PlanChanged,
    PlanItem,
    Rebased,
    Repaired,
    RequestFailed,
    Routed,
    SessionResumed,
    SessionStarted,
    SnapshotTaken,
    ToolFinished,
    ToolStarted,
    TurnStarted,
    Verified,
    Warned,
)
from leadline.agent.events_code import Packed
from leadline.agent.headless import (
    JsonLines,
    Progress,
    Span,
    evidence_line,
    failure_result,
    json_line,
    result_json,
)
from leadline.agent.history.journal import encode
from leadline.agent.messages import AssistantMessage, Usage, UserMessage
from leadline.agent.passing import (
    IndexProgress,
    Passing,
    ReasoningDelta,
    RetryScheduled,
    TextDelta,
)
from leadline.agent.planning.plan import Plan, Task
from leadline.agent.planning.plan_text import read_plan
from leadline.agent.result import EXIT_CODES, Bill, RunResult, TaskResult
from leadline.tools.errors import Exit, PersonError

GREEN = Evidence("pytest -q", "t1", 0, 12, 0, 1, False, 0.84, "/out/1")

PACKED = Packed(
    31_900, 32_768, 2_823, {"whole": 11, "signatures": 30, "path": 9}, False, "t", 0.24, {}
)


class Written:
    """A screen that keeps what it was given; fitted lines are marked, so is what only a live terminal shows."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.statuses: list[str] = []

    def line(self, *spans: Span) -> None:
        self.lines.append("".join(span if isinstance(span, str) else span[1] for span in spans))

    def fitted(self, *spans: Span) -> None:
        self.line(*spans)

    def paragraph(self, text: str, indent: int = 0, most: int | None = None) -> None:
        self.lines.append(" " * indent + text)

    def status(self, text: str) -> None:
        self.statuses.append(text)


class Failing:
    def __init__(self, number: int, after: int) -> None:
        self.number = number
        self.left = after

    def write(self, data: bytes, /) -> int:
        self.left -= 1
        if self.left < 0:
            raise OSError(self.number, os.strerror(self.number))
        return len(data)

    def flush(self) -> None:
        pass


def event(body: Durable, seq: int = 1) -> Event:
    return Event(seq, "2026-11-22T05:00:00.000Z", "s1", "main", 2, body)


def told(*bodies: Durable | Passing) -> Written:
    screen = Written()
    progress = Progress(screen)
    for body in bodies:
        if isinstance(body, Passing):
            progress(Live("main", 2, body))
        else:
            progress(event(body))
    return screen


RESULT = RunResult(
    session="s1",
    status="done",
    exit_code=0,
    summary="add() adds.",
    patch="",
    changed=("calc.py",),
    evidence=(GREEN,),
    notes=("look here",),
    bill=Bill(0.01, 0.11, 900, 100, 50, 7, 1),
    models=("deepseek-flash",),
    sandbox="confined",
    turns=5,
    seconds=12.5,
)


# --- JSON lines ---


def test_events_have_the_journals_bytes_and_the_result_comes_last():
    stream = io.BytesIO()
    lines = JsonLines(stream)
    one = event(Warned("first \N{ROCKET}"), 1)
    two = event(TurnStarted(), 2)
    lines(one)
    lines(Live("main", 1, TextDelta("never shown")))
    lines(two)
    lines.finish(replace(RESULT, output={"answer": [1, None]}))
    written = stream.getvalue().split(b"\n")
    assert written[:2] == [encode(one), encode(two)]
    assert written[3:] == [b""]
    assert json.loads(written[2])["result"]["output"] == {"answer": [1, None]}


def test_the_result_has_its_documented_keys():
    value = result_json(RESULT)
    assert list(value) == [
        "session",
        "status",
        "exit_code",
        "summary",
        "output",
        "changed",
        "patch",
        "commit",
        "branch",
        "evidence",
        "notes",
        "plan",
        "tasks",
        "assumptions",
        "cost",
        "cache",
        "models",
        "sandbox",
        "turns",
        "seconds",
    ]
    assert value["cost"] == {
        "usd": 0.01,
        "uncached_usd": 0.11,
        "saved_usd": 0.1,
        "requests": 7,
    }
    assert value["cache"] == {
        "hit_tokens": 900,
        "miss_tokens": 100,
        "output_tokens": 50,
        "hit_share": 0.9,
        "unexpected_misses": 1,
    }
    assert value["evidence"] == [
        {
            "command": "pytest -q",
            "tree": "t1",
            "exit_code": 0,
            "green": True,
            "passed": 12,
            "failed": 0,
            "skipped": 1,
            "ran_nothing": False,
            "seconds": 0.84,
            "output_file": "/out/1",
            "before": None,
        }
    ]
    assert json.loads(json_line(value)) == value


def test_a_plan_its_tasks_and_what_was_assumed_are_in_the_result():
    plan = Plan("Cents\u202e", (Task("money", "t", "b", ("m.py",), checks=("make",)),))
    models = ("flash", "pro")
    task = TaskResult("money", "t", "failed", 3, "its checks are red", models, 0.3, "I tried.")
    value = result_json(replace(RESULT, plan=plan, tasks=(task,), assumptions=("the euro",)))
    assert read_plan(json.dumps(value["plan"])) == plan
    assert value["tasks"] == [
        {
            "id": "money",
            "title": "t",
            "state": "failed",
            "tries": 3,
            "reason": "its checks are red",
            "models": ["flash", "pro"],
            "usd": 0.3,
            "report": "I tried.",
        }
    ]
    assert value["assumptions"] == ["the euro"]
    assert json.loads(json_line(value)) == value
    bare = result_json(RESULT)
    assert (bare["plan"], bare["tasks"], bare["assumptions"]) == (None, [], [])


@pytest.mark.parametrize("code", list(Exit))
def test_a_failure_has_the_same_keys_as_a_result(code: Exit):
    failure = failure_result("It broke.", code)
    value = result_json(failure)
    assert list(value) == list(result_json(RESULT))
    assert value["exit_code"] == code
    assert EXIT_CODES[failure.status] == code
    assert failure.status != "planned"
    assert value["summary"] == "It broke."


def test_bytes_that_are_no_text_do_not_break_the_json():
    line = json_line({"patch": b"caf\xe9".decode("utf-8", "surrogateescape")})
    assert json.loads(line) == {"patch": "caf?"}


def test_a_reader_that_went_away_does_not_stop_the_run():
    lines = JsonLines(Failing(errno.EPIPE, after=1))
    for number in range(3):
        lines(event(TurnStarted(), number + 1))
    lines.finish(RESULT)


def test_lines_that_could_not_be_written_are_told_at_the_end():
    lines = JsonLines(Failing(errno.ENOSPC, after=1))
    for number in range(3):
        lines(event(TurnStarted(), number + 1))
    with pytest.raises(PersonError, match=r"No space left.*show s1 --json") as caught:
        lines.finish(RESULT)
    assert caught.value.exit_code == Exit.NOT_DONE


# --- people's text ---


def test_it_opens_with_the_sandbox_and_the_model():
    started = SessionStarted("0.1", "/w", "fix it", "auto", "Commands are confined.", {})
    screen = told(started, Routed("solo", "deepseek-flash", "high", "does the whole task"))
    assert screen.lines == [
        "/w, mode auto",
        "Commands are confined.",
        "solo: deepseek-flash, effort high (does the whole task)",
    ]


def test_a_resumed_session_names_what_may_be_half_done():
    screen = told(SessionResumed("0.1", "Commands are confined.", ("$ make", "edit a.py")))
    assert screen.lines == [
        "Commands are confined.",
        "cut off when it was stopped, so perhaps done in part: $ make; edit a.py",
    ]


def test_the_same_route_is_told_once():
    route = Routed("solo", "deepseek-flash", "high", "r")
    other = Routed("solo", "deepseek-v4-pro", "high", "r")
    assert len(told(route, route, other).lines) == 2


def test_one_line_for_each_call():
    screen = told(
        ToolStarted("1", "read", "read calc.py", False),
        ToolFinished("1", True, "== calc.py\nlong", 0.04, ""),
        ToolStarted("2", "shell", "$ pytest", True),
        ToolFinished("2", False, "a\nlong\noutput", 12.34, "$ pytest: exit 1"),
        ToolFinished("3", False, "There is no such file.", 0.0, "edit x.py"),
    )
    assert screen.lines == [
        "ok       0.0 s read calc.py",
        "failed  12.3 s $ pytest: exit 1",
        "failed   0.0 s edit x.py",
        "               There is no such file.",
    ]
    assert screen.statuses == ["read calc.py", "$ pytest"]


def test_the_models_text_is_shown_when_it_is_whole():
    answer = AssistantMessage("I see.", "hm", (), "stop", Usage(1, 2, 3), "m")
    empty = AssistantMessage(" \n", "hm", (), "stop", Usage(1, 2, 3), "m")
    screen = told(
        ReasoningDelta("hm"),
        TextDelta("I "),
        TextDelta("see."),
        MessageCommitted(answer),
        MessageCommitted(empty),
        MessageCommitted(UserMessage("Checks are red", "harness")),
        MessageCommitted(UserMessage("card", "environment")),
    )
    assert screen.lines == ["I see.", "to the model: Checks are red"]
    assert screen.statuses == ["thinking", "writing", "writing"]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (RetryScheduled("429", 2.04, 3), "retry 3 in 2.0 s: 429"),
        (RequestFailed(1, "401 wrong key", False), "request failed: 401 wrong key"),
        (Warned("another model answered"), "warning: another model answered"),
        (BudgetReached("turns", "All 5 turns are used."), "All 5 turns are used."),
        (Repaired("empty", "asked again"), "answer with a fault (empty): asked again"),
        (Rebased("new tools", 2), "the cached prefix is given up: new tools"),
        (PACKED, "Packed 41 of 2,823 files, 31,900 tokens, 0.2 s"),
        (
            replace(PACKED, files=41, complete=True),
            "Packed all 41 files whole, 31,900 tokens, 0.2 s",
        ),
        (
            weigh(
                "deltas",
                Sizes(90_000, 31_900, 4_000, 32_000),
                Prices(0.003, 0.15, False),
                1,
                cold=False,
            ),
            (
                "no new pack: carrying on costs $0.00027, a new one $0.01291 "
                "(4,000 tokens of deltas, cache warm, 1 turn expected)"
            ),
        ),
        (ApprovalAsked("1", "May I?"), "May I?"),
        (ApprovalAnswered("1", False, "no", "nobody"), "not allowed: nobody is here to ask"),
        (Verified(GREEN), "check  pytest -q: 12 passed, 1 skipped in 0.8 s"),
        (
            PlanChanged((PlanItem("a", "done"), PlanItem("b", "doing"), PlanItem("c", "open"))),
            "plan   1 of 3 done: b",
        ),
        (
            SnapshotTaken(0, "c", "t", "", ("big.bin",)),
            "not in the snapshots, so undo can't bring it back: big.bin",
        ),
    ],
)
def test_what_a_person_should_know_has_a_line(body: Durable | Passing, line: str):
    assert told(body).lines == [line]


@pytest.mark.parametrize(
    "body",
    [
        TurnStarted(),
        RequestFailed(1, "503", True),
        SnapshotTaken(1, "c", "t", "turn 1"),
        CheckStarted("pytest"),
    ],
)
def test_what_is_only_of_the_moment_has_none(body: Durable):
    assert told(body).lines == []


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (GREEN, "pytest -q: 12 passed, 1 skipped in 0.8 s"),
        (Evidence("make", "t", 0, 0, 0, 0, False, 3.0, ""), "make: exit code 0 in 3.0 s"),
        (
            Evidence("make", "t", None, 0, 0, 0, False, 60, ""),
            "make: ended before it had a result in 60.0 s",
        ),
        (
            Evidence("pytest", "t", 5, 0, 0, 0, True, 0.2, ""),
            "pytest: no test ran, so it proves nothing in 0.2 s",
        ),
        (Evidence("t", "t", 1, 3, 2, 0, False, 1, ""), "t: 2 failed, 3 passed in 1.0 s"),
    ],
)
def test_evidence_in_words(evidence: Evidence, said: str):
    assert evidence_line(evidence) == said


def test_how_far_the_index_is_shows_only_where_it_can_be_replaced():
    screen = told(IndexProgress(1_200, 7_000))
    assert screen.statuses == ["indexing the repository: 1,200 of 7,000 files"]
    assert screen.lines == []
