"""What all panels of a session have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.widget import Widget

from ...agent.settings.config import Settings
from ..state.reducer import State


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session is: the work tree's `root`, the settings that were in force for it, and `folder`, which has its
    journal; None before it has begun."""

    root: Path
    settings: Settings
    folder: Path | None = None


class Panel(Widget):
    """Shows one side of a session.

    `show` is called a few times a second at most, only while the panel is to be seen, and again when it comes to be
    seen; it must be quick and must do nothing where nothing changed. `place` is set before. Slow reading (files, git,
    journals) belongs into a worker thread. Wishes and other panels are asked for by `messages`.
    """

    place: Place | None = None

    def show(self, state: State) -> None:
        raise NotImplementedError

    def page(self, pages: int) -> None:
        """Scroll by so many pages, backwards below 0, while the keys go elsewhere. Not all panels can."""
        del pages

    def edge(self, step: int) -> None:
        """Go to the end, with a `step` of -1 to the beginning, while the keys go elsewhere. Not all panels can."""
        del step
