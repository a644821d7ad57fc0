"""What each screen finds in the state: blocks, activities, the plan, money, changes, questions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from leadline.agent.budget import Limits
from leadline.agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    CheckStarted,
    Durable,
    Evidence,
    MessageCommitted,
    RequestFailed,
    RequestSent,
    Restored,
    Routed,
    SessionEnded,
    SessionResumed,
    SessionStarted,
    SnapshotTaken,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
    UsageReported,
    Verified,
    Warned,
)
from leadline.agent.events_code import Packed
from leadline.agent.events_plan import (
    BroughtHome,
    Forked,
    Landed,
    PathsGranted,
    PlanProposed,
    PlanStarted,
    TaskMoved,
    WorkerBegan,
)
from leadline.agent.events_requests import TokenPrice
from leadline.agent.history.journal import decode
from leadline.agent.messages import AssistantMessage, ToolCall, Usage, UserMessage
from leadline.agent.passing import (
    CommandWaits,
    IndexProgress,
    Passing,
    ReasoningDelta,
    RetryScheduled,
    TextDelta,
    ToolOutput,
)
from leadline.agent.planning.plan import Area, WriteSet
from leadline.tests.agent.test_account import plan
from leadline.tests.tui.test_state_laws import numbered
from leadline.tui.panels.session.plain import text_of
from leadline.tui.state.activity import Activity, last_words
from leadline.tui.state.blocks import Answer, Card, News, Note, Proof, Said
from leadline.tui.state.reducer import State, state_of

PRICE = TokenPrice(0.022, 0.66, 1.32)
ROUTED = Routed("worker", "deepseek-flash", "high", "a brief and checks", PRICE)
GREEN = Evidence("make", "t1", 0, 3, 0, 0, False, 1.0, "")
RED = replace(GREEN, exit_code=1, failed=1)
ANSWER = AssistantMessage(
    "I [see].\n\x1b[31m", "Hm.", (ToolCall("1", "read", "{}"),), "tool_calls", Usage(1, 2, 3), "m"
)


def shown(*said: tuple[str, Durable | Passing]) -> State:
    return state_of(numbered(said))


def mine(*bodies: Durable | Passing, agent: str = "main") -> State:
    return shown(*((agent, body) for body in bodies))


def usage(cost: float, cause: str = "none", hit: int = 10) -> UsageReported:
    assert cause in ("none", "service")
    return UsageReported(
        1, "m", Usage(hit, 20, 30), cost, 2 * cost, True, 15, cause, "read again", 0.5, 1.0
    )


# --- a transcript ---


def test_a_turn_is_what_was_said_thought_called_and_found():
    state = mine(
        MessageCommitted(UserMessage("mend [b]it", "task")),
        TurnStarted(),
        RequestSent(1, "m", "high", (), 2),
        ReasoningDelta("H"),
        TextDelta("I"),
        usage(0.5),
        MessageCommitted(ANSWER),
        ToolStarted("1", "read", "read a.py", False),
        ToolOutput("1", "half of it"),
        ToolFinished("1", False, "no such file", 0.2, ""),
        TurnEnded(1.0),
    )
    said, answer, card = state.agents["main"].transcript
    assert isinstance(said, Said)
    assert isinstance(answer, Answer)
    assert isinstance(card, Card)
    assert (said.text.text, said.origin) == ("mend [b]it", "task")
    assert (answer.text.text, answer.calls) == ("I [see].\n\x1b[31m", 1)
    assert answer.reasoning
    assert (answer.reasoning.text, answer.reasoning.chars) == ("Hm.", 3)
    assert (card.title, card.tool, card.state, card.seconds) == ("read a.py", "read", "failed", 0.2)
    assert card.detail
    assert card.detail.text == "no such file"
    assert not state.now


def test_an_answer_streams_until_it_is_there_whole_and_a_broken_one_goes():
    begun: tuple[Durable | Passing, ...] = (TurnStarted(), RequestSent(1, "m", "high", (), 2))
    parts: tuple[Passing, ...] = (ReasoningDelta("H"), ReasoningDelta("m"), TextDelta("I\nsee"))
    state = mine(*begun, *parts)
    now = state.now_of("main")
    assert (now.reasoning.text, now.text.text, now.text.breaks) == ("Hm", "I\nsee", 1)
    assert mine(*begun, *parts, usage(0.1)).now_of("main") == now
    assert not mine(*begun, *parts, usage(0.1), MessageCommitted(ANSWER)).now
    broken = mine(*begun, *parts, RequestFailed(1, "cut", True), TextDelta("late"))
    assert not broken.now
    waits = (RequestFailed(1, "cut", True), RetryScheduled("cut", 9.0, 1))
    assert mine(*begun, *waits).now_of("main").retry
    assert not mine(*begun, *waits, TurnEnded(1.0)).now
    note = broken.agents["main"].transcript[-1]
    assert isinstance(note, Note)
    assert (note.kind, note.text) == ("retried", "cut")


def test_a_detail_for_people_comes_before_the_text_for_the_model():
    state = mine(ToolFinished("9", True, "done", 0.1, "edit a.py", "--- a/a.py"))
    card = state.agents["main"].transcript[0]
    assert isinstance(card, Card)
    assert card.detail
    assert (card.detail.text, card.state) == ("--- a/a.py", "ok")


def test_a_check_shows_what_it_prints_and_then_its_evidence():
    started = CheckStarted("make")
    state = mine(started, ToolOutput("check", "1 of 3\n"), ToolOutput("other", "lost"))
    assert state.now_of("main").outputs["check"].text == "1 of 3\n"
    assert set(state.now_of("main").outputs) == {"check"}
    ended = mine(started, ToolOutput("check", "1 of 3\n"), Verified(GREEN))
    proof = ended.agents["main"].transcript[0]
    assert isinstance(proof, Proof)
    assert (proof.evidence, proof.running) == (GREEN, False)
    assert not ended.now


def test_calls_of_two_agents_with_one_id_are_two():
    state = shown(
        ("a", ToolStarted("1", "read", "read a", False)),
        ("b", ToolStarted("1", "read", "read b", False)),
        ("a", ToolFinished("1", True, "x", 0.1, "")),
    )
    assert not state.agents["a"].running
    assert [card.title for card in state.agents["b"].running] == ["read b"]


def test_what_begins_again_before_it_ended_cuts_the_first_off():
    call, check = ToolStarted("1", "read", "read a", False), CheckStarted("make")
    first, second, old, new = mine(call, call, check, check).agents["main"].transcript
    assert isinstance(first, Card)
    assert isinstance(second, Card)
    assert isinstance(old, Proof)
    assert isinstance(new, Proof)
    assert (first.state, second.state, old.cut, new.running) == ("cut", "running", True, True)


def test_what_a_kill_cut_off_says_so_and_a_resumed_run_may_still_end_it():
    cut: tuple[Durable, ...] = (
        TurnStarted(),
        ToolStarted("1", "edit", "edit a.py", True),
        CheckStarted("make"),
        SessionResumed("0.1", "Confined.", ("edit",)),
    )
    card, proof, note = mine(*cut).agents["main"].transcript
    assert isinstance(card, Card)
    assert isinstance(proof, Proof)
    assert isinstance(note, Note)
    assert (card.state, proof.cut, proof.evidence) == ("cut", True, None)
    assert (note.kind, note.text) == ("resumed", "edit")
    told = mine(*cut, ToolFinished("1", False, "Interrupted.", 0.0, "edit"))
    (ended, *_), count = told.agents["main"].transcript, len(told.agents["main"].transcript)
    assert isinstance(ended, Card)
    assert (ended.state, count) == ("failed", 3)


def test_notes_are_in_the_words_of_other_accounts_and_the_same_lane_is_told_once():
    packed = Packed(900, 1000, 7, {"whole": 7}, True, "t", 0.5, {})
    state = mine(ROUTED, ROUTED, packed, Warned("look [/b]"), replace(ROUTED, effort="max"))
    notes = [note for note in state.agents["main"].transcript if isinstance(note, Note)]
    assert [note.kind for note in notes] == ["lane", "pack", "warning", "lane"]
    assert notes[1].text == "Packed all 7 files whole, 900 tokens, 0.5 s"
    assert notes[2].text == "look [/b]"


def test_an_agent_that_begins_with_anothers_words_says_whose():
    state = mine(Forked("prime-flash", 5), agent="task-a-1")
    assert state.agents["task-a-1"].forked == Forked("prime-flash", 5)


# --- what goes on ---


@pytest.mark.parametrize(
    ("bodies", "doing", "about"),
    [
        ((TurnStarted(),), "working", ""),
        ((TurnStarted(), RequestSent(1, "m", "e", (), 1)), "waiting", ""),
        ((RequestSent(1, "m", "e", (), 1), ReasoningDelta("h")), "thinking", ""),
        (
            (RequestSent(1, "m", "e", (), 1), ReasoningDelta("h"), TextDelta("I")),
            "writing",
            "",
        ),
        (
            (TurnStarted(), RequestFailed(1, "429", True), RetryScheduled("429", 2.0, 1)),
            "retrying",
            "429",
        ),
        ((ToolStarted("1", "read", "", False),), "calling", "read"),
        (
            (
                ToolStarted("1", "read", "read a", False),
                ToolStarted("2", "read", "read b", False),
                ToolFinished("2", True, "", 0.1, ""),
            ),
            "calling",
            "read a",
        ),
        ((CheckStarted("make"), CommandWaits("make", None)), "queueing", "make"),
        (
            (CheckStarted("make"), CommandWaits("make", None), CommandWaits("make", 3.0)),
            "checking",
            "make",
        ),
        ((ToolStarted("1", "x", "x", True), ApprovalAsked("1", "May I?")), "asking", "May I?"),
        ((Warned("x"), IndexProgress(1200, 30000)), "indexing", "1,200 of 30,000 files"),
        ((Warned("x"), IndexProgress(30000, 30000)), "idle", ""),
        ((TurnStarted(), TurnEnded(1.0)), "idle", ""),
        ((TurnStarted(), SessionEnded("done", 0, ""), TextDelta("late")), "idle", ""),
    ],
)
def test_each_agent_says_what_it_does(
    bodies: tuple[Durable | Passing, ...], doing: str, about: str
):
    activity: Activity = mine(*bodies).doing("main")
    assert (activity.doing, activity.about) == (doing, about)


def test_the_last_line_is_the_newest_of_what_is_printed_written_or_was_done():
    begun: tuple[Durable | Passing, ...] = (
        RequestSent(1, "m", "e", (), 1),
        ReasoningDelta("Let me\nthink \n\n"),
    )

    def words(*bodies: Durable | Passing) -> str:
        state = mine(*bodies)
        return last_words(state.agents["main"], state.now_of("main"))

    assert words(*begun) == "think"
    assert words(*begun, TextDelta("I see:\n a")) == "a"
    done: tuple[Durable | Passing, ...] = (
        *begun,
        MessageCommitted(ANSWER),
        ToolStarted("1", "shell", "$ make", True),
    )
    assert words(*done) == "$ make"
    assert words(*done, ToolOutput("1", "one\ntwo\n")) == "two"
    assert words(Warned("x")) == ""


# --- the plan and its workers ---


def begun(*names: str) -> list[tuple[str, Durable | Passing]]:
    said: list[tuple[str, Durable | Passing]] = [
        ("planner", PlanProposed(plan(*names), "Cut.", "planner")),
        ("main", PlanStarted("c0", 4)),
    ]
    for number, name in enumerate(names, 1):
        agent = f"task-{name}-{number}"
        said += [
            ("main", TaskMoved(name, "running", 0, 0, "")),
            (agent, WorkerBegan(name, "flash", "high", "c0")),
            (agent, ROUTED),
        ]
    return said


def test_a_row_of_the_plan_has_all_that_is_known_of_a_task():
    state = shown(
        *begun("a", "b"),
        ("task-a-1", Verified(RED)),
        ("main", TaskMoved("a", "bounced", 1, 0, "its checks are red", "make: 1 failed")),
        ("main", TaskMoved("a", "escalated", 1, 1, "its checks are red")),
        ("task-a-3", WorkerBegan("a", "pro", "high", "c0")),
        ("main", PathsGranted("a", WriteSet((Area("a.py"), Area("n.py"))))),
        ("task-b-2", Verified(GREEN, before=True)),
        ("task-b-2", Verified(GREEN)),
        ("proof", Verified(replace(GREEN, command="make all"))),
        ("main", Landed("c1", ("b",))),
    )
    a, b = state.plan.rows
    assert (a.task.id, a.state, a.rungs, a.bounces) == ("a", "escalated", 1, 1)
    assert (a.reason, a.refusal, a.agent) == ("its checks are red", "make: 1 failed", "task-a-3")
    assert (a.held.entries, dict(a.proofs)) == (("a.py", "n.py"), {"make": RED})
    assert (b.state, dict(b.proofs)) == ("done", {"make": GREEN})
    assert set(state.plan.whole) == {"make all"}
    assert [landing.tasks for landing in state.changes.landings] == [("b",)]
    assert news_of(state)[-1] == "b landed, 1 of 2 done"


def news_of(state: State) -> list[str]:
    blocks = [block for block in state.agents["main"].transcript if isinstance(block, News)]
    return [text_of(block) for block in blocks]


def test_what_becomes_of_a_task_is_a_line_with_what_is_tried_next():
    """A refusal and what follows from it are one line, under which is what the worker was told."""
    red = "its checks are red"
    state = shown(
        *begun("a", "b", "c"),
        ("task-a-1", Verified(RED)),
        ("main", TaskMoved("a", "bounced", 1, 0, red, "told")),
        ("main", TaskMoved("a", "running", 1, 0, red)),
        ("main", TaskMoved("a", "bounced", 2, 0, red, "told")),
        ("main", TaskMoved("a", "escalated", 2, 1, red, "told")),
        ("task-a-3", WorkerBegan("a", "pro", "high", "c0")),
        ("task-a-3", replace(ROUTED, role="worker", model="m-pro")),
        ("main", TaskMoved("b", "bounced", 1, 0, "stopped by the person", "go on")),
        ("main", TaskMoved("b", "running", 1, 0, "stopped by the person")),
        ("main", TaskMoved("b", "failed", 1, 0, "given up by the person")),
        ("main", TaskMoved("c", "skipped", 0, 0, "b failed")),
        ("main", TaskMoved("a", "bounced", 3, 1, "it left conflict markers", "told")),
        ("main", TaskMoved("a", "stuck", 3, 1, "refused 3 times")),
        ("main", TaskMoved("d", "bounced", 1, 0, "out of turns", "")),
    )
    check = "its checks are red: make: 1 failed, 3 passed in 1.0 s"
    assert news_of(state)[-8:] == [
        f"a sent back, is tried again: {check}\ntold",
        f"a sent back 2 times, goes to a stronger model: {check}\ntold",
        "a goes on with m-pro, effort high",
        "b stopped by you, is tried again\ngo on",
        "b given up by you",
        "c skipped: b failed",
        "a is stuck, its planner is asked: refused 3 times\ntold",
        "d sent back, is tried again: out of turns",
    ]


def test_who_begins_first_and_a_whole_plan_are_no_news():
    state = shown(
        ("main", SessionStarted("0", "/w", "mend it", "auto", "", {}, way="refactor")),
        ("planner", PlanProposed(plan("a", "b"), "Cut.", "planner")),
        *begun("a", "b")[1:],
    )
    assert news_of(state) == [
        "plan: 2 tasks, 1 in a row at most",
        "the workers begin, at most 4 at once",
    ]


def test_a_review_begins_another_plan_and_a_replan_goes_on_with_the_same():
    said = [*begun("a", "b"), ("main", TaskMoved("a", "bounced", 1, 0, "red", "told"))]
    replanned = shown(*said, ("planner", PlanProposed(plan("a", "c"), "", "replan")))
    assert replanned.plan.row("a").refusal == "told"
    assert not replanned.plan.earlier
    reviewed = shown(*said, ("reviewer", PlanProposed(plan("a"), "", "review")))
    assert reviewed.plan.row("a").refusal == ""
    assert [row.refusal for row in reviewed.plan.earlier[0].rows] == ["told", ""]
    twice = shown(
        ("planner", PlanProposed(plan("a"), "", "planner")),
        ("planner", PlanProposed(plan("b"), "", "planner")),
    )
    assert not twice.plan.earlier


def test_the_only_task_is_proven_by_who_works_in_place():
    state = shown(
        ("planner", PlanProposed(plan("a"), "", "planner")),
        ("main", Verified(GREEN)),
    )
    assert dict(state.plan.row("a").proofs) == {"make": GREEN}


def test_a_worker_has_its_lane_its_money_and_its_context():
    state = shown(*begun("a", "b"), ("task-a-1", usage(0.25)), ("task-a-1", usage(0.5, hit=40)))
    first, second = state.workers
    assert (first.task, first.lane, first.usd, first.context, first.requests) == (
        "a",
        ROUTED,
        0.75,
        90,
        2,
    )
    assert (second.task, second.usd) == ("b", 0.0)
    assert state.header.lanes["workers"] == ROUTED


# --- money, questions, changes, the header ---


def test_money_is_by_role_with_what_is_left_and_what_should_not_have_been():
    state = shown(
        ("planner", usage(0.5)), ("task-a-1", usage(0.25, "service")), ("task-b-2", usage(0.25))
    )
    money = state.money
    assert {role: total.cost for role, total in money.by_role.items()} == {
        "planner": 0.5,
        "workers": 0.5,
    }
    assert (money.total.saved, state.usd_left) == (1.0, 1.0)
    assert [(row.agent, row.detail) for row in money.misses] == [("task-a-1", "read again")]
    assert money.lost == 5
    assert [point.total.cost for point in money.curve] == [0.5, 0.75, 1.0]
    assert money.newest
    assert money.newest.peak
    assert shown(("main", usage(2.5))).usd_left == 0.0


def test_a_question_waits_until_it_is_answered_and_stays_on_its_card():
    asked: tuple[Durable, ...] = (
        ToolStarted("1", "shell", "$ rm x", True),
        ApprovalAsked("1", "May it run [b]rm x?"),
    )
    (waiting,) = mine(*asked).waiting.values()
    assert (waiting.agent, waiting.title, waiting.question) == (
        "main",
        "$ rm x",
        "May it run [b]rm x?",
    )
    answer = ApprovalAnswered("1", False, "not now", "person")
    state = mine(*asked, answer)
    assert not state.waiting
    card = state.agents["main"].transcript[0]
    assert isinstance(card, Card)
    assert card.approval
    assert card.approval.answer == answer
    alone = mine(
        ApprovalAsked("q1", "Which colour?"), ApprovalAnswered("q1", True, "red", "person")
    )
    assert [
        (note.kind, note.text) for note in alone.agents["main"].transcript if isinstance(note, Note)
    ] == [
        ("asked", "Which colour?"),
        ("answered", "red"),
    ]


def test_steps_that_were_undone_give_way_to_the_next():
    state = mine(
        SnapshotTaken(0, "c0", "t0", "before the first change", ("big.bin: too large",)),
        SnapshotTaken(1, "c1", "t1", "turn 1", (), "c0", ("a.py",)),
        SnapshotTaken(2, "c2", "t2", "turn 2", (), "c1", None),
        Restored(1, "c1", ("b.py",)),
    )
    changes = state.changes
    assert ([step.paths for step in changes.done], changes.timeline.undone) == ([("a.py",)], 1)
    assert changes.left_out == ("big.bin: too large",)
    again = mine(
        SnapshotTaken(0, "c0", "t0", "before the first change"),
        SnapshotTaken(1, "c1", "t1", "turn 1", (), "c0", ("a.py",)),
        Restored(0, "c0", ("a.py",)),
        SnapshotTaken(1, "c3", "t3", "turn 3", (), "c0", ("d.py",)),
        BroughtHome("c9", ("x.py",)),
    ).changes
    assert [step.paths for step in again.done] == [("d.py",)]
    assert again.home == BroughtHome("c9", ("x.py",))
    assert again.first
    assert again.first.commit == "c0"


def test_the_header_follows_the_session_to_its_end_and_beyond():
    state = mine()
    header = state.header
    assert (header.task, header.mode, header.sandbox, header.status) == (
        "mend it",
        "auto",
        "Confined.",
        "running",
    )
    assert header.limits == Limits(usd=2.0)
    assert State().header.status == "new"
    ended = mine(SessionEnded("interrupted", 5, "Stopped."))
    assert (ended.header.status, ended.header.ended) == (
        "ended",
        SessionEnded("interrupted", 5, "Stopped."),
    )
    again = mine(SessionEnded("interrupted", 5, ""), SessionResumed("0.1", "Not confined.", ()))
    assert (again.header.status, again.header.sandbox, again.header.runs) == (
        "running",
        "Not confined.",
        2,
    )


def test_a_journal_of_an_older_release_lacks_fields_and_is_shown():
    """As written before there were planners, limits in settings, or snapshots that know their paths."""
    place = '"at":"2026-11-22T05:00:00.000Z","session":"s0","agent":"main","turn":0,"body":{"kind"'
    bodies = (
        '"session_started","version":"0","root":"/w","task":"mend it","mode":"auto","sandbox":"C","settings":{}',
        '"snapshot_taken","step":0,"commit":"c0","tree":"t0","label":"step 0"',
        '"tool_finished","call_id":"1","ok":true,"text":"x","seconds":0.1,"title":"read a"',
        '"check_started","command":"make"',
    )
    lines = [f'{{"seq":{seq},{place}:{body}}}}}' for seq, body in enumerate(bodies, 1)]
    state = state_of(decode(line.encode()) for line in lines)
    assert (state.header.way, state.header.limits, state.usd_left) == ("solo", Limits(), None)
    assert state.changes.first
    assert state.doing("main").doing == "checking"


def test_why_a_run_ended_is_told_once_and_a_check_that_ran_twice_before_it_too():
    why = "The service rejected the request (422)"
    state = mine(
        CheckStarted("make", True),
        Verified(RED, before=True),
        CheckStarted("make", True),
        Verified(RED, before=True),
        CheckStarted("make"),
        Verified(GREEN),
        RequestFailed(1, f"{why}.", False),
        SessionEnded("not_done", 1, f"{why}."),
    )
    *proofs, failed, end = state.agents["main"].transcript
    assert [each.before for each in proofs if isinstance(each, Proof)] == [True, False]
    assert isinstance(failed, Note)
    assert isinstance(end, Note)
    assert why in failed.text
    assert why not in end.text
