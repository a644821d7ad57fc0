"""What the painters make: pieces of a transcript that know nothing of a screen's colours."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

EMPTY = Content("")


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that are laid out alike: `first` stands before the first row, `rest`, just as wide, before each other one.

    `content` may have several lines; an empty one is one empty row. With `wrap` a line that is too long goes on in the
    next row, else it is folded at the very edge, as code is. `fill` is the style under each row up to the right edge,
    `first` and `rest` included, such as the tint of an added line. Styles are theme variables such as "$error", which
    the screen resolves.
    """

    content: Content
    first: Content = EMPTY
    rest: Content = EMPTY
    wrap: bool = True
    fill: str = ""


BLANK = Part(EMPTY)
"""An empty row."""
