"""What the painters make: pieces of a transcript that know nothing of a screen's width or colours."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

EMPTY = Content("")


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that are laid out alike: `first` stands before the first row, `rest`, just as wide, before each other one.

    With `wrap` a line that is too long goes on in the next row, else it is folded at the very edge, as code is. Styles
    are theme variables such as "$error", which the screen resolves.
    """

    content: Content
    first: Content = EMPTY
    rest: Content = EMPTY
    wrap: bool = True
