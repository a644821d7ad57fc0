"""A lane as rows of a width: one where there is little room, else two. Pure."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from ... import amounts
from ...columns import EMPTY, beside, cut, left, right
from ...doing import WORDS, Word
from ...safe import line
from ...signs import sign
from .lanes import Lane

TWO_ROWS = 110
"""Columns from which on a lane has two rows."""
_FEW = 40
"""Columns below which there is only room for who it is and what it does."""
_DOING = 8
_COST = 7
_TOKENS = 5

_TASK_WORDS = {
    "merging": Word("to land", "waiting", "$accent"),
    "verifying": Word("checks", "running", "$accent"),
    "bounced": Word("refused", "warn", "$warning"),
    "escalated": Word("goes up", "warn", "$warning"),
    "stuck": Word("stuck", "warn", "$error"),
    "done": Word("done", "ok", "$success"),
    "failed": Word("failed", "failed", "$error"),
    "skipped": Word("skipped", "cut", "$text-muted"),
}
"""What became of the task, for a worker that does nothing at the moment."""
_GONE = Word("left", "cut", "$text-muted")
_ENDED = Word("ended", "cut", "$text-muted")


def height(columns: int) -> int:
    """Rows of each lane."""
    return 2 if columns >= TWO_ROWS else 1


def ticks(lane: Lane) -> bool:
    """Whether the lane shows a time that goes on by itself."""
    return not lane.over and bool(lane.doing.since)


def rows(lane: Lane, columns: int, now: datetime) -> list[Content]:
    """As many as `height` says, none wider than `columns`."""
    if columns >= TWO_ROWS:
        found = _two(lane, columns, now)
    elif columns >= _FEW:
        found = [_one(lane, columns, now)]
    else:
        found = [_least(lane, columns)]
    if lane.over:
        found = [row.without_spans.stylize("$text-muted") for row in found]
    return [cut(row, columns) for row in found]


def _two(lane: Lane, columns: int, now: datetime) -> list[Content]:
    facts = [right(_tokens(lane), 8), right(_cost(lane), _COST)]
    model = left(_model(lane, short=False), 26)
    beside_title = (
        2 + _DOING + 1 + 1 + model.cell_length + sum(each.cell_length + 1 for each in facts)
    )
    room = max(1, columns - beside_title)
    title = left(_who(lane, room), room)
    first = beside([_sign(lane) + " " + left(_word(lane), _DOING), title, model, *facts])
    # What it runs takes what it needs, up to half; the rest is for what was said last.
    about = cut(_about(lane, now), columns // 2)
    indent = " " * (2 + _DOING + 1)
    last = line(lane.words, "$text-muted")
    if about and last:
        about = about + f" {sign('bar')} "
    second = indent + cut(about + last, max(1, columns - len(indent)))
    return [first, second]


def _one(lane: Lane, columns: int, now: datetime) -> Content:
    facts = [right(_tokens(lane), _TOKENS), right(_cost(lane), _COST)]
    if columns >= 72:
        facts.insert(0, left(_model(lane, short=True), 10))
    fixed = 2 + _DOING + 1 + sum(each.cell_length + 1 for each in facts)
    room = max(2, columns - fixed)
    most = max(1, room * 2 // 5)
    title = left(_who(lane, most), most)
    words = EMPTY if lane.doing.about else line(lane.words, "$text-muted")
    told = left(beside([_about(lane, now), words]), max(1, room - title.cell_length - 1))
    return beside([_sign(lane) + " " + left(_word(lane), _DOING), title, told, *facts])


def _least(lane: Lane, columns: int) -> Content:
    cost = _cost(lane)
    room = columns - 2 - cost.cell_length - 1
    if room < 4:
        return _sign(lane) + " " + _who(lane, columns - 2)
    return beside([_sign(lane) + " " + left(_who(lane, room), room), cost])


def _what(lane: Lane) -> Word:
    doing = lane.doing.doing
    if doing != "idle":
        return WORDS[doing]
    if not lane.worker:
        return _ENDED if lane.over else WORDS["idle"]
    word = _TASK_WORDS.get(lane.state or "")
    if word is None or (lane.over and lane.state not in ("done", "failed", "skipped")):
        # A task of a plan before this one is not on its board any more.
        left = _ENDED if lane.state is None else _GONE
        return left if lane.over else WORDS["idle"]
    return word


def _sign(lane: Lane) -> Content:
    word = _what(lane)
    return line(sign(word.sign), word.style)


def _word(lane: Lane) -> Content:
    word = _what(lane)
    return line(word.alone, word.style)


def _who(lane: Lane, columns: int) -> Content:
    """What it works on, or where there is no room for that, what people know it as."""
    title = line(lane.title)
    if not lane.title or title.cell_length > columns:
        return line(lane.called)
    name = " " + line(lane.name, "$text-muted")
    return title + name if title.cell_length + name.cell_length <= columns else title


def _model(lane: Lane, *, short: bool) -> Content:
    lane_of = lane.view.lane
    if lane_of is None:
        return EMPTY
    if not short:
        return line(f"{lane_of.model} {lane_of.effort}", "$text-muted")
    # In a narrow row the family's name says nothing: all are of it.
    name = lane_of.model.removeprefix("deepseek-").removeprefix("v4-")
    return line(f"{name} {lane_of.effort}", "$text-muted")


def _about(lane: Lane, now: datetime) -> Content:
    doing = lane.doing
    began = None if lane.over else amounts.moment(doing.since)
    time = line(amounts.span((now - began).total_seconds()), "$text-muted") if began else EMPTY
    return beside([time, line(doing.about)])


def _cost(lane: Lane) -> Content:
    return line(amounts.usd(lane.view.usd))


def _tokens(lane: Lane) -> Content:
    return line(amounts.short(lane.view.context), "$text-muted") if lane.view.context else EMPTY
