"""A screen as it looks, as text that can be compared and measured: its rows, and the colours of each piece of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App

_ATTRIBUTES = ("bold", "dim", "italic", "underline", "strike", "reverse", "blink")
_DRAWN = frozenset("─│━┃╭╮╰╯┌┐└┘├┤┬┴┼▌▐▀▄█▁▂▃▅▆▇▔▕▏▎▍▊▋▉╸╺╹╻╌╎┊┆")
"""Lines and blocks: nobody reads them."""


@dataclass(frozen=True, slots=True)
class Ink:
    """How a piece of a row looks: colours as `#rrggbb`, "" where the terminal's own is left, and attributes."""

    ink: str
    paper: str
    attributes: tuple[str, ...] = ()

    def __str__(self) -> str:
        colours = f"{self.ink or 'own'} on {self.paper or 'own'}"
        return " ".join((colours, *self.attributes))

    @property
    def contrast(self) -> float:
        """From 1 to 21, as the web's guidelines (WCAG 2) reckon it."""
        lights = sorted((_light(self.ink or "#000000"), _light(self.paper or "#ffffff")))
        return (lights[1] + 0.05) / (lights[0] + 0.05)


SCROLLBAR = Ink("", "scrollbar")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a row in one look. `at` is its first column."""

    at: int
    text: str
    look: Ink

    @property
    def columns(self) -> int:
        return cell_len(self.text)

    @property
    def read(self) -> bool:
        """Whether it has anything that somebody reads."""
        return any(not letter.isspace() and letter not in _DRAWN for letter in self.text)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a screen shows. Rows have all of their columns."""

    rows: tuple[tuple[Piece, ...], ...]

    @property
    def text(self) -> str:
        return "\n".join("".join(piece.text for piece in row).rstrip() for row in self.rows)

    @property
    def pieces(self) -> Iterator[tuple[int, Piece]]:
        for number, row in enumerate(self.rows):
            for piece in row:
                yield number, piece

    @property
    def colours(self) -> str:
        """A line for each look with where it is, `row:column+columns`; for the commonest only that it is all else."""
        places: dict[Ink, list[str]] = {}
        sizes: dict[Ink, int] = {}
        for number, piece in self.pieces:
            places.setdefault(piece.look, []).append(f"{number}:{piece.at}+{piece.columns}")
            sizes[piece.look] = sizes.get(piece.look, 0) + piece.columns
        common = max(sizes, key=lambda look: sizes[look])
        lines = [f"{look}: {_in_short(where)}" for look, where in places.items() if look != common]
        return "\n".join([f"{common}: all else", *sorted(lines)])


def picture_of(app: App[Any]) -> Picture:
    """What is on the app's screen now."""
    strips = app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage] -- no public way
    rows: list[tuple[Piece, ...]] = []
    for strip in strips[: app.size.height]:
        at, row = 0, list[Piece]()
        parts = [_seen(part) for part in strip if not part.control]
        for look, group in groupby(parts, key=lambda part: part[0]):
            piece = Piece(at, "".join(text for _, text in group), look)
            at += piece.columns
            row.append(piece)
        rows.append(tuple(row))
    return Picture(tuple(rows))


def _seen(part: Segment) -> tuple[Ink, str]:
    """How a part of a row looks, and its text. A scrollbar is only said to be there: how long it is rests on rows that
    were not laid out yet, whose number is a guess."""
    if part.style is not None and "@mouse.down" in part.style.meta:
        return SCROLLBAR, " " * cell_len(part.text)
    return _ink(part.style, part.text), part.text


def _ink(style: Style | None, text: str) -> Ink:
    """Of blanks only what is seen counts: the paper, and lines through or below them."""
    style = style or Style()
    attributes = tuple(name for name in _ATTRIBUTES if getattr(style, name))
    ink, paper = _hex(style.color), _hex(style.bgcolor)
    if "reverse" in attributes:
        ink, paper = paper, ink
        attributes = tuple(name for name in attributes if name != "reverse")
    if text.isspace():
        attributes = tuple(name for name in attributes if name in ("underline", "strike"))
        ink = ink if attributes else ""
    return Ink(ink, paper, attributes)


def _hex(color: Color | None) -> str:
    return "" if color is None or color.is_default else color.get_truecolor().hex


def _light(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _in_short(places: list[str]) -> str:
    """The same columns of rows that follow one another as one: `3-7:0+20`."""
    found: list[list[Any]] = []
    for place in places:
        row, _, columns = place.partition(":")
        for each in found:
            if each[2] == columns and each[1] == int(row) - 1:
                each[1] = int(row)
                break
        else:
            found.append([int(row), int(row), columns])
    return " ".join(
        f"{first}:{columns}" if first == last else f"{first}-{last}:{columns}"
        for first, last, columns in found
    )
