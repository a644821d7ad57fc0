"""The row that says which keys do something where the focus is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from ...columns import EMPTY, cut
from ...safe import line

_NAMES: Mapping[str, str] = {
    "escape": "esc",
    "question_mark": "?",
    "slash": "/",
    "exclamation_mark": "!",
    "at": "@",
    "full_stop": ".",
    "comma": ",",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}
"""What stands on the keys that Textual has longer names for. All of it is ASCII."""

_BETWEEN = "  "


class KeyHints(Widget):
    """As many hints as there is room for, those of the focused widget first.

    One widget with one row, where Textual's own footer is a widget for each key, made anew with every move of the
    focus, and is cut in the middle of a word.
    """

    DEFAULT_CSS = """
    KeyHints { height: 1; width: 1fr; padding: 0 1; background: $surface; color: $text-muted; text-wrap: nowrap; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name for it
        super().__init__(id=id)
        self._bindings_shown: tuple[Binding, ...] = ()

    def on_mount(self) -> None:
        screen: Any = self.screen  # Textual declares the signal without the screen's own type
        screen.bindings_updated_signal.subscribe(self, self._look)
        self._look(screen)

    def render(self) -> Content:
        return hints(self._bindings_shown, self.content_size.width)

    def _look(self, screen: Screen[object]) -> None:
        active = screen.active_bindings.values()
        shown = tuple(each.binding for each in active if each.enabled and each.binding.show)
        if shown != self._bindings_shown:
            self._bindings_shown = shown
            self.refresh()


def hints(bindings: Iterable[Binding], columns: int) -> Content:
    """One for each action, with all of its keys; only whole ones, but for the first."""
    keys: dict[tuple[str, str], list[str]] = {}
    for binding in bindings:
        if binding.description:
            keys.setdefault((binding.action, binding.description), []).append(_name(binding))
    row = EMPTY
    for (_, description), names in keys.items():
        hint = line("/".join(dict.fromkeys(names)), "bold $foreground") + " " + line(description)
        if not row:
            row = cut(hint, columns)
        elif row.cell_length + len(_BETWEEN) + hint.cell_length <= columns:
            row = row + _BETWEEN + hint
        else:
            break
    return row


def _name(binding: Binding) -> str:
    if binding.key_display:
        return binding.key_display
    key = _NAMES.get(binding.key, binding.key)
    first, plus, letter = key.rpartition("+")
    return f"^{_NAMES.get(letter, letter)}" if plus and first == "ctrl" else key
