"""Text as Textual shows it: never taken for markup, and without anything that a terminal obeys."""

from __future__ import annotations

from textual.content import Content
from textual.style import Style

from .text import clean, one_line, spelled

TAB = 4


def content(text: str, style: str | Style = "") -> Content:
    """Text of any origin, of one line or several. `style` is one of ours, such as "$error" or "bold $text-muted"."""
    return Content.styled(clean(text).expandtabs(TAB), style)


def line(text: str, style: str | Style = "") -> Content:
    """Text of any origin as one line."""
    return Content.styled(one_line(text), style)


def named(name: str, style: str | Style = "") -> Content:
    """The name of a file, to the letter."""
    return Content.styled(spelled(name), style)
