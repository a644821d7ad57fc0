"""Searching in the items of a layout, from where one looks, around the end and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .layout import Layout, Spot


def pattern_of(words: str) -> re.Pattern[str] | None:
    """Finds these words, whatever their case; None for none."""
    return re.compile(re.escape(words), re.IGNORECASE) if words else None


def found(
    laid: Layout, text_of: Callable[[int], str], pattern: re.Pattern[str], after: Spot, step: int
) -> Spot | None:
    """The next row with a match after this one, or before it with a `step` of -1. An item is laid out only when its
    text has a match; where no row of its shows it, its first row is meant."""
    count = len(laid.items)
    inside = _in_item(laid, pattern, after, step)
    if inside is not None:
        return inside
    for index in _around(after.item, count, step):
        if pattern.search(text_of(index)):
            rows = _matching(laid, pattern, index)
            return Spot(index, (rows[0] if step > 0 else rows[-1]) if rows else 0)
    return None


def _in_item(laid: Layout, pattern: re.Pattern[str], after: Spot, step: int) -> Spot | None:
    if after.item >= len(laid.items):
        return None
    rows = _matching(laid, pattern, after.item)
    left = [row for row in rows if (row - after.row) * step > 0]
    return Spot(after.item, left[0] if step > 0 else left[-1]) if left else None


def _matching(laid: Layout, pattern: re.Pattern[str], index: int) -> list[int]:
    rows = laid.peek(index)
    return [number for number, row in enumerate(rows) if pattern.search(row.content.plain)]


def _around(index: int, count: int, step: int) -> Iterator[int]:
    """All items, beginning with the next and ending with this one."""
    return ((index + step * far) % count for far in range(1, count + 1))
