"""Chooses, under a budget of tokens, how much of which file is shown: most worth for each token first. Pure.

Counts are exact and add up (see `levels`), so the sum of what is chosen is the count of the text, and the budget is
kept by construction.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from .levels import FileForms, Level

FIRST_NAMES = 12
MOST_NAMES = 150
FIRST_LINES = 8
MORE_LINES = 100
"""How many symbols of a file are shown by name and by their own line, at the first step and in the end."""
WORTH_FIRST_NAMES = 0.6
WORTH_FIRST_LINES = 0.25
WORTH_NAMES = 0.15
WORTH_LINES = 0.5
WORTH_WHOLE = 0.25
"""What each step up is worth, in shares of the file's own worth. Found on histories (see `bench quality`); doubling or
halving one of them moves recall by no more than two points in a hundred."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that could be shown. `order` are its symbols' indices, those of most worth first.

    `counts` are those of `forms.fragments()`; `whole` is what the whole text costs, None if it can't be given.
    """

    path: str
    worth: float
    forms: FileForms
    counts: Sequence[int]
    order: Sequence[int]
    whole: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown of a file: symbols by their own line, symbols by name, in the order of the file."""

    path: str
    level: Level
    lines: tuple[int, ...]
    names: tuple[int, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class _Step:
    choice: Choice
    gain: float


def fill(candidates: Sequence[Candidate], budget: int, more: int) -> list[Choice]:
    """The choices in the order of the candidates, of at most `budget` tokens together.

    `more` is what the mark for symbols left out costs.
    """
    ladders = [_ladder(candidate, more) for candidate in candidates]
    at = [-1] * len(ladders)
    heap: list[tuple[float, str, int, int]] = []
    left = budget

    def offer(number: int, step: int) -> None:
        """Offers the best next step from where a file is: the one with the most gain a token."""
        ladder = ladders[number]
        if step >= len(ladder):
            return
        before = ladder[at[number]].choice.tokens if at[number] >= 0 else 0
        cost = max(1, ladder[step].choice.tokens - before)
        heapq.heappush(heap, (-ladder[step].gain / cost, candidates[number].path, number, step))

    for number in range(len(ladders)):
        offer(number, 0)
    while heap:
        _, _, number, step = heapq.heappop(heap)
        ladder = ladders[number]
        before = ladder[at[number]].choice.tokens if at[number] >= 0 else 0
        cost = ladder[step].choice.tokens - before
        if cost <= left:
            left -= cost
            at[number] = step
        offer(number, step + 1)
    return [ladders[number][step].choice for number, step in enumerate(at) if step >= 0]


def _ladder(candidate: Candidate, more: int) -> list[_Step]:
    """The levels that a file can be shown at, each more than the one before."""
    order = candidate.order
    worth = candidate.worth
    steps: list[_Step] = []
    if order:
        plans = (
            (0, FIRST_NAMES, WORTH_FIRST_NAMES),
            (FIRST_LINES, FIRST_NAMES, WORTH_FIRST_LINES),
            (FIRST_LINES, MOST_NAMES, WORTH_NAMES),
            (FIRST_LINES + MORE_LINES, MOST_NAMES, WORTH_LINES),
        )
        for lines, names, gain in plans:
            step = _outlined(candidate, order[:lines], order[lines : max(names, lines)], more)
            if not steps or step.tokens > steps[-1].choice.tokens:
                steps.append(_Step(step, worth * gain))
    if candidate.whole is not None:
        steps.append(
            _Step(Choice(candidate.path, "whole", (), (), candidate.whole), worth * WORTH_WHOLE)
        )
    return steps


def _outlined(
    candidate: Candidate, lines: Sequence[int], names: Sequence[int], more: int
) -> Choice:
    forms, counts = candidate.forms, candidate.counts
    tokens = counts[0]
    shown = sorted(lines)
    named = sorted(names)
    for index in shown:
        tokens += counts[1 + 3 * index]
    holders: set[str] = set()
    for index in named:
        symbol = forms.symbols[index]
        if not symbol.name:
            tokens += counts[1 + 3 * index]
            continue
        tokens += counts[2 + 3 * index]
        if symbol.holder not in holders:
            holders.add(symbol.holder)
            tokens += counts[3 + 3 * index] + 1
    if len(shown) + len(named) < len(forms.symbols):
        tokens += more
    level: Level = "signatures" if shown else "names"
    return Choice(candidate.path, level, tuple(shown), tuple(named), tokens)
