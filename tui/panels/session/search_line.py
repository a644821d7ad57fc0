"""The line in which one types what is looked for."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from ...focus import give_keys
from ...widgets.line_input import LineInput


class SearchLine(LineInput):
    """Hidden until `ask`. Tells what was typed, "" for nothing, and hides again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave the search", show=False, id="search.leave"),
    ]
    DEFAULT_CSS = """
    SearchLine, SearchLine:focus {
        dock: bottom;
        display: none;
        border: none;
        padding: 0 1;
        height: 1;
        background: $panel;
    }
    """

    class Asked(Message):
        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self) -> None:
        super().__init__(placeholder="search, Enter finds", select_on_focus=True)

    def ask(self) -> None:
        self.display = True
        give_keys(self)

    def action_leave(self) -> None:
        self._end("")

    def on_blur(self) -> None:
        self.display = False

    async def action_submit(self) -> None:
        self._end(self.value)

    def _end(self, words: str) -> None:
        self.display = False
        self.post_message(self.Asked(words))
