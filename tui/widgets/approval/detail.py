"""What is to be judged, in rows: nothing of it is left out, hidden or obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.cells import get_character_cell_size
from textual.content import Content, Span

from ...safe import TAB
from ...signs import sign
from ...text import display_width, hidden, pieces

GUTTER = 2
"""Columns before each row: a bar where a line of the text begins, nothing where it goes on."""
_ESCAPE = "bold $warning"


@dataclass(slots=True)
class Detail:
    """A text in rows of one width at a time. `diff` says that its lines are told apart by their first character;
    `prose` that they are cut at spaces, where nothing depends on these; `hidden` counts its characters that are shown
    as escapes."""

    text: str
    diff: bool
    prose: bool = False
    hidden: int = field(init=False)
    _lines: list[Content] = field(default_factory=list[Content])
    _columns: int = 0
    _rows: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """For each row its line, and where it begins and ends in that."""

    def __post_init__(self) -> None:
        self.hidden = hidden(self.text)

    def fit(self, columns: int) -> int:
        """Lay it out for this width, `GUTTER` included; how many rows that takes."""
        if not self._lines and self.text:
            self._lines = [_line(line, diff=self.diff) for line in self.text.split("\n")]
        if columns != self._columns:
            room = max(2, columns - GUTTER)
            self._columns = columns
            self._rows = [
                (number, start, end)
                for number, line in enumerate(self._lines)
                for start, end in (_wrapped if self.prose else _folded)(line.plain, room)
            ]
        return len(self._rows)

    def row(self, number: int) -> Content:
        line, start, end = self._rows[number]
        gutter = sign("bar") if start == 0 else " "
        return Content.assemble((f"{gutter} ", "$text-muted"), self._lines[line][start:end])


def _line(line: str, *, diff: bool) -> Content:
    """One line with each hidden character as an escape, told apart from the same letters by its style."""
    text, spans = "", list[Span]()
    for piece, escape in pieces(line):
        shown = piece.replace("\t", " " * TAB)
        if escape:
            spans.append(Span(len(text), len(text) + len(shown), _ESCAPE))
        text += shown
    style = _style(line) if diff else ""
    if style:
        spans.insert(0, Span(0, len(text), style))
    return Content(text, spans)


def _style(line: str) -> str:
    if line.startswith(("+++ ", "--- ")):
        return "bold"
    return {"+": "$text-success", "-": "$text-error", "@": "$text-muted"}.get(line[:1], "")


def _wrapped(line: str, columns: int) -> Iterator[tuple[int, int]]:
    """Where the rows of a line begin and end, cut at spaces; a word that is longer than a row is cut at the edge."""
    start = 0
    while True:
        rows = _folded(line[start:], columns)
        end = start + next(rows)[1]
        if end < len(line) and line[end] != " ":
            space = line.rfind(" ", start, end)
            end = space if line[start : max(start, space)].strip() else end
        yield start, end
        start = end
        while start < len(line) and line[start] == " ":
            start += 1
        if start >= len(line):
            return


def _folded(line: str, columns: int) -> Iterator[tuple[int, int]]:
    """Where the rows of a line begin and end, cut at the very edge.

    `Content.fold` would lose the end of a line with combining marks. Where two tables differ about a character's width,
    it is taken as the wider, so that no row is longer than the screen.
    """
    if not line:
        yield 0, 0
    elif line.isascii():
        yield from ((at, min(at + columns, len(line))) for at in range(0, len(line), columns))
    else:
        start, used = 0, 0
        for at, character in enumerate(line):
            wide = max(display_width(character), get_character_cell_size(character))
            if used + wide > columns and at > start:
                yield start, at
                start, used = at, 0
            used += wide
        yield start, len(line)
