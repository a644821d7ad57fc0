"""The transcript as it is read: a cursor over blocks, folding, and an end that is followed while it can be seen."""

from __future__ import annotations

import re
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from ...paint.block import paint
from ...state.blocks import Block
from ...state.reducer import State
from .finding import found
from .layout import Layout, Spot
from .plain import searched, text_of
from .rows_view import RowsView
from .transcript import Painter, Transcript

PAUSE = 1 / 60
"""Seconds between two pieces of a long answer."""


def _key(key: str, action: str, words: str) -> Binding:
    return Binding(key, action, words, show=False, id=f"session.{action}")


class TranscriptView(RowsView):
    """Shows what `show` was given last. Its painter is called for blocks that come near the window, for no others."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("up,k", "previous", "previous block"),
        _key("down,j", "next", "next block"),
        _key("pageup", "page_up", "page up"),
        _key("pagedown", "page_down", "page down"),
        _key("home,g", "first", "to the beginning"),
        _key("end,G", "last", "to the end, and follow"),
        Binding("enter,space", "fold", "fold or unfold", id="session.fold"),
        Binding("o", "fold_all", "fold or unfold all", id="session.fold_all"),
    ]
    DEFAULT_CSS = """
    TranscriptView { scrollbar-background: $background; }
    """
    MARGIN = 1

    class Placed(Message):
        """Other rows may be seen than before."""

    def __init__(self, painter: Painter = paint, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        self._painter = painter
        self.transcript = Transcript(painter)
        super().__init__(Layout(self.transcript, 1, 0), id=id)
        self._agent = ""
        self._session = ""
        self._cursor: int | None = None
        self._hit: Spot | None = None
        self._seen_blocks = 0
        self._painting: Timer | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(1.0, self._tick)

    # --- what is shown ---

    def show(self, state: State, agent: str) -> None:
        if (agent, state.header.session) != (self._agent, self._session):
            self._agent, self._session = agent, state.header.session
            self.transcript = Transcript(self._painter)
        changed = self.transcript.take(state, agent)
        laid = self.laid
        if laid.items is not self.transcript or changed is None:
            self.laid = Layout(self.transcript, laid.width, laid.height)
            self._cursor = self._hit = None
        elif not changed:
            return
        else:
            laid.grew()
            for index in sorted(changed):
                laid.changed(index)
        self.place()

    def _tick(self) -> None:
        ticking = self.transcript.ticking
        if ticking is not None and self.is_on_screen:
            self.laid.changed(ticking)
            self.place()

    def on_resize(self) -> None:
        # Lines are where they are for good only when all are painted: else the place of who reads would be lost.
        self.transcript.at_once = not self.laid.follows
        super().on_resize()
        self.transcript.at_once = False

    def _paint_on(self) -> None:
        """A piece of what is not painted yet; keys that wait come first."""
        self._painting = None
        index = self.transcript.unfinished
        if index is not None:
            self.laid.changed(index, self.transcript.step(index))
            self.place()

    def placed(self) -> None:
        if self._painting is None and self.transcript.unfinished is not None:
            self._painting = self.set_timer(PAUSE, self._paint_on)
        if self.laid.follows:
            self._seen_blocks = len(self.transcript.blocks)
        self.post_message(self.Placed())

    @property
    def unseen(self) -> int:
        """Blocks that came while the end was out of sight."""
        return max(0, len(self.transcript.blocks) - self._seen_blocks)

    # --- the cursor ---

    @property
    def cursor(self) -> int:
        """The block that keys are about: where none was chosen, the last one that can be seen."""
        last = len(self.transcript.blocks) - 1
        if self._cursor is not None:
            return min(self._cursor, last)
        seen = [each.spot.item for each in self._seen if each.spot.item <= last]
        return seen[-1] if seen else last

    @property
    def block(self) -> Block | None:
        blocks = self.transcript.blocks
        return blocks[self.cursor] if len(blocks) else None

    def marked(self, spot: Spot) -> bool:
        first = 1 if self.transcript.has_gap(spot.item) else 0
        return self.has_focus and spot.item == self.cursor and spot.row >= first

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def action_next(self) -> None:
        self._move(1)

    def action_previous(self) -> None:
        self._move(-1)

    def _move(self, step: int) -> None:
        """To the next block there is anything of; of one higher than the window the rest is shown first."""
        cursor = self.cursor
        if self._scrolled_inside(cursor, step):
            return
        index = cursor + step
        count = len(self.laid.items)
        while 0 <= index < count and not self.laid.rows(index):
            index += step
        if 0 <= index < len(self.transcript.blocks):
            self._go(index)
        elif step > 0:
            self.action_last()

    def _scrolled_inside(self, index: int, step: int) -> bool:
        laid = self.laid
        seen = [each.spot.row for each in self._seen if each.spot.item == index]
        if not seen:
            return False
        hidden = seen[0] if step < 0 else len(laid.rows(index)) - 1 - seen[-1]
        if hidden <= 0:
            return False
        laid.scroll_by(step * min(hidden, max(1, laid.height // 2)))
        self._cursor = index
        self.place()
        return True

    def _go(self, index: int) -> None:
        self._cursor = index
        self.laid.reveal(index)
        self.place()
        self.refresh()

    def action_page_up(self) -> None:
        self._page(-1)

    def action_page_down(self) -> None:
        self._page(1)

    def _page(self, step: int) -> None:
        self.laid.scroll_by(step * max(1, self.laid.height - 1))
        self._cursor = None
        self.place()
        blocks = [each.spot.item for each in self._seen]
        if blocks:
            self._cursor = blocks[0] if step < 0 else blocks[-1]
        self.refresh()

    def action_first(self) -> None:
        self._go(0)

    def action_last(self) -> None:
        """To the end, which is followed from then on."""
        self._cursor = None
        self.laid.follow()
        self.place()
        self.refresh()

    # --- folding ---

    def action_fold(self) -> None:
        self._fold(self.cursor)

    def action_fold_all(self) -> None:
        """Unfold all, or fold all; what is on top of the window stays there."""
        self.transcript.opened = not self.transcript.opened
        self.transcript.turned.clear()
        self.laid.anew()
        self.place()

    def _fold(self, index: int) -> None:
        if not self.transcript.can_open(index):
            return
        self.transcript.turned ^= {index}
        laid = self.laid
        followed, laid.follows = laid.follows, False
        for each in self.transcript.goes_with(index):
            laid.changed(each)
        laid.reveal(index)
        if followed and not self.transcript.is_open(index):
            laid.follow()
        self.place()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        seen = self._seen[event.y] if event.y < len(self._seen) else None
        if seen is None or self.text_selection is not None:
            return
        index, row = seen.spot
        self._cursor = min(index, len(self.transcript.blocks) - 1)
        first = not any(each.text.strip() for each in self.laid.rows(index)[:row])
        if first or not self.transcript.is_open(index):
            self._fold(index)
        self.refresh()

    # --- text ---

    def text(self) -> str:
        """The text of the block with the cursor, as far as the state has it."""
        block = self.block
        return "" if block is None else text_of(block)

    def find(self, pattern: re.Pattern[str], step: int) -> bool:
        """Go to the next match, or with a `step` of -1 to the one before; whether there is any."""
        self.highlight(pattern)
        after = self._hit or self._from(step)
        while (index := self.transcript.unfinished) is not None:
            self.transcript.finish(index)
            self.laid.changed(index)
        self.transcript.at_once = True
        try:
            return self._found_after(pattern, after, step)
        finally:
            self.transcript.at_once = False

    def _found_after(self, pattern: re.Pattern[str], after: Spot, step: int) -> bool:
        spot = found(self.laid, self._searched, pattern, after, step)
        if spot is None:
            return False
        index = spot.item
        if self.transcript.is_hidden(index):
            self._fold(0)
        if not self._shows(pattern, spot) and not self.transcript.is_open(index):
            self._fold(index)
            rows = self.laid.rows(index)
            hits = [row for row in range(len(rows)) if pattern.search(rows[row].content.plain)]
            spot = Spot(index, hits[0 if step > 0 else -1]) if hits else spot
        self._hit = spot
        self._cursor = min(index, len(self.transcript.blocks) - 1)
        self.laid.centre(spot)
        self.place()
        self.refresh()
        return True

    def _shows(self, pattern: re.Pattern[str], spot: Spot) -> bool:
        rows = self.laid.rows(spot.item)
        return spot.row < len(rows) and bool(pattern.search(rows[spot.row].content.plain))

    def _from(self, step: int) -> Spot:
        """Where a search begins: the top of the window, so that what is seen is found first."""
        index, row = self.laid.spot
        return Spot(index, row - step)

    def _searched(self, index: int) -> str:
        blocks = self.transcript.blocks
        return searched(blocks[index]) if index < len(blocks) else ""

    def forget_search(self) -> None:
        self._hit = None
        self.highlight(None)
