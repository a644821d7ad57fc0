"""One agent's transcript as items of a layout: its blocks, then the answer under way, then what the agent does."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeGuard

from ...paint.block import opens, paint, paint_output, paint_thought
from ...paint.lines import has_ink, left_out
from ...paint.part import BLANK, Part
from ...state.activity import Activity
from ...state.agents import AgentView
from ...state.blocks import Answer, Block, Card, News, Note, Proof, Said
from ...state.now import CHECK, IDLE, Now
from ...state.pages import Pages
from ...state.reducer import State
from ...state.texts import Tail
from .beginning import beginning, paint_beginning
from .long import LONG, LongText
from .plain import OF_PEOPLE, guess, last_rows
from .rows import Row, laid_out
from .underway import LiveRows, doing_line

OUTPUT_ROWS = 6
"""Of what a running command prints, the last lines that are shown."""
OPEN_OUTPUT_ROWS = 200
"""The same, unfolded."""
MOST_LONG = 8
"""Long answers whose rows are kept here: more than there is room for on a screen at once."""
_IDLE = Activity("idle")
_BLOCKS: Pages[Block] = Pages()

Painter = Callable[[Block, bool, int], tuple[Part, ...]]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the items are made of. `outputs` are by the place of their block."""

    blocks: Pages[Block] = _BLOCKS
    now: Now = IDLE
    activity: Activity = _IDLE
    outputs: Mapping[int, Tail] = field(default_factory=dict[int, Tail])


class Transcript:
    """`opened` is whether blocks are unfolded: all but those in `turned`, which are the other way."""

    def __init__(self, painter: Painter = paint) -> None:
        self._painter = painter
        self._live = LiveRows()
        self._shown = _Shown()
        self._retry_at: float | None = None
        self._long: OrderedDict[int, LongText] = OrderedDict()
        self.at_once = False
        """Whether long answers are painted at once, where rows that change again would not do."""
        self.opened = False
        self.turned: set[int] = set()
        self._before = 0

    def __len__(self) -> int:
        return len(self._shown.blocks) + 2

    @property
    def blocks(self) -> Pages[Block]:
        return self._shown.blocks

    @property
    def idle(self) -> bool:
        """Whether there is nothing at all to be seen."""
        return not len(self._shown.blocks) and self._shown.activity == _IDLE

    def take(self, state: State, agent: str) -> set[int] | None:
        """Show what the state has of this agent. Returns which items are others than before, new ones beside; None
        where it is not the same transcript, grown."""
        before, view = self._shown, state.agents.get(agent)
        self._shown = after = _Shown() if view is None else _shown(state, view)
        if after.now.retry is not before.now.retry:
            retry = after.now.retry
            self._retry_at = monotonic() + retry.seconds if retry else None
        count, old = len(after.blocks), len(before.blocks)
        together, self._before = self._before, beginning(after.blocks)
        if count < old or not old:
            return None
        changed = {place for place in after.blocks.news(before.blocks) if place < old}
        if together != self._before:
            changed |= set(range(min(old, self._before)))
        for place in before.outputs.keys() | after.outputs.keys():
            if before.outputs.get(place) is not after.outputs.get(place):
                changed.add(place)
        if count > old:
            changed |= {old, old + 1, count, count + 1}
            self._go_on_from_live(range(old, count))
        if before.now.text is not after.now.text or before.now.reasoning is not after.now.reasoning:
            changed.add(count)
        if before.activity != after.activity or before.now.retry is not after.now.retry:
            changed.add(count + 1)
        return changed

    @property
    def ticking(self) -> int | None:
        """The item whose looks depend on the time, where there is one."""
        doing = self._shown.activity
        timed = doing.since or doing.doing == "retrying"
        return len(self._shown.blocks) + 1 if timed and doing != _IDLE else None

    def is_open(self, index: int) -> bool:
        return self.opened != (index in self.turned)

    def goes_with(self, index: int) -> range:
        """The items that look otherwise when this one is folded or unfolded."""
        return range(self._before) if index == 0 and self._before else range(index, index + 1)

    def is_hidden(self, index: int) -> bool:
        """Whether it is folded into the first item."""
        return 0 < index < self._before and not self.is_open(0)

    def can_open(self, index: int) -> bool:
        shown = self._shown
        if index == 0 and self._before:
            return True
        if index < len(shown.blocks):
            return index in shown.outputs or opens(shown.blocks[index])
        return index == len(shown.blocks) and bool(shown.now.reasoning.chars)

    # --- as a layout wants it ---

    def rows(self, index: int, width: int) -> tuple[Row, ...]:
        shown, opened = self._shown, self.is_open(index)
        after = index - len(shown.blocks)
        if after == 0:
            return self._live.rows(shown.now, opened, width)
        if after == 1:
            left = None if self._retry_at is None else max(0.0, self._retry_at - monotonic())
            line = doing_line(shown.activity, left)
            return () if line is None else laid_out((BLANK, Part(line)), width)
        if self.is_hidden(index):
            return ()
        block = shown.blocks[index]
        if _is_long(block):
            return self._long_rows(index, block, width)
        parts = self._painter(block, opened, width)
        if index == 0 and self._before:
            head = paint_beginning(shown.blocks, self._before, opened, width)
            parts = (head, *parts) if opened else (head,)
        tail = shown.outputs.get(index)
        if tail is not None and isinstance(block, Card | Proof):
            parts += paint_output(block, tail, OPEN_OUTPUT_ROWS if opened else OUTPUT_ROWS)
        if parts and self.has_gap(index):
            parts = (BLANK, *parts)
        return laid_out(parts, width)

    # --- long answers ---

    @property
    def unfinished(self) -> int | None:
        """The long answer that is to be painted further first, of those whose rows were asked for."""
        return next((index for index, long in reversed(self._long.items()) if not long.done), None)

    def step(self, index: int) -> int:
        """Paint a piece more of this answer. How many of its rows stay what they are."""
        long = self._long[index]
        above = len(self._above(index, self._shown.blocks[index], long.width))
        painted = long.painted
        long.step()
        return above + painted

    def finish(self, index: int) -> None:
        """Paint all of this answer."""
        self._long[index].finish()

    def _long_rows(self, index: int, answer: Answer, width: int) -> tuple[Row, ...]:
        above = self._above(index, answer, width)
        text = answer.text.text
        long = self._long.pop(index, None)
        if long is None or (long.text, long.width) != (text, width):
            long = LongText(text, width)
        self._long[index] = long
        while len(self._long) > MOST_LONG:
            self._long.popitem(last=False)
        if self.at_once:
            long.finish()
        return (*above, *long.rows(), *laid_out(left_out(answer.text), width))

    def _above(self, index: int, block: Block, width: int) -> tuple[Row, ...]:
        """What stands above the text of an answer."""
        thought = (
            paint_thought(block, self.is_open(index), width) if isinstance(block, Answer) else ()
        )
        gap = (BLANK,) if self.has_gap(index) else ()
        return laid_out((*gap, *thought), width)

    def _go_on_from_live(self, places: range) -> None:
        """What was painted of an answer while it came is painted of the one that is there now."""
        for index in places:
            block, live = self._shown.blocks[index], self._live.written
            if _is_long(block) and live.text is not None:
                self._live = LiveRows()
                self._long[index] = LongText(block.text.text, live.text.width, live)

    def guess(self, index: int, width: int) -> int:
        shown, opened = self._shown, self.is_open(index)
        if index >= len(shown.blocks):
            return 0
        if index < self._before and not self.is_open(0):
            return int(index == 0)
        rows = guess(shown.blocks[index], opened, width)
        tail = shown.outputs.get(index)
        if tail is not None:
            rows += last_rows(tail, OPEN_OUTPUT_ROWS if opened else OUTPUT_ROWS)
        return rows + 1 if rows and self.has_gap(index) else rows

    def has_gap(self, index: int) -> bool:
        """Whether an empty row stands before the block: not between those that are a line each."""
        if not 0 < index < len(self._shown.blocks):
            return False
        here, above = self._shown.blocks[index], self._shown.blocks[index - 1]
        return not (_is_line(here) and _is_line(above))


def _is_long(block: Block) -> TypeGuard[Answer]:
    """Whether painting it would let a key wait."""
    return isinstance(block, Answer) and block.text.chars > LONG and has_ink(block.text)


def _is_line(block: Block) -> bool:
    """Whether it is a line, or next to nothing more, as long as nobody unfolds it."""
    match block:
        case Said(origin=origin):
            return origin not in OF_PEOPLE
        case Answer(text=text):
            return not text.chars
        case News(lines=lines):
            return len(lines) == 1
        case Note(kind=kind):
            return kind not in ("claim", "ended")
        case _:
            return True


def _shown(state: State, view: AgentView) -> _Shown:
    now = state.now_of(view.name)
    outputs: dict[int, Tail] = {}
    for call_id, tail in now.outputs.items():
        place = view.check if call_id == CHECK else view.calls.get(call_id)
        if place is not None:
            outputs[place] = tail
    return _Shown(view.transcript, now, state.doing(view.name), outputs)
