"""Two processes at one session: the second looks on while the first is at work, and may go on after it."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from leadline.agent.history.journal import read_events
from leadline.agent.history.store import find_session
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.interface import KEY, Interface, interface
from leadline.tests.support.lineterminal import LineTerminal, line_terminal
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.scripts import MEND, call, report, sequence, shell
from leadline.tests.support.waiting import until
from leadline.tui.state.reducer import state_of

pytestmark = [BUBBLEWRAP, pytest.mark.timeout(400)]

WAIT = "touch begun.log; while [ ! -e go.log ]; do sleep 0.05; done"
"""A command that runs until the test lets it go on."""


@asynccontextmanager
async def at_work(place: Stage, *flags: str) -> AsyncGenerator[LineTerminal]:
    """A process with a session of its own, in which `WAIT` waits."""
    arguments = ("open", "--plain", *flags)
    async with line_terminal(*arguments, folder=place.repo, environ=place.env) as first:
        await first.until("leadline> ")
        first.type("make add work")
        await until((place.repo / "begun.log").exists, "the command", lambda: first.shown)
        yield first


def go_on(place: Stage) -> None:
    (place.repo / "go.log").touch()


def session(place: Stage) -> Path:
    return find_session(place.home, None)


def words(it: Interface) -> list[str]:
    """What the person is told for a moment from now on."""
    told: list[str] = []
    it.app.told = lambda text, *, bad=False: told.append(text)
    return told


async def test_the_interface_shows_what_another_process_does_and_goes_on_after_it(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")
    place = await stage(sequence(shell(WAIT), MEND, report(summary="Mended it."), report()))
    async with at_work(place) as first, interface(place) as it:
        told = words(it)
        assert await it.control.look_at(session(place))
        await it.shows("only looking on: another process is at work")
        await it.type("be quick")
        assert "here you only look on" in told[-1]
        assert it.app.pane.composer.text == "be quick"
        for refused in ("/resume", "/undo"):
            it.app.pane.composer.area.clear()
            await it.type(refused)
            assert "here you only look on" in told[-1]
        await it.press("escape")
        assert told[-1] == "this session runs in another process: stop it there"
        go_on(place)
        await it.shows("Mended it.")
        await first.until("next: ")
        first.press(b"\x04")
        await it.until(lambda: told[-1].startswith("the other process has ended"), str(told))
        it.app.pane.composer.area.clear()
        await it.type("once more")
        await it.until(lambda: it.state.header.runs == 2, "the second run")
        await it.rests()
        assert it.state == state_of(read_events(session(place)))


async def test_a_copy_can_be_gone_on_with_meanwhile(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")
    place = await stage(sequence(shell(WAIT), report(summary="In the copy."), report()))
    async with at_work(place), interface(place) as it:
        original = session(place)
        assert await it.control.look_at(original)
        await it.type("/fork say hello")
        await it.shows("In the copy.")
        await it.rests()
        assert it.control.folder not in (None, original)
        go_on(place)


async def test_lines_tell_what_another_process_does_and_go_on_after_its_death(
    stage: MakeStage,
) -> None:
    ask = call("ask", question="Which sign?", options=["plus", "minus"])
    place = await stage(sequence(shell(WAIT), ask, MEND, report()))
    async with at_work(place) as first:
        arguments = ("open", "--plain", session(place).name)
        async with line_terminal(*arguments, folder=place.repo, environ=place.env) as second:
            await second.until("next: Another process is at work on this session")
            go_on(place)
            await second.until("asked where it runs: Which sign?")
            second.type("y")
            await second.until("unclear: no question waits.")
            for refused in ("minus", "/resume", "/undo 0", "/say minus"):
                second.type(refused)
                await second.until("error: Another process is at work", after=refused)
            second.type("/stop")
            await second.until("Stop it where it runs.")
            assert first.process is not None
            os.kill(first.process.pid, signal.SIGKILL)
            await second.until("next: the other process has ended.")
            second.type("/resume")
            await second.until("\nDone and verified.\n")
            second.press(b"\x04")
            assert await second.ended() == 0
