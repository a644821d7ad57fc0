"""What greets a person who has no key yet: how to get one working, and what mode and sandbox mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...tools.errors import PersonError
from ..safe import content
from ..welcome import Welcome
from ..widgets.line_input import LineInput


class WelcomeScreen(ModalScreen[bool]):
    """Ends with whether a key was kept. `keep` tries and keeps it; a PersonError of it is shown, and asked again."""

    DEFAULT_CSS = """
    WelcomeScreen { align: center middle; }
    WelcomeScreen > VerticalScroll {
        width: 90%; max-width: 100; height: auto; max-height: 100%; padding: 0 2; background: $panel;
        border: round $primary;
    }
    WelcomeScreen > VerticalScroll { scrollbar-size-vertical: 1; }
    WelcomeScreen Static { height: auto; margin-bottom: 1; }
    WelcomeScreen Input { margin-bottom: 1; }
    WelcomeScreen .title { text-style: bold; color: $primary; margin-bottom: 0; }
    WelcomeScreen .dim { color: $text-muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "later", "later", id="welcome.later"),
        Binding("ctrl+q,ctrl+c", "app.quit", "quit", priority=True),
    ]

    def __init__(self, welcome: Welcome, keep: Callable[[str], Awaitable[None]]) -> None:
        super().__init__()
        self._welcome = welcome
        self._keep = keep
        self._word = Static(content(""), classes="word")

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static(content("Welcome to Leadline"), classes="title")
            yield Static(content(self._welcome.text))
            yield LineInput(
                password=True,
                placeholder="the key; Enter tries it, Esc does it later",
                compact=True,
            )
            yield self._word
            yield Static(content(self._welcome.lines), classes="dim")

    def on_mount(self) -> None:
        # Without scrolling there: where the screen is low, it is read from its beginning.
        self.query_one(Input).focus(scroll_visible=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._word.update(content("trying it ..."))
            self._try(event.value.strip())

    @work(exclusive=True)
    async def _try(self, key: str) -> None:
        try:
            await self._keep(key)
        except PersonError as error:
            self._word.update(content(error.message, "$error"))
            self.query_one(Input).focus()
            return
        self.dismiss(True)

    def action_later(self) -> None:
        self.dismiss(False)
