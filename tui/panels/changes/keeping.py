"""What the person has looked at and keeps, for the files and hunks that are shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ....agent.changes.accepted import (
    Accepted,
    marks_kept,
    read_accepted,
    with_marks,
    write_accepted,
)
from ....agent.changes.reading import Changed, FilePatch


class Keeping:
    """Of one session. A file is kept by a mark of its own, which stands for all of its hunks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._accepted: Accepted = read_accepted(folder)

    def how_much(self, file: Changed) -> str:
        """ "all", "some" or ""."""
        marks = marks_kept(self._accepted, file.path)
        return "all" if file.mark in marks else "some" if marks else ""

    def folded(self, file: Changed, patch: FilePatch) -> frozenset[str]:
        """The marks of the hunks that are kept."""
        marks = marks_kept(self._accepted, file.path)
        if file.mark in marks:
            return frozenset(hunk.mark for hunk in patch.hunks)
        return marks

    def turn_hunk(self, file: Changed, patch: FilePatch, number: int) -> None:
        """Keep a hunk, or keep it no more."""
        kept = self.folded(file, patch) ^ {patch.hunks[number].mark}
        every = frozenset(hunk.mark for hunk in patch.hunks)
        whole = frozenset((file.mark,)) if every <= kept else frozenset[str]()
        self._put({file.path: (kept & every) | whole})

    def turn_files(self, files: Iterable[Changed]) -> None:
        """Keep all of these files, or where they are kept already, none."""
        listed = tuple(files)
        mine = all(self.how_much(file) == "all" for file in listed)
        self._put(
            {file.path: frozenset[str]() if mine else frozenset((file.mark,)) for file in listed}
        )

    def _put(self, marks: Accepted) -> None:
        """Raises OSError where it can't be written; it holds until the program ends all the same."""
        self._accepted = with_marks(self._accepted, marks)
        write_accepted(self._folder, self._accepted)
