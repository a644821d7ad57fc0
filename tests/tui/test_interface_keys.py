"""Keys and words of the whole interface that a person met before: each of these went wrong once."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from pathlib import Path

import pytest
from leadline.agent.rehearsal.settings import Settings
from leadline.tests.e2e.conftest import MakeStage, stage, variables
from leadline.tests.support.interface import KEY, Interface, interface
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.scripts import MEND, report, sequence, shell
from leadline.tui.app import LeadlineApp
from leadline.tui.control.opening import Opening
from leadline.tui.preferences import Preferences
from leadline.tui.screens.help import HelpScreen
from leadline.tui.screens.sessions import SessionsScreen
from leadline.tui.screens.welcome import WelcomeScreen
from leadline.tui.widgets.approval.panel import QUIET

__all__ = ["stage", "variables"]  # fixtures


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")


def told(it: Interface) -> str:
    """What was told for a moment."""
    return "\n".join(each.message for each in it.app._notifications)  # pyright: ignore[reportPrivateUsage]


async def test_a_question_mark_alone_asks_for_help(stage: MakeStage) -> None:
    async with interface(await stage(sequence(report()))) as it:
        await it.press("question_mark")
        await it.until(lambda: isinstance(it.app.screen, HelpScreen), "the help")
        await it.press("escape", "h", "i", "question_mark")
        await it.until(lambda: it.app.pane.composer.text == "hi?", "a question")


async def test_what_is_pressed_before_it_can_be_done_is_done_then(stage: MakeStage) -> None:
    place = await stage(sequence(report()))
    ready = threading.Event()

    def prepare() -> Opening:
        ready.wait(20)
        return Opening(place.repo, place.env)

    app = LeadlineApp(prepare, Preferences())
    async with app.run_test() as pilot:
        it = Interface(app, pilot)
        await it.press("a", "f3", "f7", "b")
        assert not isinstance(app.screen, SessionsScreen)
        ready.set()
        await it.until(lambda: isinstance(app.screen, SessionsScreen), "the sessions")
        assert app.pane.composer.text == "ab"


async def test_a_panels_key_is_not_lost_while_its_panels_are_made(stage: MakeStage) -> None:
    async with interface(await stage(sequence(report()))) as it:
        first = it.app.pane
        it.press_at_once("ctrl+t")
        while it.app.pane is first or not it.app.pane.panels:
            await asyncio.sleep(0)
        assert not it.app.pane.is_alive
        it.press_at_once("f3")
        await it.until(lambda: it.app.pane.shown == "plan", "the plan")


@BUBBLEWRAP
async def test_a_session_that_is_open_is_turned_to(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report()))
    async with interface(place) as it:
        await it.type("make add work")
        await it.until(lambda: it.state.header.session, "a session")
        await it.rests()
        first = it.app.pane
        await it.press("ctrl+t")
        await it.until(lambda: len(it.app.controls) == 2, "a tab")
        await it.press("f7")
        await it.shows("Sessions of this place: 1")
        await it.press("enter")
        await it.until(lambda: it.app.pane is first, "the first tab")
        assert len(it.app.controls) == 2


async def test_what_is_set_holds_for_new_tabs(stage: MakeStage) -> None:
    async with interface(await stage(sequence(report()))) as it:
        await it.type("/mode ask")
        await it.press("ctrl+t")
        await it.until(lambda: len(it.app.controls) == 2, "a tab")
        assert it.control.opening.settings().mode == "ask"


@BUBBLEWRAP
async def test_a_key_that_is_refused_is_asked_for(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "sk-wrong-and-long")
    place = await stage(sequence(MEND, report()), Settings(api_key="sk-right-and-long"))
    async with interface(place.having(**{KEY: "sk-wrong-and-long"})) as it:
        await it.type("make add work")
        await it.until(lambda: isinstance(it.app.screen, WelcomeScreen), "the welcome")
        for typed in ("sk-also-wrong", "sk-right-and-long"):
            it.app.screen.query_one("Input").value = typed  # pyright: ignore[reportAttributeAccessIssue]
            await it.press("enter")
            if typed == "sk-also-wrong":
                await it.shows("refused the API key")
        await it.until(lambda: not isinstance(it.app.screen, WelcomeScreen), "the session")
        kept = place.home / "keys" / KEY
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        await it.until(lambda: "unset it" in told(it), "what to do")
        await it.type("/resume go on")
        await it.until(lambda: it.state.header.runs == 2, "the second run")
        await it.rests()
        assert it.state.header.ended is not None
        assert it.state.header.ended.status == "done"
        assert os.environ[KEY] == "sk-right-and-long"


async def test_where_there_is_no_repository_it_is_said_what_to_do(
    stage: MakeStage, tmp_path: Path
) -> None:
    place = (await stage(sequence(report()))).within(tmp_path / "plain")
    place.repo.mkdir()
    async with interface(place) as it:
        await it.type("make add work")
        await it.until(lambda: "!git init" in told(it), "what to do")
        assert it.app.pane.composer.text == "make add work"


@pytest.mark.parametrize("away", ["f3", "f4", "f5", "f6"])
async def test_keys_that_came_with_the_one_that_leads_to_the_composer_are_its_own(
    stage: MakeStage, away: str
) -> None:
    """On a busy machine they are read together, as what is pasted or typed fast."""
    async with interface(await stage(sequence(report()))) as it:
        await it.until(lambda: it.app.controls, "what is loaded later")
        await it.press(away)
        await it.until(lambda: it.app.pane.shown != "session", "another panel")
        it.press_at_once("f2", *"mend")
        await it.until(lambda: it.app.pane.composer.text == "mend", "what was typed")


async def test_a_key_is_for_the_panel_that_was_there_when_it_came(stage: MakeStage) -> None:
    """Not for that which the next key leads to."""
    async with interface(await stage(sequence(report()))) as it:
        await it.press("f6")
        await it.until(lambda: it.app.pane.shown == "cost", "the costs")
        it.press_at_once("question_mark", "f4")
        await it.until(lambda: isinstance(it.app.screen, HelpScreen), "the help")
        assert it.app.pane.shown == "cost"


async def test_what_is_typed_with_escape_is_for_the_composer(stage: MakeStage) -> None:
    async with interface(await stage(sequence(report()))) as it:
        for away in ("f4", "f7"):
            await it.press(away)
            await it.until(
                lambda: it.app.pane.shown == "workers" or isinstance(it.app.screen, SessionsScreen),
                "what is away from the composer",
            )
            it.press_at_once("escape", *"mend")
            await it.until(lambda: it.app.pane.composer.text == "mend", "what was typed")
            it.app.pane.composer.area.clear()


@BUBBLEWRAP
async def test_escape_leads_from_a_reason_back_to_the_choices(stage: MakeStage) -> None:
    place = await stage(sequence(shell("touch ran"), report()))
    async with interface(place, mode="ask") as it:
        await it.type("make add work")
        await it.asked()
        await it.press("f9")
        await asyncio.sleep(QUIET + 0.2)
        await it.press("n", "x", "escape")
        await it.shows("y allow once")
        await asyncio.sleep(QUIET + 0.2)
        await it.press("y")
        await it.until(lambda: (place.repo / "ran").exists(), "the command")


async def test_a_panels_key_that_is_a_letter_is_typed_where_one_types(stage: MakeStage) -> None:
    preferences = Preferences(theme="dark", keys={"app.workers": "w"})
    async with interface(await stage(sequence(report())), preferences=preferences) as it:
        await it.press("w", "f3")
        await it.until(lambda: it.app.pane.shown == "plan", "the plan")
        assert it.app.pane.composer.text == "w"
        await it.press("w")
        await it.until(lambda: it.app.pane.shown == "workers", "the workers")
