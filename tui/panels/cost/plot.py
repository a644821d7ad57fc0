"""Curves over time, drawn with dots or, in a terminal without them, with letters. Pure.

An own painter, and a small one: textual-plotext stands still since 2024 and needs a plotext of before its rewrite;
plotext itself takes 0.4 s to load, keeps one global figure, and colours what it draws by escape sequences, which know
neither our themes nor the terminal without colours. Here each curve has its name and value beside its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from textual.content import Content

from ...safe import line

_BRAILLE = 0x2800
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bits of a sign's dots, by column and then row from above."""
_LEAST_ROWS, _LEAST_COLUMNS = 3, 12
"""Below this a curve says nothing."""


@dataclass(frozen=True, slots=True)
class Curve:
    """`values` are at the times of the plot, never falling; `letter` draws it where there are no dots."""

    name: str
    letter: str
    style: str
    values: tuple[float, ...]


class _Canvas:
    """Signs of `columns` by `rows`, each with its dots and the curve that drew there last.

    `dots` are how many a sign has beside and above each other.
    """

    def __init__(self, columns: int, rows: int, dots: tuple[int, int]) -> None:
        self.columns = columns
        self.rows = rows
        self.dots = dots
        self.bits = [[0] * columns for _ in range(rows)]
        self.by: list[list[Curve | None]] = [[None] * columns for _ in range(rows)]

    @property
    def width(self) -> int:
        return self.columns * self.dots[0]

    @property
    def height(self) -> int:
        return self.rows * self.dots[1]

    def draw(self, drawn: Curve, x: int, y: int) -> None:
        """A dot; `y` counts from below."""
        column, beside = divmod(x, self.dots[0])
        row, above = divmod(self.height - 1 - y, self.dots[1])
        self.bits[row][column] |= _DOTS[beside][above]
        self.by[row][column] = drawn

    def sign(self, row: int, column: int) -> tuple[str, str]:
        """The sign in this place, and its style."""
        drawn = self.by[row][column]
        if drawn is None:
            return " ", ""
        if self.dots == (1, 1):
            return drawn.letter, drawn.style
        return chr(_BRAILLE + self.bits[row][column]), drawn.style


def plot(
    curves: Sequence[Curve],
    seconds: Sequence[float],
    columns: int,
    rows: int,
    words: Callable[[float], str],
    *,
    dots: bool,
) -> list[Content]:
    """So many rows of so many columns. `seconds` are the times of the values, never falling; `words` says a value.

    Nothing where there is no room, or no curve that rises at all.
    """
    most = max((each.values[-1] for each in curves if each.values), default=0.0)
    labels = {each.name: f"{each.name} {words(each.values[-1])}" for each in curves}
    if not dots:
        labels = {each.name: f"{each.letter} {labels[each.name]}" for each in curves}
    beside = max(map(len, labels.values()), default=0)
    room = columns - beside - 1
    if most <= 0 or rows < _LEAST_ROWS or room < _LEAST_COLUMNS:
        return []
    canvas = _Canvas(room, rows, (2, 4) if dots else (1, 1))
    for each in curves:
        _trace(canvas, each, seconds, most)
    places = _places(curves, rows, most)
    found: list[Content] = []
    for row in range(rows):
        named = next((each for each in curves if places[each.name] == row), None)
        label = line(labels[named.name], named.style) if named else Content("")
        found.append(_row(canvas, row) + " " + label)
    return found


def _trace(canvas: _Canvas, drawn: Curve, seconds: Sequence[float], most: float) -> None:
    """From column to column, with what lies between the heights of two."""
    heights = [
        min(canvas.height - 1, round(value / most * (canvas.height - 1)))
        for value in _sampled(drawn.values, seconds, canvas.width)
    ]
    before = heights[0]
    for x, height in enumerate(heights):
        for y in range(min(before + 1, height), height + 1):
            canvas.draw(drawn, x, y)
        before = height


def _sampled(values: Sequence[float], seconds: Sequence[float], count: int) -> list[float]:
    """The value at so many times, evenly from the first to the last: sums stay what they are until the next request."""
    begin, end = seconds[0], seconds[-1]
    found: list[float] = []
    place = 0
    for step in range(count):
        at = begin + (end - begin) * step / max(1, count - 1)
        while place + 1 < len(values) and seconds[place + 1] <= at + 1e-9:
            place += 1
        found.append(values[place])
    found[-1] = values[-1]
    return found


def _places(curves: Sequence[Curve], rows: int, most: float) -> dict[str, int]:
    """The row of each curve's name: where it ends, or as near as the others let it."""
    taken: set[int] = set()
    places: dict[str, int] = {}
    for each in sorted(curves, key=lambda each: -each.values[-1]):
        wanted = rows - 1 - round(each.values[-1] / most * (rows - 1))
        free = [row for row in range(rows) if row not in taken]
        if not free:
            places[each.name] = -1
            continue
        places[each.name] = min(free, key=lambda row: (abs(row - wanted), row))
        taken.add(places[each.name])
    return places


def _row(canvas: _Canvas, row: int) -> Content:
    signs = [canvas.sign(row, column) for column in range(canvas.columns)]
    runs = groupby(signs, key=lambda each: each[1])
    return Content.assemble(*(("".join(text for text, _ in run), style) for style, run in runs))
