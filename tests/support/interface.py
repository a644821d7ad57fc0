"""The whole interface in a test: the real app on a screen without a terminal, real sessions, the rehearsal endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from leadline.tests.e2e.conftest import Stage
from leadline.tui.app import LeadlineApp
from leadline.tui.control.opening import Opening
from leadline.tui.control.session import SessionControl
from leadline.tui.preferences import Preferences
from leadline.tui.state.reducer import State
from textual.events import Key
from textual.pilot import Pilot

KEY = "DEEPSEEK_API_KEY"
"""Sessions take it from the process's environment: a test that begins one sets it there."""
LONGEST = 60.0


class Interface:
    """The app with the person's hands on it."""

    def __init__(self, app: LeadlineApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def control(self) -> SessionControl:
        return self.app.controls[self.app.pane]

    @property
    def state(self) -> State:
        return self.control.state

    @property
    def text(self) -> str:
        """All that is on the screen, as a person reads it."""
        width, height = self.app.size
        lines = self.app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage] -- no public way
        del width
        return "\n".join("".join(part.text for part in strip).rstrip() for strip in lines[:height])

    async def type(self, text: str) -> None:
        """Key by key, then Enter."""
        names = {" ": "space", "/": "slash", "@": "at", "!": "exclamation_mark", "\n": "ctrl+j"}
        await self.pilot.press(*(names.get(each, each) for each in text), "enter")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    def press_at_once(self, *keys: str) -> None:
        """As keys come on a busy machine: in one piece, before anything has come of the first."""
        for key in keys:
            self.app.post_message(Key(key, key if len(key) == 1 else None))

    async def until(self, ready: Callable[[], Any], what: str = "") -> None:
        """Wait until this holds; the test fails with the screen's text when it does not come."""
        try:
            async with asyncio.timeout(LONGEST):
                while not ready():
                    await self.pilot.pause(0.03)
        except TimeoutError:
            raise AssertionError(
                f"{what or 'it'} did not come. On the screen:\n{self.text}"
            ) from None

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.text, repr(text))

    async def rests(self) -> None:
        """Until the session has ended."""
        await self.until(lambda: not self.control.feed.running, "the session's end")

    async def asked(self) -> str:
        """The question that waits for the person."""
        await self.until(lambda: self.state.waiting, "a question")
        return next(iter(self.state.waiting.values())).question


@asynccontextmanager
async def interface(
    stage: Stage,
    size: tuple[int, int] = (80, 24),
    preferences: Preferences | None = None,
    **flags: str,
) -> AsyncGenerator[Interface]:
    """The app as `leadline` opens it in the stage's repository, ready to be typed at."""

    def prepare() -> Opening:
        return Opening(stage.repo, stage.env, flags)

    app = LeadlineApp(prepare, preferences or Preferences(theme="dark"))
    async with app.run_test(size=size) as pilot:
        it = Interface(app, pilot)
        await it.until(lambda: app.pane.is_alive, "the panels")
        yield it
    await asyncio.to_thread(app.close_sessions)
