"""A rewrite filled with what its metavariables stand for: ast-grep gives the places, not the new text. Pure.

Lines keep their shape. What a rewrite has on further lines is indented like the line where the match begins; what is
put into it moves by as much as its own first line does. White space between a metavariable and its neighbour stays as
it was where the neighbour is the same as in the source, so that a call over several lines stays one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .metavars import Variable

HELD = "\0"
"""Stands for a line end that is content (of a string), where nothing may be indented. No text has it otherwise."""

_INDENT = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Piece:
    """What a metavariable stands for: its text, from a line with this indentation.

    `gap_before` and `gap_after` are the white space around it within the match, `before` and `after` the characters
    beyond that; empty at the ends of the match.
    """

    text: str
    indent: str
    gap_before: str = ""
    before: str = ""
    gap_after: str = ""
    after: str = ""


def filled(
    template: Sequence[str | Variable], indent: str, piece_of: Callable[[Variable], Piece]
) -> str:
    """The new text of a match whose first line has this indentation."""
    out: list[str] = []
    line = ""  # the template's line so far, for its indentation
    skip = 0  # spaces of the next text that a gap stands for
    for at, part in enumerate(template):
        following = template[at + 1] if at + 1 < len(template) else ""
        if isinstance(part, str):
            text, skip = part[skip:], 0
            out.append(_indented(text, indent, open_end=following != ""))
            line = text if "\n" in text else line + text
            line = line.rpartition("\n")[2]
            continue
        piece = piece_of(part)
        before = out.pop() if at and isinstance(template[at - 1], str) else ""
        gap, before = _gap_after(before, piece)
        after, skip = _gap_before(following if isinstance(following, str) else "", piece)
        was = indent if "\n" in gap else piece.indent
        moved = _moved(gap + piece.text + after, was, indent + _indent_of(line), "\n" in after)
        out += (before, moved)
    return "".join(out)


def _gap_after(text: str, piece: Piece) -> tuple[str, str]:
    """The gap to keep before a piece, and the rewrite's text before it without what the gap stands for."""
    plain = text.rstrip(" ")
    kept = (
        piece.before and plain.endswith(piece.before) and _outweighs(piece.gap_before, text, plain)
    )
    return (piece.gap_before, plain) if kept else ("", text)


def _gap_before(text: str, piece: Piece) -> tuple[str, int]:
    """The gap to keep after a piece, and how many spaces of the rewrite's text after it that stands for."""
    plain = text.lstrip(" ")
    kept = (
        piece.after and plain.startswith(piece.after) and _outweighs(piece.gap_after, text, plain)
    )
    return (piece.gap_after, len(text) - len(plain)) if kept else ("", 0)


def _outweighs(gap: str, text: str, plain: str) -> bool:
    """Spaces that a rewrite has of its own are meant; a line end in the source counts for more."""
    return text == plain or "\n" in gap


def indent_of_line(text: str, at: int) -> str:
    """The indentation of the line that `at` is in."""
    match = _INDENT.match(text, text.rfind("\n", 0, at) + 1, at)
    return match[0] if match else ""


def _indent_of(line: str) -> str:
    match = _INDENT.match(line)
    return match[0] if match else ""


def _indented(text: str, indent: str, *, open_end: bool) -> str:
    """The text with each line but the first indented; an empty last one only if something follows on it."""
    first, *rest = text.split("\n")
    last = len(rest) - 1
    lines = (
        indent + each if each or (open_end and at == last) else "" for at, each in enumerate(rest)
    )
    return "\n".join((first, *lines))


def _moved(text: str, old: str, new: str, open_end: bool) -> str:
    """The text with its lines after the first indented by `new` instead of `old`; a line that is not, stays."""
    if old == new or "\n" not in text:
        return text
    first, *rest = text.split("\n")
    last = len(rest) - 1
    lines = (
        new + each[len(old) :]
        if each.startswith(old) and (each or (open_end and at == last))
        else each
        for at, each in enumerate(rest)
    )
    return "\n".join((first, *lines))
