"""A file's diff as rows for one width, with the place of each hunk. Pure, and slow enough for a thread."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from ....agent.changes.reading import Changed, FilePatch
from ...paint.diff import (
    MOST_LINES,
    Hunk,
    heading,
    parse_patch,
    side_by_side_hunk,
    unified_hunk,
)
from ...paint.diff import FilePatch as Parsed
from ...paint.part import Part
from ...safe import line, named
from ...signs import sign
from ..session.rows import Row, laid_out

FIRST_LINES = 400
"""Of a long diff that are painted before anybody wants more."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at, and how: `beside` is old and new side by side, `kept` are marks of hunks that are folded, and
    of `most` lines the rest is only counted."""

    file: Changed
    patch: FilePatch
    width: int
    beside: bool
    kept: frozenset[str]
    most: int = FIRST_LINES


@dataclass(frozen=True, slots=True)
class Painted:
    """`starts` are the first rows of the hunks, in their order. `more` tells that more lines can be painted."""

    look: Look | None = None
    rows: tuple[Row, ...] = ()
    starts: tuple[int, ...] = ()
    more: bool = False

    def hunk_at(self, row: int) -> int | None:
        """The number of the hunk that a row belongs to; None above the first."""
        found = bisect_right(self.starts, row) - 1
        return found if found >= 0 else None


def paint(look: Look) -> Painted:
    """All of a file, or as much of it as anybody reads."""
    rows: list[Row] = []
    starts: list[int] = []
    files = parse_patch(look.patch.text)
    rows += laid_out(_head(look, files), look.width)
    left, lines, number = look.most, 0, 0
    for file in files:
        for hunk in file.hunks:
            starts.append(len(rows))
            rows += laid_out(_hunk(look, file, hunk, number, left), look.width)
            left = max(0, left - len(hunk.lines))
            lines += len(hunk.lines)
            number += 1
    rows += laid_out(_foot(look, number), look.width)
    return Painted(look, tuple(rows), tuple(starts), look.most < min(lines, MOST_LINES))


def _head(look: Look, files: tuple[Parsed, ...]) -> Iterator[Part]:
    yield from map(heading, files)
    if not files:
        yield Part(named(look.file.path, "bold"))
    if look.patch.reason:
        yield Part(line(f"Not shown: {look.patch.reason}.", "$text-muted"))
    if look.file.mixed:
        text = "You changed the same lines meanwhile; it can't be told whose they are, so none can be taken back here."
        yield Part(line(text, "$text-warning"))


def _hunk(look: Look, file: Parsed, hunk: Hunk, number: int, left: int) -> tuple[Part, ...]:
    own = look.patch.hunks[number : number + 1]
    if own and own[0].mark in look.kept:
        said = f"{sign('ok')} line {own[0].first_changed:,}: kept, {hunk.changed:,} lines"
        return (Part(line(said, "$text-success")),)
    if look.beside:
        return side_by_side_hunk(file, hunk, look.width, left)
    return unified_hunk(file, hunk, left)


def _foot(look: Look, shown: int) -> Iterator[Part]:
    more = len(look.patch.hunks) - shown
    if look.patch.left_out:
        hunks = f", {more:,} more hunks" if more > 0 else ""
        text = f"{sign('more')} {look.patch.left_out:,} more characters of the diff{hunks}"
        yield Part(line(text, "$text-muted"))
