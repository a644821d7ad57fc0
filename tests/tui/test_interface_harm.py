"""What must not end the interface, nor make it do what was not meant: broken files, missing programs, keys that were
pressed for something else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from leadline.agent.history.journal import FILE
from leadline.agent.history.store import find_session, session_ids, sessions_folder
from leadline.agent.host.wishes import Answer, Fork
from leadline.agent.settings.keys import keep_key
from leadline.tests.e2e.conftest import MakeStage, stage, variables
from leadline.tests.support.interface import KEY, LONGEST, Interface, interface
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.scripts import report, sequence, shell
from leadline.tui.control.opening import Opening
from leadline.tui.feed import Feed
from leadline.tui.screens.sessions import SessionsScreen
from leadline.tui.screens.welcome import WelcomeScreen

__all__ = ["stage", "variables"]  # fixtures


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")


def words(it: Interface) -> list[str]:
    """What the person is told for a moment from now on: a test's screen has no room for it."""
    told: list[str] = []
    it.app.told = lambda text, *, bad=False: told.append(text)
    return told


async def at_rest(it: Interface) -> None:
    await it.until(lambda: it.state.header.session, "a session")
    await it.rests()


@BUBBLEWRAP
async def test_a_settings_file_that_an_agent_breaks(stage: MakeStage) -> None:
    place = await stage(sequence(shell("echo '[ broken' > .leadline.toml"), report()))
    async with interface(place) as it:
        told = words(it)
        await it.type("break it")
        await at_rest(it)
        await it.press("f7")
        await it.until(lambda: isinstance(it.app.screen, SessionsScreen))
        await it.press("escape", "ctrl+t")
        await it.until(lambda: len(it.app.controls) == 2, "another tab")
        await it.type("/key")
        await it.until(lambda: isinstance(it.app.screen, WelcomeScreen))
        await it.press("escape")
        await it.type("begin anew")
        await it.until(lambda: any("not valid TOML" in each for each in told))
        assert it.app.pane.composer.text == "begin anew"


async def test_a_shell_that_there_is_not(stage: MakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/nowhere/sh")
    place = await stage(sequence(report()))
    async with interface(place) as it:
        await it.type("!ls")
        await it.shows("/nowhere/sh can't be started: No such file or directory")
        monkeypatch.setenv("SHELL", "/bin/sh")
        it.control.shell.run(f"echo {'x' * 300_000}")
        await it.shows("/bin/sh can't be started: Argument list too long")
        assert it.app.fault is None


@BUBBLEWRAP
async def test_an_export_to_nobodys_home(stage: MakeStage) -> None:
    place = await stage(sequence(report()))
    async with interface(place) as it:
        told = words(it)
        await it.type("say hello")
        await at_rest(it)
        await it.type("/export ~nobody-here/x.md")
        await it.until(lambda: any("a home folder that nobody" in each for each in told))
        await it.type("/export out.html")
        await it.until(lambda: f"written to {place.repo / 'out.html'}" in told)
        (find_session(place.home, None) / FILE).write_text("no journal")
        await it.type("/export again.md")
        await it.until(lambda: any("journal" in each for each in told))
        assert it.app.fault is None


async def test_a_fault_of_ours_is_kept_in_a_file_without_kept_keys(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await stage(sequence(report()))
    keep_key(place.home, "MY_OWN", "hunter2-hunter2")

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom hunter2-hunter2")

    monkeypatch.setattr("leadline.agent.host.hosted.run", broken)
    async with interface(place) as it:
        told = words(it)
        await it.type("say hello")
        await it.until(lambda: told)
        (crash,) = (place.home / "crashes").iterdir()
        assert str(crash) in told[0]
        assert "hunter2" not in told[0] + crash.read_text()
        assert "Traceback" in crash.read_text()
        assert it.app.pane.composer.text == "say hello"


@BUBBLEWRAP
@pytest.mark.parametrize("command", ["/refactor", "/plan"])
async def test_no_session_ends_another_one(stage: MakeStage, command: str) -> None:
    place = await stage(sequence(shell("sleep 60"), report()))
    async with interface(place) as it:
        told = words(it)
        await it.type("take your time")
        await it.until(lambda: it.state.agents.get("main") and it.state.agents["main"].running)
        first = it.state.header.session
        await it.type(f"{command} something else")
        await it.until(lambda: any("A session is under way here" in each for each in told))
        assert it.state.header.session == first
        assert it.control.feed.running
        assert it.app.pane.composer.text == f"{command} something else"


@BUBBLEWRAP
async def test_a_question_takes_no_keys_that_mean_something_elsewhere(stage: MakeStage) -> None:
    place = await stage(sequence(shell("echo one"), shell("echo two"), report()))
    async with interface(place, mode="ask") as it:
        await it.type("look around")
        await it.asked()
        await it.pilot.pause(0.8)
        it.control.transcript.focus()
        await it.press("slash")
        (first,) = it.state.waiting.values()
        it.control.send(Answer(first.agent, first.call_id))
        await it.until(lambda: any("two" in each.question for each in it.state.waiting.values()))
        await it.pilot.pause(0.8)
        await it.press("a", "y")
        await it.pilot.pause(0.8)
        assert it.state.waiting
        await it.press("f9")
        await it.pilot.pause(0.8)
        await it.press("y")
        await it.rests()


@BUBBLEWRAP
async def test_a_copy_that_asks_at_once_is_heard(stage: MakeStage) -> None:
    place = await stage(sequence(report(), shell("echo one"), report()))
    opening = Opening(place.repo, place.env, {"mode": "ask"})
    feed = Feed(place.home, lambda: None)

    async def until(ready: Callable[[], object]) -> None:
        async with asyncio.timeout(LONGEST):
            while not ready():
                await asyncio.sleep(0.03)

    def rests() -> bool:
        feed.take()
        return not feed.running

    try:
        feed.submit(opening.start("look around"))
        await until(rests)
        (first,) = session_ids(place.home)
        feed.go_on(opening.start("-"), Fork(sessions_folder(place.home) / first, "once more"))

        def has_asked() -> bool:
            new = [each for each in session_ids(place.home) if each != first]
            journal = sessions_folder(place.home) / new[0] / FILE if new else None
            return (
                journal is not None
                and journal.exists()
                and b"approval_asked" in journal.read_bytes()
            )

        def waits() -> bool:
            feed.take()
            return bool(feed.state.waiting)

        await until(has_asked)
        await until(waits)
        assert [each.question for each in feed.state.waiting.values()] == [
            "May Leadline run `echo one`?"
        ]
    finally:
        await asyncio.to_thread(feed.close)
