"""What must hold of all that painters make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from leadline.tui.paint.part import Part
from leadline.tui.text import clean

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def plain(parts: Iterable[Part]) -> str:
    return "\n".join(row for part in parts for row in _rows(part))


def _rows(part: Part) -> Iterator[str]:
    for number, row in enumerate(part.content.plain.split("\n")):
        yield f"{(part.rest if number else part.first).plain}{row}"


def is_harmless(parts: Iterable[Part]) -> bool:
    """Nothing in them is obeyed by a terminal, and all that stands before rows is of one width."""
    return all(
        _harmless(part.content.plain)
        and all(
            _harmless(each.plain) and "\n" not in each.plain for each in (part.first, part.rest)
        )
        and part.first.cell_length == part.rest.cell_length
        for part in parts
    )


def _harmless(text: str) -> bool:
    return _CONTROL.search(text) is None and clean(text) == text
