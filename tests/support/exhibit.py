"""The whole app on a session of the showcase, without anything that runs: the same on every machine at any time."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self
from unittest.mock import patch

from leadline.agent.events import (
    Durable,
    Event,
    SessionEnded,
    SessionStarted,
    SnapshotTaken,
    Status,
    UsageReported,
)
from leadline.agent.history.journal import Journal, read_events
from leadline.agent.history.sessions import rename
from leadline.agent.history.store import sessions_folder
from leadline.agent.messages import Usage
from leadline.tests.support.looks import Picture, picture_of
from leadline.tests.support.repos import make_repo
from leadline.tests.support.showcase import BEGIN, ROOT, SANDBOX, TASK, Story
from leadline.tests.support.showcase_texts import FILES, STEPS
from leadline.tests.support.stepping import stepping
from leadline.tui import amounts, signs
from leadline.tui.app import LeadlineApp
from leadline.tui.control.opening import Opening
from leadline.tui.control.session import SessionControl
from leadline.tui.panels.cost import panel as cost_panel
from leadline.tui.panels.panel import Place
from leadline.tui.preferences import Preferences, ThemeName
from leadline.tui.state.reducer import reduce, state_of
from leadline.tui.widgets.status import status_line
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

NAME = "s1"
LONGEST = 20.0


@dataclass(frozen=True, slots=True)
class Gallery:
    """Where the showcase's sessions are: the tree that they changed, and Leadline's folder."""

    repo: Path
    home: Path
    steps: tuple[SnapshotTaken, ...]

    @property
    def folder(self) -> Path:
        return sessions_folder(self.home) / NAME


async def make_gallery(top: Path) -> Gallery:
    """A real tree with real snapshots, and journals of older sessions."""
    repo, home = make_repo(top / "shop", FILES), top / "home"
    async with stepping(repo, home, NAME) as session:
        for step in STEPS:
            await session.step(step)
    events = read_events(sessions_folder(home) / NAME)
    steps = tuple(event.body for event in events if isinstance(event.body, SnapshotTaken))
    gallery = Gallery(repo, home, steps)
    gallery.folder.rename(gallery.folder.with_name(f".{NAME}"))  # not one of those in the list
    for row in _OLDER:
        _older(home, *row)
    gallery.folder.with_name(f".{NAME}").rename(gallery.folder)
    return gallery


_OLDER: tuple[tuple[str, str, str, str, Status | None, float, int], ...] = (
    ("20261124-140200", "2026-11-24T14:02:00+00:00", ROOT, TASK, "done", 0.0214, 6),
    ("20261124-101500", "2026-11-24T10:15:00+00:00", ROOT, "Count all prices in whole cents", "limit", 1.0, 88),
    ("20261123-170200", "2026-11-23T17:02:00+00:00", ROOT, "Explain how a refund is booked", "unverified", 0.0103, 3),
    ("20261121-090000", "2026-11-21T09:00:00+00:00", ROOT, "Take the cart's page off jQuery", "done", 0.4312, 41),
    ("20261119-121200", "2026-11-19T12:12:00+00:00", ROOT, "Make `make test` green on Python 3.14", None, 0.2201, 23),
    ("20261118-083000", "2026-11-18T08:30:00+00:00", "/home/ada/notes", "Sort the index", "not_done", 0.0042, 2),
)  # fmt: skip


def _older(
    home: Path,
    name: str,
    at: str,
    root: str,
    task: str,
    status: Status | None,
    usd: float,
    turns: int,
) -> None:
    from leadline.agent.events import TurnStarted

    folder = sessions_folder(home) / name
    journal = Journal.create(folder, lambda: datetime.fromisoformat(at))
    bodies: list[Durable] = [SessionStarted("0.1.0", root, task, "auto", SANDBOX, {})]
    bodies += [TurnStarted()] * turns
    bodies.append(UsageReported(1, "m", Usage(1, 1, 1), usd, usd, False, 0, "none", "", 0.1, 0.1))
    bodies += [SessionEnded(status, 0, "")] if status else []
    for body in bodies:
        journal.append("main", 1, body)
    journal.close()
    if "jQuery" in task:
        rename(folder, "cart without jQuery")


class _At(datetime):
    """A clock that stands still."""

    instant = BEGIN

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:  # type: ignore[override]
        found = cls.instant.astimezone(tz)
        return cls(*found.timetuple()[:6], found.microsecond, found.tzinfo)


def _branch(root: Path) -> str:
    """A thread reads it in the real interface, sooner or later."""
    del root
    return "main"


@contextmanager
def same_everywhere() -> Generator[None]:
    """Whatever the terminal, the locale, the time and its zone."""
    plain = {"TZ": "UTC", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    kept = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
    with (
        patch.dict(os.environ, kept | plain, clear=True),
        patch.object(amounts, "datetime", _At),
        patch.object(signs, "_COLUMN", 0),
        patch.object(cost_panel, "has_unicode", lambda: True),
        patch.object(status_line, "branch_of", _branch),
        patch.object(Input.cursor_blink, "_default", False),
        patch.object(TextArea.cursor_blink, "_default", False),
    ):
        time.tzset()
        yield
    time.tzset()


@dataclass(frozen=True, slots=True)
class _Opening(Opening):
    """Of a tree that is told to be elsewhere than it is."""

    @property
    def root(self) -> Path:
        return Path(ROOT)


@dataclass
class Exhibit:
    """The app with a story on it, and the person's hands on it."""

    app: LeadlineApp
    pilot: Pilot[int]
    gallery: Gallery

    @property
    def control(self) -> SessionControl:
        return self.app.controls[self.app.pane]

    async def tell(self, story: Story, *, ended: SessionEnded | None = None) -> None:
        """Show this story as if it ran, or as one that has ended."""
        _At.instant = story.now
        if ended is not None:
            story.say("main", ended)
        control, place = (
            self.control,
            Place(self.gallery.repo, self.control.opening.settings(), self.gallery.folder),
        )
        control.feed.state = state_of(story.published)
        control.feed.running = ended is None
        for body in self.gallery.steps if ended else ():
            state = control.feed.state
            event = Event(state.seq + 1, state.at, "s1", "main", 9, body)
            control.feed.state = reduce(state, event)
        for panel in control.panels.values():
            panel.place = place
        control.transcript.agent = ""
        self.app.pane.open("session")
        control.show()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    @property
    def picture(self) -> Picture:
        return picture_of(self.app)

    async def shows(self, text: str) -> None:
        async with asyncio.timeout(LONGEST):
            while text not in self.picture.text:
                await self.pilot.pause(0.02)

    async def rest(self) -> Picture:
        """What is there when nothing changes any more. On a busy machine a frame may stand there for a while that is
        not the last, so what was asked for is to be worked off first."""
        await self.pilot.pause()
        before, same = self.picture, 0
        while same < 2:
            await self.pilot.pause(0.03)
            now = self.picture
            same = same + 1 if now == before else 0
            before = now
        return before

    async def themed(self, theme: str) -> Picture:
        self.app.theme = theme
        return await self.rest()

    async def back(self) -> None:
        """To the session's panel, whatever lies over it."""
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        self.app.pane.composer.area.clear()
        await self.pilot.pause()
        self.app.pane.open("session")


@asynccontextmanager
async def exhibit(
    gallery: Gallery, size: tuple[int, int], theme: ThemeName = "dark"
) -> AsyncGenerator[Exhibit]:
    """Inside of `same_everywhere`."""

    def prepare() -> Opening:
        environ = {"DEEPSEEK_API_KEY": "sk-none", "XDG_CONFIG_HOME": str(gallery.home)}
        return _Opening(gallery.repo, environ, {"home": str(gallery.home)})

    app = LeadlineApp(prepare, Preferences(theme=theme))
    async with app.run_test(size=size) as pilot:
        it = Exhibit(app, pilot, gallery)
        async with asyncio.timeout(LONGEST):
            while not (app.pane.is_alive and app.pane.status._branch):  # pyright: ignore[reportPrivateUsage]
                await pilot.pause(0.03)
        yield it
