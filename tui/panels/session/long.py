"""A long answer, painted in pieces, between which keys are heard. What is not painted yet stands there as it is."""

from __future__ import annotations

from ...paint.lines import plain_text
from ...paint.live import MOST_KEPT, LiveText
from .rows import Row, laid_out
from .settled import SettledRows

LONG = 4_096
"""Characters of a text from which on it is painted in pieces."""
PIECE = 1_024
"""Characters that are painted at once."""


class LongText:
    """The text of a whole answer at one width, `done` when all of it is painted. It goes on from `live`, where that is
    of the same text."""

    def __init__(self, text: str, width: int, live: SettledRows | None = None) -> None:
        self.text = text[:MOST_KEPT]
        self.width = width
        self._settled = SettledRows()
        if live is not None and _begins_with(self.text, live.text, width):
            self._settled = live
        else:
            self._settled.take(LiveText(width))
        self.done = False
        self._rows: tuple[Row, ...] = ()
        self._plain: tuple[Row, ...] | None = None
        self._step()

    @property
    def painted(self) -> int:
        """Rows that stay as they are."""
        return len(self._rows if self.done else self._settled.rows)

    def step(self) -> None:
        """Paint one piece more."""
        if not self.done:
            self._step()

    def finish(self) -> None:
        while not self.done:
            self._step()

    def rows(self) -> tuple[Row, ...]:
        if self.done:
            return self._rows
        if self._plain is None:
            self._plain = laid_out(plain_text(self.text.rstrip()), self.width)
        begins = self.text.count("\n") + 1 - self._lines_left
        return (*self._settled.rows, *(row for row in self._plain if row.line >= begins))

    @property
    def _lines_left(self) -> int:
        """Lines of the text that are not painted yet."""
        live = self._live
        again = live.goes_on and live.rest.lstrip(" ").startswith(("```", "~~~"))
        return live.left.count("\n") + self.text.count("\n", live.chars) + 1 - again

    @property
    def _live(self) -> LiveText:
        return self._settled.text or LiveText(self.width)

    def _step(self) -> None:
        at = self._live.chars
        live = self._live.taken(self.text[at : at + PIECE])
        self._settled.take(live)
        if live.chars >= len(self.text):
            self._rows, self._plain = self._settled.ended(), None
            self.done = True


def _begins_with(text: str, live: LiveText | None, width: int) -> bool:
    return (
        live is not None
        and (live.width, live.began, live.chars) == (width, 0, len(live.text))
        and text.startswith(live.text)
    )
