"""The workers' panel: a lane for each agent; one can be opened, spoken to and stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Self

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ....agent.host.wishes import Interrupt
from ... import amounts
from ...columns import beside
from ...focus import give_keys
from ...messages import AgentOpened, SteerAsked, Wished
from ...safe import line
from ...signs import sign
from ...state.reducer import State
from ..panel import Panel
from .lane_list import LaneList
from .lanes import Lanes, heading, lanes_of

_WHILE_ASKING = ("yes", "no")


class WorkersPanel(Panel):
    """`clock` tells how long what runs has been running."""

    DEFAULT_CSS = """
    WorkersPanel { layout: vertical; }
    WorkersPanel > Static { height: 1; width: 1fr; padding: 0 1; text-wrap: nowrap; text-overflow: clip; }
    WorkersPanel > #workers-told { display: none; }
    WorkersPanel.-telling > #workers-told { display: block; background: $panel; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "yes", id="workers.yes"),
        Binding("n,escape", "no", "no", id="workers.no"),
        Binding("enter", "open", "read", id="workers.open"),
        Binding("s", "steer", "say something", id="workers.steer"),
        Binding("x", "stop", "stop this try", id="workers.stop"),
        Binding("X", "give_up", "give the task up", id="workers.give_up"),
        Binding("f", "ended", "hide or show ended", id="workers.ended"),
        Binding("down,j", "move(1)", "next", show=False, id="workers.down"),
        Binding("up,k", "move(-1)", "previous", show=False, id="workers.up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="workers.page_down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="workers.page_up"),
        Binding("home,g", "move(-100000)", "first", show=False, id="workers.first"),
        Binding("end,G", "move(100000)", "last", show=False, id="workers.last"),
    ]

    def __init__(self, *, clock: Callable[[], datetime] = amounts.now) -> None:
        super().__init__()
        self._state: State | None = None
        self._lanes: Lanes = {}
        self._asked: Interrupt | None = None
        self._hidden = False
        self._said = Content("")
        self._heading = Static(markup=False)
        self._told = Static(id="workers-told", markup=False)
        self._list = LaneList(clock)

    def compose(self) -> ComposeResult:
        yield self._heading
        yield self._list
        yield self._told

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)

    def focus(self, scroll_visible: bool = True) -> Self:
        """The keys go to the lanes."""
        give_keys(self._list, scroll_visible)
        return self

    def show(self, state: State) -> None:
        if state is self._state:
            return
        self._state = state
        self._lanes = lanes_of(state, self._lanes)
        self._list.show(self._lanes)
        self._say(state)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return self._asked is not None if action in _WHILE_ASKING else True

    # --- keys ---

    def action_move(self, by: int) -> None:
        if self._asked is None:
            self._tell(None)
        self._list.move(by)

    def action_page(self, pages: int) -> None:
        self.action_move(pages * self._list.page)

    def action_open(self) -> None:
        if lane := self._list.selected:
            self.post_message(AgentOpened(lane.name))

    def on_lane_list_opened(self, message: LaneList.Opened) -> None:
        message.stop()
        self.post_message(AgentOpened(message.agent))

    def action_steer(self) -> None:
        lane = self._list.selected
        if lane is None:
            return
        if lane.over:
            self._tell(line(f"{lane.name} has ended and hears nothing more", "$warning"))
        else:
            self.post_message(SteerAsked(lane.name))

    def action_stop(self) -> None:
        self._ask(give_up=False)

    def action_give_up(self) -> None:
        self._ask(give_up=True)

    def action_ended(self) -> None:
        self._hidden = not self._hidden
        self._list.hide_ended(self._hidden)
        if self._state is not None:
            self._say(self._state)

    def action_yes(self) -> None:
        asked = self._asked
        self._tell(None)
        if asked is not None:
            self.post_message(Wished(asked))

    def action_no(self) -> None:
        self._tell(None)

    # --- what is said ---

    def _ask(self, *, give_up: bool) -> None:
        lane = self._list.selected
        if lane is None:
            return
        if not lane.worker or lane.over:
            why = "has no task that could be stopped" if not lane.worker else "has ended already"
            self._tell(line(f"{lane.name} {why}", "$warning"))
            return
        what = "Give up" if give_up else "Stop this try at"
        then = "It is not tried again" if give_up else "The task is tried again"
        # In a narrow terminal the end is cut off: how to answer stands first.
        question = f"{sign('ask')} y/n: {what} {lane.called}? {then}."
        self._tell(line(question, "bold $warning"), Interrupt(lane.name, give_up))

    def _tell(self, text: Content | None, asked: Interrupt | None = None) -> None:
        """One line below the lanes, with or without a question that `asked` is the yes to."""
        if text is None and not self.has_class("-telling"):
            return
        self._asked = asked
        self.set_class(text is not None, "-telling")
        self._told.update(text or "")
        self.refresh_bindings()

    def _say(self, state: State) -> None:
        text = line(heading(state, self._lanes))
        over = sum(lane.over for lane in self._lanes.values())
        hidden = line(f"({over} ended hidden)", "$text-muted") if self._hidden and over else None
        cost = line(amounts.usd(state.money.total.cost), "bold")
        said = beside([cost, text, hidden or Content("")], "  ")
        if said != self._said:
            self._said = said
            self._heading.update(said, layout=False)

    def _tick(self) -> None:
        if self.is_on_screen:
            self._list.tick()
