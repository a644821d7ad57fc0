"""What an agent does at this moment, as it stands below its transcript."""

from __future__ import annotations

from textual.content import Content

from ... import safe
from ...amounts import moment, now, span
from ...paint.live import LiveText, paint_thinking
from ...paint.part import BLANK, Part
from ...signs import sign
from ...state.activity import Activity
from ...state.now import Now
from ...state.texts import Tail
from .rows import Row, laid_out, part_rows

_WORDS = {
    "queueing": "waits for other commands to end",
    "calling": "running",
    "checking": "checking",
    "retrying": "tries again",
    "writing": "writing",
    "thinking": "thinking",
    "waiting": "waiting for the model",
    "indexing": "indexing",
    "working": "working",
}
_ABOVE = ("calling", "checking")
"""What these are about stands right above."""


class LiveRows:
    """The rows of an answer under way. What did not change since the last time keeps its very rows."""

    def __init__(self) -> None:
        self._text: LiveText | None = None
        self._parts: tuple[Part, ...] = ()
        self._rows: list[Row] = []

    def rows(self, now: Now, opened: bool, width: int) -> tuple[Row, ...]:
        rows: tuple[Row, ...] = ()
        if now.reasoning.chars:
            rows = laid_out((BLANK, *paint_thinking(now.reasoning, opened, width)), width)
        if not now.text.chars:
            self._text = None
            return rows
        written = self._written(now.text, width)
        return (*rows, *laid_out((BLANK,), width), *written)

    def _written(self, tail: Tail, width: int) -> tuple[Row, ...]:
        before = self._text
        live = (before or LiveText(width)).at(width).followed(tail)
        self._text = live
        if before is None or (live.began, live.width) != (before.began, before.width):
            self._parts, self._rows = (), []
        for part in live.settled[len(self._parts) :]:
            self._rows += part_rows(part, width, len(self._rows))
        self._parts = live.settled
        return (*self._rows, *laid_out(live.growing, width))


def doing_line(activity: Activity, left: float | None) -> Content | None:
    """What an agent does, in a line; None for nothing, and for a question, which stands on its call and below."""
    if activity.doing in ("idle", "asking"):
        return None
    word = _WORDS[activity.doing]
    if activity.doing == "retrying" and left is not None:
        word = f"tries again in {left:.0f} s" if left >= 1 else "tries again now"
    line = Content.assemble((f"{sign('running')} ", "$primary"), (word, "$text-muted"))
    if activity.about and activity.doing not in _ABOVE:
        joint = ": " if activity.doing in ("queueing", "retrying") else " "
        line += Content.styled(joint, "$text-muted") + safe.line(activity.about)
    since = moment(activity.since)
    if since is not None:
        passed = (now() - since).total_seconds()
        if passed >= 1:
            line += Content.styled(f", {span(passed)}", "$text-muted")
    return line
