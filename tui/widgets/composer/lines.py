"""What the composer says around its text: before it what enter does, below it the same in words."""

from __future__ import annotations

from typing import Literal

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from ...safe import line
from ...signs import sign
from .vim import Mode

Kind = Literal["task", "steer", "answer"]
"""What a text is that is sent: the task of a new session, words to an agent at work, the answer to its question."""

SMALL = 10
"""Rows of a screen below which the composer is nothing but its text."""


class Below(Static):
    """A line that a small screen has no room for."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        rows = super().get_content_height(container, viewport, width)
        return rows if viewport.height >= SMALL else 0


def prompt_for(entry: Kind | Literal["command", "shell"]) -> str:
    match entry:
        case "task":
            return ">"
        case "steer":
            return sign("arrow")
        case "answer":
            return sign("ask")
        case "command":
            return "/"
        case "shell":
            return "!"


def below_for(entry: Kind | Literal["command", "shell"], hint: str, mode: Mode | None) -> Content:
    """`hint` says what enter does with a text."""
    if entry in ("command", "shell"):
        hint = "runs a command" if entry == "command" else "runs a shell line"
    words = [line(entry), line(f"enter {hint}")] if hint else [line(entry)]
    return Content("  ").join([*_vim(mode), *words])


def below_empty(mode: Mode | None) -> Content:
    """What can be typed, while nothing is: what enter does stands in the text's own place then."""
    ways = ("@ file or symbol", "/ command", "! shell line", "? help")
    return Content("  ").join([*_vim(mode), *map(line, ways)])


def _vim(mode: Mode | None) -> list[Content]:
    return [] if mode is None else [line(mode.upper(), "bold $text-accent")]


def update(static: Static, content: Content) -> None:
    """Only where something is new: an update lays the screen out again."""
    if static.content != content:
        static.update(content)
