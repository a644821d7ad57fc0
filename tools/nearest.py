"""The part of a file that is most like a text which isn't in it, in time linear in the file. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from .matching import fold

MAX_LINES = 60_000
"""Of the file; what comes after is not looked at."""
MAX_WANTED_LINES = 400
MAX_COMPARED_CHARS = 6_000
_COMMON = 400
_CANDIDATES = 6
_MARGIN = 4
_MIN_LIKENESS = 0.5

_WORD = re.compile(r"\w+|[^\w\s]+")


@dataclass(frozen=True, slots=True)
class Nearest:
    """`first` and `last` are 1-based lines; `likeness` is 0 to 1; `whitespace_only`: nothing else differs."""

    first: int
    last: int
    lines: tuple[str, ...]
    likeness: float
    whitespace_only: bool


def nearest(text: str, wanted: str) -> Nearest | None:
    """The lines of `text` most like `wanted`, or None if nothing is at least half like it.

    Windows of the file are ranked by the rare words that they share with `wanted` line by line; only the best few are
    compared in full.
    """
    lines = text.split("\n")[:MAX_LINES]
    want = [line for line in wanted.split("\n") if line.strip()][:MAX_WANTED_LINES]
    if not want:
        return None
    windows = [window for start in _ranked(lines, want) for window in _windows(lines, want, start)]
    best = max(
        ((_likeness(lines[first : last + 1], want), first, last) for first, last in windows),
        default=None,
    )
    if best is None or best[0] < _MIN_LIKENESS:
        return None
    likeness, first, last = _widened(lines, want, best)
    part = lines[first : last + 1]
    same = [_bare(line) for line in part if line.strip()] == [_bare(line) for line in want]
    return Nearest(first + 1, last + 1, tuple(part), likeness, same)


def _bare(line: str) -> str:
    return "".join(fold(line).split())


def _ranked(lines: Sequence[str], want: Sequence[str]) -> list[int]:
    """Line indices where a window might begin, best first."""
    wanted_words = [set(_WORD.findall(fold(line))) for line in want]
    vocabulary = set[str]().union(*wanted_words)
    places: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        for word in vocabulary.intersection(_WORD.findall(fold(line))):
            places.setdefault(word, []).append(index)
    votes: dict[int, float] = {}
    for offset, words in enumerate(wanted_words):
        for word in words:
            found = places.get(word, ())
            weight = log(1 + len(lines) / (1 + len(found)))
            for index in found[:_COMMON]:
                start = max(0, index - offset)
                votes[start] = votes.get(start, 0.0) + weight
    ranked = sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))
    return [start for start, _ in ranked[:_CANDIDATES]]


def _windows(lines: Sequence[str], want: Sequence[str], start: int) -> Iterator[tuple[int, int]]:
    """First and last index of the lines at `start`: as many as wanted, and those between the lines that are equal."""
    yield start, min(len(lines), start + len(want)) - 1
    low = max(0, start - _MARGIN)
    high = min(len(lines), start + len(want) + _MARGIN)
    window = [_bare(line) for line in lines[low:high]]
    matcher = difflib.SequenceMatcher(None, window, [_bare(line) for line in want], autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if blocks:
        # Lines of `want` before the first equal one and after the last stand for as many lines of the file.
        first = low + blocks[0].a - blocks[0].b
        after = len(want) - blocks[-1].b - blocks[-1].size
        last = low + blocks[-1].a + blocks[-1].size - 1 + after
        yield max(0, first), min(len(lines) - 1, last)


def _widened(
    lines: Sequence[str], want: Sequence[str], best: tuple[float, int, int]
) -> tuple[float, int, int]:
    """`best` with lines before or after it, or without its outermost ones, where that is more like `want`."""
    for _ in range(_MARGIN):
        _, first, last = best
        steps = ((first - 1, last), (first, last + 1), (first + 1, last), (first, last - 1))
        tried = [
            (_likeness(lines[a : b + 1], want), a, b) for a, b in steps if 0 <= a <= b < len(lines)
        ]
        better = max(tried, default=best)
        if better[0] <= best[0]:
            break
        best = better
    return best


def _likeness(part: Sequence[str], want: Sequence[str]) -> float:
    one = "\n".join(line.strip() for line in part)[:MAX_COMPARED_CHARS]
    other = "\n".join(line.strip() for line in want)[:MAX_COMPARED_CHARS]
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
