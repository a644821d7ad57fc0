"""The whole interface with real keys: the real app, real sessions, the rehearsal endpoint."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from leadline.agent.changes.extent import OfSession
from leadline.agent.history.store import session_ids
from leadline.agent.host.wishes import Reject
from leadline.agent.rehearsal.settings import Settings as Rehearsal
from leadline.tests.e2e.conftest import MakeStage, Stage, stage, variables
from leadline.tests.support.interface import KEY, Interface, interface
from leadline.tests.support.laws import prefix_holds
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.scripts import MEND, edit, report, sequence, shell
from leadline.tui.preferences import Preferences
from leadline.tui.screens.help import HelpScreen
from leadline.tui.screens.sessions import SessionsScreen
from leadline.tui.screens.welcome import WelcomeScreen
from textual.widgets import Input

__all__ = ["stage", "variables"]  # fixtures

SLOW = Rehearsal(first_token_seconds=0.3)
"""So slow that a person can say something before the answer is there."""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")


def mended(place: Stage) -> bool:
    return "return left + right" in (place.repo / "calc.py").read_text()


def said(place: Stage) -> str:
    return str([record.body for record in place.server.requests])


async def does(it: Interface, task: str) -> None:
    await it.type(task)
    await it.until(lambda: it.control.feed.running or it.state.header.ended, "a session")
    await it.rests()


@BUBBLEWRAP
async def test_a_typed_task_is_done_and_shown(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(summary="Mended [b]it[/b].")))
    async with interface(place) as it:
        await does(it, "make add work")
        await it.shows("Mended [b]it[/b].")
        await it.shows("check")
        assert mended(place)
        await it.press("f5")
        await it.shows("calc.py")
        await it.press("f6")
        await it.shows("requests answered")
        await it.press("escape")
        await it.shows("Mended")


@BUBBLEWRAP
async def test_the_next_text_goes_on_with_what_has_ended(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), report(summary="Said hello.")))
    async with interface(place) as it:
        await does(it, "make add work")
        first = it.state.header.session
        await it.type("now say hello")
        await it.until(lambda: it.state.header.runs == 2, "the second run")
        await it.rests()
        await it.shows("Said hello.")
        assert it.state.header.session == first
        prefix_holds(place.server)


@BUBBLEWRAP
async def test_it_goes_on_in_the_mode_that_was_chosen_since(stage: MakeStage) -> None:
    again = edit("calc.py", "left + right", "left + right  # sum")
    place = await stage(sequence(MEND, report(), again, report(), report()))
    async with interface(place) as it:
        await does(it, "make add work")
        await it.type("/mode ask")
        await it.type("say what it is")
        assert "calc.py" in await it.asked()
        assert it.state.header.mode == "ask"
        assert "# sum" not in (place.repo / "calc.py").read_text()
        await it.pilot.pause(0.8)  # what is pressed at once is not taken for an answer
        await it.press("y")
        await it.rests()
        assert "# sum" in (place.repo / "calc.py").read_text()
        await it.type("/mode -")
        await does(it, "once more")
        assert it.state.header.mode == "ask"
    prefix_holds(place.server)


@BUBBLEWRAP
async def test_a_word_meanwhile_is_queued_and_read(stage: MakeStage) -> None:
    place = await stage(sequence(shell("sleep 4"), MEND, report()))
    async with interface(place) as it:
        await it.type("make add work")
        await it.until(lambda: it.state.agents.get("main"), "the agent")
        await it.until(lambda: it.state.agents["main"].running, "a call")
        await it.type("and be brief")
        await it.shows("queued: and be brief")
        await it.until(lambda: not it.control.feed.queue, "its being read")
        await it.until(lambda: "and be brief" in said(place), "its being sent")
        await it.rests()


@BUBBLEWRAP
async def test_a_word_that_comes_late_is_read_all_the_same(stage: MakeStage) -> None:
    place = await stage(sequence(report(), report(summary="Was brief.")), SLOW)
    async with interface(place) as it:
        await it.type("make add work")
        await it.until(lambda: it.state.agents.get("main"), "the agent")
        await it.until(lambda: it.state.agents["main"].request is not None, "a request")
        it.control.say("and be brief")
        await it.shows("Was brief.")
        assert it.app.pane.composer.text == ""


async def test_a_word_after_the_end_is_given_back(stage: MakeStage) -> None:
    """The session's thread may be at rest already while the interface does not know it yet."""
    place = await stage(sequence(report()))
    async with interface(place) as it:
        await does(it, "look around")
        it.control.feed.running = True
        it.control.say("one more thing")
        it.control.feed.running = False
        await it.until(lambda: it.app.pane.composer.text == "one more thing", "the text")


@BUBBLEWRAP
async def test_a_text_waits_for_what_is_being_taken_back(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), report(summary="Saw it.")))
    async with interface(place) as it:
        await does(it, "make add work")
        steps = len(it.state.changes.steps)
        assert it.control.folder is not None
        it.control.send(Reject(it.control.folder, OfSession()))
        it.control.say("look at it")
        await it.until(lambda: it.state.header.runs == 2, "the second run")
        await it.rests()
        assert len(it.state.changes.steps) == steps + 1
        assert not mended(place)
        assert "took a part of your work back" in said(place)


@BUBBLEWRAP
async def test_escape_stops_and_a_text_goes_on(stage: MakeStage) -> None:
    place = await stage(sequence(shell("sleep 60"), MEND, report()))
    async with interface(place) as it:
        await it.type("make add work")
        await it.until(lambda: it.state.agents.get("main") and it.state.agents["main"].running)
        await it.press("escape")
        await it.rests()
        assert it.state.header.ended is not None
        assert it.state.header.ended.status == "interrupted"
        await it.type("do not sleep")
        await it.until(lambda: it.state.header.runs == 2, "the second run")
        await it.rests()
        assert mended(place)


@BUBBLEWRAP
async def test_a_no_with_its_reason_reaches_the_model(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report("not_done")))
    async with interface(place, mode="ask") as it:
        await it.type("make add work")
        await it.asked()
        await it.shows("return left + right")
        await it.pilot.pause(0.8)  # what is pressed at once is not taken for an answer
        await it.press("n")
        await it.type("use sum")
        await it.rests()
        assert "use sum" in said(place)
        assert not mended(place)


@BUBBLEWRAP
async def test_always_is_an_exact_rule(stage: MakeStage) -> None:
    place = await stage(sequence(shell("echo one"), shell("echo one"), shell("echo two"), report()))
    async with interface(place, mode="ask") as it:
        await it.type("look around")
        await it.asked()
        await it.pilot.pause(0.8)
        await it.press("a")
        await it.until(lambda: any("two" in w.question for w in it.state.waiting.values()))
        await it.pilot.pause(0.8)
        await it.press("y")
        await it.rests()
    async with interface(place, mode="ask") as it:
        await it.type("look around again")
        await it.until(lambda: any("two" in w.question for w in it.state.waiting.values()))


async def test_a_key_is_asked_for_tried_and_kept(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY)
    place = await stage(sequence(MEND, report()), Rehearsal(api_key="sk-right"))
    place = place.having(**{KEY: ""})
    async with interface(place) as it:
        await it.until(lambda: isinstance(it.app.screen, WelcomeScreen), "the welcome")
        await it.shows("Sandbox")
        await it.type("sk-wrong")
        await it.shows("refused")
        it.app.screen.query_one(Input).value = ""
        await it.type("sk-right")
        await it.until(lambda: not isinstance(it.app.screen, WelcomeScreen), "its end")
        kept = place.home / "keys" / KEY
        assert kept.read_text() == "sk-right\n"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        await does(it, "make add work")
        assert it.state.header.ended is not None
        assert it.state.header.ended.status == "done"
        assert "sk-right" not in it.text


@BUBBLEWRAP
async def test_tabs_have_sessions_of_their_own(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report()))
    async with interface(place) as it:
        await does(it, "the first task")
        await it.type("/new the second task")
        await it.until(lambda: len(it.app.controls) == 2, "another tab")
        await it.until(lambda: it.state.header.session, "its session")
        await it.rests()
        await it.shows("the first task")
        await it.shows("the second task")
        await it.press("f8")
        await it.until(lambda: it.state.header.task == "the first task", "the first")
        await it.type("/close")
        await it.until(lambda: len(it.app.controls) == 1, "one tab less")
        assert len(session_ids(place.home)) == 2


@BUBBLEWRAP
async def test_an_old_session_is_opened_and_exported(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(sequence(MEND, report(summary="Mended it.")))
    async with interface(place) as it:
        await does(it, "make add work")
    async with interface(place) as it:
        await it.press("f7")
        await it.until(lambda: isinstance(it.app.screen, SessionsScreen), "the list")
        await it.shows("make add work")
        await it.press("enter")
        await it.shows("Mended it.")
        await it.type(f"/export {tmp_path}/it.md")
        await it.until((tmp_path / "it.md").exists, "the file")


async def test_what_is_wrong_is_said_and_given_back(stage: MakeStage) -> None:
    place = await stage(sequence(report()))
    async with interface(place) as it:
        await it.type("/mode wild")
        await it.shows("mode")
        assert it.app.pane.composer.text == "/mode wild"


async def test_a_shell_line_goes_with_the_next_text(stage: MakeStage) -> None:
    place = await stage(sequence(report()))
    async with interface(place) as it:
        await it.type("!echo from my shell")
        await it.shows("exit 0")
        await does(it, "what was that")
        assert "I ran `echo from my shell`" in said(place)
        assert not it.control.shell.output.has_class("-shown")


async def test_help_has_the_keys_of_the_person(stage: MakeStage) -> None:
    place = await stage(sequence(report()))
    keys = Preferences(theme="light", keys={"app.cost": "f12"})
    async with interface(place, preferences=keys) as it:
        await it.press("question_mark")
        await it.until(lambda: isinstance(it.app.screen, HelpScreen), "help")
        await it.shows("f12")
        await it.press("escape", "f12")
        await it.until(lambda: it.app.pane.shown == "cost", "the cost")
        assert it.app.theme == "light"


async def test_a_question_mark_in_a_text_is_one(stage: MakeStage) -> None:
    place = await stage(sequence(report()))
    async with interface(place) as it:
        await it.press("s", "t", "i", "l", "l", "space", "question_mark", "space", "h")
        assert it.app.pane.composer.text == "still ? h"


async def test_the_palette_does_what_can_be_typed(stage: MakeStage) -> None:
    place = await stage(sequence(report()))
    async with interface(place) as it:
        await it.press("ctrl+p")
        await it.type("workers")
        await it.press("enter")
        await it.until(lambda: it.app.pane.shown == "workers", "the workers")
