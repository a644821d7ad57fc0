"""A line that a person types or pastes, of any origin."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from ..focus import is_done_in_turn
from ..text import clean, one_line


class LineInput(Input):
    """What is given or pasted becomes one line: nothing of it is lost, and nothing of it is obeyed by a terminal.

    Textual's own shows whatever it holds as it is, escape sequences included.
    """

    def validate_value(self, value: str) -> str:
        return clean(value).replace("\n", " ").replace("\t", " ")

    async def on_key(self, event: events.Key) -> None:
        await is_done_in_turn(self, event)

    def _on_paste(self, event: events.Paste) -> None:
        text = one_line(event.text)
        if text:
            self.replace(text, *self.selection)
        event.stop()
        event.prevent_default()
