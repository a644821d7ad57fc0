"""How much of the context the pack may fill, and the message that it is. Pure."""

from __future__ import annotations

from ...prompts.render import render
from ..v4.facts import Model

VISIBLE_DROP = 0.05
"""Of a score between 0 and 1: measurements of one model at neighbouring lengths differ by as much without a trend."""

UNMEASURED_SHARE = 4
UNMEASURED_WINDOW = 131_072
"""Where nobody measured a model, a quarter of its context is trusted, and never more than the best known hold."""

PACK_SHARE = 4
"""The pack's part of the window is a quarter: the rest is for what the work itself brings, which matters more."""


def quality_window(model: Model) -> int:
    """Up to how many tokens of context this model finds things about as well as in a short one.

    The longest measured length whose score is within VISIBLE_DROP of the best measured at any length.
    """
    if not model.quality:
        return min(model.context // UNMEASURED_SHARE, UNMEASURED_WINDOW)
    best = max(point.score for point in model.quality)
    good = [point.tokens for point in model.quality if point.score >= best - VISIBLE_DROP - 1e-9]
    return min(max(good), model.context)


def pack_budget(model: Model, wanted: int | None) -> int:
    """Tokens that the whole message may have; 0 for no pack.

    `wanted` is the person's own number: it may pass the window of quality, but not what the model can take beside an
    answer.
    """
    if wanted is None:
        return quality_window(model) // PACK_SHARE
    return min(wanted, max(0, model.context - model.answer_cap))


def wrapper() -> tuple[str, str]:
    """What stands before and after the map. Tokens of the three add up: each begins a line with a letter, and the map
    ends with a line end."""
    before, _, after = render("pack", map="\0").partition("\0")
    return before, after


def pack_text(repository_map: str) -> str:
    """The message: the map, and what the model has to know to use it."""
    return render("pack", map=repository_map)
