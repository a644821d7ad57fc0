"""What is sent to a terminal that can't show all that Textual draws: signs of one column in the place of others."""

from __future__ import annotations

import codecs
import locale
import os
from collections.abc import Callable, Iterator, Mapping

from rich.cells import get_character_cell_size

Coding = Callable[[str], bytes]

_ONES: Mapping[str, str] = {
    "\u2018\u2019\u2032": "'",
    "\u201c\u201d\u2033": '"',
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2212": "-",
    "✓✔": "+",
    "✗✘✕\xd7": "x",
    "●⬤◉•∙": "*",
    "○◯": "o",
    "◌": "~",
    "▾▼▿⌄↓": "v",
    "▴▲▵↑": "^",
    "▸▶▹►→\u276f\u203a»": ">",
    "◂◀◃◄←⏎↵\u276e\u2039«": "<",
    "…·": ".",
    "\xa0\u2800": " ",
}
"""Single characters, by their twin."""


def _glyphs() -> Iterator[tuple[int, str]]:
    for wide, twin in _ONES.items():
        yield from ((ord(each), twin) for each in wide)
    level = "─━┄┅┈┉╌╍═╴╶╸╺╼╾"
    upright = "│┃┆┇┊┋╎╏║╵╷╹╻╽╿"
    for code in range(0x2500, 0x2580):  # lines
        yield code, "-" if chr(code) in level else "|" if chr(code) in upright else "+"
    for code in range(0x2580, 0x25A0):  # blocks
        yield code, _block(chr(code))
    for code in range(0x2801, 0x2900):  # dots, of plots
        yield code, "."


def _block(block: str) -> str:
    if block in "▔▀":
        return "-"
    if block in "▁▂▃▄":
        return "_"
    if block in "▉▊▋▌▍▎▏▐▕":
        return "|"
    return ":" if block in "░▒▓" else "#"


GLYPHS: Mapping[int, str] = dict(_glyphs())
"""Twins of what Leadline and Textual draw with. All have one column."""


class _Encodable(dict[int, str]):
    """Leaves what can be encoded, has twins for glyphs, and question marks of the same width for all else."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    def __missing__(self, code: int) -> str:
        self[code] = shown = self._shown(code)
        return shown

    def _shown(self, code: int) -> str:
        character = chr(code)
        try:
            character.encode(self._encoding)
        except UnicodeEncodeError:
            return GLYPHS.get(code) or "?" * get_character_cell_size(character)
        return character


def in_utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def for_console(text: str) -> bytes:
    """For a console whose font has letters but few signs."""
    return in_utf8(text.translate(GLYPHS))


def for_encoding(encoding: str) -> Coding:
    """For a terminal whose characters are those of this encoding."""
    table = _Encodable(encoding)
    return lambda text: text.translate(table).encode(encoding, "replace")


def is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "utf-8"


def output_coding(environ: Mapping[str, str] = os.environ) -> Coding:
    """What this terminal can show, by its locale and by what it is."""
    encoding = (
        locale.getencoding()
    )  # not `getpreferredencoding`: Python's UTF-8 mode says nothing of a terminal
    if not is_utf8(encoding):
        return for_encoding(encoding)
    return for_console if environ.get("TERM") == "linux" else in_utf8


def input_encoding() -> str:
    """What a terminal sends. Where the locale says ASCII, nothing is lost by taking it for UTF-8."""
    encoding = locale.getencoding()
    return "utf-8" if codecs.lookup(encoding).name == "ascii" else encoding
