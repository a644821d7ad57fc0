"""Parts laid out in rows of a screen: wrapped, with what stands before them, and with a way back to the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, get_character_cell_size
from textual.content import Content

from ...paint.part import Part


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row, told from others by identity. `lead` is how many characters of `content` are no part of its text, which
    begins at `start` of the `line` of its item. `glue` is what was between this row's text and the next: a line's end,
    or what wrapping took out."""

    content: Content
    fill: str
    lead: int
    line: int
    start: int
    glue: str

    @property
    def text(self) -> str:
        return self.content.plain[self.lead :]


def laid_out(parts: Iterable[Part], width: int, line: int = 0) -> tuple[Row, ...]:
    """All rows of these parts, whose first line is this one of their item."""
    rows: list[Row] = []
    for part in parts:
        rows += part_rows(part, width, rows[-1].line + 1 if rows else line)
    return tuple(rows)


def part_rows(part: Part, width: int, line: int) -> Iterator[Row]:
    """The rows of one part, whose first line is this one of its item."""
    before = part.first
    room = max(1, width - before.cell_length)
    # A mark at the beginning, such as an entry's bullet, is text; what stands before each row alike is not.
    lead = 0 if before.plain.strip() and before.plain != part.rest.plain else len(before)
    for content in part.content.split("\n", allow_blank=True):
        text = content.plain
        for start, end, next_start in cuts(text, room, part.wrap):
            piece = content if end - start == len(text) else content[start:end]
            shown = before + piece if before else piece
            glue = "\n" if next_start < 0 else text[end:next_start]
            yield Row(shown, part.fill, lead, line, start, glue)
            before = part.rest
            lead = len(before)
        line += 1


def cuts(text: str, room: int, at_spaces: bool) -> Iterator[tuple[int, int, int]]:
    """Where each row of a line begins and ends, and where the next begins; -1 for the last."""
    start = 0
    while True:
        limit = _limit(text, start, room)
        if limit == len(text):
            yield start, limit, -1
            return
        end = after = limit
        if at_spaces:
            end, after = _at_space(text, start, limit)
        if after == len(text):
            yield start, end, -1
            return
        yield start, end, after
        start = after


def _at_space(text: str, start: int, limit: int) -> tuple[int, int]:
    """The last space up to `limit` that has ink before it, and the next ink; the limit itself without such a space."""
    space = text.rfind(" ", start, limit + 1)
    end = start + len(text[start : max(start, space)].rstrip(" "))
    if end == start:
        return limit, limit
    after = space
    while after < len(text) and text[after] == " ":
        after += 1
    return end, after


def _limit(text: str, start: int, room: int) -> int:
    """Where what fits ends, beginning at `start`: one character further at least."""
    guess = text[start : start + room]
    if guess.isascii():
        return start + len(guess)
    used, end = 0, start
    while end < len(text):
        used += get_character_cell_size(text[end])
        if used > room:
            break
        end += 1
    # A sequence of characters may be wider than the sum of them: a sign made a picture by the mark after it.
    while end > start + 1 and cell_len(text[start:end]) > room:
        end -= 1
    return max(end, start + 1)
