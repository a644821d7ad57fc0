"""A long text as items of a layout: its lines, the very long ones in pieces, so that no item is ever big."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..paint.part import Part
from ..panels.session.rows import Row, laid_out
from ..safe import TAB, content
from ..text import clean

PIECE = 2_048
"""Characters of a piece of a line."""


class Lines:
    """`pieces` are texts, each with whether its line goes on in the next. `whole` is the text without what a terminal
    obeys, `count` how many lines it has."""

    def __init__(self, pieces: Sequence[tuple[str, bool]], whole: str = "", count: int = 0) -> None:
        self._pieces = pieces
        self.whole = whole
        self.count = count

    def __len__(self) -> int:
        return len(self._pieces)

    def text(self, index: int) -> str:
        return self._pieces[index][0]

    def rows(self, index: int, width: int) -> tuple[Row, ...]:
        text, goes_on = self._pieces[index]
        rows = laid_out((Part(content(text), wrap=False),), width)
        return (*rows[:-1], replace(rows[-1], glue="")) if goes_on else rows

    def guess(self, index: int, width: int) -> int:
        return max(1, -(-len(self._pieces[index][0]) // width))


def lines_of(text: str) -> Lines:
    """The lines of a text of any origin. Takes a moment where it is long."""
    whole = clean(text)
    lines = whole.expandtabs(TAB).removesuffix("\n").split("\n")
    return Lines([piece for line in lines for piece in _pieces(line)], whole, len(lines))


def _pieces(line: str) -> Iterator[tuple[str, bool]]:
    for start in range(0, max(1, len(line)), PIECE):
        yield line[start : start + PIECE], start + PIECE < len(line)
