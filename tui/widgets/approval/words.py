"""The line in which a person says why not, or answers a question."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from ...text import one_line


class Words(Input):
    """What is pasted becomes one line: nothing of it is lost, and nothing of it is obeyed by a terminal."""

    DEFAULT_CSS = """
    Words { border: none; height: 1; padding: 0; background: $boost; }
    Words:focus { border: none; }
    """

    def _on_paste(self, event: events.Paste) -> None:
        text = one_line(event.text)
        if text:
            self.replace(text, *self.selection)
        event.stop()
        event.prevent_default()
