"""The composer: where a person types, while agents run and while they don't. It knows neither agents nor files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from textual import getters, on
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static, TextArea

from ...focus import give_keys
from ...safe import line
from .area import DraftArea
from .choices import (
    MOST_CHOICES,
    Asked,
    Command,
    Completion,
    Completions,
    asked_at,
    commands_for,
    typed_before,
)
from .draft import EMPTY, Draft, folded, joined
from .entry import Entry, kind_of, read_entry
from .history import History
from .lines import SMALL, Below, Kind, below_empty, below_for, prompt_for, update
from .popup import Popup
from .visit import NoVisitError, edited, editor_command
from .walk import Walk

MOST_QUEUED = 3


class Composer(Widget, can_focus=False):
    """`commands`, `completions` and `history` are set by whoever holds it, at any time.

    Nothing that is typed is lost: what can't be sent comes back by `restore`.
    """

    class Sent(Message):
        """A text: a task, words to an agent, or an answer."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Command(Message):
        """`/name rest` was typed. There may be no such command."""

        def __init__(self, name: str, rest: str) -> None:
            super().__init__()
            self.name = name
            self.rest = rest

    class ShellLine(Message):
        """`!command` was typed."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    class Interrupted(Message):
        """Escape was pressed, and nothing here took it."""

    DEFAULT_CSS = """
    Composer { height: auto; width: 1fr; background: $surface; }
    Composer > Horizontal { height: auto; }
    Composer > Static { height: auto; width: 1fr; padding: 0 1; color: $text-muted; }
    Composer #prompt { width: 4; padding: 0 1; color: $text-primary; text-style: bold; }
    Composer #queue { display: none; }
    Composer #queue, Composer #below { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "send", show=False, id="composer.send"),
        Binding(
            "shift+enter,alt+enter,ctrl+j", "newline", "new line", show=False, id="composer.newline"
        ),
        Binding("escape", "back", "interrupt", show=False, id="composer.back"),
        Binding("tab", "take", "complete", show=False, id="composer.take"),
        Binding("ctrl+r", "search", "search what was typed", show=False, id="composer.search"),
        Binding("ctrl+g", "visit", "open in $EDITOR", show=False, id="composer.editor"),
    ]

    app: getters.app[App[object]] = getters.app(App)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name for it
        super().__init__(id=id)
        self.commands: Sequence[Command] = ()
        self.completions: Completions | None = None
        self.history = History()
        self.area = DraftArea(self._edited, self._moving)
        self._popup = Popup(self._take)
        self._prompt = Static(id="prompt")
        self._queue = Static(id="queue")
        self._below = Below(id="below")
        self._kind: Kind = "task"
        self._hint = ""
        self._queued: tuple[str, ...] = ()
        self._walk = Walk(self.area)
        self._sent: tuple[str, Draft] | None = None
        self._asked: Asked | None = None
        """What the list above is about."""
        self._wanted: Asked | None = None
        """What completions are looked for, and still to be shown."""
        self._looking = False
        self._dismissed: tuple[int, int] | None = None
        """Where the list was closed by escape: it stays so while this word is typed."""
        self._searching: Draft | None = None
        """What was there before what was typed before is searched."""
        self._found: list[Draft] = []

    def compose(self) -> ComposeResult:
        yield self._popup
        yield self._queue
        with Horizontal():
            yield self._prompt
            yield self.area
        yield self._below

    def on_mount(self) -> None:
        self.watch(self.area, "mode", self._show_prompt, init=False)
        self._show_prompt()
        self._show_queue()

    # What the holder says

    @property
    def vim(self) -> bool:
        """Whether vim's keys are in force."""
        return self.area.vim

    @vim.setter
    def vim(self, wanted: bool) -> None:
        self.area.vim = wanted

    @property
    def text(self) -> str:
        """What is typed and not sent."""
        return self.area.draft.expanded

    def focus(self, scroll_visible: bool = True) -> Composer:
        give_keys(self.area, scroll_visible)
        return self

    def restore(self, text: str) -> None:
        """Put a text that could not be sent in front of what is typed, as it was typed."""
        front = Draft(text)
        if self._sent is not None and self._sent[0] == text:
            front = self._sent[1]
        self.area.load(joined(front, self.area.draft))

    def show_state(self, kind: Kind, hint: str) -> None:
        """Say what enter does now, in a few words such as "steers main"."""
        if (kind, hint) != (self._kind, self._hint):
            self._kind, self._hint = kind, hint
            self._show_prompt()

    def show_queue(self, texts: Sequence[str]) -> None:
        """Show what was said and is not read yet, the oldest first."""
        self._queued = tuple(texts)
        if self.is_mounted:
            self._show_queue()

    def _show_queue(self) -> None:
        texts = self._queued
        most = MOST_QUEUED if self.screen.size.height >= SMALL else 1
        shown = texts if len(texts) <= most else texts[: most - 1]
        rows = [line(f"queued: {text[:500]}") for text in shown]
        if len(shown) < len(texts):
            left = len(texts) - len(shown)
            rows.append(line(f"queued: {left} {'more' if shown else 'texts'}"))
        update(self._queue, Content("\n").join(rows))
        self._queue.display = bool(rows)

    # Keys

    def action_send(self) -> None:
        if self._take_unless_typed() or self._newline_by_backslash():
            return
        draft = self.area.draft
        entry = read_entry(draft)
        if entry is None:
            return
        self.history.add(draft)
        self._searching = None
        self.area.load(EMPTY)
        self.post_message(self._message(entry, draft))

    def _message(self, entry: Entry, draft: Draft) -> Message:
        match entry.kind:
            case "command":
                return self.Command(entry.name, entry.text)
            case "shell":
                return self.ShellLine(entry.text)
            case "text":
                self._sent = (entry.text, draft)
                return self.Sent(entry.text)

    def action_newline(self) -> None:
        self.area.swap(*self.area.selection, "\n")

    def _newline_by_backslash(self) -> bool:
        row, column = self.area.cursor_location
        before = self.area.document.get_line(row)
        backslashes = len(before) - len(before.rstrip("\\"))
        if column != len(before) or backslashes % 2 == 0:
            return False
        # A shell needs its own to know that the line goes on.
        shell = kind_of(self.area.document.get_line(0)) == "shell"
        self.area.swap((row, column - (not shell)), (row, column), "\n")
        return True

    def action_back(self) -> None:
        if self._popup.shown:
            if self._searching is None and self._asked is not None:
                self._dismissed = (self.area.cursor_location[0], self._asked.column)
            self._searching = None
            self._close()
        else:
            self.post_message(self.Interrupted())

    def action_take(self) -> None:
        if self._popup.shown:
            self._take()
        else:
            self.screen.focus_next()

    def action_search(self) -> None:
        if self._searching is None:
            self._searching = self.area.draft
            self._search()
        elif self._popup.shown:
            self._popup.move(1)

    def action_visit(self) -> None:
        draft = self.area.draft
        try:
            command = editor_command(os.environ)
            with self.app.suspend():
                text = edited(draft.expanded, command)
        except (NoVisitError, SuspendNotSupported) as error:
            self.notify(str(error), severity="warning", markup=False)
        else:
            self.area.load(folded(text, draft.chips))

    # What was typed before

    def _moving(self, step: int) -> bool:
        """The cursor is about to go up or down."""
        if self._popup.shown:
            self._popup.move(step)
            return True
        if not self._walk.goes(step, self.history.entries):
            return False
        self._close()
        return True

    def _search(self) -> None:
        self._found = typed_before(self.area.text, self.history.entries)
        rows = [Completion(draft.text[:300], "", "typed before") for draft in self._found]
        self._offer(rows)
        if not rows:
            self._searching = None

    # Completion

    def _edited(self) -> None:
        """Called after each change of the text, before the next key."""
        if not self.is_mounted:
            return
        self._show_prompt()
        if self._searching is not None:
            self._search()
        else:
            self._suggest()

    @on(TextArea.SelectionChanged)
    def _moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        if self._popup.shown and self._searching is None and self._at_cursor() != self._asked:
            self._suggest()

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()

    def _at_cursor(self) -> Asked | None:
        row, column = self.area.cursor_location
        return asked_at(row, self.area.document.get_line(row), column)

    def _suggest(self) -> None:
        asked = self._at_cursor()
        if asked is None:
            self._dismissed = None
        here = None if asked is None else (self.area.cursor_location[0], asked.column)
        if asked is None or here == self._dismissed or self._walk.walking:
            self._wanted = None
            self._close()
        elif asked.kind == "command":
            self._wanted = None
            self._show(asked, commands_for(asked.query, self.commands))
        else:
            self._wanted = asked
            if self._asked is not None and self._asked.column != asked.column:
                self._close()
            if self.completions is not None and not self._looking:
                self._looking = True
                self.run_worker(
                    self._look(self.completions), group="completions", exit_on_error=False
                )

    async def _look(self, completions: Completions) -> None:
        """One question at a time: what was typed meanwhile is asked next, and what is stale is never shown."""
        try:
            while (asked := self._wanted) is not None:
                found = await completions.find(asked.query, MOST_CHOICES)
                if self._wanted == asked:
                    self._wanted = None
                    self._show(asked, found)
        finally:
            self._looking = False

    def _show(self, asked: Asked, found: Sequence[Completion]) -> None:
        self._asked = asked
        self._offer(found)

    def _offer(self, choices: Sequence[Completion]) -> None:
        if choices:
            self._popup.offer(choices[:MOST_CHOICES], self.region.y)
        else:
            self._popup.close()
        self.area.listing = self._popup.shown

    def _close(self) -> None:
        self._asked = None
        self._popup.close()
        self.area.listing = False

    def _take_unless_typed(self) -> bool:
        """Enter takes what is chosen, but sends what is typed out already, and a command that needs nothing more."""
        choice = self._popup.choice
        if choice is None:
            return False
        asked = self._asked
        if self._searching is None and (asked is None or asked != self._at_cursor()):
            return False
        if asked is not None and self._searching is None:
            row, column = self.area.cursor_location
            typed = self.area.document.get_line(row)[asked.column : column]
            if choice.insert.strip() in (typed, typed.removeprefix("@")):
                return False
        self._take()
        return asked is None or asked.kind != "command" or self._needs_more()

    def _needs_more(self) -> bool:
        """Whether the command that stands there now does nothing by itself."""
        typed = self.area.text.strip().removeprefix("/")
        return all(each.needs for each in self.commands if each.name == typed)

    def _take(self) -> None:
        choice, asked = self._popup.choice, self._asked
        place = self._popup.place
        if self._searching is not None:
            self._searching = None
            found = self._found[place]
            self._close()
            self.area.load(found)
            self._close()
        elif choice is not None and asked is not None and asked == self._at_cursor():
            row, column = self.area.cursor_location
            after = self.area.document.get_line(row)[column : column + 1]
            insert = choice.insert.rstrip() if after.isspace() else choice.insert
            self._close()
            self.area.swap((row, asked.column), (row, column), insert)
            self._close()

    # Looks

    def _show_prompt(self) -> None:
        kind = kind_of(self.area.document.get_line(0))
        entry = self._kind if kind == "text" else kind
        update(self._prompt, line(prompt_for(entry)))
        mode = self.area.mode
        update(self._below, below_for(entry, self._hint, mode) if self.text else below_empty(mode))
        self.area.set_hint(line(self._hint))
