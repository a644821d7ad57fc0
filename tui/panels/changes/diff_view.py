"""One file's diff, with a cursor on a row of it."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from ...signs import sign
from ..session.rows import Row
from .painted import Painted

MARGIN = 1
"""Columns on the left that tell the hunk in hand."""
_STRIPS = 512


class DiffView(ScrollView, can_focus=True, inherit_bindings=False):
    """`hunk` is the one that keys act on."""

    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {"diff--cursor"}

    DEFAULT_CSS = """
    DiffView {
        overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        background: $background; color: $foreground;
    }
    DiffView > .diff--cursor { text-style: underline; }
    """

    cursor: reactive[int] = reactive(0, repaint=False)

    class Resized(Message):
        """Rows are to be laid out for another width."""

    def __init__(self) -> None:
        super().__init__()
        self.painted = Painted()
        self._strips: LRUCache[int, tuple[Row, Strip]] = LRUCache(_STRIPS)

    @property
    def room(self) -> int:
        """Columns for rows."""
        return max(1, self.scrollable_content_region.width - MARGIN)

    @property
    def hunk(self) -> int | None:
        return self.painted.hunk_at(self.cursor)

    def show(self, painted: Painted) -> None:
        """Another diff, or the same one painted anew: then the cursor stays in its hunk."""
        before, self.painted = self.painted, painted
        was, now = before.look, painted.look
        same = was is not None and now is not None and was.file.path == now.file.path
        self._strips.clear()
        self.virtual_size = Size(self.size.width, len(painted.rows))
        hunk = before.hunk_at(self.cursor) if same else 0
        if same and was is not None and now is not None and was.file.mark == now.file.mark:
            self._place_in(before, hunk)
        elif hunk is not None and painted.starts:
            self.cursor = painted.starts[min(hunk, len(painted.starts) - 1)]
        else:
            self.cursor = 0
        if not same:
            self.scroll_to(y=0, animate=False, force=True)
        self._see()
        self.refresh()

    def _place_in(self, before: Painted, hunk: int | None) -> None:
        if hunk is None or hunk >= len(self.painted.starts):
            self.cursor = min(self.cursor, max(0, len(self.painted.rows) - 1))
            return
        start = self.painted.starts[hunk]
        ends = (*self.painted.starts[hunk + 1 :], len(self.painted.rows))
        self.cursor = max(start, min(start + self.cursor - before.starts[hunk], ends[0] - 1))

    def move(self, by: int) -> None:
        """By so many rows; it stops at the first and the last one."""
        self.cursor = min(max(0, self.cursor + by), max(0, len(self.painted.rows) - 1))

    def move_to_hunk(self, by: int) -> bool:
        """To the next hunk, or with -1 to the one before; whether there is one."""
        at = self.hunk
        goal = (-1 if at is None else at) + by
        if not 0 <= goal < len(self.painted.starts):
            return False
        self.cursor = self.painted.starts[goal]
        self._see(rows=self.size.height)
        return True

    @property
    def page(self) -> int:
        return max(1, self.size.height - 1)

    def watch_cursor(self, before: int, now: int) -> None:
        if self.painted.hunk_at(before) != self.painted.hunk_at(now):
            self.refresh()
        else:
            self.refresh_lines(before, 1)
            self.refresh_lines(now, 1)
        self._see()

    def _see(self, rows: int = 1) -> None:
        """Scroll to the cursor's row, and if there is room to so many after it."""
        self.scroll_to_region(
            Region(0, self.cursor, self.size.width, max(1, rows)),
            animate=False,
            force=True,
            top=rows > 1,
        )

    def on_resize(self) -> None:
        self._strips.clear()
        look = self.painted.look
        if look is not None and look.width != self.room:
            self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y
        if at < len(self.painted.rows):
            self.cursor = at

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        width, base = self.room + MARGIN, self.visual_style
        at = y + self.scroll_offset.y
        if at >= len(self.painted.rows):
            return Strip.blank(width, base.rich_style)
        mine = self.hunk is not None and self.painted.hunk_at(at) == self.hunk
        mark = sign("cursor") if mine or at == self.cursor else " "
        style = base + Style.parse("$accent")
        margin = Strip([Segment(mark, style.rich_style)], MARGIN)
        body = self._body(self.painted.rows[at], base)
        if at == self.cursor and self.has_focus:
            body = body.apply_style(self.get_visual_style("diff--cursor", partial=True).rich_style)
        return Strip.join([margin, body])

    def _body(self, row: Row, base: Style) -> Strip:
        kept = self._strips.get(id(row))
        if kept is not None and kept[0] is row and kept[1].cell_length == self.room:
            return kept[1]
        style = base + Style.parse(row.fill) if row.fill else base
        segments = [
            Segment(text, each.rich_style) for text, each in row.content.render(style, "", _style)
        ]
        strip = Strip(segments).adjust_cell_length(self.room, style.rich_style)
        self._strips[id(row)] = row, strip
        return strip


def _style(style: str | Style) -> Style:
    return Style.parse(style) if isinstance(style, str) else style
