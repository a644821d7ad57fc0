"""The changed files as one widget that draws lines: thousands cost no more than those in sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from ....agent.changes.reading import Changed
from ...signs import sign
from .tree import Row, painted, rows_of


class FileList(ScrollView, can_focus=True, inherit_bindings=False):
    """`kept` tells how much of a file was accepted. The cursor stays on its file while others come and go."""

    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {"files--cursor"}

    DEFAULT_CSS = """
    FileList {
        overflow-x: hidden; overflow-y: auto; text-wrap: nowrap; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; background: $background; color: $foreground;
    }
    FileList > .files--cursor { background: $panel; text-style: bold; }
    FileList:focus > .files--cursor { background: $primary 20%; text-style: bold; }
    """

    cursor: reactive[int] = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor is on another file, or the file is another than it was."""

    class Opened(Message):
        """A file was opened with the mouse."""

    def __init__(self, kept: Callable[[Changed], str]) -> None:
        super().__init__()
        self._kept = kept
        self._files: tuple[Changed, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._folded: set[str] = set()
        self._told: Changed | None = None

    def show(self, files: tuple[Changed, ...]) -> None:
        """These files, the cursor on the one it was on, or else where it was."""
        self._files = files
        self._lay_out()

    # --- where it is ---

    @property
    def row(self) -> Row | None:
        return self._rows[self.cursor] if self._rows else None

    @property
    def file(self) -> Changed | None:
        row = self.row
        return row.file if row else None

    def move(self, by: int) -> None:
        """By so many rows; it stops at the first and the last one."""
        self.cursor = min(max(0, self.cursor + by), max(0, len(self._rows) - 1))

    def move_to_file(self, by: int) -> bool:
        """To the next file, or with -1 to the one before; whether there is one."""
        at = self.cursor + by
        while 0 <= at < len(self._rows):
            if self._rows[at].file is not None:
                self.cursor = at
                return True
            at += by
        return False

    def fold(self) -> bool:
        """Fold the folder that the cursor is on, or unfold it; whether it is on one."""
        row = self.row
        if row is None or row.file is not None:
            return False
        self._folded ^= {row.key}
        self._lay_out()
        return True

    def watch_cursor(self, before: int, now: int) -> None:
        for each in (before, now):
            self.refresh_lines(each, 1)
        self._see()
        self._tell()

    def on_resize(self) -> None:
        self._see()

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y
        if not 0 <= at < len(self._rows):
            return
        again = at == self.cursor
        self.cursor = at
        if self._rows[at].file is None:
            self.fold()
        elif again:
            self.post_message(self.Opened())

    def _see(self) -> None:
        region = Region(0, self.cursor, self.size.width, 1)
        self.scroll_to_region(region, animate=False, force=True)

    def _lay_out(self) -> None:
        at = self.row
        first = not self._rows
        self._rows = rows_of(self._files, self._folded)
        self.virtual_size = Size(self.size.width, len(self._rows))
        places = {row.key: place for place, row in enumerate(self._rows)}
        place = places.get(at.key, self.cursor) if at else 0
        self.cursor = min(place, max(0, len(self._rows) - 1))
        if first and self.file is None:
            self.move_to_file(1)
        self.refresh()
        self._tell()

    def _tell(self) -> None:
        file = self.file
        if file is not None and file is not self._told:
            self._told = file
            self.post_message(self.Moved())

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        width, style = self.scrollable_content_region.width, self.visual_style
        at = y + self.scroll_offset.y
        if not 0 <= at < len(self._rows):
            return Strip.blank(width, style.rich_style)
        row = self._rows[at]
        mark = " "
        if at == self.cursor:
            style = style + self.get_visual_style("files--cursor")
            mark = sign("cursor")
        kept = self._kept(row.file) if row.file else ""
        text = painted(row, max(1, width - 1), folded=row.key in self._folded, kept=kept)
        return Visual.to_strips(self, mark + text, width, 1, style, pad=True)[0]
