"""Going through what was typed before, an entry at a time, and back to the draft that was there."""

from __future__ import annotations

from collections.abc import Sequence

from .area import DraftArea
from .draft import EMPTY, Draft


class Walk:
    """Ends by itself once what is shown is edited."""

    def __init__(self, area: DraftArea) -> None:
        self._area = area
        self._entries: Sequence[Draft] = ()
        self._place = 0
        self._draft = EMPTY
        self._edits = -1

    @property
    def walking(self) -> bool:
        return self._edits == self._area.edits

    def goes(self, step: int, entries: Sequence[Draft]) -> bool:
        """The cursor is about to go up (-1) or down (1): True if an entry, or the draft, was shown instead."""
        area, at = self._area, self._area.cursor_location
        if step > 0:
            last = area.navigator.is_last_wrapped_line(at)
            return last and self.walking and self._show(self._place + 1)
        # Once the cursor was moved in a text of several lines, it moves in that text.
        resting = self.walking and area.cursor_at_end_of_text
        if not resting and not area.navigator.is_first_wrapped_line(at):
            return False
        if not self.walking:
            self._entries, self._place, self._draft = entries, len(entries), area.draft
        return self._place > 0 and self._show(self._place - 1)

    def _show(self, place: int) -> bool:
        self._place = place
        there = place < len(self._entries)
        self._area.load(self._entries[place] if there else self._draft)
        self._edits = self._area.edits if there else -1
        return True
