"""Laws of the reducer over whatever is published, in any order: also what no run would ever do."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.board import board_of
from leadline.agent.bus import Live, Published
from leadline.agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    Before,
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
    Reported,
    RequestFailed,
    RequestSent,
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
    CodemodRun,
    EditRefused,
    Forked,
    Landed,
    PathsGranted,
    PlanDeclined,
    PlanEnded,
    PlanProposed,
    PlanStarted,
    Reviewed,
    TaskMoved,
    WorkerBegan,
)
from leadline.agent.events_requests import TokenPrice
from leadline.agent.messages import AssistantMessage, SystemMessage, ToolCall, Usage, UserMessage
from leadline.agent.outcome import bill
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
from leadline.agent.planning.plan_check import Fault, PlanFaults
from leadline.agent.v4.cost import cost_report
from leadline.tests.agent.test_account import plan
from leadline.tui.state.blocks import Card, Proof
from leadline.tui.state.reducer import State, reduce, state_of
from leadline.tui.state.texts import MOST_LIVE, Tail

AGENTS = ("main", "planner", "prime-flash", "task-a-1", "task-b-2", "proof")
TEXTS = st.text(max_size=6) | st.sampled_from(["[b]", "\x1b[31m", "\n\n", "z" * (MOST_LIVE // 3)])
IDS = st.sampled_from(["1", "2", "check"])
TASKS = st.sampled_from(["a", "b", "c"])
NUMBERS = st.integers(0, 3)
COUNTS = st.integers(0, 9000)
TRUTHS = st.booleans()
PLANS = st.sampled_from([plan("a"), plan("a", "b"), plan("b", "c")])
EVIDENCE = st.builds(
    Evidence,
    TEXTS,
    TEXTS,
    st.none() | NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    TRUTHS,
    st.just(1.0),
    TEXTS,
) | st.just(Evidence("make", "t", 1, 1, 2, 0, False, 1.0, "", Before(2, 1, 0)))
USAGE = st.builds(Usage, COUNTS, COUNTS, COUNTS)

CALLS = st.one_of(
    st.builds(ToolStarted, IDS, TEXTS, TEXTS, TRUTHS),
    st.builds(ToolFinished, IDS, TRUTHS, TEXTS, st.just(1.0), TEXTS, TEXTS),
    st.builds(ApprovalAsked, IDS, TEXTS),
    st.builds(ApprovalAnswered, IDS, TRUTHS, TEXTS, st.just("person")),
    st.builds(CheckStarted, TEXTS, TRUTHS),
    st.builds(Verified, EVIDENCE, TRUTHS),
)
TURNS = st.one_of(
    st.just(TurnStarted()),
    st.just(TurnEnded(1.0)),
    st.builds(RequestSent, NUMBERS, TEXTS, TEXTS, st.just(()), NUMBERS),
    st.builds(RequestFailed, NUMBERS, TEXTS, TRUTHS),
    st.builds(
        UsageReported,
        NUMBERS,
        TEXTS,
        USAGE,
        st.floats(0, 1),
        st.floats(1, 2),
        TRUTHS,
        COUNTS,
        st.sampled_from(["none", "first", "ours", "service", "unknown"]),
        TEXTS,
        st.just(0.1),
        st.just(0.2),
    ),
)
MESSAGES = st.builds(
    MessageCommitted,
    st.one_of(
        st.builds(SystemMessage, TEXTS),
        st.builds(UserMessage, TEXTS, st.sampled_from(["task", "harness", "delta", "pack"])),
        st.builds(
            AssistantMessage,
            TEXTS,
            st.none() | TEXTS,
            st.just((ToolCall("1", "read", "{}"),)),
            st.just("stop"),
            USAGE,
            TEXTS,
        ),
    ),
)
REST = st.one_of(
    st.builds(Routed, TEXTS, TEXTS, TEXTS, TEXTS, st.none() | st.just(TokenPrice(0.1, 1.0, 2.0))),
    st.builds(Warned, TEXTS),
    st.builds(Repaired, TEXTS, TEXTS),
    st.builds(Rebased, TEXTS, NUMBERS),
    st.builds(Reported, st.sampled_from(["done", "not_done"]), TEXTS),
    st.builds(BudgetReached, st.just("budget"), TEXTS),
    st.builds(PlanChanged, st.just((PlanItem("x", "doing"),))),
    st.builds(SnapshotTaken, NUMBERS, TEXTS, TEXTS, TEXTS, st.just(("a: too large",))),
    st.builds(
        Packed,
        COUNTS,
        COUNTS,
        COUNTS,
        st.just({"whole": 2}),
        TRUTHS,
        TEXTS,
        st.just(1.0),
        st.just({}),
    ),
)
PLANNING = st.one_of(
    st.builds(Forked, st.sampled_from(AGENTS), NUMBERS),
    st.builds(
        PlanProposed, PLANS, TEXTS, st.sampled_from(["planner", "edited", "replan", "review"])
    ),
    st.builds(PlanDeclined, TEXTS),
    st.builds(EditRefused, st.builds(PlanFaults, st.tuples(st.builds(Fault, TASKS, TEXTS, TEXTS)))),
    st.builds(PlanStarted, TEXTS, NUMBERS),
    st.builds(PlanEnded, TEXTS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.builds(
        TaskMoved,
        TASKS,
        st.sampled_from(["ready", "running", "bounced", "failed", "done"]),
        NUMBERS,
        NUMBERS,
        TEXTS,
        TEXTS,
    ),
    st.builds(WorkerBegan, TASKS, st.sampled_from(["flash", "pro"]), TEXTS, TEXTS),
    st.builds(PathsGranted, TASKS, st.just(WriteSet((Area("n.py"),)))),
    st.builds(CodemodRun, TASKS, NUMBERS, NUMBERS, st.just(())),
    st.builds(Landed, TEXTS, st.just(("a",))),
    st.builds(Reviewed, TRUTHS, TEXTS),
    st.builds(BroughtHome, TEXTS, st.just(())),
)
ENDS = st.builds(SessionResumed, TEXTS, TEXTS, st.just(("edit",))) | st.builds(
    SessionEnded, st.just("interrupted"), st.just(1), TEXTS
)
PASSING = st.one_of(
    st.builds(TextDelta, TEXTS),
    st.builds(ReasoningDelta, TEXTS),
    st.builds(ToolOutput, IDS, TEXTS),
    st.builds(RetryScheduled, TEXTS, st.just(1.0), NUMBERS),
    st.builds(IndexProgress, NUMBERS, NUMBERS),
    st.builds(CommandWaits, TEXTS, st.none() | st.just(1.0)),
)
BODIES: st.SearchStrategy[Durable | Passing] = st.one_of(
    CALLS, CALLS, TURNS, MESSAGES, REST, PLANNING, PASSING, PASSING
)
STARTED = SessionStarted("0.1", "/w", "mend it", "auto", "Confined.", {"budget_usd": "2"})


def numbered(said: Sequence[tuple[str, Durable | Passing]]) -> list[Published]:
    """A session with these bodies, the durable ones numbered as a journal does."""
    published: list[Published] = []
    seq = 0
    for agent, body in (("main", STARTED), *said):
        if isinstance(body, Passing):
            published.append(Live(agent, 1, body))
        else:
            seq += 1
            at = f"2026-11-28T05:00:{seq % 60:02}.000Z"
            published.append(Event(seq, at, "s1", agent, 1, body))
    return published


def said(
    bodies: st.SearchStrategy[Durable | Passing], agents: Sequence[str] = AGENTS
) -> st.SearchStrategy[list[Published]]:
    return st.lists(st.tuples(st.sampled_from(agents), bodies), max_size=60).map(numbered)


SESSIONS = said(BODIES)
WITH_ENDS = said(BODIES | ENDS)
STARTS_AND_ENDS = said(CALLS | ENDS | st.just(TurnStarted()), AGENTS[:2])


def events_of(published: Sequence[Published]) -> list[Event]:
    return [each for each in published if isinstance(each, Event)]


def running(state: State) -> int:
    """What the transcripts show as under way, by a look at each block."""
    blocks = [block for view in state.agents.values() for block in view.transcript]
    cards = sum(isinstance(block, Card) and block.state == "running" for block in blocks)
    return cards + sum(isinstance(block, Proof) and block.running for block in blocks)


@given(WITH_ENDS)
@settings(deadline=None)
def test_all_but_the_moment_is_a_function_of_the_journal(published: list[Published]):
    """At each point: so what was on the screen when a session was cut off is what its journal gives again."""
    state, events = State(), list[Event]()
    for each in published:
        before, state = state, reduce(state, each)
        if isinstance(each, Event):
            events.append(each)
        else:
            assert state == replace(before, now=state.now)
    assert replace(state, now={}) == state_of(events)
    assert state_of(published) == state


@given(SESSIONS, ENDS)
@settings(deadline=None)
def test_an_end_leaves_nothing_under_way(published: list[Published], end: Durable):
    seq = events_of(published)[-1].seq + 1
    state = reduce(
        state_of(published), Event(seq, "2026-11-28T06:00:00.000Z", "s1", "main", 1, end)
    )
    assert running(state) == 0
    assert not state.now
    assert not state.waiting
    assert not any(view.at_work or view.running for view in state.agents.values())
    assert {state.doing(name).doing for name in state.agents} == {"idle"}


@given(WITH_ENDS | STARTS_AND_ENDS)
@settings(deadline=None)
def test_what_is_shown_as_under_way_is_what_has_no_end(published: list[Published]):
    """Of calls and checks, counted by hand."""
    state = state_of(published)
    calls: set[tuple[str, str]] = set()
    checks: set[str] = set()
    for event in events_of(published):
        match event.body:
            case ToolStarted(call_id=call_id):
                calls.add((event.agent, call_id))
            case ToolFinished(call_id=call_id):
                calls.discard((event.agent, call_id))
            case CheckStarted():
                checks.add(event.agent)
            case Verified():
                checks.discard(event.agent)
            case TurnStarted():
                calls = {call for call in calls if call[0] != event.agent}
                checks.discard(event.agent)
            case SessionResumed() | SessionEnded():
                calls.clear()
                checks.clear()
            case _:
                pass
    assert running(state) == len(calls) + len(checks)
    shown = {(view.name, card.call_id) for view in state.agents.values() for card in view.running}
    assert shown == calls
    assert {view.name for view in state.agents.values() if view.checking} == checks


@given(WITH_ENDS)
@settings(deadline=None)
def test_a_state_is_never_changed_and_old_events_change_nothing(published: list[Published]):
    states = [State()]
    copies = [State()]
    for each in published:
        states.append(reduce(states[-1], each))
        copies.append(copy.deepcopy(states[-1]))
    assert states == copies
    for event in events_of(published):
        assert reduce(states[-1], event) is states[-1]


@given(SESSIONS)
@settings(deadline=None)
def test_the_moment_is_bounded_and_only_of_what_is_under_way(published: list[Published]):
    state = state_of(published)
    for name, now in state.now.items():
        tails: list[Tail] = [now.text, now.reasoning, *now.outputs.values()]
        assert all(len(tail.text) <= MOST_LIVE for tail in tails)
        view = state.agents.get(name)
        if now.text.chars or now.reasoning.chars:
            assert view
            # What was answered is shown until the answer is committed.
            assert view.in_turn or view.requests or view.request is not None
        going = {card.call_id for card in view.running} if view else set[str]()
        assert set(now.outputs) <= {*going, *(["check"] if view and view.check is not None else [])}


@given(WITH_ENDS)
@settings(deadline=None)
def test_money_and_board_are_those_of_the_other_accounts(published: list[Published]):
    events = events_of(published)
    state, report, sums = state_of(events), cost_report(events), bill(events)
    assert state.plan.board == board_of(events)
    assert [each.name for each in report.by_role] == list(state.money.by_role)
    for mine, total in zip(state.money.by_role.values(), report.by_role, strict=True):
        assert replace(mine, cost=0.0, saved=0.0) == replace(total, cost=0.0, saved=0.0)
        assert abs(mine.cost - total.cost) + abs(mine.saved - total.saved) < 1e-9
    total = state.money.total
    assert (total.hit, total.miss, total.output) == (sums.hit, sums.miss, sums.output)
    assert (total.requests, total.unexpected) == (sums.requests, sums.unexpected_misses)
    assert abs(total.cost - sums.cost) < 1e-9
    assert state.money.lost == sum(row.lost for row in report.rows)
    assert state.money.failed == report.failed


@given(TURNS.filter(lambda body: isinstance(body, UsageReported)), st.integers(1, 3000))
@settings(max_examples=20, deadline=None)
def test_the_curve_is_bounded_true_and_ends_with_the_newest(used: Durable, count: int):
    state = State()
    for seq in range(1, count + 1):
        state = reduce(state, Event(seq, "2026-11-28T05:00:00.000Z", "s1", "main", 1, used))
    curve = state.money.curve
    assert len(curve) <= 513
    assert curve[-1].total == state.money.total
    numbers = [point.total.requests for point in curve]
    assert numbers == sorted(set(numbers))
    assert isinstance(used, UsageReported)
    assert all(point.total.hit == point.total.requests * used.usage.hit for point in curve)
    assert len(curve) > min(count, 512) // 2 - 1
