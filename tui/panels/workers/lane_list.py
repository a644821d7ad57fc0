"""The lanes as one widget that draws lines: only lanes that changed are drawn again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

from ...columns import left
from ...signs import sign
from .lanes import Lane, Lanes, ordered
from .rows import height, rows, ticks

GROUPS = ("lead and review", "workers")

_CURSOR = 1
"""Columns before each row, where the cursor stands."""


class LaneList(ScrollView, can_focus=True):
    """One lane is under the cursor, and stays so while others come and go."""

    ALLOW_SELECT = (
        False  # lines here are drawn alone, and would be taken for the first one of a text
    )

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lanes--cursor"}

    DEFAULT_CSS = """
    LaneList {
        height: 1fr; width: 1fr; overflow-x: hidden; text-wrap: nowrap;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    LaneList > .lanes--cursor { background: $panel; text-style: bold; }
    LaneList:focus > .lanes--cursor { background: $primary 20%; text-style: bold; }
    """

    cursor: reactive[str] = reactive("", repaint=False)
    """The name of the agent whose lane it is on; "" where there is none."""

    class Opened(Message):
        """A lane was opened with the mouse."""

        def __init__(self, agent: str) -> None:
            super().__init__()
            self.agent = agent

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._clock = clock
        self._lanes: Lanes = {}
        self._with_ended = True
        self._entries: list[str] = []
        """Names of agents in their order; what begins with a blank is a heading."""
        self._tops: dict[str, int] = {}
        self._lines: list[str] = []
        """For each line of all, the entry that it belongs to."""
        self._drawn: dict[str, list[Content]] = {}
        self._columns = 0
        """Without those of the scrollbar. Kept: to work it out for each line is a tenth of a paint."""
        self._height = height(0)

    # --- what is shown ---

    def show(self, lanes: Lanes) -> None:
        """Draw again what is another lane than before."""
        before, self._lanes = self._lanes, lanes
        changed = [name for name, lane in lanes.items() if lane is not before.get(name)]
        self._lay_out()
        for name in changed:
            self._draw_again(name)

    def tick(self) -> None:
        """Draw again where a time goes on that is to be seen."""
        for name in self._entries:
            lane = self._lanes.get(name)
            if lane is not None and self._in_sight(name) and ticks(lane):
                self._draw_again(name)

    def hide_ended(self, hide: bool) -> None:
        self._with_ended = not hide
        self._lay_out()

    @property
    def selected(self) -> Lane | None:
        return self._lanes.get(self.cursor)

    # --- where it is ---

    def move(self, by: int) -> None:
        """The cursor by so many lanes; it stops at the first and the last one."""
        names = [name for name in self._entries if name in self._lanes]
        if not names:
            return
        place = names.index(self.cursor) if self.cursor in names else 0
        self.cursor = names[min(max(0, place + by), len(names) - 1)]

    @property
    def page(self) -> int:
        """How many lanes are to be seen at once."""
        return max(1, self.size.height // self._height)

    def watch_cursor(self, before: str, now: str) -> None:
        for name in (before, now):
            self._redraw(name)
        top = self._tops.get(now)
        if top is None:
            return
        # With the first lane its heading comes to be seen too.
        above = 1 if top == 1 else 0
        region = Region(0, top - above, self._columns, self._height + above)
        self.scroll_to_region(region, animate=False, force=True)

    def on_resize(self) -> None:
        self._measure()
        self._drawn.clear()
        self._lay_out(anew=True)
        self.watch_cursor(self.cursor, self.cursor)

    def on_click(self, event: events.Click) -> None:
        name = self._at(event.y + self.scroll_offset.y)
        if name not in self._lanes:
            return
        if name == self.cursor:
            self.post_message(self.Opened(name))
        self.cursor = name

    # --- drawing ---

    def render_lines(self, crop: Region) -> list[Strip]:
        self._measure()  # a new size can be painted before the Resize comes that tells of it
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self._columns
        line = y + self.scroll_offset.y
        name = self._at(line)
        if not name:
            return Strip.blank(width, self.visual_style.rich_style)
        style = self.visual_style
        if name not in self._lanes:
            content = " " * _CURSOR + Content.styled(name.strip(), "bold $text-muted")
            return self._strip(left(content, width), style)
        on_it = name == self.cursor
        if on_it:
            style = style + self.get_visual_style("lanes--cursor")
        rows_of = self._rows(name)
        place = (
            line - self._tops[name]
        )  # painted for a new size before it is laid out, a lane may have fewer rows
        row = rows_of[place] if place < len(rows_of) else Content("")
        mark = Content.styled(sign("cursor"), "$primary") if on_it else Content(" " * _CURSOR)
        return self._strip(left(mark + row, width), style)

    def _strip(self, content: Content, style: Style) -> Strip:
        return Visual.to_strips(self, content, self._columns, 1, style, pad=True)[0]

    def _rows(self, name: str) -> list[Content]:
        found = self._drawn.get(name)
        if found is None:
            columns = max(1, self._columns - _CURSOR)
            found = self._drawn[name] = rows(self._lanes[name], columns, self._clock())
        return found

    def _draw_again(self, name: str) -> None:
        """Of its rows only those go to the screen that came out otherwise: of who writes, seldom the first."""
        old = self._drawn.pop(name, None)
        if not self._in_sight(name):
            return
        if old is None or len(old) != len(self._rows(name)):
            self._redraw(name)
            return
        for number, (row, before) in enumerate(zip(self._rows(name), old, strict=True)):
            if not row.is_same(before):
                self.refresh_lines(self._tops[name] + number)

    def _redraw(self, name: str) -> None:
        if self._in_sight(name):
            self.refresh_lines(self._tops[name], self._height)

    def _in_sight(self, name: str) -> bool:
        top = self._tops.get(name)
        if top is None:
            return False
        first = self.scroll_offset.y
        return top + self._height > first and top < first + self.size.height

    # --- the layout ---

    def _measure(self) -> None:
        columns = self.scrollable_content_region.width
        if columns != self._columns:
            self._drawn.clear()
        self._columns = columns
        self._height = height(self._columns - _CURSOR)

    def _lay_out(self, *, anew: bool = False) -> None:
        groups = ordered(self._lanes, with_ended=self._with_ended)
        entries: list[str] = []
        for title, group in zip(GROUPS, groups, strict=True):
            if group:
                entries += [f" {title}", *(lane.name for lane in group)]
        if entries == self._entries and not anew:
            return
        self._entries = entries
        self._drawn = {name: each for name, each in self._drawn.items() if name in self._lanes}
        self._tops, self._lines = {}, []
        for name in entries:
            self._tops[name] = len(self._lines)
            self._lines += [name] * (self._height if name in self._lanes else 1)
        self.virtual_size = Size(self._columns, len(self._lines))
        if self.cursor not in self._tops:
            self.cursor = next((name for name in entries if name in self._lanes), "")
        self.refresh()

    def _at(self, line: int) -> str:
        """What stands in this line of all; "" behind the end."""
        return self._lines[line] if 0 <= line < len(self._lines) else ""
