"""The session's panel: one agent's transcript, what is new below, and a search."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from textual import getters
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ....agent.history.replay import MAIN
from ... import safe
from ...focus import give_keys
from ...messages import AgentOpened
from ...paint.block import paint
from ...screens.pager import Pager
from ...signs import sign
from ...state.names import known_as
from ...state.reducer import State
from ...text import clean
from ..panel import Panel
from .finding import pattern_of
from .search_line import SearchLine
from .transcript import Painter
from .view import TranscriptView
from .whole import whole_text

_WELCOME = Content.from_markup(
    "[b]Leadline[/b]\n\nType a task below and press Enter.\n"
    "[$text-muted]@ names a file or symbol, / a command, ! a shell line. ? shows all keys.[/]"
)
PLANNER = "planner"


def lead(state: State) -> str:
    """The agent that works for the person at the moment: the planner until there is work for others, else MAIN. When
    all that has ended, the planner again, once the person has said more to it."""
    planner = state.agents.get(PLANNER)
    if planner is None:
        return MAIN
    main = state.agents.get(MAIN)
    others = [view.sent_at for view in (main, *state.workers) if view is not None]
    plan, header = state.plan, state.header
    begun = plan.started is not None or (main is not None and main.turn > 0)
    said_more = header.runs > 1 and planner.sent_at >= header.run_began
    idle = not plan.board.running and planner.sent_at > max(others, default="")
    if begun and not (said_more and idle):
        return MAIN
    return PLANNER


class TranscriptPanel(Panel):
    """Shows the transcript of `agent`; "" is the lead, whoever that is at the moment."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search", key_display="/", id="session.search"),
        Binding("n", "found_next", "next match", show=False, id="session.found_next"),
        Binding("N", "found_before", "match before", show=False, id="session.found_before"),
        Binding("c", "copy", "copy", id="session.copy"),
        Binding("v", "view", "whole text", id="session.view"),
        Binding("backspace", "lead", "back to the lead", show=False, id="session.lead"),
    ]
    DEFAULT_CSS = """
    TranscriptPanel { layout: vertical; height: 1fr; width: 1fr; }
    TranscriptPanel > #session-head { height: 1; display: none; background: $panel; padding: 0 1; }
    TranscriptPanel > #session-welcome { padding: 1 2; height: 1fr; }
    TranscriptPanel > TranscriptView { display: none; }
    TranscriptPanel > #session-new { height: 1; display: none; color: $accent; padding: 0 1; }
    """

    app: getters.app[App[object]] = getters.app(App)
    agent = ""

    def __init__(self, painter: Painter = paint, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.view = TranscriptView(painter)
        self._head = Static(id="session-head")
        self._welcome = Static(_WELCOME, id="session-welcome")
        self._new = Static(id="session-new")
        self._line = SearchLine()
        self._pattern: re.Pattern[str] | None = None
        self._shown: tuple[str, int] = ("", -1)

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._welcome
        yield self.view
        yield self._new
        yield self._line

    def focus(self, scroll_visible: bool = True) -> Self:
        """The keys go to the transcript."""
        give_keys(self.view, scroll_visible)
        return self

    def show(self, state: State) -> None:
        agent = self.agent or lead(state)
        self.view.show(state, agent)
        empty = self.view.transcript.idle and agent == MAIN
        if self._welcome.display != empty:
            self._welcome.display = empty
            self.view.display = not empty
        self._show_head(agent)

    def page(self, pages: int) -> None:
        for _ in range(abs(pages)):
            if pages < 0:
                self.view.action_page_up()
            else:
                self.view.action_page_down()

    def edge(self, step: int) -> None:
        if step < 0:
            self.view.action_first()
        else:
            self.view.action_last()

    def _show_head(self, agent: str) -> None:
        if agent == self._shown[0]:
            return
        self._shown = (agent, self._shown[1])
        self._head.display = agent != MAIN
        back = ", Esc goes back" if agent == self.agent else ""
        self._head.update(
            safe.line(f"Transcript of {known_as(agent)}", "bold")
            + Content.styled(back, "$text-muted")
        )

    def on_transcript_view_placed(self, message: TranscriptView.Placed) -> None:
        message.stop()
        count = 0 if self.view.laid.follows else self.view.unseen
        if count == self._shown[1]:
            return
        self._shown = (self._shown[0], count)
        self._new.display = count > 0
        self._new.update(Content(f"{sign('arrow')} {count:,} new below, End follows"))

    # --- keys ---

    def action_search(self) -> None:
        self._line.ask()

    def on_search_line_asked(self, message: SearchLine.Asked) -> None:
        message.stop()
        give_keys(self.view)
        self._pattern = pattern_of(message.words)
        self.view.forget_search()
        self._find(1)

    def action_found_next(self) -> None:
        self._find(1)

    def action_found_before(self) -> None:
        self._find(-1)

    def _find(self, step: int) -> None:
        if self._pattern is not None and not self.view.find(self._pattern, step):
            self.notify("Nothing found.", markup=False)

    def action_copy(self) -> None:
        """Copy what is selected, else the block with the cursor."""
        text = self.screen.get_selected_text() or self.view.text()
        if text:
            self.app.copy_to_clipboard(clean(text))

    def action_lead(self) -> None:
        if self.agent:
            self.post_message(AgentOpened(""))

    def action_view(self) -> None:
        """Read all of the block with the cursor by itself."""
        block = self.view.block
        if block is None:
            return
        folder = self.place.folder if self.place else None
        self.app.push_screen(Pager("Whole text", lambda: whole_text(block, folder)))
