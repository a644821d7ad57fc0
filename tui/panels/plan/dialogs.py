"""What opens above the plan: a text to change, a reason to give."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key, Paste
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from ...focus import is_done_in_turn
from ...safe import line
from ...text import clean


class CleanArea(TextArea):
    """What is pasted is cleaned as any other text."""

    async def on_key(self, event: Key) -> None:
        await is_done_in_turn(self, event)

    def on_paste(self, event: Paste) -> None:
        event.text = clean(event.text)


class TextDialog(ModalScreen[str | None]):
    """A text to be changed. Gives it, or None where it is to stay as it was."""

    DEFAULT_CSS = """
    TextDialog { align: center middle; }
    TextDialog > Vertical {
        width: 90%; max-width: 110; height: 80%; background: $surface; border: round $primary; padding: 0 1;
    }
    TextDialog TextArea { height: 1fr; }
    TextDialog Static { height: auto; max-height: 2; }
    """
    HINT: ClassVar[str] = "Ctrl+S keeps it, Escape leaves it as it was."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s,ctrl+enter", "keep", "keep", id="plan.keep"),
        Binding("escape", "leave", "leave", id="plan.leave"),
    ]

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__()
        self._title = title
        self._given = clean(text)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(line(self._title, "bold"))
            yield CleanArea(self._given, soft_wrap=True, compact=True)
            yield Static(line(self.HINT, "$text-muted"))

    def action_keep(self) -> None:
        text = self.query_one(CleanArea).text
        self.dismiss(None if text == self._given and text else text)

    def action_leave(self) -> None:
        self.dismiss(None)


class ReasonDialog(TextDialog):
    """A reason, in a few words or none."""

    DEFAULT_CSS = """
    ReasonDialog > Vertical { height: 9; max-height: 80%; }
    """
    HINT = "Enter: the planner gets this and plans anew; with no reason the session ends. Escape: back."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "refuse", id="plan.refuse_now"),
    ]
