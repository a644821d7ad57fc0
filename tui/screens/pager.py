"""A pager: one long text of any origin, to read, search and copy."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from typing import ClassVar

from textual import getters, work
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from .. import safe
from ..focus import give_keys
from ..panels.session.finding import found, pattern_of
from ..panels.session.layout import Layout, Spot
from ..panels.session.rows_view import RowsView
from ..panels.session.search_line import SearchLine
from .lines import Lines, lines_of


class TextView(RowsView):
    """Lines of a text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up", show=False, id="pager.up"),
        Binding("down,j", "scroll(1)", "down", show=False, id="pager.down"),
        Binding("pageup,b", "page(-1)", "page up", show=False, id="pager.page_up"),
        Binding("pagedown,space", "page(1)", "page down", show=False, id="pager.page_down"),
        Binding("home,g", "first", "to the beginning", show=False, id="pager.first"),
        Binding("end,G", "last", "to the end", show=False, id="pager.last"),
    ]

    def __init__(self) -> None:
        self.lines = Lines(())
        super().__init__(Layout(self.lines, 1, 0))
        self.hit: Spot | None = None

    def read(self, lines: Lines) -> None:
        self.lines = lines
        self.laid = Layout(lines, self.laid.width, self.laid.height)
        self.laid.look_at(Spot(0, 0))
        self.place()
        self.refresh()

    def action_scroll(self, rows: int) -> None:
        self.laid.scroll_by(rows)
        self.place()

    def action_page(self, step: int) -> None:
        self.action_scroll(step * max(1, self.laid.height - 1))

    def action_first(self) -> None:
        self.laid.look_at(Spot(0, 0))
        self.place()

    def action_last(self) -> None:
        self.laid.follow()
        self.place()

    def find(self, pattern: re.Pattern[str], step: int) -> bool:
        self.highlight(pattern)
        index, row = self.laid.spot
        after = self.hit or Spot(index, row - step)
        self.hit = found(self.laid, self.lines.text, pattern, after, step)
        if self.hit is None:
            return False
        self.laid.centre(self.hit)
        self.place()
        return True


class Pager(Screen[None]):
    """Shows what `load`, which is called in a thread, returns."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "close", id="pager.close"),
        Binding("slash", "search", "search", key_display="/", id="pager.search"),
        Binding("n", "found(1)", "next match", show=False, id="pager.found_next"),
        Binding("N", "found(-1)", "match before", show=False, id="pager.found_before"),
        Binding("c", "copy", "copy all", id="pager.copy"),
        Binding("e", "outside", "open in $PAGER", id="pager.outside"),
    ]
    DEFAULT_CSS = """
    Pager > .pager-head { height: 1; background: $panel; padding: 0 1; }
    """

    app: getters.app[App[object]] = getters.app(App)

    def __init__(self, title: str, load: Callable[[], str]) -> None:
        super().__init__()
        self._title = title
        self._load = load
        self._text = ""
        self._pattern: re.Pattern[str] | None = None
        self.view = TextView()
        self._head = Static(safe.line(f"{title}: reading"), classes="pager-head")
        self._line = SearchLine()

    def compose(self) -> ComposeResult:
        yield self._head
        yield self.view
        yield self._line

    def on_mount(self) -> None:
        give_keys(self.view)
        self._read()

    @work(thread=True)
    def _read(self) -> None:
        text = self._load()
        lines = lines_of(text)
        self.app.call_from_thread(self._show, lines)

    def _show(self, lines: Lines) -> None:
        self._text = lines.whole
        self.view.read(lines)
        keys = "q closes, / searches, c copies, e opens $PAGER"
        count = f"{lines.count:,} lines" if lines.count != 1 else "1 line"
        self._head.update(
            safe.line(f"{self._title}, {count}", "bold")
            + Content.styled(f"  {keys}", "$text-muted")
        )

    def action_close(self) -> None:
        self.dismiss()

    def action_search(self) -> None:
        self._line.ask()

    def on_search_line_asked(self, message: SearchLine.Asked) -> None:
        message.stop()
        give_keys(self.view)
        self.view.hit = None
        self._pattern = pattern_of(message.words)
        self.view.highlight(self._pattern)
        self.action_found(1)

    def action_found(self, step: int) -> None:
        if self._pattern is not None and not self.view.find(self._pattern, step):
            self.notify("Nothing found.", markup=False)

    def action_copy(self) -> None:
        """Copy what is selected, else all."""
        text = self.get_selected_text() or self._text
        self.app.copy_to_clipboard(text)

    def action_outside(self) -> None:
        """Show the text in the person's own pager; what a terminal would obey is not in it."""
        try:
            command = shlex.split(os.environ.get("PAGER", "")) or ["less"]
        except ValueError as error:
            self.notify(f"PAGER can't be read as a command ({error}).", markup=False)
            return
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix="leadline-", suffix=".txt"
        ) as file:
            file.write(self._text)
            file.flush()
            try:
                with self.app.suspend():
                    subprocess.run([*command, file.name], check=False)
            except SuspendNotSupported:
                self.notify("This terminal can't be left for another program.", markup=False)
            except OSError as error:
                reason = (
                    f"{command[0]} can't be started: {error.strerror}. Set PAGER to one that can."
                )
                self.notify(reason, severity="error", markup=False)
        self.app.refresh()
