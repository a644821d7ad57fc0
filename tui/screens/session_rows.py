"""What a list of sessions says of each: one line of any width, and all of it for the one under the cursor. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath

from textual.content import Content

from ...agent.history.sessions import Summary
from ..amounts import usd
from ..columns import beside, left, right
from ..safe import line
from ..signs import Sign, sign

NARROW = 60
"""Columns below which there is room for when, how it ended and the title alone."""

_WHEN, _STATUS, _TURNS, _COST = 11, 13, 5, 8

_LOOKS: Mapping[str, tuple[Sign, str]] = {
    "done": ("ok", "$success"),
    "running": ("running", "$primary"),
    "unverified": ("ask", "$warning"),
    "planned": ("waiting", "$primary"),
    "interrupted": ("cut", "$warning"),
    "killed": ("cut", "$warning"),
    "limit": ("cut", "$warning"),
}
"""Signs and styles; what is not here has failed or can't be read."""


def status(row: Summary) -> Content:
    """`✗ not done`"""
    mark, style = _LOOKS.get(row.status, ("failed", "$error"))
    return line(f"{sign(mark)} {words(row)}", style)


def words(row: Summary) -> str:
    return row.status.replace("_", " ")


def when(at: str, now: datetime) -> str:
    """The time of today, day and time of this year, or the date; by the clock of `now`."""
    try:
        then = datetime.fromisoformat(at).astimezone(now.tzinfo)
    except ValueError:
        return ""
    if then.date() == now.date():
        return f"{then:%H:%M}"
    return f"{then:%m-%d %H:%M}" if then.year == now.year else f"{then:%Y-%m-%d}"


def heading(columns: int) -> Content:
    """What stands above the rows."""
    cells = [left(line("when"), _WHEN)]
    if columns < NARROW:
        return beside([*cells, line("  title")])
    cells.append(left(line("status"), _STATUS))
    title = left(line("title"), _room(columns))
    cells += [title, right(line("turns"), _TURNS), right(line("cost"), _COST)]
    return beside(cells)


def row(found: Summary, columns: int, now: datetime, *, places: bool) -> Content:
    """A session in one line; with `places` it says in which folder it worked."""
    cells = [left(line(when(found.at, now), "$text-muted"), _WHEN)]
    title = line(found.title or found.session)
    if places and found.root:
        title = beside([line(PurePath(found.root).name, "$text-muted"), title])
    if columns < NARROW:
        mark = status(found)[:1] + " "
        return left(beside([*cells, mark + title]), columns)
    cells.append(left(status(found), _STATUS))
    cells.append(left(title, _room(columns)))
    cells.append(right(line(str(found.turns)), _TURNS))
    cells.append(right(line(usd(found.usd)), _COST))
    return beside(cells)


def _room(columns: int) -> int:
    """What is left for the title."""
    return max(1, columns - _WHEN - _STATUS - _TURNS - _COST - 4)


def details(found: Summary) -> Content:
    """Two lines with all that is known of it."""
    forked = f", forked from {found.parent}" if found.parent else ""
    turns = f"{found.turns} turn{'' if found.turns == 1 else 's'}"
    first = line(f"{found.session}{forked}: {words(found)}, {turns}, {usd(found.usd)}")
    return Content("\n").join([first, line(found.root, "$text-muted")])


def fits(found: Summary, typed: str) -> bool:
    """Whether all words that were typed are somewhere in what the session is known by."""
    known = f"{found.title}\n{found.task}\n{found.session}".casefold()
    return all(word in known for word in typed.casefold().split())
