"""The status line's row: what stands in it, and what goes first where there is little room. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from ... import amounts
from ...columns import EMPTY, beside, cut
from ...safe import line
from .facts import Facts

BETWEEN = "  "
_MUCH = 0.8
"""The share of a budget or a context from which on a mark is put on it."""
_MOST_TEXT = 48
"""Columns of a name or an activity in its long form, and below in its short one."""
_FEW_TEXT = 18


@dataclass(frozen=True, slots=True)
class Piece:
    """`forms` say the same in ever fewer columns; what has the higher `rank` stays longer."""

    forms: tuple[Content, ...]
    rank: int


def row(facts: Facts, columns: int) -> Content:
    """One row of at most so many columns: what goes on at the left, all else at the right."""
    pieces = [piece for piece in _pieces(facts) if piece.forms[0]]
    chosen = _chosen(pieces, columns)
    first, rest = chosen[0], beside(chosen[1:], BETWEEN)
    if not rest or not first:
        text = first or rest
        return cut(text, columns)
    gap = max(len(BETWEEN), columns - first.cell_length - rest.cell_length)
    return cut(first + " " * gap + rest, columns)


def _chosen(pieces: Sequence[Piece], columns: int) -> list[Content]:
    """A form for each, empty for what has no room: first all are shortened, the least first, and then left out."""
    chosen = [piece.forms[0] for piece in pieces]
    order = sorted(range(len(pieces)), key=lambda place: pieces[place].rank)
    shorter = [(place, form) for place in order for form in pieces[place].forms[1:]]
    for place, form in (*shorter, *((place, EMPTY) for place in order[:-1])):
        if _width(chosen) <= columns:
            break
        chosen[place] = form
    return chosen


def _width(chosen: Sequence[Content]) -> int:
    widths = [piece.cell_length for piece in chosen if piece]
    return sum(widths) + len(BETWEEN) * max(0, len(widths) - 1)


def _pieces(facts: Facts) -> list[Piece]:
    """In the order of the row. Without an activity a blank holds its place at the left."""
    return [
        _activity(facts),
        Piece(_model(facts), 80),
        Piece(_mode(facts.mode), 60),
        _sandbox(facts.sandbox),
        Piece(_branch(facts.branch), 20),
        Piece(_money(facts), 100),
        Piece(_share(facts.share), 70),
        Piece(_context(facts), 30),
    ]


def _activity(facts: Facts) -> Piece:
    if facts.urgent:
        return Piece(
            (line(f"? {facts.activity}", "bold $warning"), line(f"? {facts.brief}", "$warning")), 90
        )
    long = cut(line(facts.activity or " "), _MOST_TEXT)
    return Piece((long or Content(" "), cut(line(facts.brief), _FEW_TEXT)), 40)


def _model(facts: Facts) -> tuple[Content, ...]:
    if not facts.model:
        return (EMPTY,)
    short = facts.model.removeprefix("deepseek-")
    effort = f" {facts.effort}" if facts.effort else ""
    return (
        cut(line(f"{facts.model}{effort}"), _MOST_TEXT),
        cut(line(f"{short}{effort}"), _FEW_TEXT),
    )


def _mode(mode: str) -> tuple[Content, ...]:
    if not mode:
        return (EMPTY,)
    style = "$error" if mode == "full" else ""
    return Content("mode ") + line(mode, style), line(mode, style)


def _sandbox(word: str) -> Piece:
    """That nothing is confined stays in sight longer than all but the money."""
    if word == "off":
        return Piece((line("sandbox off!", "bold $error"), line("unconfined!", "bold $error")), 95)
    style = "$warning" if word == "none" else ""
    short = line("no sandbox", style) if word == "none" else line(word)
    return Piece((Content("sandbox ") + line(word, style), EMPTY if word == "?" else short), 50)


def _branch(branch: str) -> tuple[Content, ...]:
    if not branch:
        return (EMPTY,)
    return cut(line(f"branch {branch}"), _MOST_TEXT), cut(line(branch), _FEW_TEXT)


def _money(facts: Facts) -> tuple[Content, ...]:
    spent = amounts.usd(facts.spent)
    if facts.budget is None:
        return (line(spent, "bold"),)
    part = facts.spent / facts.budget if facts.budget else 1.0
    style = "bold $error" if part >= 1 else "bold $warning" if part >= _MUCH else "bold"
    mark = "!" if part >= _MUCH else ""
    budget = f"{amounts.usd(facts.budget)}{mark}"
    return line(f"{spent} of {budget}", style), line(f"{spent}/{budget}", style), line(spent, style)


def _share(part: float | None) -> tuple[Content, ...]:
    if part is None:
        return (EMPTY,)
    return line(f"cache {amounts.share(part)}"), line(f"hit {amounts.share(part)}")


def _context(facts: Facts) -> tuple[Content, ...]:
    if not facts.context:
        return (EMPTY,)
    used = amounts.short(facts.context)
    if not facts.window:
        return line(f"context {used}"), line(f"ctx {used}")
    part = facts.context / facts.window
    style, mark = ("$warning", "!") if part >= _MUCH else ("", "")
    share = f"{amounts.share(part)}{mark}"
    return (
        line(f"context {used} of {amounts.short(facts.window)} ({share})", style),
        line(f"ctx {used} {share}", style),
        line(f"ctx {share}", style),
    )
