"""The state of real sessions against the rehearsal endpoint: as they are published, from their journals, cut off."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from leadline.agent.bus import Live, Published
from leadline.agent.events import (
    AssistantMessage,
    CheckStarted,
    Event,
    Evidence,
    MessageCommitted,
    PlanItem,
    SessionResumed,
    UserMessage,
    Verified,
)
from leadline.agent.events_plan import Forecasted, PlanProposed
from leadline.agent.history.journal import read_events
from leadline.agent.history.replay import MAIN, replay
from leadline.agent.history.store import find_session
from leadline.agent.outcome import bill, task_results
from leadline.agent.passing import ReasoningDelta, TextDelta, ToolOutput
from leadline.agent.planning.record import plans_of
from leadline.agent.rehearsal.settings import Settings as Rehearsal
from leadline.agent.result import RunResult
from leadline.agent.session import Start, resume, run
from leadline.agent.settings.config import Settings, load_settings
from leadline.tests.e2e.conftest import MakeStage, Stage, stage, variables
from leadline.tests.e2e.planned import EDIT, VARIABLES, plan, project, task
from leadline.tests.e2e.test_planned_kills import NAMES, ended_before_the_kill, players
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, planner, primer, pro_worker, reviewer, worker
from leadline.tests.support.scripts import MEND, Say, call, report, sequence, shell
from leadline.tui.state.blocks import Answer, Card, Proof, Said
from leadline.tui.state.reducer import State, reduce, state_of

__all__ = ["stage", "variables"]  # fixtures


class Watching:
    """A listener that reduces as it goes and keeps what it heard."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()
        self.heard: list[Published] = []
        self.printed: dict[str, int] = {}

    def __call__(self, published: Published) -> None:
        self.heard.append(published)
        self.state = reduce(self.state, published)


def of_stage(place: Stage, monkeypatch: pytest.MonkeyPatch, **flags: object) -> Settings:
    for name, text in place.env.items():
        monkeypatch.setenv(name, text)
    return load_settings(flags, place.env, None, None)


async def watched(
    place: Stage, settings: Settings, way: str = "solo"
) -> tuple[Watching, RunResult]:
    assert way in ("solo", "refactor")
    watching = Watching()
    start = Start(place.repo, "make add work", settings, way=way, workers=3)
    result = await run(start, [watching], stop=asyncio.Event())
    return watching, result


def journal(place: Stage) -> tuple[Event, ...]:
    return read_events(find_session(place.home, None))


def agrees(state: State, events: Sequence[Event]) -> None:
    """With everything else that is computed from the same events."""
    replayed, record, sums = replay(events), plans_of(events), bill(events)
    assert state.header.ended == replayed.ended
    assert (state.changes.first, state.changes.done) == (replayed.first, replayed.steps)
    assert state.changes.timeline == replayed.timeline
    assert abs(state.money.total.cost - sums.cost) < 1e-9
    assert state.money.total.unexpected == sums.unexpected_misses
    last = record.last
    if last is not None:
        assert state.plan.started is None or state.plan.ended == last.ended
        for row in state.plan.rows:
            known = last.progress.get(row.task.id)
            assert known is None or (row.state, row.rungs) == (known.state, known.rungs)
            assert known is None or row.bounces == known.bounces
        agents = {name: place.agent for name, place in last.workers.items()}
        assert state.plan.agents == agents
    for name, view in state.agents.items():
        said = [each.text.seq for each in view.transcript if isinstance(each, Said | Answer)]
        # What the person said to the planner stands in the session's own transcript as well.
        passed_on = {
            event.seq for event in events if isinstance(event.body, PlanProposed | SessionResumed)
        }
        assert [seq for seq in said if name != MAIN or seq not in passed_on] == [
            event.seq
            for event in events
            if event.agent == name
            and isinstance(event.body, MessageCommitted)
            and isinstance(event.body.message, UserMessage | AssistantMessage)
        ]


def settled(state: State) -> None:
    """Every start has its end shown."""
    assert not state.now
    assert not state.waiting
    for view in state.agents.values():
        for block in view.transcript:
            assert not (isinstance(block, Card) and block.state == "running")
            assert not (isinstance(block, Proof) and block.running)


async def test_one_agent_from_the_first_word_to_the_end(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo = {"items": [{"text": "Mend add", "state": "doing"}]}
    place = await stage(
        sequence(
            Say("Let me look.\n", calls=(("update_plan", todo),)),
            shell("for n in 1 2 3; do echo line $n; done"),
            call("ask", question="Which sign?"),
            MEND,
            report(),
        ),
        Rehearsal(),
    )
    watching, result = await watched(place, of_stage(place, monkeypatch, budget_usd="5"))
    assert result.status == "done", result.summary
    events = journal(place)
    assert watching.state == state_of(events)
    agrees(watching.state, events)
    settled(watching.state)
    main = watching.state.agents["main"]
    assert main.items == (PlanItem("Mend add", "doing"),)
    cards = [block for block in main.transcript if isinstance(block, Card)]
    assert [card.tool for card in cards] == ["update_plan", "shell", "ask", "edit", "report"]
    assert cards[1].detail
    assert "line 3" in cards[1].detail.text
    assert cards[2].approval
    assert cards[2].approval.answer
    assert cards[2].approval.answer.by == "nobody"
    assert cards[3].detail
    assert "+    return left + right" in cards[3].detail.text
    assert watching.state.usd_left is not None
    assert abs(watching.state.usd_left - (5 - result.bill.cost)) < 1e-9
    assert [step.paths for step in watching.state.changes.done][-1] == ("calc.py",)
    assert {type(live.body) for live in watching.heard if isinstance(live, Live)} >= {
        ReasoningDelta,
        TextDelta,
        ToolOutput,
    }


async def test_what_streams_by_is_what_is_committed(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts on the screen just before an answer is whole are the answer."""
    text = "One line,\nand **another** [one]. \N{SNOWMAN}"
    place = await stage(sequence(Say(text, calls=(("read", {"path": "calc.py"}),)), MEND, report()))
    watching, _ = await watched(place, of_stage(place, monkeypatch))
    state, compared = State(), 0
    for published in watching.heard:
        if isinstance(published, Event) and isinstance(published.body, MessageCommitted):
            message = published.body.message
            if isinstance(message, AssistantMessage):
                now = state.now_of(published.agent)
                assert (now.text.text, now.reasoning.text) == (message.text, message.reasoning)
                compared += 1
        state = reduce(state, published)
    assert compared == 3


def four(*more: str) -> tuple[str, ...]:
    """a goes through, b fails on Flash and is mended on Pro, c waits for a."""
    return (
        planner(plan(task("a"), task("b"), task("c", "a"))),
        primer(),
        worker("[ac]", [[EDIT], [REPORT]]),
        worker("b", [[REPORT]] * 4, name="lies"),
        pro_worker("b", [[EDIT], [REPORT]]),
        reviewer(),
        *more,
    )


@BUBBLEWRAP
async def test_workers_refused_escalated_landed_and_brought_home(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = (await project(stage, ["a", "b", "c"], *four())).having(**VARIABLES)
    watching, result = await watched(place, of_stage(place, monkeypatch), "refactor")
    assert result.status == "done", result.summary
    events, state = journal(place), watching.state
    assert state == state_of(events)
    agrees(state, events)
    settled(state)
    by_id = {row.task.id: row for row in state.plan.rows}
    assert {row.state for row in by_id.values()} == {"done"}
    assert by_id["b"].rungs >= 1
    assert by_id["b"].refusal
    for each in task_results(events, plans_of(events)):
        row = by_id[each.id]
        workers = [view for view in state.workers if view.task == each.id]
        assert abs(sum(view.usd for view in workers) - each.usd) < 1e-9
        assert row.agent in {view.name for view in workers}
    green = by_id["b"].proofs["grep -q done b.txt"]
    assert isinstance(green, Evidence)
    assert green.green
    assert state.plan.whole["test -f base.txt"].green
    assert any(isinstance(event.body, Forecasted) for event in events)
    assert state.plan.forecast
    assert sorted(name for each in state.changes.landings for name in each.tasks) == ["a", "b", "c"]
    assert state.changes.home
    assert set(state.money.by_role) >= {"planner", "prime", "workers", "reviewer"}
    assert {"planner", "workers", "reviewer"} <= set(state.header.lanes)


@BUBBLEWRAP
@pytest.mark.parametrize("seed", range(2))
async def test_killed_and_gone_on_with(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A real kill -9: the journal shows what was under way, and an interface that joins the resumed run ends with the
    state that its journal gives."""
    place = (await project(stage, NAMES, *players(), delay=0.05)).having(**VARIABLES)
    command = ["refactor", "Do all of it", "--workers", "3"]
    dice = random.Random(seed)
    assert not await ended_before_the_kill(place, command, dice)
    earlier = journal(place)
    watching = Watching(state_of(earlier))
    assert watching.state.header.status == "running"
    folder = find_session(place.home, None)
    result = await resume(folder, of_stage(place, monkeypatch), [watching], stop=asyncio.Event())
    assert result.status == "done", result.summary
    events = journal(place)
    assert events[: len(earlier)] == earlier
    assert watching.state == state_of(events)
    agrees(watching.state, events)
    settled(watching.state)
    assert watching.state.header.runs == 2


async def test_cut_off_anywhere_the_screen_is_what_the_journal_gives_again(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every event of a real run: what was on the screen then, less what only flickered, is the journal's."""
    place = await stage(sequence(shell("echo hello"), MEND, report()))
    watching, _ = await watched(place, of_stage(place, monkeypatch))
    state, events = State(), list[Event]()
    checks: set[str] = set()
    for published in watching.heard:
        state = reduce(state, published)
        if isinstance(published, Event):
            events.append(published)
            match published.body:
                case CheckStarted():
                    checks.add(published.agent)
                case Verified():
                    checks.discard(published.agent)
                case _:
                    pass
        assert {name for name in state.agents if state.doing(name).doing == "checking"} == checks
        assert replace(state, now={}) == state_of(events)
    assert tuple(events) == journal(place)
