"""How a file of the map looks at each level of detail. Pure.

Every level is made of fragments whose token counts add up, so that a count made once serves every map. That holds
where the tokenizer always cuts: before a line that begins with a printable character, between a letter or digit and a
space or line end, and before a space that follows a letter, a digit or a colon and goes before a name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..model import Symbol

Level = Literal["path", "names", "signatures", "whole"]

HEAD = """\
Map of the repository for this task, most relevant parts only. Folders list their files. `== path` opens a file: lines
such as `12-40 def name` are declarations with their first and last line, lines of bare names are what else is there.
`== path: whole, N lines` is followed by the complete text of the file, N lines.
"""
WHOLE_HEAD = """\
The repository, complete: every file of text but what is generated, vendored or very large. `== path: whole, N lines` is
followed by the text of the file, N lines.
"""
MORE = "and more\n"
"""Ends a file whose symbols are not all shown."""
MOST_SYMBOLS = 2000
"""Of one file; what has more is a table or generated."""
LONGEST_SIGNATURE = 160
LONGEST_DOC = 100
_INDENTED = 3
"""Levels of nesting that are shown."""

_PLAIN_PATH = re.compile(r"[\w.@+~/\[\]()-]*\w", re.ASCII)
_PLAIN_FILE = re.compile(r"[A-Za-z0-9_.@+-]*[A-Za-z0-9]")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_$.]*[A-Za-z0-9]")
_TOP = "names"
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_SPECIAL = re.compile(
    r"<[|\uff5c/][^<>\n]{0,60}[|\uff5c]>?|\uff5cDSML\uff5c|</?dsml:|</?think>|\uff5c>"
)
"""What a tokenizer may take for one of its control tokens."""
_FENCE = re.compile(r"^(=+) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SymbolForms:
    """One symbol: its own line, and its name as a part of a line of names (empty if it can't be one).

    `holder` begins the line of names that it belongs to.
    """

    line: str
    name: str
    holder: str
    parent: int


@dataclass(frozen=True, slots=True)
class FileForms:
    """What a file can be shown by, but for its whole text. `symbols` are parallel to those of the file."""

    header: str
    symbols: tuple[SymbolForms, ...]

    def fragments(self) -> list[str]:
        """All that counts are needed for: the header, then line, name and holder of each symbol."""
        found = [self.header]
        for symbol in self.symbols:
            found += (symbol.line, symbol.name, symbol.holder)
        return found


def file_forms(path: str, symbols: Sequence[Symbol]) -> FileForms:
    symbols = symbols[:MOST_SYMBOLS]
    depths: list[int] = []
    forms: list[SymbolForms] = []
    for symbol in symbols:
        inside = 0 <= symbol.parent < len(depths)
        depths.append(depths[symbol.parent] + 1 if inside else 0)
        holder = symbols[symbol.parent].qualified if inside else _TOP
        forms.append(
            SymbolForms(
                _line(symbol, depths[-1]),
                f" {symbol.name}" if _PLAIN_NAME.fullmatch(symbol.name) else "",
                f"{_clean(holder, LONGEST_SIGNATURE)}:",
                symbol.parent if inside else -1,
            )
        )
    return FileForms(f"== {shown_path(path)}\n", tuple(forms))


def _line(symbol: Symbol, depth: int) -> str:
    place = str(symbol.first) if symbol.first == symbol.last else f"{symbol.first}-{symbol.last}"
    signature = _clean(symbol.signature or symbol.name, LONGEST_SIGNATURE)
    doc = f"  # {_clean(symbol.doc, LONGEST_DOC)}" if symbol.doc else ""
    return f"{place} {'  ' * min(depth, _INDENTED)}{signature}{doc}\n"


def _clean(text: str, longest: int) -> str:
    """On one line, cut to `longest`, with nothing in it that is more than text."""
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    if text.isascii() and text.isprintable() and "<" not in text:
        return text
    return harmless(_UNSAFE.sub(" ", text))


def harmless(text: str) -> str:
    """`text` with a blank inside whatever looks like a control token of the model."""
    return _SPECIAL.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)


def shown_path(path: str) -> str:
    """A path as the map spells it: quoted as in JSON if it holds anything unusual."""
    if _PLAIN_PATH.fullmatch(path):
        return path
    return harmless(json.dumps(path))


def plain_file(name: str) -> bool:
    """Whether the name of a file can stand among others on a line, and be counted by itself."""
    return _PLAIN_FILE.fullmatch(name) is not None


def names_lines(forms: FileForms, chosen: Sequence[int]) -> list[str]:
    """The fragments that show these symbols (indices in order) by name: a line for each holder, then the odd ones."""
    lines: dict[str, list[str]] = {}
    odd: list[str] = []
    for index in chosen:
        symbol = forms.symbols[index]
        if symbol.name:
            lines.setdefault(symbol.holder, []).append(symbol.name)
        else:
            odd.append(symbol.line)
    return [f"{holder}{''.join(names)}\n" for holder, names in lines.items()] + odd


@dataclass(frozen=True, slots=True)
class Whole:
    """What a whole text needs around it. `fence` is the number of `=` that no line of the text can be taken for."""

    lines: int
    crlf: bool
    open_end: bool
    fence: int


def whole_of(text: str) -> Whole | None:
    """How `text` (line ends as on disk) can be shown whole; None if it can't be without harm or loss."""
    if not text or _SPECIAL.search(text):
        return None
    crlf = text.count("\r\n")
    if text.count("\r") != crlf or (crlf and crlf != text.count("\n")):
        return None  # mixed line ends, which the model could not tell apart
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    open_end = not text.endswith("\n")
    longest = max((len(run) for run in _FENCE.findall(text)), default=1)
    return Whole(text.count("\n") + open_end, crlf > 0, open_end, max(2, longest + 1))


def whole_header(path: str, whole: Whole) -> str:
    """The line before the text, without its line end: that is counted with the text."""
    lines = "1 line" if whole.lines == 1 else f"{whole.lines} lines"
    notes = ", CRLF line ends" if whole.crlf else ""
    notes += ", no line end at the end" if whole.open_end else ""
    return f"{'=' * whole.fence} {shown_path(path)}: whole, {lines}{notes}"


def whole_body(text: str) -> str:
    """The text as it is counted and shown: after a line end, ending in one."""
    body = text.replace("\r\n", "\n")
    return f"\n{body}" if body.endswith("\n") else f"\n{body}\n"


def whole_end(whole: Whole) -> str:
    """A closing line, where the text holds lines that look like the header of a file."""
    return "" if whole.fence == 2 else f"{'=' * whole.fence} end\n"
