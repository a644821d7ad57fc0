"""Where vim's motions lead, on lines of text. Pure; a motion costs what it passes over, never the whole text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Lines = Sequence[str]
Location = tuple[int, int]
"""Row and column, from zero; the column may be just behind the last character."""

Reach = Literal["up to", "with", "lines"]
"""What an operator takes: up to where the motion leads, with the character there, or whole lines."""


@dataclass(frozen=True, slots=True)
class Motion:
    """`name` is the key, or one of `gg`, `f`, `F`, `t`, `T` with the `character` that is sought. `counted` says that
    the count was typed, `again` that it is the repetition of a search."""

    name: str
    count: int = 1
    counted: bool = False
    character: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Led:
    """Where a motion leads, and what an operator takes with it."""

    to: Location
    reach: Reach = "up to"


def led(lines: Lines, at: Location, motion: Motion) -> Led | None:
    """None where the motion can't be made."""
    row, column = at
    line = lines[row]
    match motion.name:
        case "h":
            return Led((row, max(0, column - motion.count)))
        case "l" | " ":
            return Led((row, min(len(line), column + motion.count)))
        case "j" | "k" | "gg" | "G":
            return _to_row(lines, at, motion)
        case "0":
            return Led((row, 0))
        case "^":
            return Led((row, first_ink(line)))
        case "$":
            last = min(row + motion.count - 1, len(lines) - 1)
            return Led((last, max(0, len(lines[last]) - 1)), "with")
        case "w" | "W" | "b" | "B" | "e" | "E":
            return _by_words(lines, at, motion)
        case _:
            return _sought(line, at, motion)


def first_ink(line: str) -> int:
    """The column of the first character that is no space."""
    return len(line) - len(line.lstrip())


def word_end(line: str, column: int, large: bool) -> int:
    """The column of the last character of the word, or run of spaces, that stands at `column`."""
    kind = _kind(line[column], large)
    while column + 1 < len(line) and _kind(line[column + 1], large) == kind:
        column += 1
    return column


def _to_row(lines: Lines, at: Location, motion: Motion) -> Led | None:
    row, column = at
    last = len(lines) - 1
    match motion.name:
        case "j":
            target = min(last, row + motion.count)
        case "k":
            target = max(0, row - motion.count)
        case "gg":
            target = min(last, motion.count - 1)
        case _:
            target = min(last, motion.count - 1) if motion.counted else last
    if motion.name in "jk":
        return None if target == row else Led((target, min(column, len(lines[target]))), "lines")
    return Led((target, first_ink(lines[target])), "lines")


def _by_words(lines: Lines, at: Location, motion: Motion) -> Led:
    step = {"w": _next_word, "b": _last_word, "e": _next_end}[motion.name.lower()]
    for _ in range(motion.count):
        to = step(lines, at, motion.name.isupper())
        if to == at:
            break
        at = to
    return Led(at, "with" if motion.name in "eE" else "up to")


def _next_word(lines: Lines, at: Location, large: bool) -> Location:
    row, column = at
    line = lines[row]
    if column < len(line) and not line[column].isspace():
        column = word_end(line, column, large) + 1
    while True:
        while column < len(line) and line[column].isspace():
            column += 1
        if column < len(line) or row + 1 == len(lines):
            return row, column
        row, column = row + 1, 0
        line = lines[row]
        if not line:
            return row, 0


def _next_end(lines: Lines, at: Location, large: bool) -> Location:
    row, column = at[0], at[1] + 1
    while True:
        line = lines[row]
        while column < len(line) and line[column].isspace():
            column += 1
        if column < len(line):
            return row, word_end(line, column, large)
        if row + 1 == len(lines):
            return row, max(0, len(line) - 1)
        row, column = row + 1, 0


def _last_word(lines: Lines, at: Location, large: bool) -> Location:
    row, column = at
    while True:
        line = lines[row]
        while column > 0 and line[column - 1].isspace():
            column -= 1
        if column > 0:
            break
        if row == 0:
            return 0, 0
        row -= 1
        column = len(lines[row])
        if not column:
            return row, 0
    kind = _kind(line[column - 1], large)
    while column > 0 and _kind(line[column - 1], large) == kind:
        column -= 1
    return row, column


def _sought(line: str, at: Location, motion: Motion) -> Led | None:
    row, column = at
    forward = motion.name.islower()
    short = motion.name in "tT"
    step = 1 if forward else -1
    # A repeated "till" begins one further on, or it would find what it stands before.
    place = column + (step if short and motion.again else 0)
    for _ in range(motion.count):
        place += step
        place = line.find(motion.character, place) if forward else _back(line, motion, place)
        if place < 0:
            return None
    if short:
        place -= step
    return Led((row, place), "with" if forward else "up to")


def _back(line: str, motion: Motion, place: int) -> int:
    return line.rfind(motion.character, 0, place + 1) if place >= 0 else -1


def _kind(character: str, large: bool) -> int:
    if character.isspace():
        return 0
    return 1 if large or character.isalnum() or character == "_" else 2
