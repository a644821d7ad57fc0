"""A definition's declaration on one line. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

CAP = 240
"""Characters of a signature."""

VALUE_CAP = 120
"""Characters of the signature of a constant or a field: its value may be a whole table."""

_READ = 4096
"""Bytes of a declaration that are looked at."""

_TAILS = ("{", "=>", "=", ":", "\\", " do", " then", " AS")
"""What stands between a declaration and its body."""

_LEAD = re.compile(
    rb"(?:(?:export|default|declare|const|let|var|val|static|extern|typedef|local|type|pub|public|internal|global)\s+)+\Z"
)
_OPENED = re.compile(r"[\s:{\[(]+\Z")
_BLANKS = frozenset((b" ", b"\t"))
_GAPS = re.compile(r"(?<=[(\[]) | (?=[)\],])|,(?= ?[)\]])")


def declaration(source: bytes, start: int, end: int, asides: Sequence[tuple[int, int]] = ()) -> str:
    """The bytes from `start` to `end` as one line, without `asides` (byte ranges, in order).

    The words directly before `start` that belong to a declaration (`export const`) are taken in.
    """
    text = _read(source, start, min(end, start + _READ), asides)
    line = " ".join(text.split())
    if "\n" in text:
        line = _GAPS.sub("", line)
    line = line.rstrip(" ;,")
    if line.endswith(_TAILS):
        tail = next(each for each in _TAILS if line.endswith(each))
        line = line[: -len(tail)].rstrip()
    return line if len(line) <= CAP else line[: CAP - 3].rstrip() + "..."


def value(source: bytes, start: int, end: int, asides: Sequence[tuple[int, int]] = ()) -> str:
    """The first line of a constant or a field, with " ..." where it goes on."""
    line, newline, _ = _read(source, start, min(end, start + _READ), asides).partition("\n")
    line = " ".join(line.split())
    if newline:
        return line[: VALUE_CAP - 4] + " ..."
    line = line.rstrip(";, ")
    return line if len(line) <= VALUE_CAP else line[: VALUE_CAP - 3].rstrip() + "..."


def heading(source: bytes, start: int, end: int) -> str:
    """The first line of a section."""
    line = _read(source, start, min(end, start + _READ), ()).partition("\n")[0]
    line = _OPENED.sub("", " ".join(line.split()))
    return line if len(line) <= VALUE_CAP else line[: VALUE_CAP - 3].rstrip() + "..."


def _read(source: bytes, start: int, end: int, asides: Sequence[tuple[int, int]]) -> str:
    lead = _lead(source, start) if source[start - 2 : start - 1].isalpha() else b""
    if not asides:
        return (lead + source[start:end]).decode("utf-8", "replace").strip()
    pieces = [lead]
    at = start
    for begin, stop in asides:
        if at <= begin < end:
            pieces.append(source[at:begin])
            at = stop
    pieces.append(source[at:end])
    return b"".join(pieces).decode("utf-8", "replace").strip()


def _lead(source: bytes, start: int) -> bytes:
    if source[start - 1 : start] not in _BLANKS:
        return b""
    before = source[max(0, start - 80) : start]
    before = before[before.rfind(b"\n") + 1 :].lstrip()
    match = _LEAD.search(before) if before else None
    return match[0] if match else b""
