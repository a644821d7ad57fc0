"""What is asked before something is done to a session: a new title, and whether it is to go."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...agent.history.sessions import LONGEST, Summary
from ..safe import content, line
from ..widgets.line_input import LineInput
from .session_rows import words

_LOOKS = """
    {name} {{ align: center middle; }}
    {name} > Vertical {{
        width: 70; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
        background: $panel; border: round $primary;
    }}
    {name} Static {{ height: auto; }}
"""


class TitleQuestion(ModalScreen[str | None]):
    """A title, "" for none; None where it stays as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "leave it", id="title.leave")
    ]
    DEFAULT_CSS = _LOOKS.format(name="TitleQuestion")

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(line("Title (empty: the task's first line)"))
            yield LineInput(self._title, max_length=LONGEST, compact=True)
            yield Static(line("enter keeps it, escape leaves it", "$text-muted"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class DeleteQuestion(ModalScreen[bool]):
    """Only `y` is a yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "delete", id="delete.yes"),
        Binding("n,escape", "dismiss(False)", "keep", id="delete.no"),
    ]
    DEFAULT_CSS = _LOOKS.format(name="DeleteQuestion")

    def __init__(self, found: Summary) -> None:
        super().__init__()
        self._found = found

    def compose(self) -> ComposeResult:
        found = self._found
        with Vertical():
            yield Static(line(f"Delete {found.session} ({words(found)})?", "bold"))
            yield Static(line(found.title))
            yield Static(
                content(
                    "What it changed stays in the work tree, and can't be undone any more.",
                    "$warning",
                )
            )
            yield Static(line("y deletes it, n or escape keeps it", "$text-muted"))
