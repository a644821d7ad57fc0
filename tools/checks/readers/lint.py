"""Reads the errors that compilers and linters place in a file; warnings and notes are none.

Three shapes cover them: all on one line (gcc, mypy, tsc, pyright, ruff's concise form, eslint's unix form), indented
below the path of the file (eslint's and stylelint's own form), and a line with the place below it behind an arrow
(ruff's own form, rustc).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..model import Failure
from .common import failure

_PLACED = re.compile(
    r"^ *(?P<path>(?:[A-Za-z]:[\\/])?[^\s:]+?\.\w+)"
    r"(?::(?P<line>\d+)(?::\d+){0,3}(?P<after>:| -| )|\((?P<row>\d+)(?:, ?\d+)?\):?) *(?P<text>.+)$"
)
_SEVERITY = re.compile(r"(?:fatal |internal )?error\b", re.IGNORECASE)
_RULE = re.compile(
    r"[A-Z]{1,5}\d{2,5}:? .|(?:invalid-syntax|SyntaxError): |\[error\] |.*\[Error(?:/[^\]\s]+)?\]$"
)
_ROW = re.compile(
    r"^ *(?P<line>\d+):\d+ +(?P<level>error|warning|Error:|Warning:|\u2716|\u26a0) +(?P<text>\S.*)$"
)
_ERROR_LEVELS = ("error", "Error:", "\u2716")
_FILE = re.compile(r"^(?:(?:\.?/|[A-Za-z]:[\\/])\S.*|\S.*\.\w+)$")
_HEAD = re.compile(
    r"^(?:error(?:\[[\w-]+\])?: .|(?:invalid-syntax|unformatted): .|[A-Z]{1,5}\d{2,5} .)"
)
_ARROW = re.compile(r"^ *--> (?P<path>\S.*?):(?P<line>\d+):\d+$")


def problems(lines: Sequence[str]) -> list[Failure]:
    """Every error with a place, once, in the order of the output."""
    return list(dict.fromkeys(_problems(lines)))


def _problems(lines: Sequence[str]) -> Iterator[Failure]:
    file: str | None = None
    above = ""
    for line in lines:
        row = _ROW.match(line)
        if row:
            if file and row["level"] in _ERROR_LEVELS:
                yield _of_row(file, row)
        else:
            file = line if _FILE.match(line) else None
            if arrow := _ARROW.match(line):
                if _HEAD.match(above):
                    yield _problem(above, f"{arrow['path']}:{arrow['line']}")
            elif (placed := _PLACED.match(line)) and _is_error(placed):
                yield _problem(
                    placed["text"], f"{placed['path']}:{placed['line'] or placed['row']}"
                )
        above = line


def _is_error(placed: re.Match[str]) -> bool:
    text = placed["text"]
    if _SEVERITY.match(text):
        return True
    # With only a space behind the place, anything but a plain severity is a sentence.
    return placed["after"] != " " and _RULE.match(text) is not None


def _of_row(file: str, row: re.Match[str]) -> Failure:
    """The columns are two spaces apart; the rule stands last and is missing for a file that can't be parsed."""
    text, _, rule = row["text"].rstrip().rpartition("  ")
    if not text or " " in rule:
        text, rule = row["text"], ""
    return failure(text, rule, f"{file}:{row['line']}")


def _problem(text: str, place: str) -> Failure:
    return failure(re.sub(r"^(?:fatal )?error(?:\[[\w-]+\])?: *", "", text), "", place)
