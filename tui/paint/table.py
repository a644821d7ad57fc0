"""A table within a width: columns as wide as they need while there is room, else cells go on in further rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from textual.content import Content

from ..signs import sign
from .inline import FAINT
from .part import Part

Align = Literal["left", "right", "center"]
NARROWEST = 6
"""Columns a cell needs at least, if its text is not shorter."""
_BETWEEN = 3
"""Columns between two columns: a bar and its spaces."""


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[Content, ...]
    rows: tuple[tuple[Content, ...], ...]
    aligns: tuple[Align, ...]


def paint_table(table: Table, width: int) -> Iterator[Part]:
    """A table side by side, or, where its columns don't fit next to each other, each row as lines "head: cell"."""
    widths = _widths(table, width)
    if widths is None:
        yield from _listed(table)
        return
    yield _row([cell.stylize("bold") for cell in table.head], widths, table.aligns)
    rule = sign("dash") * (sum(widths) + _BETWEEN * (len(widths) - 1))
    yield Part(Content.styled(rule, FAINT), wrap=False)
    for row in table.rows:
        yield _row(row, widths, table.aligns)


def _widths(table: Table, width: int) -> list[int] | None:
    lines = (table.head, *table.rows)
    wanted = [
        max(1, *(row[column].cell_length for row in lines)) for column in range(len(table.head))
    ]
    room = width - _BETWEEN * (len(wanted) - 1)
    if sum(min(each, NARROWEST) for each in wanted) > room:
        return None
    return _shared(wanted, room)


def _shared(wanted: list[int], room: int) -> list[int]:
    """What each gets of the room: the modest all they want, the others equal parts of what is left."""
    got = [0] * len(wanted)
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    for done, index in enumerate(order):
        got[index] = min(wanted[index], room // (len(order) - done))
        room -= got[index]
    return got


def _row(cells: Sequence[Content], widths: Sequence[int], aligns: Sequence[Align]) -> Part:
    wrapped = [
        cell.wrap(width) if cell else [cell] for cell, width in zip(cells, widths, strict=True)
    ]
    bar = Content.styled(f" {sign('bar')} ", FAINT)
    lines: list[Content] = []
    for number in range(max(len(each) for each in wrapped)):
        pieces = [
            _placed(each[number] if number < len(each) else Content(""), width, align)
            for each, width, align in zip(wrapped, widths, aligns, strict=True)
        ]
        lines.append(bar.join(pieces).rstrip())
    return Part(Content("\n").join(lines), wrap=False)


def _placed(cell: Content, width: int, align: Align) -> Content:
    cell = cell.rstrip()
    spare = max(0, width - cell.cell_length)
    before = {"left": 0, "right": spare, "center": spare // 2}[align]
    return cell.pad(before, spare - before)


def _listed(table: Table) -> Iterator[Part]:
    for row in table.rows or (table.head,):
        first = Content(f"{sign('bullet')} ")
        for head, cell in zip(table.head, row, strict=True):
            named = Content.assemble(head.stylize("bold"), ": " if head else "", cell)
            yield Part(named, first, Content("  "))
            first = Content("  ")
