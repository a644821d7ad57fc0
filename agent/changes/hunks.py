"""The hunks of one file's patch, and a file without some of them. Pure, and in bytes: a file is seldom sure text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

_HEAD = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_END = b"\\"


@dataclass(frozen=True, slots=True)
class Hunk:
    """`old` and `new` are its lines before and after, with their ends. Lines count from 1; of no lines the start is the
    line before."""

    old_start: int
    new_start: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]

    @property
    def mark(self) -> str:
        """The same for a hunk that only moved up or down in its file."""
        parts = b"\0".join((*self.old, b"", *self.new))
        return hashlib.sha256(parts).hexdigest()[:16]

    @property
    def first_changed(self) -> int:
        """The line of the new file at which to look."""
        same = 0
        for old, new in zip(self.old, self.new, strict=False):
            if old != new:
                break
            same += 1
        return max(1, self.new_start + same)


def hunks_of(patch: bytes) -> tuple[Hunk, ...]:
    """The hunks in a patch of one file as git writes it; none in one without text."""
    lines = patch.split(b"\n")
    found: list[Hunk] = []
    at = 0
    while at < len(lines):
        head = _HEAD.match(lines[at])
        at += 1
        if head is None:
            continue
        old, new, at = _body(lines, at, _count(head[2]), _count(head[4]))
        found.append(Hunk(int(head[1]), int(head[3]), tuple(old), tuple(new)))
    return tuple(found)


def _count(text: bytes | None) -> int:
    return 1 if text is None else int(text)


def _body(
    lines: Sequence[bytes], at: int, olds: int, news: int
) -> tuple[list[bytes], list[bytes], int]:
    """Both sides of a hunk whose lines begin at `at`, and where they end. The counts say what belongs to it."""
    old: list[bytes] = []
    new: list[bytes] = []
    last: tuple[list[bytes], ...] = ()
    while at < len(lines) and (len(old) < olds or len(new) < news or lines[at].startswith(_NO_END)):
        sign, text = lines[at][:1], lines[at][1:]
        at += 1
        if sign == _NO_END:
            for side in last:
                side[-1] = side[-1].removesuffix(b"\n")
            continue
        last = {b"-": (old,), b"+": (new,)}.get(sign, (old, new))
        for side in last:
            side.append(text + b"\n")
    return old, new, at


def without(content: bytes, hunks: Sequence[Hunk], chosen: Collection[int]) -> bytes:
    """The new file's content as if these of its hunks had not been made.

    Raises ValueError where the hunks are not of this content.
    """
    lines = _lines(content)
    for number in sorted(chosen, reverse=True):
        hunk = hunks[number]
        start = hunk.new_start - 1 if hunk.new else hunk.new_start
        end = start + len(hunk.new)
        if tuple(lines[start:end]) != hunk.new:
            raise ValueError(f"hunk {number} is not of this content")
        lines[start:end] = hunk.old
    return b"".join(lines)


def _lines(content: bytes) -> list[bytes]:
    """With their ends. A line ends with LF alone, as git counts."""
    return list(_cut(content))


def _cut(content: bytes) -> Iterator[bytes]:
    *whole, rest = content.split(b"\n")
    for line in whole:
        yield line + b"\n"
    if rest:
        yield rest
