"""Which words of a changed line changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from .patch import Line

Range = tuple[int, int]
Pair = tuple[Line | None, Line | None]
"""What stands side by side: a line as it was and as it is. A line that did not change stands beside itself."""

MOST_COMPARED = 400
"""Characters of a line whose words are compared; longer ones are only said to differ."""
_WORD = re.compile(r"\w+|\s+|.", re.DOTALL)
_ALIKE = 0.4


def paired(lines: Sequence[Line]) -> Iterator[Pair]:
    """Removed lines with the added ones that follow them, in order."""
    removed: list[Line] = []
    added: list[Line] = []
    for line in lines:
        if line.kind == "removed" and not added:
            removed.append(line)
            continue
        if line.kind == "added":
            added.append(line)
            continue
        yield from zip_longest(removed, added)
        removed, added = [], []
        if line.kind == "removed":
            removed.append(line)
        else:
            yield line, line
    yield from zip_longest(removed, added)


def changed_words(before: str, after: str) -> tuple[list[Range], list[Range]]:
    """Where two lines differ, in each; nothing where they have too little in common for that to say anything."""
    if max(len(before), len(after)) > MOST_COMPARED:
        return [], []
    old, new = _WORD.findall(before), _WORD.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return [], []
    starts_old, starts_new = _starts(old), _starts(new)
    in_old: list[Range] = []
    in_new: list[Range] = []
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind != "equal":
            in_old.append((starts_old[old_from], starts_old[old_to]))
            in_new.append((starts_new[new_from], starts_new[new_to]))
    return _inked(in_old), _inked(in_new)


def _starts(words: Sequence[str]) -> list[int]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts


def _inked(ranges: list[Range]) -> list[Range]:
    return [each for each in ranges if each[0] < each[1]]
