"""What controls need of the app that holds their panes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from ..pane import SessionPane
from ..welcome import Welcome
from .opening import Opening


class Host(Protocol):
    def told(self, text: str, *, bad: bool = False) -> None:
        """Show a word for a moment."""
        ...

    def called(self, pane: SessionPane, why: str) -> None:
        """Call the person, who may be elsewhere: this pane needs an eye."""
        ...

    def new_tab(self, task: str = "") -> None:
        """Another pane; with a task its session begins at once."""
        ...

    def opens_by(self, opening: Opening) -> None:
        """Begin sessions of other tabs by these settings from now on."""
        ...

    def close_tab(self) -> None: ...

    def open_sessions(self) -> None: ...

    def open_help(self) -> None: ...

    def welcome(self, welcome: Welcome, keep: Callable[[str], Awaitable[None]]) -> None:
        """Greet a person without a key; `keep` tries and keeps the one they give."""
        ...

    def choose_theme(self, name: str) -> None: ...

    def switch_vim(self) -> None: ...

    def leave(self) -> None:
        """End the app; what runs comes to a point from where it can go on."""
        ...
