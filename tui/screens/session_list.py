"""Sessions as one widget that draws lines: a thousand cost no more than what is to be seen of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from ...agent.history.sessions import Summary
from ..columns import left
from ..signs import sign
from .session_rows import row

_CURSOR = 1
"""Columns before each row, where the cursor stands."""


class SessionList(ScrollView, can_focus=True):
    """One session is under the cursor, and stays so while others come and go."""

    ALLOW_SELECT = False  # lines are drawn alone, and would be taken for the first one of a text

    COMPONENT_CLASSES: ClassVar[set[str]] = {"sessions--cursor"}

    DEFAULT_CSS = """
    SessionList {
        height: 1fr; overflow-x: hidden; text-wrap: nowrap; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    SessionList > .sessions--cursor { background: $panel; text-style: bold; }
    SessionList:focus > .sessions--cursor { background: $primary 20%; text-style: bold; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False, id="sessions.up"),
        Binding("down,j", "move(1)", "down", show=False, id="sessions.down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="sessions.page_up"),
        Binding("pagedown,space", "page(1)", "page down", show=False, id="sessions.page_down"),
        Binding("home,g", "end(0)", "first", show=False, id="sessions.first"),
        Binding("end,G", "end(-1)", "last", show=False, id="sessions.last"),
    ]

    class Moved(Message):
        """Another session is under the cursor, or none."""

    class Opened(Message):
        """A session was chosen with the mouse."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._clock = clock
        self._rows: Sequence[Summary] = ()
        self._places = False
        self._at = 0

    @property
    def selected(self) -> Summary | None:
        return self._rows[self._at] if self._rows else None

    def show(self, rows: Sequence[Summary], *, places: bool) -> None:
        before = self.selected
        self._rows, self._places = rows, places
        names = [found.session for found in rows]
        if before is not None and before.session in names:
            self._at = names.index(before.session)
        self._at = max(0, min(self._at, len(rows) - 1))
        self._measure()
        self.refresh()
        self._look()
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        self._go(self._at + by)

    def action_page(self, by: int) -> None:
        self._go(self._at + by * max(1, self.size.height - 1))

    def action_end(self, at: int) -> None:
        self._go(at % max(1, len(self._rows)))

    def _go(self, at: int) -> None:
        before, self._at = self._at, max(0, min(at, len(self._rows) - 1))
        if before == self._at:
            return
        self.refresh_line(before - self.scroll_offset.y)
        self.refresh_line(self._at - self.scroll_offset.y)
        self._look()
        self.post_message(self.Moved())

    def _look(self) -> None:
        """Have the cursor's line in sight."""
        region = Region(0, self._at, 1, 1)
        self.scroll_to_region(region, animate=False, force=True)

    def on_resize(self) -> None:
        self._measure()
        self._look()

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y
        if at >= len(self._rows):
            return
        if at == self._at:
            self.post_message(self.Opened())
        self._go(at)

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        style = self.visual_style
        if at >= len(self._rows):
            return Strip.blank(width, style.rich_style)
        on_it = at == self._at
        if on_it:
            style = style + self.get_visual_style("sessions--cursor")
        mark = Content.styled(sign("cursor"), "$primary") if on_it else Content(" " * _CURSOR)
        columns = max(1, width - _CURSOR)
        text = row(self._rows[at], columns, self._clock(), places=self._places)
        return Visual.to_strips(self, left(mark + text, width), width, 1, style, pad=True)[0]
