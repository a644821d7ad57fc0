"""What a worker's commands changed beside its write set. Pure: calls of `write` and `edit` never get that far."""

from __future__ import annotations

from collections.abc import Iterable

from ...prompts.render import render
from ...tools.git.names import some
from .plan import WriteSet

_MOST_NAMED = 20


def outside(write_set: WriteSet, changed: Iterable[str]) -> tuple[str, ...]:
    """Those of the changed paths that the write set does not let its task write, sorted.

    A file of which only symbols may be written counts as inside.
    """
    return tuple(sorted({path for path in changed if not write_set.covers(path)}))


def outside_text(write_set: WriteSet, paths: Iterable[str]) -> str:
    """What the model is told of paths that `outside` found."""
    allowed = some(write_set.entries, _MOST_NAMED) or "nothing"
    return render("changed_outside", paths=some(paths, _MOST_NAMED), allowed=allowed)
