"""What a person reads while a session is under way: nothing cut off, nothing twice, nothing lost out of sight."""

from __future__ import annotations

import pytest
from leadline.agent.events import (
    Durable,
    MessageCommitted,
    Reported,
    RequestSent,
    Routed,
    SessionEnded,
    ToolFinished,
    ToolStarted,
    TurnStarted,
)
from leadline.agent.messages import Origin, UserMessage
from leadline.tests.e2e.conftest import MakeStage, stage, variables
from leadline.tests.support.interface import KEY, interface
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.scripts import MEND, Say, report, sequence, shell
from leadline.tests.tui.test_state_shown import mine
from leadline.tests.tui.test_transcript_panel import Shown, answer, call, more, put, said
from leadline.tui.state.agents import AgentView

__all__ = ["stage", "variables"]  # fixtures

LONG = "\n\n".join(f"paragraph {number}" for number in range(60))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")


def told(text: str, origin: Origin) -> Durable:
    return MessageCommitted(UserMessage(text, origin))


BEGINNING = (
    Routed("main", "deepseek-flash", "high", "a long reason why it is that one"),
    told("all of it", "pack"),
    told("where it is", "environment"),
    told("what to do", "brief"),
)
TASK = told("The task, from the person:\n\nmend it", "task")


@pytest.mark.parametrize("columns", [40, 80, 120])
async def test_no_character_is_below_the_scroll_bar(columns: int):
    app = Shown()
    words = " ".join(f"{number:x}" * 3 for number in range(400))
    async with app.run_test(size=(columns, 24)) as pilot:
        await put(pilot, app, mine(said("mend it"), answer(words)))
        await pilot.resize_terminal(columns, 20)
        await pilot.pause()
        rows = [row.rstrip() for row in app.lines if row.strip()]
        assert all(len(row) < columns for row in rows)
        assert " ".join(row.strip() for row in rows) in words


async def test_what_a_session_begins_with_is_one_line_until_it_is_opened():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, mine(*BEGINNING, TASK))
        rows = app.text.strip("\n").split("\n")
        assert rows[0] == " ▸ deepseek-flash, effort high"
        assert [row.strip() for row in rows[1:3]] == ["", "▌ mend it"]
        app.panel.focus()
        await pilot.press("home", "enter")
        assert "a long reason why" in app.text
        assert "the environment" in app.text
        assert "what to do" in app.text
        await pilot.press("enter")
        assert "the environment" not in app.text
        await pilot.press("slash", *"where", "enter")
        assert "where it is" in app.text


async def test_it_becomes_one_line_while_it_comes():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        for count in range(1, len(BEGINNING) + 1):
            await put(pilot, app, mine(*BEGINNING[:count]))
        await put(pilot, app, mine(*BEGINNING, TASK))
        assert len([row for row in app.lines if row.strip()]) == 2


async def test_thoughts_and_calls_follow_each_other_without_empty_rows():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        turns = [each for number in range(3) for each in (answer("", "Hm."), *call(number))]
        await put(pilot, app, mine(said("mend it"), *turns))
        shown = [row.strip() for row in app.text.strip("\n").split("\n")]
        assert shown[2:] == [
            each
            for number in range(3)
            for each in ("▸ thought for 1 word: Hm.", f"✓ ▸ read file-{number}.py")
        ]


async def test_it_is_told_how_long_the_model_has_been_asked():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await put(
            pilot, app, mine(said("mend it"), TurnStarted(), RequestSent(1, "m", "high", (), 3))
        )
        assert "waiting for the model, " in app.text


async def test_the_end_says_each_thing_once():
    summary = "It *adds* now. " * 40
    state = mine(
        TurnStarted(),
        ToolStarted("1", "report", "reports that it is done", False),
        Reported("done", summary),
        ToolFinished("1", True, summary, 0.0, "reports that it is done", summary),
        SessionEnded("done", 0, summary),
    )
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, state)
        assert app.text.count("adds") == 40
        assert "*" not in app.text
        assert app.text.strip().split("\n")[-1].strip().startswith("✓ done, $0.00, ")
        again = more(mine(), SessionEnded("limit", 4, "The money is spent."))
        await put(pilot, app, again)
        assert "! limit" in app.text
        assert "The money is spent." in app.text


@BUBBLEWRAP
async def test_the_transcript_is_read_to_its_ends_while_one_could_type(stage: MakeStage) -> None:
    place = await stage(sequence(Say(text=LONG, calls=MEND.calls), report()))
    async with interface(place) as it:
        await it.type("make add work")
        await it.rests()
        await it.shows("Did it.")
        await it.press("home")
        await it.shows("make add work")
        await it.press("end")
        await it.shows("Did it.")
        await it.press(*"ab", "home", "c", "end", "d")  # in a text they are the text's
        assert it.app.pane.composer.text == "cabd"


@BUBBLEWRAP
async def test_who_says_something_sees_what_comes_of_it(stage: MakeStage) -> None:
    place = await stage(sequence(Say(text=LONG, calls=MEND.calls), shell("sleep 5"), report()))
    async with interface(place) as it:
        await it.type("make add work")
        await it.until(lambda: [a for a in it.state.agents.values() if _sleeps(a)], "the command")
        await it.press("pageup", "pageup")
        await it.until(lambda: "sleep 5" not in it.text, "what was before")
        await it.type("be quick")
        await it.shows("sleep 5")
        await it.press("escape")
        await it.rests()


def _sleeps(agent: AgentView) -> bool:
    return any("sleep 5" in card.title for card in agent.running)
