"""Outlines as text: what a file or folder defines, as much of it as there is room for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .code.lookup import TYPES
from .code.model import FileFacts, SourceFile, Symbol
from .files import plural
from .git.names import printable
from .symbols import declaration, lines_of

MAX_LINES = 400
MAX_CHARS = 24_000
MAX_TOP_NAMES = 10
"""Symbols named of one file of a folder."""
_MAX_PLAIN = 40
_VALUES = ("constant", "property")


@dataclass(frozen=True, slots=True)
class _Row:
    """A symbol, how deep it lies, and whether it lies in a function."""

    symbol: Symbol
    depth: int
    local: bool


def file_outline(path: str, facts: FileFacts, name: str = "") -> str:
    """The symbols of a file, nested by indentation, or of what is called `name` in it; empty if nothing is.

    Where there is no room for all, values of types and what lies in functions go first, then all that is not on top.
    """
    rows = _rows(facts.symbols)
    if name:
        rows = _within(rows, name)
        if not rows:
            return ""
    head = f"== {printable(path)} ({plural(len(rows), 'symbol')}{_faults(facts)})"
    if not rows:
        return head
    shown, cut = _fitting(rows)
    lines = [head, *(_line(row) for row in shown)]
    left = len(rows) - len(shown)
    if cut:
        lines.append(f"{left} more symbols; `search` for one with `symbol`: definition")
    elif left:
        types = (row.symbol.name for row in shown if row.symbol.kind in TYPES)
        example = next(types, shown[0].symbol.name)
        lines.append(
            f"{left} inner symbols left out; for those of one: {printable(path)}:{example}"
        )
    return "\n".join(lines)


def folder_outline(
    folder: str, files: Mapping[str, SourceFile], symbols_of: Callable[[str], Sequence[Symbol]]
) -> str:
    """The files directly in a folder with their top symbols, and its folders with how much is in them."""
    start = "" if folder == "." else f"{folder}/"
    below = [path for path in files if path.startswith(start)]
    direct = [path for path in below if "/" not in path[len(start) :]]
    lines = [f"== {printable(folder)} ({plural(len(below), 'file')})"]
    plain: list[str] = []
    room = MAX_CHARS
    for number, path in enumerate(direct):
        line = _file_line(path[len(start) :], files[path], symbols_of)
        if not line:
            plain.append(printable(path[len(start) :]))
            continue
        room -= len(line) + 1
        if room < 0:
            lines.append(f"{len(direct) - number} more files; outline them one by one")
            break
        lines.append(line)
    if plain:
        more = f" and {len(plain) - _MAX_PLAIN} more" if len(plain) > _MAX_PLAIN else ""
        lines.append(f"without symbols: {', '.join(plain[:_MAX_PLAIN])}{more}")
    lines += _folders(below, start)
    return "\n".join(lines)


def _folders(below: Sequence[str], start: str) -> list[str]:
    counts: dict[str, int] = {}
    for path in below:
        name, slash, _ = path[len(start) :].partition("/")
        if slash:
            counts[name] = counts.get(name, 0) + 1
    lines = [f"{printable(name)}/ ({plural(count, 'file')})" for name, count in counts.items()]
    left = len(lines) - MAX_LINES
    return [*lines[:MAX_LINES], f"{left} more folders"] if left > 0 else lines


def _file_line(name: str, file: SourceFile, symbols_of: Callable[[str], Sequence[Symbol]]) -> str:
    """A file of a folder on one line; empty if there is nothing to say of it."""
    if file.left_out is not None:
        return f"{printable(name)}: left out ({file.left_out})"
    symbols = symbols_of(file.path) if file.language is not None else ()
    if not symbols:
        return ""
    top = [symbol for symbol in symbols if symbol.parent < 0]
    telling = [symbol for symbol in top if symbol.kind not in _VALUES] or top
    named = ", ".join(f"{item.name} {lines_of(item)}" for item in telling[:MAX_TOP_NAMES])
    left = len(symbols) - min(len(telling), MAX_TOP_NAMES)
    return f"{printable(name)}: {named}{f', +{left}' if left else ''}"


def _rows(symbols: Sequence[Symbol]) -> list[_Row]:
    rows: list[_Row] = []
    for symbol in symbols:
        above = rows[symbol.parent] if symbol.parent >= 0 else None
        if above is None:
            rows.append(_Row(symbol, 0, local=False))
        else:
            local = above.local or above.symbol.kind in ("function", "method")
            rows.append(_Row(symbol, above.depth + 1, local))
    return rows


def _within(rows: Sequence[_Row], name: str) -> list[_Row]:
    """The symbols called `name`, plain or qualified, and what lies in them."""
    chosen: dict[int, int] = {}
    for index, row in enumerate(rows):
        parent = row.symbol.parent
        if parent in chosen:
            chosen[index] = chosen[parent]
        elif name in (row.symbol.name, row.symbol.qualified):
            chosen[index] = row.depth
    return [
        _Row(rows[index].symbol, rows[index].depth - base, rows[index].local)
        for index, base in chosen.items()
    ]


def _fitting(rows: Sequence[_Row]) -> tuple[Sequence[_Row], bool]:
    """The rows to show, and whether some are cut off although they are on top."""
    main = [row for row in rows if not row.local and not (row.depth and row.symbol.kind in _VALUES)]
    top = [row for row in rows if row.depth == 0]
    for choice in (rows, main, top):
        if len(choice) <= MAX_LINES and sum(len(_line(row)) + 1 for row in choice) <= MAX_CHARS:
            return choice, False
    shown: list[_Row] = []
    room = MAX_CHARS
    for row in top[:MAX_LINES]:
        room -= len(_line(row)) + 1
        if room < 0:
            break
        shown.append(row)
    return shown, True


def _line(row: _Row) -> str:
    return f"{'  ' * row.depth}{lines_of(row.symbol)} {declaration(row.symbol)}"


def _faults(facts: FileFacts) -> str:
    return f", {plural(facts.faults, 'place')} not understood" if facts.faults else ""
