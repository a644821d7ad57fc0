"""Who gets the keys."""

from __future__ import annotations

from contextlib import suppress

from textual.dom import NoScreen
from textual.widget import Widget


def give_keys(widget: Widget, scroll_visible: bool = True) -> None:
    """The next key goes to it. `Widget.focus` sees to that only later, and keys that have come already would go to who
    had them before; on a busy machine that is half a sentence."""
    with suppress(NoScreen):  # what is on none gets no keys
        widget.screen.set_focus(widget, scroll_visible)
