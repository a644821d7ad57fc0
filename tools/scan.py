"""A search in plain Python, for where ripgrep is missing or knows no such pattern (look-around, back-references).

Runs as a program of its own, `python -I -m leadline.tools.scan`, so that a pattern that never ends can be ended from
outside. Reads one JSON request, writes records like ripgrep's `--json`; a path list for a search in names.
"""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from .errors import ToolError
from .ignore import visible_files
from .paths import open_no_follow, opened

BAD_PATTERN = 3
"""Exit code for a pattern that does not compile; standard error says why."""


class Request(TypedDict):
    root: str
    start: str
    pattern: str
    ignore_case: bool
    names: bool
    context: int


@dataclass(frozen=True, slots=True)
class _Match:
    """Lines `first` to `last` (from 0) and where in them the match is, in bytes."""

    first: int
    last: int
    start: int
    end: int


def main() -> int:
    request: Request = json.load(sys.stdin.buffer)
    warnings.simplefilter("ignore")  # of re, about syntax that may change its meaning
    try:
        flags = re.MULTILINE | (re.IGNORECASE if request["ignore_case"] else 0)
        pattern = re.compile(request["pattern"], flags)
    except (re.error, RecursionError, OverflowError) as error:
        sys.stderr.write(str(error))
        return BAD_PATTERN
    root = Path(request["root"])
    out = sys.stdout.buffer
    for path in visible_files(root, request["start"]):
        if request["names"]:
            if pattern.search(path):
                out.write(os.fsencode(path) + b"\0")
            continue
        for record in _records(root, path, pattern, request["context"]):
            out.write(record)
    out.flush()
    return 0


def _records(root: Path, path: str, pattern: re.Pattern[str], context: int) -> Iterator[bytes]:
    try:
        with opened(open_no_follow(root, path, os.O_RDONLY | os.O_NONBLOCK)) as file:
            data = file.read()
    except (ToolError, OSError):
        return  # gone or unreadable: as if it were not there, like ripgrep with --no-messages
    if b"\0" in data:
        return
    text = data.decode("utf-8", "replace")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    matches = list(_across(text, pattern) if "\\n" in pattern.pattern else _within(lines, pattern))
    if not matches:
        return
    yield _record("begin", path=_path(path))
    done = -1
    for number, match in enumerate(matches):
        if match.first <= done:
            continue
        yield from _context(lines, max(done + 1, match.first - context), match.first)
        yield _line_record("match", lines[match.first : match.last + 1], match)
        done = match.last
        following = matches[number + 1].first if number + 1 < len(matches) else len(lines)
        after = min(done + 1 + context, following, len(lines))
        yield from _context(lines, done + 1, after)
        done = max(done, after - 1)
    yield _record("end", path=_path(path), binary_offset=None)


def _within(lines: Sequence[str], pattern: re.Pattern[str]) -> Iterator[_Match]:
    for number, line in enumerate(lines):
        found = pattern.search(line)
        if found:
            start, end = (len(line[:at].encode("utf-8", "replace")) for at in found.span())
            yield _Match(number, number, start, end)


def _across(text: str, pattern: re.Pattern[str]) -> Iterator[_Match]:
    for found in pattern.finditer(text):
        first = text.count("\n", 0, found.start())
        last = text.count("\n", 0, max(found.start(), found.end() - 1))
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1)
        yield _Match(first, last, column, column + len(found[0]))


def _context(lines: Sequence[str], first: int, end: int) -> Iterator[bytes]:
    for number in range(first, end):
        yield _line_record("context", [lines[number]], _Match(number, number, 0, 0))


def _line_record(kind: str, lines: Sequence[str], match: _Match) -> bytes:
    text = "".join(f"{line}\n" for line in lines)
    spans = [{"start": match.start, "end": match.end}] if kind == "match" else []
    return _record(kind, lines={"text": text}, line_number=match.first + 1, submatches=spans)


def _path(path: str) -> dict[str, str]:
    return {"text": os.fsencode(path).decode("utf-8", "replace")}


def _record(kind: str, **data: object) -> bytes:
    return json.dumps({"type": kind, "data": data}, separators=(",", ":")).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main())
