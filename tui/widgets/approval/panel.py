"""Questions that wait for the person, one at a time, the oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from ....agent.host.wishes import Answer
from ...focus import give_keys
from ...messages import PanelOpened, Wished
from ...state.blocks import Approval
from .asking import CHOICES, WHY, Choice, Way, answer_of, detail, how_to_answer, kind_of
from .detail import Detail
from .sheet import Look, Sheet, most_rows, sheet
from .words import Words

QUIET = 0.6
"""Seconds. A key that comes sooner after a question has come to be seen, or after the keys began to go here, was meant
for what was there before. It is ignored, and so are those that follow it as quickly: they are of the same word."""

PADDING = 1
"""Columns of the panel at either side of what it shows."""
SPARE = 4
"""Rows more than a question may take, where that shows all of it."""


class ApprovalPanel(Widget, can_focus=True):
    """Hidden when nothing waits. It never takes the focus by itself: `offer_focus` is called by the holder when nobody
    is typing elsewhere. `way_in` names the key that leads here, for those who type."""

    way_in: str = ""

    DEFAULT_CSS = """
    ApprovalPanel { height: auto; display: none; padding: 0 1; background: $surface; border-top: solid $warning; }
    ApprovalPanel:focus-within, ApprovalPanel:focus { border-top: heavy $warning; }
    ApprovalPanel.-small { border-top: none; }
    ApprovalPanel > Static { height: auto; text-wrap: nowrap; }
    ApprovalPanel > Words { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "take('y')", "yes", id="approval.yes"),
        Binding("s", "take('s')", "for this session", id="approval.session"),
        Binding("a", "take('a')", "always", id="approval.always"),
        Binding("n", "take('n')", "no", id="approval.no"),
        Binding("l", "take('l')", "leave it to the model", id="approval.leave"),
        Binding("p", "take('p')", "the plan", id="approval.plan"),
        Binding("enter", "take('')", "choose", id="approval.choose"),
        Binding("tab,right", "select(1)", "next choice", show=False, id="approval.next"),
        Binding("shift+tab,left", "select(-1)", "choice before", show=False, id="approval.before"),
        Binding("down,j", "scroll_by(1)", "down", show=False, id="approval.down"),
        Binding("up,k", "scroll_by(-1)", "up", show=False, id="approval.up"),
        Binding("pagedown", "scroll_page(1)", "page down", show=False, id="approval.pagedown"),
        Binding("pageup", "scroll_page(-1)", "page up", show=False, id="approval.pageup"),
        Binding("space", "unfold", "all of it", id="approval.unfold"),
        Binding("escape", "choices", "back to the choices", show=False, id="approval.back"),
    ]

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._waiting: Mapping[tuple[str, str], Approval] = {}
        self._answered: set[int] = set()
        """Numbers of questions whose answers are on their way."""
        self._now: Approval | None = None
        self._detail = Detail("", diff=False)
        self._look = Look()
        self._typing: Way | None = None
        self._sheet: Sheet | None = None
        self._left = 0
        self._hurried = False
        """Whether the last key came too soon."""
        self._since = 0.0
        self._room = (0, 0)
        """Columns of the panel and rows of the screen that it was drawn for."""
        self._offered = False
        self._inside = False
        self._elsewhere: Widget | None = None
        self._static = Static()
        self._words = Words(select_on_focus=False)

    def compose(self) -> ComposeResult:
        yield self._static
        yield self._words

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self._focus_moved)
        # A screen of another height leaves the width as it is, so no Resize comes of it.
        self.screen.screen_layout_refresh_signal.subscribe(  # pyright: ignore[reportUnknownMemberType] -- Textual's
            self, self._laid_out
        )
        self._bring_up()

    # --- for the holder ---

    def show(self, waiting: Mapping[tuple[str, str], Approval]) -> None:
        """These questions wait, the oldest first."""
        if waiting is not self._waiting:
            self._waiting = waiting
            self._answered &= {each.seq for each in waiting.values()}
            if self.is_mounted:
                self._bring_up()
        self._offered = False

    def offer_focus(self) -> None:
        """The keys may go to the question, or to the one that the next `show` brings: nobody is typing elsewhere."""
        self._offered = self._now is None
        if self._now is not None and not self.has_focus_within:
            self._focus_now()

    def unheard(self, answer: Answer) -> None:
        """The answer came to nothing: its question is shown again, if it still waits."""
        found = self._waiting.get((answer.agent, answer.call_id))
        if found is not None:
            self._answered.discard(found.seq)
            self._bring_up()

    # --- which question ---

    def _bring_up(self) -> None:
        """Show the oldest question that is not answered yet."""
        left = [each for each in self._waiting.values() if each.seq not in self._answered]
        first = left[0] if left else None
        if first is None:
            self._hide()
            return
        if self._now is None or first.seq != self._now.seq:
            self._begin(first)
        self._left = len(left)
        self._draw()

    def _begin(self, approval: Approval) -> None:
        mine = self.has_focus_within
        self._now = approval
        asked = approval.asked
        self._detail = Detail(
            detail(approval),
            diff=asked is not None and asked.shows == "diff",
            prose=kind_of(approval) == "question",
        )
        self._look = Look()
        self._since, self._hurried = self._clock(), False
        self._stop_typing()
        self.display = True
        if kind_of(approval) == "question":
            self._type("answer")
        if mine or self._offered:
            self._focus_now()
        self.refresh_bindings()

    def _hide(self) -> None:
        if self._now is None:
            return
        self._now = None
        mine = self.has_focus_within
        self._stop_typing()
        self.display = False
        if mine and self._elsewhere is not None:
            give_keys(self._elsewhere)

    def _focus_moved(self, focused: Widget | None) -> None:
        inside = focused is not None and self in focused.ancestors_with_self
        if inside and not self._inside:
            self._since = self._clock()
        if not inside and focused is not None:
            self._elsewhere = focused
        self._inside = inside
        self._draw()

    def _focus_now(self) -> None:
        self._since = self._clock()
        give_keys(self._words if self._typing == "answer" else self)

    # --- keys ---

    def on_key(self, event: events.Key) -> None:
        """A letter that means nothing here is of a word for something else, as what follows may be."""
        if event.is_printable and event.character not in self._letters():
            self._since = self._clock()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "choices":  # elsewhere Escape is the holder's: back to what was before
            return self._typing in ("deny", "refuse")
        if action != "take" or parameters == ("",):
            return self._now is not None
        return parameters[0] in self._letters()

    def action_take(self, key: str) -> None:
        if self._now is None:
            return
        choices = CHOICES[kind_of(self._now)]
        found = [number for number, each in enumerate(choices) if key and each.key == key]
        self._take(found[0] if found else self._look.selected)

    def action_select(self, by: int) -> None:
        if self._now is None:
            return
        choices = CHOICES[kind_of(self._now)]
        if self._typing is not None and self._typing != "answer":
            return
        self._look = replace(self._look, selected=(self._look.selected + by) % len(choices))
        answers = choices[self._look.selected].way == "answer"
        self._type("answer" if answers else None)
        give_keys(self._words if answers else self)

    def action_scroll_by(self, rows: int) -> None:
        if self._sheet is not None:
            top = min(max(0, self._look.top + rows), self._sheet.last)
            self._look = replace(self._look, top=top)
            self._draw()

    def action_scroll_page(self, pages: int) -> None:
        if self._sheet is not None:
            self.action_scroll_by(pages * max(1, self._sheet.page - 1))

    def action_unfold(self) -> None:
        self._look = replace(self._look, unfolded=not self._look.unfolded)
        self._draw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll_by(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll_by(-1)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self._static)
        if offset is None or self._sheet is None:
            return
        for number, (row, start, end) in enumerate(self._sheet.choices):
            if offset.y == row and start <= offset.x < end:
                self._take(number)

    def _letters(self) -> set[str]:
        """Keys that do something about this question."""
        if self._now is None:
            return set()
        return {"j", "k", " "} | {each.key for each in CHOICES[kind_of(self._now)] if each.key}

    # --- answers ---

    def _take(self, number: int) -> None:
        """Do what this choice says, unless it was surely not meant."""
        if self._now is None or not self._meant():
            return
        choice: Choice = CHOICES[kind_of(self._now)][number]
        self._look = replace(self._look, selected=number)
        if choice.way in WHY:
            self._type(choice.way)
            give_keys(self._words)
        elif choice.way == "open":
            self.post_message(PanelOpened("plan"))
        else:
            self._send(choice.way)

    def _meant(self) -> bool:
        now = self._clock()
        self._hurried = now - self._since < QUIET
        if self._hurried:
            self._since = now
        self._draw()
        return not self._hurried

    def _send(self, way: Way, text: str = "") -> None:
        if self._now is None:
            return
        answer = answer_of(self._now, way, text)
        self._answered.add(self._now.seq)
        self._bring_up()
        self.post_message(Wished(answer))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()  # what the line holds now may be more: what came after Enter
        if self._typing is None or (self._typing == "answer" and not (text and self._meant())):
            return
        self._send(self._typing, text)

    # --- typing ---

    def _type(self, way: Way | None) -> None:
        """Let the person type what this takes; None: nothing."""
        if way is None:
            self._typing = None
            self._words.display = self._now is not None and kind_of(self._now) == "question"
        else:
            self._typing = way
            self._words.placeholder = how_to_answer(self._now) if way == "answer" else ""
            self._words.display = True
        self._look = replace(self._look, typing=way)
        self._draw()

    def _stop_typing(self) -> None:
        self._words.value = ""
        self._typing = None
        self._words.display = False

    def action_choices(self) -> None:
        """Back from the reason."""
        self._stop_typing()
        self._look = replace(self._look, typing=None)
        give_keys(self)
        self._draw()

    # --- what is to be seen ---

    def _laid_out(self, screen: Screen[object]) -> None:
        if (self.content_size.width, screen.size.height) != self._room:
            self._draw()

    def _draw(self) -> None:
        # What was hidden has no size until it is laid out; drawn only then, the question before would be seen first.
        columns = self.content_size.width or self.screen.size.width - 2 * PADDING
        height = self.screen.size.height
        self._room = columns, height
        if self._now is None or columns <= 0:
            return
        self.set_class(height < 16, "-small")
        self._look = replace(self._look, aside=self._aside())
        self._sheet = self._laid_sheet(self._now, columns, height)
        self._look = replace(self._look, top=min(self._look.top, self._sheet.last))
        self._static.update(Content("\n").join(self._sheet.rows))

    def _laid_sheet(self, now: Approval, columns: int, height: int) -> Sheet:
        """With a few rows more than it should take where nothing is left to unfold then."""
        words = self._words.display
        most = most_rows(height, unfolded=self._look.unfolded) - words
        laid = sheet(now, self._detail, columns, most, self._look)
        all_of_it = min(most + SPARE, most_rows(height, unfolded=True) - words)
        if laid.last and all_of_it > most:
            whole = sheet(now, self._detail, columns, all_of_it, self._look)
            return laid if whole.last else whole
        return laid

    def _aside(self) -> str:
        if self._hurried:
            return "it has only just come: once more"
        count = f"1 of {self._left}" if self._left > 1 else ""
        way_in = f"{self.way_in} answers" if self.way_in and not self.has_focus_within else ""
        return "; ".join(filter(None, (count, way_in)))
