"""Fuzzy search in many paths or names at once, quick enough to be asked at each key. Pure.

Textual's own matcher looks at every way to read a text: with 30,000 paths that takes seconds, with a path of hundreds
of equal letters it never ends. Here C does the looking (`str.find` and one expression without backtracking over all
texts in one piece), and only what was found is ranked.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from heapq import nsmallest

MOST_RANKED = 1_500
"""Hits that are ranked; with more of them the query says too little for a rank to matter."""

Rank = tuple[int, int, int, int]


class Haystack:
    """`mark` parts the texts, such as the slash in paths; what stands after the last one counts most."""

    def __init__(self, texts: Sequence[str], mark: str) -> None:
        """No text may have a line feed in it."""
        self._mark = mark
        self._lowered = [text.lower() for text in texts]
        self._all = "\n" + "\n".join(self._lowered) + "\n"
        self._starts: list[int] = []
        at = 1
        for text in self._lowered:
            self._starts.append(at)
            at += len(text) + 1
        self._tops = nsmallest(
            50, range(len(texts)), key=lambda at: (texts[at].count(mark), len(texts[at]), at)
        )

    def find(self, query: str, limit: int) -> list[tuple[Rank, int]]:
        """The places of the texts that fit best, with their ranks, the best first: those of one haystack can be held
        against those of another."""
        wanted = query.lower()
        if not wanted:
            return [((0, 0, 0, at), at) for at in self._tops[:limit]]
        hits: dict[int, None] = {}
        for needle in (f"\n{wanted}", f"{self._mark}{wanted}", wanted):
            self._gather(hits, self._standing(needle))
        if len(hits) < limit:
            self._gather(hits, self._scattered(wanted))
        rank = self._ranking(wanted)
        return nsmallest(limit, ((rank(at), at) for at in hits))

    def _gather(self, hits: dict[int, None], found: Iterator[int]) -> None:
        for at in found:
            if len(hits) >= MOST_RANKED:
                break
            hits[at] = None

    def _standing(self, needle: str) -> Iterator[int]:
        """Where the needle stands as it is; in a text once."""
        place = self._all.find(needle)
        while place >= 0:
            at = max(0, bisect_right(self._starts, place + needle.startswith("\n")) - 1)
            yield at
            place = self._all.find(needle, self._starts[at] + len(self._lowered[at]))

    def _scattered(self, wanted: str) -> Iterator[int]:
        """Where its letters stand in their order, with anything between."""
        parts = (f"[^{re.escape(letter)}\\n]*+{re.escape(letter)}" for letter in wanted)
        for found in re.finditer("\\n" + "".join(parts), self._all):
            yield bisect_right(self._starts, found.start() + 1) - 1

    def _ranking(self, wanted: str) -> Callable[[int], Rank]:
        inside = re.compile(rf"(?<![a-z0-9]){re.escape(wanted)}")

        def rank(at: int) -> Rank:
            text = self._lowered[at]
            last = text[text.rfind(self._mark, 0, len(text) - 1) + 1 :]
            if last.startswith(wanted):
                whole = last == wanted or last.split(".", 1)[0] == wanted
                tier, gaps = (0 if whole else 1), 0
            elif wanted in last:
                tier, gaps = (2 if inside.search(last) else 3), 0
            elif wanted in text:
                tier, gaps = 4, 0
            else:
                gaps = _gaps(wanted, last)
                tier = 5 if gaps >= 0 else 6
                gaps = gaps if gaps >= 0 else _gaps(wanted, text)
            return (tier, gaps, len(text), at)

        return rank


def _gaps(wanted: str, text: str) -> int:
    """How often the letters of `wanted` are parted in `text`; -1 where they are not all there."""
    place, gaps = -1, 0
    for letter in wanted:
        found = text.find(letter, place + 1)
        if found < 0:
            return -1
        gaps += found != place + 1
        place = found
    return gaps
