"""The lanes of agents, in an app, by real keys and real events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from leadline.agent.bus import Live
from leadline.agent.events import (
    ApprovalAsked,
    Durable,
    RequestSent,
    Routed,
    SessionEnded,
    ToolStarted,
    TurnEnded,
    TurnStarted,
    UsageReported,
)
from leadline.agent.events_plan import Landed, PlanProposed, PlanStarted, TaskMoved, WorkerBegan
from leadline.agent.host.wishes import Interrupt, Wish
from leadline.agent.messages import Usage
from leadline.agent.passing import CommandWaits, Passing, TextDelta, ToolOutput
from leadline.tests.agent.test_account import plan
from leadline.tests.support.waiting import until
from leadline.tests.tui.test_state_laws import numbered
from leadline.tui.messages import AgentOpened, SteerAsked, Wished
from leadline.tui.panels.workers import lane_list
from leadline.tui.panels.workers.lane_list import LaneList
from leadline.tui.panels.workers.panel import WorkersPanel
from leadline.tui.state.reducer import State, reduce, state_of
from textual.app import App, ComposeResult

Said = tuple[str, Durable | Passing]
NOW = datetime(2026, 11, 28, 5, 1, 0, tzinfo=UTC)
ROUTED = Routed("worker", "deepseek-flash", "high", "a brief and checks")
WIDE, USUAL, TINY = (160, 48), (80, 24), (20, 5)


class Shown(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.panel = WorkersPanel(clock=lambda: NOW)
        self.opened: list[str] = []
        self.steered: list[str] = []
        self.wishes: list[Wish] = []

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        self.panel.focus()

    def on_agent_opened(self, message: AgentOpened) -> None:
        self.opened.append(message.agent)

    def on_steer_asked(self, message: SteerAsked) -> None:
        self.steered.append(message.agent)

    def on_wished(self, message: Wished) -> None:
        self.wishes.append(message.wish)

    @property
    def lines(self) -> list[str]:
        """The screen as text, without blanks at the ends."""
        strips = self.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line(self, word: str) -> str:
        return next((line for line in self.lines if word in line), "")


def usage(cost: float) -> UsageReported:
    tokens = Usage(40_000, 4_000, 1_000)
    return UsageReported(1, "m", tokens, cost, 2 * cost, False, 0, "first", "", 0.5, 1.0)


def begun(*names: str) -> list[Said]:
    """A plan of these tasks, with a worker at each."""
    said: list[Said] = [
        ("planner", Routed("planner", "deepseek-v4-pro", "high", "why")),
        ("planner", RequestSent(1, "m", "high", (), 2)),
        ("planner", usage(0.25)),
        ("planner", PlanProposed(plan(*names), "s", "planner")),
        ("main", PlanStarted("c0", 8)),
    ]
    for name in names:
        said += [("main", TaskMoved(name, "running", 0, 0, "")), *worker(name)]
    return said


def worker(name: str) -> list[Said]:
    agent = f"task-{name}-1"
    return [
        (agent, WorkerBegan(name, "flash", "high", "c0")),
        (agent, ROUTED),
        (agent, TurnStarted()),
        (agent, RequestSent(1, "m", "high", (), 2)),
        (agent, usage(0.0312)),
    ]


def shown(said: list[Said]) -> State:
    return state_of(numbered(said))


async def test_a_lane_says_who_does_what_with_which_model_and_for_how_much():
    said = begun("a", "b")
    said += [
        ("task-a-1", ToolStarted("1", "shell", "make [b]test[/b]", True)),
        ("task-a-1", ToolOutput("1", "old\n\x1b[31m3 of [9] passed\x1b[0m\n")),
        ("task-b-1", RequestSent(2, "m", "high", (), 3)),
        ("task-b-1", TextDelta("Now I look\nat the tests")),
    ]
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(shown(said))
        await pilot.pause()
        assert app.lines[0].strip() == "$0.31  2 at work"
        place = app.lines.index(app.line("Mend a"))
        first, second = app.lines[place : place + 2]
        for part in ("runs", "Mend a task-a-1", "deepseek-flash high", "45k", "$0.0312"):
            assert part in first
        assert "make [b]test[/b]" in second
        assert "3 of [9] passed" in second
        assert "\x1b" not in app.text
        assert "writes" in app.line("Mend b")
        assert "at the tests" in app.text
        assert "$0.25" in app.line("planner")
        assert [line for line in app.lines if line in (" lead and review", "lead and review")]


async def test_at_80_columns_a_lane_is_one_row_with_all_of_it():
    said = [*begun("a"), ("task-a-1", ToolStarted("1", "shell", "make test", True))]
    app = Shown()
    async with app.run_test(size=USUAL) as pilot:
        app.panel.show(shown(said))
        await pilot.pause()
        row = app.line("Mend a")
        for part in ("runs", "make test", "flash high", "45k", "$0.0312", "s make"):
            assert part in row
        assert len(row) <= 80


async def test_in_a_tiny_terminal_a_lane_says_who_and_how_much():
    app = Shown()
    async with app.run_test(size=TINY) as pilot:
        app.panel.show(shown(begun("a", "b", "c")))
        await pilot.press("end")
        await pilot.pause()
        assert "Mend c" in app.text
        assert "$0.0312" in app.line("Mend c")
        await pilot.resize_terminal(3, 2)
        await pilot.resize_terminal(160, 48)
        await until(
            lambda: "deepseek-flash high" in app.line("Mend c"), "the model", lambda: app.text
        )


async def test_the_heading_counts_what_the_tasks_do():
    said = [
        *begun("a", "b", "c", "d", "e"),
        ("main", Landed("c1", ("a",))),
        ("main", TaskMoved("b", "merging", 0, 0, "")),
        ("task-c-1", TurnEnded(1.0)),
        ("main", TaskMoved("c", "bounced", 1, 0, "red")),
        ("main", TaskMoved("d", "stuck", 2, 1, "red")),
        ("task-e-1", ToolStarted("1", "shell", "make", True)),
        ("task-e-1", CommandWaits("make", None)),
        ("task-e-1", ApprovalAsked("1", "May I?")),
    ]
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(shown(said))
        await pilot.pause()
        assert app.lines[0].strip() == (
            "$0.41  1 at work, 1 wait, 1 to land, 1 stuck, 1 done; 1 queue for a build; 1 asks you"
        )
        assert "asks you" in app.line("Mend e")
        assert "refused" in app.line("Mend c")


async def test_what_has_ended_stands_at_the_end_dimmed_and_can_be_hidden():
    done: list[Said] = [
        ("task-a-1", TurnEnded(1.0)),
        ("main", Landed("c1", ("a",))),
    ]
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(shown([*begun("a", "b"), *done]))
        await pilot.pause()
        assert app.lines.index(app.line("Mend b")) < app.lines.index(app.line("Mend a"))
        assert "done" in app.line("Mend a")
        await pilot.press("f")
        await pilot.pause()
        assert "Mend a" not in app.text
        assert "(1 ended hidden)" in app.lines[0]
        await pilot.press("f")
        await pilot.pause()
        assert "Mend a" in app.text


async def test_another_try_takes_the_task_over():
    again: list[Said] = [
        ("task-a-1", TurnEnded(1.0)),
        ("task-a-2", WorkerBegan("a", "pro", "high", "c0")),
        ("task-a-2", TurnStarted()),
    ]
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(shown([*begun("a"), *again]))
        await pilot.pause()
        assert app.lines.index(app.line("task-a-2")) < app.lines.index(app.line("task-a-1"))
        assert "left" in app.line("task-a-1")


async def test_keys_move_open_and_steer():
    app = Shown()
    async with app.run_test(size=USUAL) as pilot:
        app.panel.show(shown(begun("a", "b", "c")))
        await pilot.press("enter", "j", "enter", "down", "k", "enter", "G", "s", "g", "s")
        await pilot.press("end", "pageup", "pagedown", "enter")
        await pilot.pause()
        assert app.opened == ["planner", "task-a-1", "task-a-1", "task-c-1"]
        assert app.steered == ["task-c-1", "planner"]


async def test_stopping_is_asked_for_once_more():
    app = Shown()
    async with app.run_test(size=USUAL) as pilot:
        app.panel.show(shown(begun("a", "b")))
        await pilot.press("j", "x")
        await pilot.pause()
        assert "y/n: Stop this try at a? The task is tried again." in app.lines[-1]
        await pilot.press("n", "y")
        await pilot.pause()
        assert "Stop" not in app.text
        assert not app.wishes
        await pilot.press("x", "escape", "x", "y", "j", "X", "y")
        await pilot.pause()
        assert app.wishes == [Interrupt("task-a-1", False), Interrupt("task-b-1", True)]


async def test_who_has_no_task_or_has_ended_can_not_be_stopped():
    app = Shown()
    async with app.run_test(size=USUAL) as pilot:
        app.panel.show(
            shown([*begun("a"), ("task-a-1", TurnEnded(1)), ("main", SessionEnded("done", 0, ""))])
        )
        await pilot.press("x", "y")
        await pilot.pause()
        assert "planner has no task" in app.lines[-1]
        await pilot.press("j", "x", "y")
        await pilot.pause()
        assert "task-a-1 has ended" in app.lines[-1]
        await pilot.press("k")
        await pilot.pause()
        assert "has ended" not in app.text
        await pilot.press("s")
        await pilot.pause()
        assert "planner has ended and hears nothing" in app.lines[-1]
        assert not app.steered
        assert not app.wishes


async def test_the_cursor_stays_with_its_agent():
    app = Shown()
    async with app.run_test(size=USUAL) as pilot:
        said = begun("a", "b")
        app.panel.show(shown(said))
        await pilot.press("j")
        said += [("task-a-1", TurnEnded(1.0)), ("main", Landed("c1", ("a",)))]
        app.panel.show(shown(said))
        await pilot.press("enter")
        await pilot.pause()
        assert app.opened == ["task-a-1"]


async def test_the_mouse_chooses_and_opens():
    app = Shown()
    async with app.run_test(size=USUAL) as pilot:
        app.panel.show(shown(begun("a", "b")))
        await pilot.pause()
        row = app.lines.index(app.line("Mend b")) - 1
        await pilot.click(LaneList, offset=(10, row))
        assert not app.opened
        await pilot.click(LaneList, offset=(10, row))
        await pilot.pause()
        assert app.opened == ["task-b-1"]


async def test_before_anybody_is_at_work_it_says_so():
    app = Shown()
    async with app.run_test(size=USUAL) as pilot:
        app.panel.show(state_of([]))
        await pilot.press("enter", "x", "s", "j", "f")
        await pilot.pause()
        assert "nobody is at work yet" in app.lines[0]
        assert not app.opened


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The agents whose lanes were drawn, in their order."""
    names: list[str] = []
    real = lane_list.rows

    def counted(lane: lane_list.Lane, columns: int, now: datetime):
        names.append(lane.name)
        return real(lane, columns, now)

    monkeypatch.setattr(lane_list, "rows", counted)
    return names


async def test_only_lanes_that_changed_are_drawn_again(drawn: list[str]):
    names = [f"t{number}" for number in range(64)]
    published = numbered(begun(*names))
    state = state_of(published)
    app = Shown()
    async with app.run_test(size=(160, 160)) as pilot:
        app.panel.show(state)
        await pilot.pause()
        assert len(drawn) == 65
        drawn.clear()
        app.panel.show(state)
        await pilot.pause()
        assert not drawn
        sent: list[Said] = [
            (f"task-{name}-1", RequestSent(2, "m", "high", (), 3)) for name in names
        ]
        for event in numbered([*begun(*names), *sent])[len(published) :]:
            state = reduce(state, event)
        app.panel.show(state)
        await pilot.pause()
        drawn.clear()
        for text in ("Now", " I", " look"):
            state = reduce(state, Live("task-t5-1", 1, TextDelta(text)))
            state = reduce(state, Live("task-t9-1", 1, TextDelta(text)))
        app.panel.show(state)
        await pilot.pause()
        assert drawn == ["task-t5-1", "task-t9-1"]
        assert "Now I look" in app.text


async def test_lanes_out_of_sight_are_not_drawn(drawn: list[str]):
    names = [f"t{number}" for number in range(64)]
    app = Shown()
    async with app.run_test(size=USUAL) as pilot:
        app.panel.show(shown(begun(*names)))
        await pilot.pause()
        assert len(set(drawn)) <= 24
        await pilot.press("end")
        await pilot.pause()
        assert "Mend t63" in app.text
