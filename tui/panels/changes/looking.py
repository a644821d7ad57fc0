"""What the panel reads, each in a thread of its own with a loop of its own: git and files are slow."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from ....agent.changes.extent import Extent, OfSession, OfStep, OfTask
from ....agent.changes.reading import Changed, FilePatch, Listing, Reader
from ....agent.changes.work import Work
from ....tools.errors import PersonError, ToolError
from ...state.changes import Changes

T = TypeVar("T")


def work_of(changes: Changes) -> Work:
    """As the agent's side takes it."""
    landings = tuple((each.commit, each.tasks) for each in changes.landings)
    return Work(changes.done, landings, changes.home is not None)


def extents_of(work: Work) -> tuple[Extent, ...]:
    """The whole, then by step, then by task."""
    steps = (OfStep(step.step) for step in work.steps)
    return (OfSession(), *steps, *map(OfTask, work.tasks))


class Looking:
    """For one session. What goes wrong is a text for the person. Blocking: for threads, one call at a time of each."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.root = root
        self._reader = Reader(folder, root)

    def list(self, work: Work, extent: Extent) -> Listing | str:
        return _ran(self._reader.list(work, extent))

    def patch(self, listing: Listing, file: Changed) -> FilePatch | str:
        return _ran(self._reader.patch(listing, file))


def _ran(reading: Coroutine[Any, Any, T]) -> T | str:
    try:
        return asyncio.run(reading)
    except (PersonError, ToolError) as error:
        return error.message
    except OSError as error:
        return f"The changes can't be read: {error.strerror or error}."


def line_to_edit(patch: FilePatch | None, hunk: int | None) -> int:
    """Where the editor begins."""
    with suppress(IndexError):
        if patch is not None and hunk is not None:
            return patch.hunks[hunk].first_changed
    return 1
