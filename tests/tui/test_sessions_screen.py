"""The list of sessions, in an app, by real keys, over real journals."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from leadline.agent.events import Durable, SessionEnded, SessionStarted, Status, UsageReported
from leadline.agent.history.journal import FILE, Journal
from leadline.agent.history.sessions import rename, running, title_of
from leadline.agent.history.store import session_ids, sessions_folder
from leadline.agent.messages import Usage
from leadline.tui.messages import SessionChosen
from leadline.tui.screens.session_list import SessionList
from leadline.tui.screens.sessions import SessionsScreen
from textual.app import App
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

NOW = datetime(2026, 11, 28, 5, 1, 0, tzinfo=UTC)
HERE, THERE = "/work/here", "/work/there"


def make(
    home: Path, name: str, task: str, root: str = HERE, status: Status | None = "done", **_: object
) -> Path:
    folder = sessions_folder(home) / name
    journal = Journal.create(folder, lambda: NOW)
    bodies: list[Durable] = [
        SessionStarted("0.1", root, task, "auto", "s", {}),
        UsageReported(1, "m", Usage(1, 1, 1), 0.25, 1.0, False, 0, "none", "", 0.1, 0.1),
    ]
    for body in [*bodies, *([SessionEnded(status, 0, "")] if status else [])]:
        journal.append("main", 1, body)
    journal.close()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make(tmp_path, "20261101-a", "Fix [b]add[/b].\nIt subtracts.")
    make(tmp_path, "20261102-b", "Tidy \x1b[31mup", THERE, "not_done")
    make(tmp_path, "20261103-c", "Make it quick", HERE, None)
    return tmp_path


class Shown(App[None]):
    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home = home
        self.chosen: list[tuple[str, str] | None] = []

    def on_mount(self) -> None:
        def chosen(word: SessionChosen | None) -> None:
            self.chosen.append((word.folder.name, word.how) if word else None)

        self.push_screen(SessionsScreen(self.home, Path(HERE), clock=lambda: NOW), chosen)

    @property
    def text(self) -> str:
        strips = self.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage] -- no public way
        return "\n".join("".join(part.text for part in strip).rstrip() for strip in strips)

    @property
    def titles(self) -> str:
        return "\n".join(line for line in self.text.splitlines() if "tidy" in line or "$" in line)


@asynccontextmanager
async def shown(
    home: Path, size: tuple[int, int] = (80, 24)
) -> AsyncGenerator[tuple[Shown, Pilot[None]]]:
    app = Shown(home)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(app, pilot, lambda: "reading on" not in app.text and "ession" in app.text)
        yield app, pilot


async def until(app: Shown, pilot: Pilot[None], ready: Callable[[], object]) -> None:
    for _ in range(500):
        if ready():
            return
        await pilot.pause(0.02)
    raise AssertionError(app.text)


async def test_those_of_this_place_then_all(home: Path) -> None:
    async with shown(home) as (app, pilot):
        assert "Sessions of this place: 2" in app.text
        assert "Make it quick" in app.text
        assert "killed" in app.text
        assert "Fix [b]add[/b]." in app.text
        assert "Tidy" not in app.text
        assert "$0.25" in app.text
        await pilot.press("a")
        assert "there Tidy up" in app.text, app.text
        assert "not done" in app.text
        assert "\x1b" not in app.text
        assert all(len(line) <= 80 for line in app.text.splitlines())


@pytest.mark.parametrize("size", [(40, 24), (20, 5), (200, 50)])
async def test_any_size(home: Path, size: tuple[int, int]) -> None:
    async with shown(home, size) as (app, pilot):
        await pilot.press("a", "down", "end", "home")
        if size[0] > 20:
            assert "Make it q" in app.text
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Make it quick" in app.text
        await pilot.resize_terminal(*size)
        await pilot.press("enter")
        assert app.chosen == [("20261103-c", "open")]


@pytest.mark.parametrize(("key", "how"), [("enter", "open"), ("r", "resume"), ("f", "fork")])
async def test_what_is_chosen(home: Path, key: str, how: str) -> None:
    async with shown(home) as (app, pilot):
        await pilot.press("j", key)
        assert app.chosen == [("20261101-a", how)]


async def test_found_by_words_of_task_title_and_id(home: Path) -> None:
    rename(sessions_folder(home) / "20261101-a", "The sum")
    async with shown(home) as (app, pilot):
        await pilot.press("slash", *"SUBTR", "space", *"sum")
        assert "1 of 2" in app.text
        assert "The sum" in app.text
        await pilot.press("enter", "enter")
        assert app.chosen == [("20261101-a", "open")]
    async with shown(home) as (app, pilot):
        await pilot.press("slash", *"1103")
        assert "1 of 2" in app.text
        await pilot.press("escape")
        assert "place: 2" in app.text
        await pilot.press("escape")
        assert app.chosen == [None]


async def test_a_title_is_given_and_taken_back(home: Path) -> None:
    folder = sessions_folder(home) / "20261103-c"
    async with shown(home) as (app, pilot):
        await pilot.press("n", "home", *"Now", "space", "enter")
        await until(app, pilot, lambda: "Now Make it quick" in app.text)
        assert title_of(folder) == "Now Make it quick"
        await pilot.press("n", "escape")
        await pilot.press("n", "ctrl+u", "end", "ctrl+u", "enter")
        await until(app, pilot, lambda: "Now" not in app.text)
        assert title_of(folder) == ""


async def test_deleted_after_a_question(home: Path) -> None:
    async with shown(home) as (app, pilot):
        await pilot.press("d")
        assert "can't be undone" in app.text
        await pilot.press("n", "d", "y")
        await until(app, pilot, lambda: "place: 1" in app.text)
    assert session_ids(home) == ("20261102-b", "20261101-a")


async def test_one_at_work_is_neither_deleted_nor_gone_on_with(home: Path) -> None:
    journal = Journal.reopen(sessions_folder(home) / "20261103-c")
    assert running(journal.folder)
    async with shown(home) as (app, pilot):
        assert "running" in app.text
        await pilot.press("d", "r")
        await until(app, pilot, lambda: "fork it" in app.text)
        assert app.chosen == []
        await pilot.press("f")
        assert app.chosen == [("20261103-c", "fork")]
    journal.close()


async def test_what_cannot_be_read_has_a_row_and_can_be_deleted(home: Path) -> None:
    (sessions_folder(home) / "20261103-c" / FILE).write_bytes(b"\x00\xff\n")
    async with shown(home) as (app, pilot):
        await pilot.press("a")
        assert "foreign" in app.text
        await pilot.press("home", "enter")
        await until(app, pilot, lambda: "nothing to open" in app.text)
        await pilot.press("d", "y")
        await until(app, pilot, lambda: "everywhere: 2" in app.text)


async def test_none_at_all(tmp_path: Path) -> None:
    async with shown(tmp_path) as (app, pilot):
        assert "No session of this place" in app.text
        await pilot.press("enter", "r", "f", "n", "d", "down", "end", "pagedown", "escape")
        assert app.chosen == [None]


async def test_hundreds_scroll(tmp_path: Path) -> None:
    for number in range(300):
        make(tmp_path, f"2026-{number:04}", f"Task {number}")
    async with shown(tmp_path) as (app, pilot):
        await until(app, pilot, lambda: "place: 300" in app.text)
        await pilot.press("end")
        assert "Task 0" in app.text
        await pilot.press("pageup", "pageup", "enter")
        listed = app.chosen[0]
        assert listed is not None
        assert listed[0] not in ("2026-0000", "2026-0299")


async def test_the_mouse_chooses(home: Path) -> None:
    async with shown(home) as (app, pilot):
        await pilot.click(SessionList, offset=(5, 1))
        assert app.chosen == []
        await pilot.click(SessionList, offset=(5, 1))
        assert app.chosen == [("20261101-a", "open")]


async def test_a_hostile_task_is_no_sequence_in_the_question_for_a_title(home: Path) -> None:
    async with shown(home) as (app, pilot):
        await pilot.press("a", "g", "j", "n")
        await pilot.pause()
        given = app.screen.query_one(Input)
        assert given.value == "Tidy up"
        given.value = ""
        app.screen.post_message(Paste("new\n\x1b]0;t\x07title"))
        await until(app, pilot, lambda: given.value == "new title")
