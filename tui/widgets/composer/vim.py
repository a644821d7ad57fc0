"""Vim's keys as a state machine: a key and a text give a cursor and one change of the text. Pure.

The libraries there are for this (textual-vim-textarea, textual-vimkeys-input) are subclasses of a text area that keep
their state in it, so that chips, history and completion could not share its keys, and can't be tried without a screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from .vim_motions import Led, Lines, Location, Motion, first_ink, led, word_end

Mode = Literal["insert", "normal", "visual"]

MOST_TIMES = 9_999
MOST_PUT = 1_000_000
"""Characters that one command puts in at most, whatever its count."""


@dataclass(frozen=True, slots=True)
class Vim:
    """`typed` are the keys of a command that isn't whole yet, `anchor` is where a visual selection began."""

    mode: Mode = "insert"
    typed: str = ""
    register: str = ""
    whole_lines: bool = False
    """Whether the register has whole lines."""
    sought: tuple[str, str] | None = None
    """The last of f, F, t and T with its character."""
    anchor: Location = (0, 0)


@dataclass(frozen=True, slots=True)
class Change:
    """What stands from `start` up to `end` becomes `text`."""

    start: Location
    end: Location
    text: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a key did. `cursor` is where it stands after the change; `undo` are changes to take back, below zero to do
    again. `taken` is what went into the register, where it isn't whole lines."""

    vim: Vim
    cursor: Location
    change: Change | None = None
    undo: int = 0
    taken: tuple[Location, Location] | None = None


@dataclass(frozen=True, slots=True)
class _Command:
    """`key` is the last part of a command: one key, `gg`, or one that takes a character with it."""

    key: str
    character: str
    operator: str
    count: int
    counted: bool


_COMMAND = re.compile(
    r"(?P<count>[1-9]\d*)?(?:(?P<operator>[cdy])(?P<more>[1-9]\d*)?)?"
    r"(?P<key>g.|[fFtTr].|[^1-9])?",
    re.DOTALL,
)
_BEGUN = re.compile(r"[1-9]?\d*(?:[cdy](?:[1-9]\d*)?)?[gfFtTr]?")
_SHORT = {"x": "dl", "X": "dh", "D": "d$", "C": "c$", "s": "cl", "S": "cc", "Y": "yy"}
_ON_SELECTION = {"d": "d", "x": "d", "c": "c", "s": "c", "y": "y", "~": "~", "v": "v"}
_ALSO = {"left": "h", "right": "l", "up": "k", "down": "j", "home": "0", "end": "$"}
_UNFINISHED = frozenset("gfFtTr")
_MOTIONS = frozenset("hjklwWbBeE0^$G ;,fFtT") | {"gg"}


def press(vim: Vim, key: str, lines: Lines, at: Location) -> Pressed | None:
    """`key` is a character, or the name of a key such as `escape`. None where the key is none of vim's."""
    if vim.mode == "insert":
        if key != "escape":
            return None
        return Pressed(replace(vim, mode="normal", typed=""), (at[0], max(0, at[1] - 1)))
    if len(key) > 1:
        return _named(vim, key, lines, at)
    typed = vim.typed + key
    if vim.mode == "visual" and key in _ON_SELECTION and not vim.typed.strip("0123456789"):
        return _settled(_on_selection(replace(vim, typed=""), key, lines, at), lines)
    command = _read(typed)
    if command is None:
        begun = _BEGUN.fullmatch(typed) and len(typed) < 20
        return Pressed(replace(vim, typed=typed if begun else ""), at)
    vim = replace(vim, typed="")
    done = _visual if vim.mode == "visual" else _normal
    return _settled(done(vim, command, lines, at), lines)


def _named(vim: Vim, key: str, lines: Lines, at: Location) -> Pressed | None:
    if key == "escape":
        busy = vim.typed or vim.mode == "visual"
        return Pressed(replace(vim, mode="normal", typed=""), at) if busy else None
    if key == "ctrl+r":
        return Pressed(replace(vim, mode="normal", typed=""), at, undo=-_count(vim.typed))
    if key in ("backspace", "delete"):
        return press(vim, "h" if key == "backspace" else "x", lines, at)
    if key in _ALSO and (vim.typed or vim.mode == "visual"):
        return press(vim, _ALSO[key], lines, at)
    return None


def _read(typed: str) -> _Command | None:
    """The command, if it is whole."""
    for short, long in _SHORT.items():
        if typed.endswith(short) and (not typed[:-1] or typed[:-1].isdigit()):
            typed = typed[:-1] + long
    found = _COMMAND.fullmatch(typed)
    if found is None or found["key"] is None or found["key"] in _UNFINISHED:
        return None
    key = found["key"]
    operator = found["operator"] or ""
    counts = [int(found[name][:5]) for name in ("count", "more") if found[name]]
    count = min(MOST_TIMES, (counts or [1])[0] * (counts[1:] or [1])[0])
    character = key[1] if key[0] in "fFtTr" else ""
    return _Command(key[0] if character else key, character, operator, count, bool(counts))


def _count(typed: str) -> int:
    return min(MOST_TIMES, int(typed[:5])) if typed.isdigit() else 1


# Commands


def _normal(vim: Vim, command: _Command, lines: Lines, at: Location) -> Pressed:
    key = command.key
    if command.operator and key == command.operator:
        last = min(at[0] + command.count - 1, len(lines) - 1)
        return _on_lines(vim, command.operator, lines, (at[0], last))
    if key in _MOTIONS:
        return _moved(vim, command, lines, at)
    if command.operator:
        return Pressed(vim, at)
    if key == "u":
        return Pressed(vim, at, undo=command.count)
    if key == "v":
        return Pressed(replace(vim, mode="visual", anchor=at), at)
    done = _COMMANDS.get(key)
    return Pressed(vim, at) if done is None else done(vim, command, lines, at)


def _moved(vim: Vim, command: _Command, lines: Lines, at: Location) -> Pressed:
    vim, target = _target(vim, command, lines, at)
    if target is None:
        return Pressed(vim, at)
    if not command.operator:
        return Pressed(vim, target.to)
    if target.reach == "lines":
        rows = sorted((at[0], target.to[0]))
        return _on_lines(vim, command.operator, lines, (rows[0], rows[1]))
    start, end = sorted((at, target.to))
    if target.reach == "with":
        end = (end[0], min(len(lines[end[0]]), end[1] + 1))
    elif command.key in "wW" and end[0] > start[0]:
        end = _within(lines, end)
    return _on_text(vim, command.operator, lines, start, end)


def _target(vim: Vim, command: _Command, lines: Lines, at: Location) -> tuple[Vim, Led | None]:
    key, character = command.key, command.character
    if key in ";,":
        if vim.sought is None:
            return vim, None
        key, character = vim.sought
        key = key.swapcase() if command.key == "," else key
    elif character:
        vim = replace(vim, sought=(key, character))
    line = lines[at[0]]
    on_word = at[1] < len(line) and not line[at[1]].isspace()
    if command.operator == "c" and key in "wW" and on_word:
        # Changing a word leaves the space behind it alone; the word may be one character long.
        end = (at[0], word_end(line, at[1], key == "W"))
        if command.count == 1:
            return vim, Led(end, "with")
        return vim, led(lines, end, Motion("eE"[key == "W"], command.count - 1))
    again = command.key in ";,"
    return vim, led(lines, at, Motion(key, command.count, command.counted, character, again))


def _within(lines: Lines, end: Location) -> Location:
    """The end of a deletion by words: never the line end behind the last word."""
    row, column = end
    return end if lines[row][:column].strip() else (row - 1, len(lines[row - 1]))


def _visual(vim: Vim, command: _Command, lines: Lines, at: Location) -> Pressed:
    if command.key not in _MOTIONS or command.operator:
        return Pressed(vim, at)
    vim, target = _target(vim, command, lines, at)
    return Pressed(vim, at if target is None else target.to)


def _on_selection(vim: Vim, key: str, lines: Lines, at: Location) -> Pressed:
    start, end = sorted((vim.anchor, at))
    end = (end[0], min(len(lines[end[0]]), end[1] + 1))
    vim = replace(vim, mode="normal")
    match _ON_SELECTION[key]:
        case "v":
            return Pressed(vim, at)
        case "~":
            return Pressed(vim, start, Change(start, end, _between(lines, start, end).swapcase()))
        case operator:
            return _on_text(vim, operator, lines, start, end)


def _on_lines(vim: Vim, operator: str, lines: Lines, rows: tuple[int, int]) -> Pressed:
    first, last = rows
    end = (last, len(lines[last]))
    vim = replace(vim, register=_between(lines, (first, 0), end), whole_lines=True)
    if operator == "y":
        return Pressed(vim, (first, 0))
    if operator == "c":
        return Pressed(replace(vim, mode="insert"), (first, 0), Change((first, 0), end))
    if last + 1 < len(lines):
        return Pressed(vim, (first, first_ink(lines[last + 1])), Change((first, 0), (last + 1, 0)))
    if first > 0:
        above = lines[first - 1]
        return Pressed(vim, (first - 1, first_ink(above)), Change((first - 1, len(above)), end))
    return Pressed(vim, (0, 0), Change((0, 0), end))


def _on_text(vim: Vim, operator: str, lines: Lines, start: Location, end: Location) -> Pressed:
    taken = _between(lines, start, end)
    if taken:
        vim = replace(vim, register=taken, whole_lines=False)
    span = (start, end) if taken else None
    if operator == "y":
        return Pressed(vim, start, taken=span)
    if operator == "c":
        vim = replace(vim, mode="insert")
    return Pressed(vim, start, Change(start, end) if taken else None, taken=span)


def _insert(vim: Vim, command: _Command, lines: Lines, at: Location) -> Pressed:
    row, column = at
    line = lines[row]
    places = {"i": column, "a": min(len(line), column + 1), "I": first_ink(line), "A": len(line)}
    return Pressed(replace(vim, mode="insert"), (row, places[command.key]))


def _open(vim: Vim, command: _Command, lines: Lines, at: Location) -> Pressed:
    vim, row = replace(vim, mode="insert"), at[0]
    if command.key == "O":
        return Pressed(vim, (row, 0), Change((row, 0), (row, 0), "\n"))
    end = (row, len(lines[row]))
    return Pressed(vim, (row + 1, 0), Change(end, end, "\n"))


def _put(vim: Vim, command: _Command, lines: Lines, at: Location) -> Pressed:
    row, column = at
    line, text = lines[row], vim.register
    if not text and not vim.whole_lines:
        return Pressed(vim, at)
    times = max(1, min(command.count, MOST_PUT // (len(text) + 1)))
    after = command.key == "p"
    if vim.whole_lines:
        place = (row, len(line)) if after else (row, 0)
        text = f"\n{text}" * times if after else f"{text}\n" * times
        ink = first_ink(vim.register.split("\n", 1)[0])
        return Pressed(vim, (row + after, ink), Change(place, place, text))
    place = (row, min(len(line), column + after))
    text *= times
    cursor = place if "\n" in text else (row, place[1] + len(text) - 1)
    return Pressed(vim, cursor, Change(place, place, text))


def _replaced(vim: Vim, command: _Command, lines: Lines, at: Location) -> Pressed:
    row, column = at
    end = column + command.count
    if end > len(lines[row]):
        return Pressed(vim, at)
    return Pressed(vim, (row, end - 1), Change(at, (row, end), command.character * command.count))


def _other_case(vim: Vim, command: _Command, lines: Lines, at: Location) -> Pressed:
    row, column = at
    end = (row, min(len(lines[row]), column + command.count))
    text = _between(lines, at, end).swapcase()
    return Pressed(vim, (row, column + len(text)), Change(at, end, text) if text else None)


def _joined(vim: Vim, command: _Command, lines: Lines, at: Location) -> Pressed:
    row = at[0]
    last = min(len(lines) - 1, row + max(1, command.count - 1))
    if last == row:
        return Pressed(vim, at)
    more = [line.strip() for line in lines[row + 1 : last + 1]]
    text = "".join(f" {line}" for line in more if line)
    column = len(lines[row])
    return Pressed(vim, (row, column), Change((row, column), (last, len(lines[last])), text))


_COMMANDS: Mapping[str, Callable[[Vim, _Command, Lines, Location], Pressed]] = {
    **dict.fromkeys("iaIA", _insert),
    **dict.fromkeys("oO", _open),
    **dict.fromkeys("pP", _put),
    "r": _replaced,
    "~": _other_case,
    "J": _joined,
}


# Texts


def _between(lines: Lines, start: Location, end: Location) -> str:
    (top, left), (bottom, right) = start, end
    if top == bottom:
        return lines[top][left:right]
    return "\n".join((lines[top][left:], *lines[top + 1 : bottom], lines[bottom][:right]))


def _settled(pressed: Pressed, lines: Lines) -> Pressed:
    """With the cursor on a character, as it is in normal mode wherever there is one."""
    row, column = pressed.cursor
    length = len(_line_after(lines, pressed.change, row))
    most = length if pressed.vim.mode == "insert" else max(0, length - 1)
    return replace(pressed, cursor=(row, min(column, most)))


def _line_after(lines: Lines, change: Change | None, row: int) -> str:
    if change is None or row < change.start[0]:
        return lines[row]
    new = change.text.split("\n")
    new[0] = lines[change.start[0]][: change.start[1]] + new[0]
    new[-1] += lines[change.end[0]][change.end[1] :]
    at = row - change.start[0]
    return new[at] if at < len(new) else lines[row - len(new) + 1 + change.end[0] - change.start[0]]
