"""Pieces of a row brought to a width, in columns of the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from .signs import sign

EMPTY = Content("")


def cut(piece: Content, columns: int) -> Content:
    """`piece` cut to `columns`, with a mark when something was cut."""
    if piece.cell_length <= columns:
        return piece
    more = sign("more")
    if columns <= len(more):
        return piece.truncate(max(0, columns))
    return piece.truncate(columns - len(more)) + more


def left(piece: Content, columns: int) -> Content:
    """`piece` in just so many columns, cut or with spaces after it."""
    return cut(piece, columns).truncate(columns, pad=True)


def right(piece: Content, columns: int) -> Content:
    """`piece` in just so many columns, cut or with spaces before it."""
    piece = cut(piece, columns)
    return Content(" " * (columns - piece.cell_length)) + piece


def beside(pieces: Iterable[Content], between: str = " ") -> Content:
    """The pieces that are not empty, with `between` between them."""
    return Content(between).join(piece for piece in pieces if piece)
