"""A widget that shows rows of a layout: only those in its window are ever laid out, and of them only what changed is
painted again."""

from __future__ import annotations

import re
from typing import cast

from rich.segment import Segment
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from ...signs import sign
from .layout import Layout, Seen, Spot

_BITS = 24
"""A selection's y is an item's number and, in the lower bits, its row: so it stays true when what is above grows."""
_STRIPS = 1_024
_FOUND = "bold reverse"


class RowsView(ScrollView, can_focus=True, inherit_bindings=False):
    """`laid` says what is where. Whoever changes it calls `place` afterwards."""

    DEFAULT_CSS = """
    RowsView {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        background: $background;
        color: $foreground;
    }
    """
    MARGIN = 0
    """Columns on the left for the cursor."""

    def __init__(self, laid: Layout, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name for it
        super().__init__(id=id)
        self.laid = laid
        self._seen: list[Seen] = []
        self._strips: LRUCache[int, tuple[Seen, Strip]] = LRUCache(_STRIPS)
        self._placing = False
        self._laid_size = Size(0, 0)
        self._found: re.Pattern[str] | None = None

    # --- where things are ---

    @property
    def columns(self) -> int:
        """What a row may take: the scroll bar stands in the last column of this widget's own size."""
        return self.scrollable_content_region.width

    def place(self) -> None:
        """Bring the scroll bar and the screen to what is laid out now. Lines that are what they were stay untouched."""
        laid = self.laid
        laid.settle()
        seen = laid.window()
        self._set_virtual_size(Size(self.columns, laid.total))
        bar = self.vertical_scrollbar
        bar.window_virtual_size, bar.window_size = laid.total, laid.height
        self._placing = True
        self.scroll_y = laid.top
        self.scroll_target_y = laid.top
        self._placing = False
        before, self._seen = self._seen, seen
        self._refresh_changed(before, seen)
        self.placed()

    def _set_virtual_size(self, size: Size) -> None:
        """Without the layout of the whole screen that setting it has: this widget's size and place stay the same."""
        self.set_reactive(cast("Reactive[Size]", Widget.virtual_size), size)

    def placed(self) -> None:
        """Called when other rows may be seen than before."""

    def _refresh_changed(self, before: list[Seen], after: list[Seen]) -> None:
        if before and after and before[0].spot != after[0].spot:
            self.refresh()
            return
        width = self.columns
        for y in range(max(len(before), len(after))):
            if y >= len(before) or y >= len(after) or before[y].row is not after[y].row:
                self.refresh(Region(0, y, width, 1))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        # A new size moves it too, ahead of the Resize that brings the layout there.
        if not self._placing and self.size == self._laid_size:
            self.laid.scroll_to(round(new_value))
            self.place()

    def on_resize(self) -> None:
        self._laid_size = self.size
        self.laid.resize(max(1, self.columns - self.MARGIN), self.size.height)
        if self.text_selection is not None:
            self.screen.clear_selection()  # it was by rows that are others now
        self.place()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    # --- how it looks ---

    def render_line(self, y: int) -> Strip:
        width, base = self.columns, self.visual_style
        if y >= len(self._seen):
            return Strip.blank(width, base.rich_style)
        seen = self._seen[y]
        body = self._body(seen, width - self.MARGIN, base)
        if not self.MARGIN:
            return body
        mark = sign("cursor") if self.marked(seen.spot) else " "
        style = base + Style.parse("$accent")
        margin = Strip([Segment(mark.ljust(self.MARGIN), style.rich_style)], self.MARGIN)
        return Strip.join([margin, body])

    def marked(self, spot: Spot) -> bool:
        """Whether the cursor is on this row's item."""
        del spot
        return False

    def _body(self, seen: Seen, width: int, base: Style) -> Strip:
        selection, row = self.text_selection, seen.row
        span = None if selection is None else selection.get_span(_code(seen.spot))
        found = self._found is not None and self._found.search(row.content.plain)
        if span is None and not found:
            kept = self._strips.get(id(row))
            if kept is not None and kept[0] == seen and kept[1].cell_length == width:
                return kept[1]
        content = row.content
        if self._found is not None and found:
            for match in self._found.finditer(content.plain):
                content = content.stylize(_FOUND, match.start(), match.end())
        if span is not None:
            start, end = span
            chosen = self.screen.get_visual_style("screen--selection")
            content = content.stylize(chosen, start, len(content) if end < 0 else end)
        if row.fill:
            base += Style.parse(row.fill)
        segments = [
            Segment(text, style.rich_style) for text, style in content.render(base, "", _style)
        ]
        strip = Strip(segments).adjust_cell_length(width, base.rich_style)
        strip = strip.apply_offsets(0, _code(seen.spot))
        if span is None and not found:
            self._strips[id(row)] = seen, strip
        return strip

    # --- selecting and searching ---

    @property
    def allow_select(self) -> bool:
        return True

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        count = len(self.laid.items)
        first = _code(Spot(0, 0)) if selection.start is None else selection.start.y
        last = _code(Spot(count, 0)) if selection.end is None else selection.end.y
        pieces: list[str] = []
        for index in range(first >> _BITS, min(count, (last >> _BITS) + 1)):
            for number, row in enumerate(self.laid.peek(index)):
                y, text = _code(Spot(index, number)), row.content.plain
                if not first <= y <= last:
                    continue
                start = selection.start.x if selection.start and y == first else 0
                end = selection.end.x if selection.end and y == last else len(text)
                pieces += [text[max(start, row.lead) : end], row.glue]
        return "".join(pieces[:-1]), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        del selection
        self.refresh()

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        self._found = pattern
        self.refresh()


def _code(spot: Spot) -> int:
    return spot.item << _BITS | spot.row


def _style(style: str | Style) -> Style:
    return Style.parse(style) if isinstance(style, str) else style
