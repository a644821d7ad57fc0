"""The start of the interface: what it loads before one can type, and that no key is lost meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from leadline.tests.bench.terminal import ENV, Terminal, plain
from leadline.tests.e2e.conftest import MakeStage, stage, variables
from leadline.tests.support.cli import SCRIPT, environment
from leadline.tests.support.interface import KEY, Interface
from leadline.tests.support.repos import make_repo
from leadline.tests.support.scripts import report, sequence
from leadline.tui.app import LeadlineApp
from leadline.tui.control.opening import Opening
from leadline.tui.preferences import Preferences

__all__ = ["stage", "variables"]  # fixtures

LATER = ("openai", "pydantic", "git", "tree_sitter_python", "leadline.agent", "leadline.tui.state")
"""What the first frame must not wait for."""
LIGHT = ("leadline.agent", "leadline.agent.settings", "leadline.agent.settings.files")
ALTERNATE = b"\x1b[?1049h"


def test_the_first_frame_loads_nothing_of_the_agent():
    code = (
        "import sys, leadline.tui.commands.open, leadline.tui.app, leadline.tui.preferences; "
        f"found = [m for m in sys.modules if m.startswith({LATER!r}) and m not in {LIGHT!r}]; "
        "print(found)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


async def test_a_task_sent_before_anything_is_loaded_begins_once_it_is(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(KEY, "sk-rehearsal")
    place = await stage(sequence(report(summary="Nothing to do.")))
    loaded = threading.Event()

    def prepare() -> Opening:
        loaded.wait()
        return Opening(place.repo, place.env)

    app = LeadlineApp(prepare, Preferences(theme="dark"))
    async with app.run_test(size=(80, 24)) as pilot:
        it = Interface(app, pilot)
        await it.type("mend it")
        await it.press("a", "n", "d")
        assert not app.controls
        loaded.set()
        await it.until(lambda: app.controls and it.state.header.session, "a session")
        assert it.state.header.task == "mend it"
        assert app.pane.composer.text == "and"
        await it.rests()
    app.close_sessions()


def test_what_is_typed_before_the_program_reads_is_in_the_composer(tmp_path: Path):
    repo = make_repo(tmp_path / "repo")
    env = environment(tmp_path / "home", None, ENV)
    with Terminal([str(SCRIPT)], repo, env) as terminal:
        terminal.type("жαξ")
        terminal.until(lambda new: ALTERNATE in new)
        place = terminal.written.index(ALTERNATE)
        terminal.until(lambda new: "жαξ" in plain(new), place)
        terminal.type("ю")
        terminal.until(lambda new: "жαξю" in plain(new), place)
        terminal.until("ready", place)
        assert "жαξю" in plain(terminal.written[place:])


async def test_tabs_come_with_the_second_pane_and_go_with_it(stage: MakeStage):
    place = await stage(sequence(report(summary="Nothing to do.")))
    app = LeadlineApp(lambda: Opening(place.repo, place.env), Preferences(theme="dark"))
    async with app.run_test(size=(80, 24)) as pilot:
        it = Interface(app, pilot)
        await it.until(lambda: app.controls and app.pane.shown, "the panels")
        first = app.pane
        await it.press("f8")
        assert app.pane is first
        await it.press("ctrl+t")
        await it.until(lambda: len(app.controls) == 2 and app.pane is not first, "another pane")
        await it.shows("new")
        await it.press("f8")
        await it.until(lambda: app.pane is first, "the first pane")
        await it.type("/close")
        await it.until(lambda: len(app.controls) == 1 and app.pane is not first, "one pane")
        await it.press("x")
        await it.until(lambda: app.pane.composer.text == "x", "the key")
    app.close_sessions()
