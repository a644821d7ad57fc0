"""All sessions: found, opened, gone on with, forked, named and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import ClassVar, Literal

from textual import getters, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from ...agent.history.sessions import Summary, delete, rename, summaries
from ...agent.history.store import sessions_folder
from ...tools.errors import PersonError
from ..amounts import now
from ..focus import give_keys
from ..messages import SessionChosen
from ..safe import line
from ..widgets.line_input import LineInput
from ..widgets.status.key_hints import KeyHints
from .session_list import SessionList
from .session_questions import DeleteQuestion, TitleQuestion
from .session_rows import details, fits, heading

FIRST = 60
"""Sessions that are shown before the others have been read."""

LOW = 12
"""Lines of a screen with room for the list alone."""

UNREADABLE = ("empty", "damaged", "foreign")


class SessionsScreen(Screen[SessionChosen | None]):
    """The sessions kept in `home`, those of the repository at `root` first. Its result is what the person chose."""

    app: getters.app[App[object]] = getters.app(App)

    DEFAULT_CSS = """
    SessionsScreen > Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; padding: 0 1; }
    SessionsScreen > #sessions-told { background: $panel; text-style: bold; }
    SessionsScreen > #sessions-head { color: $text-muted; }
    SessionsScreen > #sessions-details { height: 2; background: $surface; }
    SessionsScreen > Input { display: none; }
    SessionsScreen.-filtering > Input { display: block; }
    SessionsScreen.-low > #sessions-head, SessionsScreen.-low > #sessions-details { display: none; }
    SessionsScreen.-low > KeyHints { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose('open')", "open", id="sessions.open"),
        Binding("r", "choose('resume')", "go on", id="sessions.resume"),
        Binding("f", "choose('fork')", "fork", id="sessions.fork"),
        Binding("n", "rename", "title", id="sessions.rename"),
        Binding("d", "delete", "delete", id="sessions.delete"),
        Binding("a", "everywhere", "all or this place", id="sessions.everywhere"),
        Binding("slash", "filter", "find", key_display="/", id="sessions.filter"),
        Binding("escape", "back", "back", id="sessions.back"),
    ]

    def __init__(self, home: Path, root: Path, *, clock: Callable[[], datetime] = now) -> None:
        super().__init__()
        self._home = home
        self._root = str(root)
        self._rows: Sequence[Summary] = ()
        self._read_all = False
        self._reading = 0
        self._everywhere = False
        self._list = SessionList(lambda: clock().astimezone())
        self._filter = LineInput(placeholder="words of the title, the task or the id", compact=True)
        self._told = Static(id="sessions-told")
        self._head = Static(id="sessions-head")
        self._details = Static(id="sessions-details")

    def compose(self) -> ComposeResult:
        yield self._told
        yield self._filter
        yield self._head
        yield self._list
        yield self._details
        yield KeyHints()

    def on_mount(self) -> None:
        give_keys(self._list)
        self._show()
        self._read()

    # --- reading ---

    class Found(Message):
        """What the reading with this number has found so far; all there is, if it is `whole`."""

        def __init__(self, number: int, rows: Sequence[Summary], whole: bool) -> None:
            super().__init__()
            self.number = number
            self.rows = rows
            self.whole = whole

    class Failed(Message):
        """Something could not be done."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Done(Message):
        """Something was tried with a session: it may be another one now, or gone."""

    def _read(self) -> None:
        """Read anew; an older reading that is under way counts no more."""
        self._reading += 1
        self._read_on(self._reading, first=not self._rows)

    @work(thread=True, group="reading")
    def _read_on(self, number: int, *, first: bool) -> None:
        found = summaries(self._home)
        rows = list(islice(found, FIRST))
        if first:
            self.post_message(self.Found(number, tuple(rows), False))
        for each in found:
            if number != self._reading:
                return
            rows.append(each)
        self.post_message(self.Found(number, tuple(rows), True))

    def on_sessions_screen_found(self, message: Found) -> None:
        if message.number == self._reading:
            self._rows, self._read_all = message.rows, message.whole
            self._show()

    def on_sessions_screen_done(self) -> None:
        self._read()

    def on_sessions_screen_failed(self, message: Failed) -> None:
        self._tell(message.text)

    def _show(self) -> None:
        here = [row for row in self._rows if self._everywhere or row.root == self._root]
        shown = [row for row in here if fits(row, self._filter.value)]
        self._list.show(shown, places=self._everywhere)
        self._told.update(line(self._words(len(here), len(shown))))
        self._head.update(heading(max(1, self.size.width - 2)))

    def _words(self, here: int, shown: int) -> str:
        where = "everywhere" if self._everywhere else "of this place"
        count = str(shown) if shown == here else f"{shown} of {here}"
        if not self._read_all:
            return f"Sessions {where}: {count}, reading on"
        if here == 0:
            others = len(self._rows)
            return f"No session {where}" + (f"; a shows {others} of others" if others else "")
        return f"Sessions {where}: {count}"

    def on_resize(self) -> None:
        self.set_class(self.size.height < LOW, "-low")
        self._head.update(heading(max(1, self.size.width - 2)))

    def on_session_list_moved(self) -> None:
        found = self._list.selected
        self._details.update(details(found) if found else "")

    def on_session_list_opened(self) -> None:
        self.action_choose("open")

    # --- finding ---

    def action_filter(self) -> None:
        self.add_class("-filtering")
        give_keys(self._filter)

    def on_input_changed(self) -> None:
        self._show()

    def on_input_submitted(self) -> None:
        give_keys(self._list)

    def key_down(self) -> None:
        if self._filter.has_focus:
            give_keys(self._list)

    def action_back(self) -> None:
        """Out of the filter first, then out of the list."""
        if self.has_class("-filtering"):
            self._filter.value = ""
            self.remove_class("-filtering")
            give_keys(self._list)
        else:
            self.dismiss(None)

    def action_everywhere(self) -> None:
        self._everywhere = not self._everywhere
        self._show()

    # --- what is done with one ---

    def action_choose(self, how: Literal["open", "resume", "fork"]) -> None:
        found = self._list.selected
        if found is None:
            return
        if found.status in UNREADABLE:
            self._tell(f"{found.session} is {found.status}: there is nothing to {how}.")
        elif how == "resume" and found.status == "running":
            self._tell(f"{found.session} is running: open it, or fork it.")
        else:
            self.dismiss(SessionChosen(self._folder(found), how))

    def action_rename(self) -> None:
        found = self._list.selected
        if found is None:
            return

        def named(title: str | None) -> None:
            if title is not None:
                self._done(lambda: rename(self._folder(found), title))

        self.app.push_screen(TitleQuestion(found.title), named)

    def action_delete(self) -> None:
        found = self._list.selected
        if found is None:
            return
        if found.status == "running":
            self._tell(f"{found.session} is running. Stop it first, then delete it.")
            return

        def answered(sure: bool | None) -> None:
            if sure:
                self._done(lambda: asyncio.run(delete(self._folder(found))))

        self.app.push_screen(DeleteQuestion(found), answered)

    @work(thread=True, group="doing")
    def _done(self, act: Callable[[], object]) -> None:
        """Do what takes a while or may go wrong, and look again."""
        try:
            act()
        except PersonError as error:
            self.post_message(self.Failed(error.message))
        self.post_message(self.Done())

    def _tell(self, text: str) -> None:
        self.notify(line(text).plain, severity="warning", markup=False)

    def _folder(self, found: Summary) -> Path:
        return sessions_folder(self._home) / found.session
