"""What a try at a task is like on a rung: requests, tokens, seconds and odds, learnt from a project's outcomes. Pure.

As long as a project has taught little, defaults stand in for it: they count as much as `PRIOR` tries of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..v4.facts import Rung
from .outcomes import Outcome

PRIOR = 4
"""Tries that the defaults count as: after as many of its own, a project's figures weigh half."""

REQUESTS = 12
"""Of a first try. The bug fix that coding agents are compared by takes 8 turns (docs/benchmarks.md); a task of a plan
has the same and finds its way in what others wrote."""

FRESH = 1_200
"""Tokens that a request adds to the prompt, beside the answer before it: results of tools. With the answers that makes
what sixty turns of reading and editing added in docs/benchmarks.md, 1,800 a turn."""

OUTPUT: Mapping[str, int] = {"low": 400, "high": 700, "max": 1_500}
"""Tokens of an answer by effort, thinking included. A guess, until there are outcomes: no figures are published."""

SPEED = 50
"""Tokens that an answer gets longer by in a second; a guess, as the service promises none."""

PAUSE = 4.0
"""Seconds of a turn in which no token comes: until the first one, and while tools run. A guess."""

SOLVES = 0.7
"""Share of tries whose work lands. A guess, the same for all rungs: a higher one gets what a lower one failed at."""

RETRY = 0.5
"""Requests of a try that goes on, in those of a first one: the worker knows its way, and is told what is wrong."""

WIDEST = 2.0
"""What a figure may be off by, as a factor, with nothing learnt: from half of it to twice as much."""

NARROWEST = 1.2
"""The same, however much was learnt: the next plan's tasks are not those of the last."""


@dataclass(frozen=True, slots=True)
class Habit:
    """`requests` are those of a first try; `fresh` and `output` tokens, and `seconds`, are of one request. `solves` is
    the share of tries whose work lands. `spread` is the factor that `requests` and failures may be off by."""

    requests: float
    fresh: float
    output: float
    seconds: float
    solves: float
    spread: float

    @property
    def growth(self) -> float:
        """Tokens by which the prompt is longer from one request to the next."""
        return self.fresh + self.output


def habit(rung: Rung, outcome: Outcome) -> Habit:
    """The defaults and what the rung's `outcome` says, weighted by tries and by requests."""
    output = OUTPUT.get(rung.effort, OUTPUT["high"])
    firsts = outcome.anew + RETRY * (outcome.tries - outcome.anew)
    requests = PRIOR * REQUESTS + outcome.requests
    return Habit(
        requests=requests / (PRIOR + firsts),
        fresh=(PRIOR * REQUESTS * FRESH + outcome.miss) / requests,
        output=(PRIOR * REQUESTS * output + outcome.output) / requests,
        seconds=(PRIOR * REQUESTS * (PAUSE + output / SPEED) + outcome.seconds) / requests,
        solves=(PRIOR * SOLVES + outcome.solved) / (PRIOR + outcome.solved + outcome.refused),
        spread=max(NARROWEST, 1 + (WIDEST - 1) / (1 + outcome.tries / PRIOR) ** 0.5),
    )
