"""Lines that several painters have: what is cut says so, and what can be unfolded shows that it can."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from ..safe import content, line
from ..signs import sign
from ..state.texts import Excerpt
from .inline import FAINT
from .part import EMPTY, Part

TOGETHER = 50
"""Lines of a plain text that make one part, so that a screen need not lay out all of a long one."""
MOST_LINE = 4_000
"""Characters of one line of plain text that are shown."""


def fold(opened: bool) -> Content:
    return Content.styled(f"{sign('open' if opened else 'folded')} ", FAINT)


def cut_to(text: Content, width: int) -> Content:
    """One line that fits; where it is cut a sign says so."""
    if text.cell_length <= width:
        return text
    more = sign("more")
    return text.truncate(max(0, width - len(more))).rstrip() + more


def headed(text: Content, width: int) -> Part:
    """A line that has a row of its own whatever its length."""
    return Part(cut_to(text, width), wrap=False)


def plain_text(text: str, style: str = "", before: Content = EMPTY) -> Iterator[Part]:
    """A text of any origin and length, line by line."""
    lines = content(text).plain.split("\n")
    for begin in range(0, len(lines), TOGETHER):
        shown = "\n".join(_short(each) for each in lines[begin : begin + TOGETHER])
        yield Part(Content.styled(shown, style), before, before)


def last_lines(text: str, most: int, before: Content = EMPTY, style: str = "") -> Iterator[Part]:
    """The end of what something printed; how much is left out is said. Lines are folded where they don't fit."""
    lines = content(text.rstrip()).plain.split("\n")
    if len(lines) > most:
        yield Part(line(f"{len(lines) - most:,} lines before this", FAINT), before, before)
        lines = lines[-most:]
    for begin in range(0, len(lines), TOGETHER):
        shown = "\n".join(_short(each) for each in lines[begin : begin + TOGETHER])
        yield Part(Content.styled(shown, style), before, before, wrap=False)


def has_ink(text: Excerpt) -> bool:
    """Whether there is anything to read, here or in the journal."""
    return bool(text.text.strip()) or not text.whole


def left_out(text: Excerpt) -> Iterator[Part]:
    """What the journal has more than the state."""
    if not text.whole:
        more = text.chars - len(text.text)
        yield Part(line(f"{more:,} more characters: press v to read all", FAINT))


def _short(each: str) -> str:
    if len(each) <= MOST_LINE:
        return each
    return f"{each[:MOST_LINE]} ({len(each) - MOST_LINE:,} more characters)"
