"""The two rows at the bottom, in an app at several sizes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from leadline.agent.events import Routed, ToolStarted, TurnStarted
from leadline.agent.settings.config import Settings
from leadline.tests.tui.test_state_laws import numbered
from leadline.tui.state.reducer import state_of
from leadline.tui.widgets.status.key_hints import KeyHints
from leadline.tui.widgets.status.status_line import StatusLine
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button

SIZES = [(80, 24), (160, 48), (20, 5)]


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 5, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Steered(Button):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "app.bell", "down", id="x.down"),
        Binding("s", "steer", "steer [b]it[/b]", id="x.steer"),
        Binding("ctrl+o", "open", "open", id="x.open"),
        Binding("z", "hidden", "hidden", show=False, id="x.hidden"),
    ]

    def action_steer(self) -> None: ...

    def action_open(self) -> None: ...


class Rows(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark", "help", "help", id="h")]

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.line = StatusLine(clock=self.clock)
        self.hints = KeyHints()

    def action_help(self) -> None: ...

    def compose(self) -> ComposeResult:
        yield Steered("x")
        yield Button("y", id="other")
        yield self.line
        yield self.hints

    def text(self, widget: StatusLine | KeyHints) -> str:
        return "".join(segment.text for segment in widget.render_line(0)).rstrip()


@pytest.mark.parametrize("size", SIZES)
async def test_the_rows_are_one_row_each_at_every_size(size: tuple[int, int]):
    app = Rows()
    async with app.run_test(size=size) as pilot:
        app.line.before(Settings())
        await pilot.pause()
        assert (app.line.size.height, app.hints.size.height) == (1, 1)
        assert "$0.00" in app.text(app.line)
        assert len(app.text(app.hints)) <= size[0]
        await pilot.resize_terminal(9, 3)
        await pilot.pause()
        assert app.text(app.line).strip() == "$0.00"


async def test_settings_are_told_until_a_session_has_begun_and_its_branch_is_looked_up(
    tmp_path: Path,
):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/trunk")
    app = Rows()
    async with app.run_test(size=(160, 48)) as pilot:
        app.line.before(Settings(solo="flash", sandbox="off"), tmp_path)
        while "trunk" not in app.text(app.line):
            await pilot.pause(0.01)
        assert app.text(app.line).split() == (
            ["ready", "flash", "mode", "auto", "sandbox", "off!", "branch", "trunk", "$0.00"]
        )
        app.line.show(state_of([]))
        assert "sandbox off!" in app.text(app.line)
        app.line.show(state_of(numbered([("main", Routed("solo", "m", "high", "r"))])))
        await pilot.pause()
        assert "m high" in app.text(app.line)
        assert "branch trunk" in app.text(app.line)


async def test_time_goes_on_while_nothing_is_told():
    app = Rows()
    async with app.run_test(size=(160, 48)) as pilot:
        said = [("main", TurnStarted()), ("main", ToolStarted("1", "shell", "make", True))]
        app.line.show(state_of(numbered(said)))
        await pilot.pause()
        assert "runs: make 57s" in app.text(app.line)
        app.clock.now += timedelta(seconds=8)
        await pilot.pause(1.1)
        assert "runs: make 1m05s" in app.text(app.line)


async def test_the_same_state_paints_nothing(monkeypatch: pytest.MonkeyPatch):
    app = Rows()
    async with app.run_test(size=(80, 24)) as pilot:
        state = state_of(numbered([("main", TurnStarted())]))
        app.line.show(state)
        await pilot.pause()
        painted: list[int] = []

        def paint(*_: object, **__: object) -> None:
            painted.append(1)

        monkeypatch.setattr(app.line, "refresh", paint)
        app.line.show(state)
        app.line.show(state_of(numbered([("main", TurnStarted())])))
        assert not painted


async def test_the_hints_are_the_focused_widgets_own_first():
    app = Rows()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        told = app.text(app.hints)
        assert told.startswith("j/down down  s steer [b]it[/b]  ^o open")
        assert "? help" in told
        assert "hidden" not in told
        app.query_one("#other").focus()
        await pilot.pause()
        assert "steer" not in app.text(app.hints)
        assert "? help" in app.text(app.hints)


async def test_only_whole_hints_stand_in_a_narrow_row():
    app = Rows()
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        assert app.text(app.hints) == "j/down down"


def test_the_rows_load_nothing_of_the_agent():
    code = (
        "import sys; import leadline.tui.widgets.status.status_line, leadline.tui.widgets.status.key_hints;"
        "print([name for name in sys.modules if name.startswith(('leadline.agent', 'leadline.tui.state'))])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert told.stdout.strip() == "[]"
