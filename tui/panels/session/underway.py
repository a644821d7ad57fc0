"""What an agent does at this moment, as it stands below its transcript."""

from __future__ import annotations

from textual.content import Content

from ... import safe
from ...amounts import moment, now, span
from ...paint.live import LiveText, paint_thinking
from ...paint.part import BLANK
from ...signs import sign
from ...state.activity import Activity
from ...state.now import Now
from .rows import Row, laid_out
from .settled import SettledRows

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
    """The rows of an answer under way. `written` has those of what is settled of its text."""

    def __init__(self) -> None:
        self.written = SettledRows()

    def rows(self, now: Now, opened: bool, width: int) -> tuple[Row, ...]:
        rows: tuple[Row, ...] = ()
        if now.reasoning.chars:
            rows = laid_out((BLANK, *paint_thinking(now.reasoning, opened, width)), width)
        if not now.text.chars:
            self.written = SettledRows()
            return rows
        before = self.written.text or LiveText(width)
        live = before.at(width).followed(now.text)
        settled = self.written.take(live)
        growing = laid_out(live.growing, width, self.written.lines)
        return (*rows, *laid_out((BLANK,), width), *settled, *growing)


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
