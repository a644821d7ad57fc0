"""The plan of a session: a list of its tasks, one of them in full, and before it runs the keys that change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, Self

from textual import getters
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ....agent.asking.consult import CARRY_OUT
from ....agent.events import Evidence
from ....agent.history.replay import MAIN
from ....agent.host.wishes import Answer
from ...focus import give_keys
from ...messages import AgentOpened, Wished
from ...safe import line
from ...screens.pager import Pager
from ...state.blocks import Approval
from ...state.plan import PlanView
from ...state.reducer import State
from ...text import one_line
from ..panel import Panel
from . import details, rows
from .dialogs import ReasonDialog, TextDialog
from .draft import Draft, Step
from .order import in_order
from .outputs import outputs
from .rows import Shown

WIDE = 110
"""Columns from which on the details stand beside the list."""
LOW = 14
"""Lines below which there is room for one of both."""
_EDITS = frozenset(("move", "brief", "drop", "tier", "undo", "approve", "refuse"))


class TaskList(OptionList, inherit_bindings=False):
    """The plan as a whole, then its tasks. A click chooses, no more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "cursor_down", "down", show=False, id="plan.down"),
        Binding("up,k", "cursor_up", "up", show=False, id="plan.up"),
        Binding("pagedown", "page_down", "page down", show=False, id="plan.page_down"),
        Binding("pageup", "page_up", "page up", show=False, id="plan.page_up"),
        Binding("home,g", "first", "first", show=False, id="plan.first"),
        Binding("end,G", "last", "last", show=False, id="plan.last"),
    ]

    def action_select(self) -> None:
        pass


class PlanPanel(Panel):
    """While the session asks whether to carry the plan out, what is shown is the person's draft of it."""

    DEFAULT_CSS = """
    PlanPanel { layout: vertical; }
    PlanPanel > #plan-head { height: auto; max-height: 4; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    PlanPanel > #plan-body { height: 1fr; layout: vertical; }
    PlanPanel TaskList { height: 1fr; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; background: $background; }
    PlanPanel TaskList:focus { background-tint: transparent; }
    PlanPanel TaskList.-textual-compact > .option-list--option { padding: 0 1; }
    PlanPanel TaskList, PlanPanel #plan-detail { scrollbar-size-vertical: 1; }
    PlanPanel #plan-detail { height: 1fr; width: 1fr; border-top: solid $panel; padding: 0 1; }
    PlanPanel #plan-detail:focus { border-top: solid $primary; }
    PlanPanel #plan-detail > Static { height: auto; }
    PlanPanel.-wide > #plan-body { layout: horizontal; }
    PlanPanel.-wide #plan-detail { border-top: none; border-left: solid $panel; }
    PlanPanel.-wide #plan-detail:focus { border-left: solid $primary; }
    PlanPanel.-low #plan-detail { display: none; }
    PlanPanel.-low.-reading TaskList { display: none; }
    PlanPanel.-low.-reading #plan-detail { display: block; border-top: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "approve", "carry out", id="plan.approve"),
        Binding("n", "refuse", "refuse", id="plan.refuse"),
        Binding("e", "brief", "edit brief", id="plan.brief"),
        Binding("x", "drop", "drop or take back", id="plan.drop"),
        Binding("t", "tier", "change tier", id="plan.tier"),
        Binding("J", "move(1)", "move down", id="plan.move_down"),
        Binding("K", "move(-1)", "move up", id="plan.move_up"),
        Binding("u", "undo", "undo", id="plan.undo"),
        Binding("enter", "open", "open agent", id="plan.open"),
        Binding("o", "output", "output of checks", id="plan.output"),
        Binding("d", "read", "details", id="plan.read"),
    ]

    app: getters.app[App[object]] = getters.app(App)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name for it
        super().__init__(id=id)
        self._state = State()
        self._draft: Draft | None = None
        self._asked: Approval | None = None
        self._answered: Approval | None = None
        self._ids: tuple[str, ...] = ()
        self._shown: tuple[Shown, ...] = ()
        self._width = 0
        self._head = Static(id="plan-head")
        self._list = TaskList(compact=True)
        self._detail = Static()

    def compose(self) -> ComposeResult:
        yield self._head
        with Container(id="plan-body"):
            yield self._list
            with VerticalScroll(id="plan-detail"):
                yield self._detail

    def focus(self, scroll_visible: bool = True) -> Self:
        give_keys(self._list, scroll_visible)
        return self

    def on_resize(self, event: Resize) -> None:
        wide = event.size.width >= WIDE
        self.set_class(wide, "-wide")
        self.set_class(not wide and event.size.height < LOW, "-low")
        # Later: a head that grows while the screen is laid out would keep the height that it had.
        self.call_after_refresh(self._show_head)

    def show(self, state: State) -> None:
        before, self._state = self._state, state
        asked = question(state)
        if state.plan is before.plan and asked is self._asked and self._ids:
            return
        proposed = state.plan.proposed
        if proposed is not None and (
            self._draft is None or self._draft.checked is not proposed.checked
        ):
            self._draft = Draft.of(proposed.checked)
        if (asked is None) != (self._asked is None):
            self.call_after_refresh(self.refresh_bindings)
        self._asked = asked
        self._show_all()

    # --- showing ---

    @staticmethod
    def _tell(place: Static, text: Content) -> None:
        """A new text has the whole laid out anew, so only where it is one."""
        shown = place.content
        if not (isinstance(shown, Content) and shown.is_same(text)):
            place.update(text)

    @property
    def _plan(self) -> PlanView:
        return self._state.plan

    @property
    def _editing(self) -> Draft | None:
        """The draft while it can be changed."""
        return self._draft if self._asked is not None else None

    @property
    def _chosen(self) -> str:
        """The id of the task that is chosen; "" for the plan as a whole."""
        at = self._list.highlighted
        return "" if at is None or at >= len(self._ids) else self._ids[at]

    @property
    def _agent(self) -> str:
        """Who is or was at work on the chosen task; "" before anybody was."""
        plan, chosen = self._plan, self._chosen
        if not chosen or plan.board.agents or chosen not in plan.board.tasks:
            return plan.agents.get(chosen, "")
        in_place = chosen in plan.board.states and MAIN in self._state.agents
        return MAIN if in_place else ""

    def _show_all(self) -> None:
        self._show_head()
        self._show_list()
        self._show_detail()

    def _show_head(self) -> None:
        plan, height = self._plan, self.size.height
        if plan.proposed is None:
            self._tell(self._head, line(_nothing_yet(self._state), "$text-muted"))
            return
        editing = self._editing
        parts = [line(rows.goal_of(plan), "bold")] if height >= LOW // 2 else []
        if editing is not None:
            parts.append(line(rows.to_approve(editing), "$warning"))
            if plan.faults:
                parts.append(line("Your last try can't be run, see the plan's details", "$error"))
        else:
            parts.append(line(rows.progress(plan.rows)))
        if plan.forecast is not None and plan.ended is None and height >= LOW:
            parts.append(line(rows.forecast_short(plan.forecast), "$text-muted"))
        self._tell(self._head, Content("\n").join(parts))

    def _show_list(self) -> None:
        chosen = self._chosen
        ids, shown = self._rows()
        if not shown:
            return
        width = min(rows.MOST_ID, max(len(each.id) for each in shown))
        if len(shown) != len(self._shown) or width != self._width:
            self._list.set_options(Option(each.content(width)) for each in shown)
        else:
            for at, (old, new) in enumerate(zip(self._shown, shown, strict=True)):
                if old != new:
                    self._list.replace_option_prompt_at_index(at, new.content(width))
        self._ids, self._shown, self._width = ids, shown, width
        at = ids.index(chosen) if chosen in ids else 0
        if self._list.highlighted != at:
            self._list.highlighted = at

    def _rows(self) -> tuple[tuple[str, ...], tuple[Shown, ...]]:
        """Ids and rows, that of the whole first; none before there is a plan."""
        plan, editing = self._plan, self._editing
        if editing is not None:
            faulty = {fault.task for fault in plan.faults if fault.task}
            tasks = editing.tasks
            shown = rows.of_draft(editing, faulty)
        else:
            tasks = in_order(tuple(plan.board.tasks.values()))
            shown = [rows.of_row(plan.row(task.id)) for task in tasks]
        if not tasks:
            return (), ()
        return ("", *(task.id for task in tasks)), (rows.of_whole(len(tasks)), *shown)

    def _show_detail(self) -> None:
        plan, chosen, editing = self._plan, self._chosen, self._editing
        if plan.proposed is None or chosen not in ("", *plan.board.tasks):
            return
        if not chosen:
            shown = editing.plan if editing else plan.proposed.checked.plan
            self._tell(self._detail, details.of_whole(plan, shown))
            return
        row = plan.row(chosen)
        waits: Sequence[str] = row.task.depends_on
        if editing is not None:
            row = replace(row, task=editing.task(chosen))
            waits = (*editing.waits[chosen], *editing.beside.get(chosen, ()))
        view = self._state.agents.get(row.agent)
        effort = (
            f"{view.worker.tier} at effort {view.worker.effort}" if view and view.worker else ""
        )
        self._tell(self._detail, details.of_task(row, waits, plan, effort))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show_detail()
        self.query_one("#plan-detail", VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    # --- what can be done ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that do nothing now are not shown."""
        del parameters
        if action in _EDITS and self._editing is None:
            return False
        if action in ("brief", "drop", "tier", "move"):
            return bool(self._chosen)
        if action == "open":
            return bool(self._agent)
        if action == "output":
            return bool(self._proofs())
        return True

    def action_open(self) -> None:
        self.post_message(AgentOpened(self._agent))

    def action_output(self) -> None:
        title = f"Checks of {self._chosen}" if self._chosen else "Checks of the whole"
        self.app.push_screen(Pager(title, partial(outputs, self._proofs())))

    def action_read(self) -> None:
        """Where there is room for the list or the details, change between them; else go to the other one."""
        detail = self.query_one("#plan-detail", VerticalScroll)
        reading = not (detail.has_focus or self.has_class("-reading"))
        self.set_class(reading, "-reading")
        give_keys(detail if reading else self._list)

    def action_move(self, step: Step) -> None:
        draft = self._editing
        if draft is None:
            return
        reason = draft.blocked(self._chosen, step)
        if reason:
            self.notify(one_line(f"It stays where it is: {reason}."), markup=False, timeout=3)
        self._take(draft.moved(self._chosen, step))

    def action_drop(self) -> None:
        if self._editing is not None:
            self._take(self._editing.toggled(self._chosen))

    def action_tier(self) -> None:
        if self._editing is not None:
            self._take(self._editing.with_other_tier(self._chosen))

    def action_undo(self) -> None:
        if self._editing is not None:
            self._take(self._editing.undone())

    def action_brief(self) -> None:
        if self._editing is not None:
            name = self._chosen
            dialog = TextDialog(f"The brief of {name}", self._editing.task(name).brief)
            self.app.push_screen(dialog, partial(self._with_brief, name))

    def action_approve(self) -> None:
        draft, asked = self._editing, self._asked
        if draft is None or asked is None:
            return
        plan = draft.plan if draft.changed else None
        self._say(Answer(asked.agent, asked.call_id, plan=plan), asked)

    def action_refuse(self) -> None:
        if self._asked is not None:
            dialog = ReasonDialog("Why not this plan?")
            self.app.push_screen(dialog, partial(self._refused, self._asked))

    def _proofs(self) -> tuple[Evidence, ...]:
        proofs = self._plan.proofs.get(self._chosen, {}) if self._chosen else self._plan.whole
        return tuple(proofs.values())

    def _with_brief(self, name: str, brief: str | None) -> None:
        """The question may have been settled otherwise while they wrote."""
        draft = self._editing
        if brief is not None and draft is not None and name in draft:
            self._take(draft.with_brief(name, brief))

    def _refused(self, asked: Approval, reason: str | None) -> None:
        if reason is not None and asked is self._asked:
            self._say(Answer(asked.agent, asked.call_id, allowed=False, text=reason), asked)

    def _say(self, answer: Answer, asked: Approval) -> None:
        """One answer to each question, also where a key is pressed twice before the session has heard it."""
        if self._answered is not asked:
            self._answered = asked
            self.post_message(Wished(answer))

    def _take(self, draft: Draft) -> None:
        if draft is not self._draft:
            self._draft = draft
            self._show_all()


def question(state: State) -> Approval | None:
    """The question whether to carry the plan out, while it waits."""
    for asked in state.waiting.values():
        if asked.question == CARRY_OUT:
            return asked
    return None


def _nothing_yet(state: State) -> str:
    if "planner" in state.agents and state.header.ended is None:
        return "There is no plan yet: the planner is at work."
    return "There is no plan in this session."
