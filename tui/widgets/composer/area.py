"""The text area of the composer: chips that stay whole, vim's keys, and every key done before the next one is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual import events, getters
from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Location, Selection

from ...focus import is_done_in_turn
from ...text import clean
from .draft import Draft, chip_for, chip_spans, is_long
from .vim import Change, Mode, Pressed, Vim, press

MOST_TYPED = 200_000
"""Characters that are laid out; more at once becomes a chip however it comes, for laying out takes time."""

MOST_ROWS = 8

_UNDO_STEPS = 500
_OF_OTHERS = re.compile(r"f\d+|pageup|pagedown")
"""Keys that are the app's, or scroll what is above while one types."""


class DraftArea(TextArea, inherit_bindings=False):
    """`edited` is called after each change of the text, `moving` before the cursor goes up (-1) or down (1): True if
    something else was done instead. `listing` says that escape belongs to something else just now; `edits` counts the
    changes of the text."""

    DEFAULT_CSS = """
    DraftArea {
        height: auto;
        border: none;
        padding: 0;
        background: transparent;
        scrollbar-size-vertical: 1;
        & .area--chip { color: $text-accent; text-style: bold; }
        & .text-area--placeholder { color: $text-muted; }
        &:focus { border: none; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"area--chip"}
    BINDINGS: ClassVar[list[BindingType]] = [
        binding
        for binding in TextArea.BINDINGS
        if not (isinstance(binding, Binding) and _OF_OTHERS.fullmatch(binding.key))
    ]

    app: getters.app[App[object]] = getters.app(App)

    mode: reactive[Mode | None] = reactive[Mode | None](None, init=False)
    """Vim's; None without its keys."""

    def __init__(self, edited: Callable[[], None], moving: Callable[[int], bool]) -> None:
        self._chips: dict[str, str] = {}
        self._vim: Vim | None = None
        self._edited = edited
        self._moving = moving
        self.listing = False
        self.edits = 0
        super().__init__(
            highlight_cursor_line=False, max_checkpoints=_UNDO_STEPS, tab_behavior="focus"
        )

    # The draft

    @property
    def draft(self) -> Draft:
        return Draft(self.text, dict(self._chips))

    def load(self, draft: Draft) -> None:
        """Have this draft in place of the one that is there, the cursor behind it. It can't be undone."""
        self._chips = dict(draft.chips)
        text = clean(draft.text)
        self.load_text(text if len(text) <= MOST_TYPED else self._chip(text))
        self.move_cursor(self.document.end)
        if self._vim is not None:
            self._becomes(Vim(register=self._vim.register, whole_lines=self._vim.whole_lines))

    def put(self, text: str) -> None:
        """Put a text in where the cursor is; a long one as a chip."""
        text = clean(text)
        if text:
            start, end = self.selection
            self._type(self._chip(text) if is_long(text) else text, start, end)
            self.history.checkpoint()

    def swap(self, start: Location, end: Location, text: str) -> None:
        """Have `text` in place of what stands between, the cursor behind it."""
        self._type(text, start, end)

    def _type(self, text: str, start: Location, end: Location) -> None:
        result = self._replace_via_keyboard(text, start, end)
        if result is not None:
            self.move_cursor(result.end_location)

    def _chip(self, text: str) -> str:
        chip = chip_for(text, self._chips)
        self._chips[chip] = text
        return chip

    # Chips stay whole

    def edit(self, edit: Edit) -> EditResult:
        text = clean(edit.text)
        whole = self._whole(edit.top, edit.bottom)
        if whole != (edit.top, edit.bottom):
            self.history.checkpoint()  # a chip that goes comes back by itself
        elif text is edit.text:
            return super().edit(edit)
        return super().edit(Edit(text, *whole, edit.maintain_selection_offset))

    def _whole(self, top: Location, bottom: Location) -> tuple[Location, Location]:
        """With all of the chips of which a part lies between; a place in a chip becomes the one behind it."""
        start, end = top, bottom
        for row in {top[0], bottom[0]} if self._chips else ():
            for left, right in chip_spans(self.document.get_line(row), self._chips):
                if top[0] == row and left < top[1] < right:
                    start = (row, right if top == bottom else left)
                if bottom[0] == row and left < bottom[1] < right:
                    end = (row, right)
        return start, end

    def validate_selection(self, selection: Selection) -> Selection:
        """The cursor jumps over a chip."""
        if not self._chips:
            return selection
        start, end = selection
        was = self.selection
        return Selection(self._outside(start, was.start), self._outside(end, was.end))

    def _outside(self, at: Location, was: Location) -> Location:
        row, column = at
        for left, right in chip_spans(self.document.get_line(row), self._chips):
            if left < column < right:
                if was[0] == row and not left < was[1] < right:
                    return (row, right if was[1] <= left else left)
                return (row, left if column - left <= right - column else right)
        return at

    def get_line(self, line_index: int) -> Text:
        text = super().get_line(line_index)
        if self._chips:
            for left, right in chip_spans(text.plain, self._chips):
                text.stylize(self.get_component_rich_style("area--chip", partial=True), left, right)
        return text

    # Keys

    async def on_key(self, event: events.Key) -> None:
        if self._vim_takes(event) or await self._asks_for_help(event):
            event.stop()
            event.prevent_default()
        else:
            await is_done_in_turn(self, event)

    async def _asks_for_help(self, event: events.Key) -> bool:
        """A question mark is one where there is something before it; alone it asks for help, where there is any."""
        if event.key != "question_mark" or self.text:
            return False
        return await self.app.run_action("app.help")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The ends of a line that has nothing are left to what is above, which is read while one types."""
        if action in ("cursor_line_start", "cursor_line_end") and not self.text:
            return False
        return super().check_action(action, parameters)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.put(event.text)

    def action_paste(self) -> None:
        self.put(self.app.clipboard)

    def action_undo(self) -> None:
        """With nothing to take back, ctrl+z is what it is everywhere: the way to the shell."""
        if self.text or self.history.undo_stack:
            super().action_undo()
        else:
            self.app.action_suspend_process()

    def action_cursor_up(self, select: bool = False) -> None:
        if select or not self._moving(-1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if select or not self._moving(1):
            super().action_cursor_down(select)

    def update_suggestion(self) -> None:
        self.edits += 1
        self._edited()

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:
        """None: looking through a long text at each move of the cursor takes too long."""
        del bracket, search_from
        return None

    # Vim

    @property
    def vim(self) -> bool:
        return self._vim is not None

    @vim.setter
    def vim(self, wanted: bool) -> None:
        if wanted != self.vim:
            self._becomes(Vim() if wanted else None)

    def _becomes(self, vim: Vim | None) -> None:
        self._vim = vim
        self.mode = None if vim is None else vim.mode

    def _vim_takes(self, event: events.Key) -> bool:
        if self._vim is None or (self.listing and event.key == "escape"):
            return False
        key = event.character if event.is_printable and event.character else event.key
        pressed = press(self._vim, key, self.document.lines, self.cursor_location)
        if pressed is None:
            return False
        self._becomes(self._done(pressed))
        return True

    def _done(self, pressed: Pressed) -> Vim:
        vim = pressed.vim
        if pressed.taken is not None:
            register = self.get_text_range(*self._whole(*pressed.taken))
            vim = replace(vim, register=register)
        change = pressed.change
        if change is not None and not self._writes_in_a_chip(change):
            self._replace_via_keyboard(change.text, change.start, change.end)
            self.history.checkpoint()
        for _ in range(abs(pressed.undo)):
            stack = self.history.undo_stack if pressed.undo > 0 else self.history.redo_stack
            if not stack:
                break
            if pressed.undo > 0:
                self.undo()
            else:
                self.redo()
        at = self.cursor_location if pressed.undo else pressed.cursor
        if vim.mode == "visual":
            self.selection = Selection(vim.anchor, at)
            self.record_cursor_width()
        else:
            self.move_cursor(at)
        return vim

    def _writes_in_a_chip(self, change: Change) -> bool:
        """Such as in another case: what was pasted stays as it was."""
        span = (change.start, change.end)
        return change.text != "" and change.start < change.end and self._whole(*span) != span

    # Looks

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        rows = super().get_content_height(container, viewport, width)
        return max(1, min(rows, MOST_ROWS, viewport.height // 3))

    def set_hint(self, hint: Content) -> None:
        """What an empty area says."""
        if hint != self.placeholder:
            self.placeholder = hint
