"""Rows of a text that is painted as far as it is finished: what did not change keeps its very rows."""

from __future__ import annotations

from ...paint.live import LiveText
from ...paint.part import Part
from .rows import Row, laid_out, part_rows


class SettledRows:
    """`text` is what was laid out last; None before."""

    def __init__(self) -> None:
        self.text: LiveText | None = None
        self.rows: list[Row] = []
        self._parts: tuple[Part, ...] = ()

    def take(self, text: LiveText) -> list[Row]:
        """The rows of what is settled of this text. Only parts that are new since the last time are laid out."""
        before, self.text = self.text, text
        if before is None or (text.began, text.width) != (before.began, before.width):
            self._parts, self.rows = (), []
        for part in text.settled[len(self._parts) :]:
            self.rows += part_rows(part, text.width, self.lines)
        self._parts = text.settled
        return self.rows

    def ended(self) -> tuple[Row, ...]:
        """All rows, where no more text comes."""
        text = self.text
        if text is None:
            return ()
        end = text.finished[len(text.settled) :]
        return (*self.rows, *laid_out(end, text.width, self.lines))

    @property
    def lines(self) -> int:
        """How many lines the rows are of."""
        return self.rows[-1].line + 1 if self.rows else 0
