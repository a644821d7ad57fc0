"""The two plain ways to fill a budget: search for the message's words, and whole files in path order."""

from __future__ import annotations

import functools
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from .quality_truth import language_of

Count = Callable[[list[str]], list[int]]
"""How many tokens each of some texts has."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_COMMON_WORDS = """the and for not with when from this that are was were but has have had can could should would will
    now into its also than then them they there their which who what where while does did done doing been being
    only some any all each more most other such use used uses using via per get gets set sets add adds added
    make makes made remove removes removed update updates updated change changes changed allow allows fix fixes
    fixed fixing bug bugs issue issues closes close resolves resolve ref refs see pull request merge instead
    because about after before between both during even just like may might must need needs new old one two way
    ways our you your out off over under same too very correctly properly"""
_COMMON = frozenset(_COMMON_WORDS.split())
FEW_LINES = 5
LONGEST_LINE = 200
"""Characters of a line that are kept."""
FEWEST_TOKENS = 8
"""Where so few are left, nothing more is tried."""


def search(
    texts: Mapping[str, str], task: str, budgets: Sequence[int], count: Count
) -> dict[int, str]:
    """Lines that hold a word of the task, below their file's path as `number:line`; the best files and lines first.

    A word weighs the more the fewer files hold it; a file is worth the sum of the distinct words it holds, a line
    likewise. Half of the budget goes to the five best lines of each file, so that one file with many hits does not take
    all, then come the other lines with hits, and what is left goes to the best files, whole.
    """
    words = sorted({word.lower() for word in _WORD.findall(task)} - _COMMON)
    lowered = {path: text.lower() for path, text in texts.items()}
    holding = {word: [path for path, text in lowered.items() if word in text] for word in words}
    weight = {
        word: math.log(1 + len(texts) / len(found)) for word, found in holding.items() if found
    }
    worth: dict[str, float] = defaultdict(float)
    for word in weight:
        for path in holding[word]:
            worth[path] += weight[word]
    ranked = sorted(worth, key=lambda path: (-worth[path], path))

    @functools.cache
    def hits(path: str) -> list[tuple[int, str]]:
        return _hits(texts[path], weight)

    made: dict[int, str] = {}
    for budget in budgets:
        shelf = _Shelf(budget, count)
        shelf.add(((path, hits(path)[:FEW_LINES]) for path in ranked), keep=budget // 2)
        shelf.add(((path, hits(path)[FEW_LINES:]) for path in ranked), keep=0)
        shelf.add(((path, _numbered(texts[path])) for path in ranked), keep=0)
        made[budget] = shelf.text(ranked)
    return made


def _numbered(text: str) -> list[tuple[int, str]]:
    return list(enumerate(text.split("\n"), 1))


def _hits(text: str, weight: Mapping[str, float]) -> list[tuple[int, str]]:
    """Number and text of each line that holds a word; those with the most telling words first."""
    found: list[tuple[float, int, str]] = []
    for number, line in _numbered(text):
        low = line.lower()
        worth = sum(weight[word] for word in weight if word in low)
        if worth:
            found.append((-worth, number, line))
    return [(number, line) for _, number, line in sorted(found)]


class _Shelf:
    """Lines of files, as many as the budget holds."""

    def __init__(self, budget: int, count: Count) -> None:
        self._left = budget
        self._count = count
        self._lines: dict[str, dict[int, str]] = {}

    def add(self, files: Iterable[tuple[str, list[tuple[int, str]]]], keep: int) -> None:
        """Takes lines in the given order as long as `keep` tokens stay free."""
        for path, lines in files:
            if self._left <= keep + FEWEST_TOKENS:
                return
            known = self._lines.get(path, {})
            new = [(n, f"{n}:{line[:LONGEST_LINE]}\n") for n, line in lines if n not in known]
            costs = self._count([f"\n{path}\n", *(line for _, line in new)])
            if not new or (path not in self._lines and not self._pay(costs[0], keep)):
                continue
            known = self._lines.setdefault(path, known)
            for cost, (number, line) in zip(costs[1:], new, strict=True):
                if not self._pay(cost, keep):
                    break
                known[number] = line

    def _pay(self, cost: int, keep: int) -> bool:
        if self._left - cost < keep:
            return False
        self._left -= cost
        return True

    def text(self, order: list[str]) -> str:
        return "".join(
            f"\n{path}\n" + "".join(line for _, line in sorted(self._lines[path].items()))
            for path in order
            if path in self._lines
        )


def whole(texts: Mapping[str, str], budgets: Sequence[int], count: Count) -> dict[int, str]:
    """Source files from the first path on, whole, until the budget is full; the last one is cut at a line."""
    parts: list[str] = []
    used: list[int] = [0]
    for path in sorted(path for path in texts if language_of(path) is not None):
        pieces = [f"\n{path}:\n", *(line + "\n" for line in texts[path].split("\n"))]
        for piece, cost in zip(pieces, count(pieces), strict=True):
            parts.append(piece)
            used.append(used[-1] + cost)
        if used[-1] > max(budgets):
            break
    return {
        budget: "".join(parts[: sum(total <= budget for total in used) - 1]) for budget in budgets
    }
