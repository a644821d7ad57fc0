"""How a question is laid out: so many rows, of which the most important come first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from ...signs import sign
from ...state.blocks import Approval
from ...text import display_width, fit, one_line, visible, wrap
from .asking import CHOICES, WHY, Choice, Way, facts, kind_of, warnings
from .asking import head as head_text
from .detail import Detail

NARROW = 64
"""Columns from which on there is room for more than the fewest words."""


@dataclass(frozen=True, slots=True)
class Look:
    """How it is looked at: from which row of the detail on, whether unfolded, which choice is selected. `aside` is said
    at the right of the first row; `typing` is what words are being typed for."""

    top: int = 0
    unfolded: bool = False
    selected: int = 0
    aside: str = ""
    typing: Way | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows` are all that is shown; `page` is how many of them are of the detail, and `last` the last row of it that
    can be the first one shown. `choices` are where the choices stand: row, columns from and to."""

    rows: tuple[Content, ...]
    page: int
    last: int
    choices: tuple[tuple[int, int, int], ...]


def most_rows(height: int, *, unfolded: bool) -> int:
    """How many rows a question may take of a screen of this height."""
    return max(5, height - 4) if unfolded else max(5, height * 3 // 5)


def sheet(approval: Approval, detail: Detail, columns: int, most: int, look: Look) -> Sheet:
    choices, places = _choices(CHOICES[kind_of(approval)], columns, look)
    if kind_of(approval) == "plan":
        return _plan(approval, columns, look)
    said = [
        Content.styled(fit(f"{sign('warn')} {text}", columns), "bold $text-warning")
        for text in warnings(approval, detail.hidden)
    ]
    known = [row for text in facts(approval) for row in wrap(one_line(visible(text)), columns)]
    written = total = detail.fit(columns)
    room = max(2, most - 1 - len(said) - len(choices))
    # The facts get what the detail does not need, and a share of the room whatever it needs.
    for_facts = min(len(known), max(room - total, room * 2 // 5))
    if for_facts < len(known):  # then all of them come after the detail, where one can move to
        total += len(known)
    page = max(1, min(total, room - for_facts))
    if page < total and page > 1:
        page -= 1  # for the row that says so
    last = max(0, total - page)
    top = min(look.top, last)
    shown = [
        detail.row(number) if number < written else Content.styled(known[number - written])
        for number in range(top, min(total, top + page))
    ]
    rows = [_head(approval, columns, look), *said, *shown]
    if page < total:
        rows.append(_position(top, page, total, columns, look))
    rows += [Content.styled(row, "$text-muted") for row in _fitted(known, for_facts, columns)]
    places = _moved(places, len(rows))
    return Sheet((*rows, *choices), page, last, places)


def _plan(approval: Approval, columns: int, look: Look) -> Sheet:
    """One row where that is enough: the plan itself is in a panel."""
    head = _head(approval, columns, look)
    choices, places = _choices(CHOICES["plan"], columns, look)
    said = fit(f"{sign('ask')} {head_text(approval)} ", columns)
    room = columns - display_width(said) - display_width(look.aside)
    if look.typing is None and len(choices) == 1 and choices[0].cell_length < room:
        end = " " * (room - choices[0].cell_length)
        row = Content.assemble((said, "bold"), choices[0], end, (look.aside, "$text-muted"))
        at = display_width(said)
        return Sheet((row,), 0, 0, tuple((0, start + at, stop + at) for _, start, stop in places))
    return Sheet((head, *choices), 0, 0, _moved(places, 1))


def _head(approval: Approval, columns: int, look: Look) -> Content:
    room = max(8, columns - display_width(look.aside) - 1) if look.aside else columns
    left = fit(f"{sign('ask')} {one_line(visible(head_text(approval)))}", room)
    if not look.aside:
        return Content.styled(left, "bold")
    between = " " * max(1, columns - display_width(left) - display_width(look.aside))
    return Content.assemble((left, "bold"), between, (look.aside, "$text-muted"))


def _position(top: int, page: int, total: int, columns: int, look: Look) -> Content:
    rows = f"{top + 1:,}-{top + page:,}" if page > 1 else f"{top + 1:,}"
    unfolds = "" if look.unfolded else "; space unfolds, up and down move"
    if columns < NARROW:
        unfolds = "" if look.unfolded else "; space, up, down"
    text = f"{sign('more')} {rows} of {total:,} rows{unfolds}"
    return Content.styled(fit(text, columns), "$text-warning")


def _fitted(rows: Sequence[str], most: int, columns: int) -> list[str]:
    """The first of the rows; the last one says when there are more."""
    if len(rows) <= most:
        return list(rows)
    if not most:
        return []
    goes_on = f"{rows[most - 1]} {rows[most]}".ljust(columns + 1)
    return [*rows[: most - 1], fit(goes_on, columns)]


def _choices(
    choices: Sequence[Choice], columns: int, look: Look
) -> tuple[list[Content], tuple[tuple[int, int, int], ...]]:
    """The choices side by side, in as many rows as they need, and where each one is. One that takes words is explained
    in their place while these are typed."""
    if look.typing in ("deny", "refuse"):
        return [Content.styled(row, "bold") for row in wrap(WHY[look.typing], columns)], ()
    rows: list[list[Content]] = [[]]
    places: list[tuple[int, int, int]] = []
    used = 0
    for number, choice in enumerate(choices):
        selected = number == look.selected
        mark = sign("cursor") if selected else " "
        key = f"{choice.key} " if choice.key else ""
        label = choice.label if columns >= NARROW else choice.short
        wide = display_width(mark + key + label) + 1
        if used + wide > columns and rows[-1]:
            rows.append([])
            used = 0
        style = "reverse" if selected else ""
        rows[-1].append(Content.assemble(mark, (key, f"bold {style}".strip()), (label, style), " "))
        places.append((len(rows) - 1, used, used + wide))
        used += wide
    return [Content("").join(row) for row in rows], tuple(places)


def _moved(places: Sequence[tuple[int, int, int]], by: int) -> tuple[tuple[int, int, int], ...]:
    return tuple((row + by, start, end) for row, start, end in places)
