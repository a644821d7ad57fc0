"""The plan's panel under real keys: what it shows of a plan that runs, and how one is changed and approved."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from leadline.agent.asking.consult import CARRY_OUT
from leadline.agent.events import ApprovalAnswered, ApprovalAsked, Durable, Evidence, Verified
from leadline.agent.events_plan import (
    EditRefused,
    Forecast,
    Forecasted,
    Interval,
    Landed,
    PlanProposed,
    PlanStarted,
    Reviewed,
    TaskMoved,
    WorkerBegan,
)
from leadline.agent.host.wishes import Answer
from leadline.agent.planning.plan import Area, Plan, Task, WriteSet
from leadline.agent.planning.plan_check import AddedDependency, CheckedPlan, Fault, PlanFaults
from leadline.tests.tui.test_state_laws import numbered
from leadline.tui.messages import AgentOpened, Wished
from leadline.tui.panels.plan.panel import PlanPanel, TaskList
from leadline.tui.state.reducer import State, state_of
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static, TextArea

SIZES = [(80, 24), (160, 48), (20, 5)]
HOSTILE = "[red]bold[/] \x1b[31m\x1b]0;t\x07 \u202e{x} [/"
NOTHING = Interval(1, 2, 3)
FORECAST = Forecast(
    3, 2, NOTHING, NOTHING, Interval(1e5, 2e5, 4e5), NOTHING, NOTHING, Interval(4, 9, 15), True, 0
)


def task(name: str, *after: str, **others: Any) -> Task:
    return replace(
        Task(name, f"Mend {name}", f"Do {name}.", (f"{name}.py",), after, ("make",)), **others
    )


def checked(*tasks: Task, added: Sequence[tuple[str, str]] = ()) -> CheckedPlan:
    sets = tuple(WriteSet((Area(f"{each.id}.py"),)) for each in tasks)
    both = tuple(AddedDependency(task, on, ("x.py",)) for task, on in added)
    plan = Plan("Count in cents", tasks, ("make all",), (), ("Cents are whole.",))
    return CheckedPlan(plan, sets, both)


PLAN = checked(task("a"), task("b", "a"), task("c", tier="pro"))
ASKED = ApprovalAsked("consult-1", CARRY_OUT)


def events(*bodies: Durable, agent: str = "planner") -> State:
    return state_of(numbered([(agent, body) for body in bodies]))


def waiting(checked: CheckedPlan = PLAN, *more: Durable) -> State:
    return events(PlanProposed(checked, "By files.", "planner"), Forecasted(FORECAST), ASKED, *more)


class Host(App[None]):
    """What holds the panel in the tests."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Wished | AgentOpened] = []
        self.panel = PlanPanel()

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_wished(self, message: Wished) -> None:
        self.heard.append(message)

    def on_agent_opened(self, message: AgentOpened) -> None:
        self.heard.append(message)


@dataclass
class Stand:
    """The panel in an app, and what a person sees and does there."""

    app: Host
    pilot: Pilot[None]

    async def show(self, state: State) -> None:
        self.app.panel.show(state)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def list(self) -> list[str]:
        """The rows, each with what is beneath it."""
        rows = self.app.panel.query_one(TaskList)
        return [str(option.prompt) for option in rows.options]

    @property
    def head(self) -> str:
        return str(self.app.panel.query_one("#plan-head", Static).content)

    @property
    def detail(self) -> str:
        return str(self.app.panel.query_one("#plan-detail > Static", Static).content)

    @property
    def wishes(self) -> list[object]:
        return [item.wish for item in self.app.heard if isinstance(item, Wished)]

    def screen(self) -> str:
        """All that is to be seen, as lines."""
        strips = self.app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage] -- no public way
        return "\n".join(strip.text for strip in strips)


@asynccontextmanager
async def stand(state: State, size: tuple[int, int] = (80, 24)) -> AsyncGenerator[Stand]:
    app = Host()
    async with app.run_test(size=size) as pilot:
        it = Stand(app, pilot)
        app.panel.focus()
        await it.show(state)
        yield it


def answer(plan: Plan | None = None, *, allowed: bool = True, text: str = "") -> Answer:
    return Answer("planner", "consult-1", allowed, text, plan=plan)


async def test_before_there_is_a_plan() -> None:
    async with stand(State()) as it:
        assert it.head == "There is no plan in this session."
        await it.show(events(ApprovalAsked("consult-1", "Which?")))
        assert it.head == "There is no plan yet: the planner is at work."
        await it.press("j", "enter", "e", "x", "J", "t", "u", "y", "n", "o", "d", "d")
        assert not it.app.heard


@pytest.mark.parametrize("size", SIZES)
async def test_a_plan_is_carried_out_as_it_is(size: tuple[int, int]) -> None:
    async with stand(waiting(), size) as it:
        assert "Waits for your word, y or n: 3 tasks" in it.head
        assert "planned   b Flash Mend b\n" in it.list[2]
        assert "after: a" in it.list[2]
        await it.press("y", "y")
        assert it.wishes == [answer()]
        # The answer was heard, and the next question is another one.
        await it.show(waiting(PLAN, ApprovalAnswered("consult-1", True, "", "person")))
        assert "0 of 3 landed" in it.head
        await it.press("y", "x")
        assert it.wishes == [answer()]


@pytest.mark.parametrize("size", SIZES)
async def test_each_change_and_its_undoing(size: tuple[int, int]) -> None:
    async with stand(waiting(), size) as it:
        await it.press("j", "j", "J")  # b after c
        assert [row.split()[2] for row in it.list[1:]] == ["a", "c", "b"]
        await it.press("K", "K", "K")  # back, and no further than what it waits for
        assert [row.split()[2] for row in it.list[1:]] == ["a", "b", "c"]
        await it.press("t", "k", "x")
        assert "dropped" in it.list[1]
        assert "Pro" in it.list[2]
        assert "tier changed" in it.list[2]
        assert "after" not in it.list[2]
        assert "2 tasks, 1 dropped, with your changes" in it.head
        await it.press("y")
        b = task("b", tier="pro")
        assert it.wishes == [answer(replace(PLAN.plan, tasks=(b, task("c", tier="pro"))))]
        await it.press(*"uuuu")
        assert "with your changes" not in it.head


async def test_a_brief_is_changed_in_its_own_window() -> None:
    plan = checked(task("a", brief=f"Mend it. {HOSTILE}"), task("b"))
    async with stand(waiting(plan)) as it:
        await it.press("j", "e")
        area = it.app.screen.query_one(TextArea)
        assert "\x1b" not in area.text
        assert "[red]bold[/]" in area.text
        await it.press("escape", "e", "ctrl+s")
        assert "brief changed" not in it.list[1]
        await it.press("e")
        it.app.screen.query_one(TextArea).clear()
        await it.press("H", "i", "enter", "y", "ctrl+s")
        assert "brief changed" in it.list[1]
        assert "Hi\ny" in it.detail
        await it.press("y")
        a, b = plan.plan.tasks
        assert it.wishes == [answer(replace(plan.plan, tasks=(replace(a, brief="Hi\ny"), b)))]


@pytest.mark.parametrize("size", SIZES)
async def test_a_plan_is_refused_with_a_reason_or_without(size: tuple[int, int]) -> None:
    async with stand(waiting(), size) as it:
        await it.press("n", "escape")
        assert not it.wishes
        await it.press("n", *"one", "enter")
        assert it.wishes == [answer(allowed=False, text="one")]
    async with stand(waiting()) as it:
        await it.press("n", "enter")
        assert it.wishes == [answer(allowed=False)]


async def test_faults_are_shown_and_the_draft_stays_to_be_changed_further() -> None:
    async with stand(waiting()) as it:
        await it.press("j", "x", "y")
        faults = PlanFaults(
            (Fault("c", "paths", f"its paths {HOSTILE}"), Fault(None, "goal", "no"))
        )
        asked_again = ApprovalAsked("consult-2", CARRY_OUT)
        heard = ApprovalAnswered("consult-1", True, "", "person")
        await it.show(waiting(PLAN, heard, EditRefused(faults), asked_again))
        assert "Your last try can't be run" in it.head
        assert "dropped" in it.list[1]
        assert "faulty" in it.list[3]
        await it.press("j", "j")
        assert "[red]bold[/]" in it.detail
        await it.press("g")
        assert "task c: its paths" in it.detail
        await it.press("j", "x", "y")
        assert it.wishes[1:] == [Answer("planner", "consult-2")]


def running() -> State:
    told: list[tuple[str, Durable]] = [
        ("planner", PlanProposed(PLAN, f"By files {HOSTILE}", "planner")),
        ("planner", Forecasted(FORECAST)),
        ("main", PlanStarted("c0", 2)),
        ("task-a-1", WorkerBegan("a", "flash", "high", "c0")),
        ("main", TaskMoved("a", "running", 0, 0, "")),
        ("task-c-2", WorkerBegan("c", "pro", "high", "c0")),
        ("task-a-1", Verified(Evidence("make", "t1", 0, 3, 0, 0, False, 1.0, "no/such/file"))),
        ("main", Landed("c1", ("a",))),
        ("main", TaskMoved("c", "bounced", 2, 1, "its checks are red", "2 failed: [b]")),
        ("main", Reviewed(False, "Half is missing.")),
    ]
    return state_of(numbered(told))


@pytest.mark.parametrize("size", SIZES)
async def test_a_plan_that_runs(size: tuple[int, int]) -> None:
    async with stand(running(), size) as it:
        assert "1 of 3 landed, 1 to be tried again" in it.head
        assert "done      a" in it.list[1]
        assert "moved up once; refused twice; task-c-2" in it.list[3]
        assert "Half is missing." in it.detail
        assert "make all: not run yet" in it.detail
        await it.press("enter", "j")
        assert "make: 3 passed in 1.0 s" in it.detail
        await it.press("enter", "G")
        assert "its checks are red" in it.detail
        assert "2 failed: [b]" in it.detail
        assert "make: not run yet" in it.detail
        await it.press("enter", "x", "y", "n")
        opened = [item.agent for item in it.app.heard if isinstance(item, AgentOpened)]
        assert opened == ["task-a-1", "task-c-2"]
        assert not it.wishes


async def test_what_checks_printed_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    file.write_bytes(b"first\n" + b"x\n" * 200_000 + b"last \x1b[31mline\xff\n")
    proof = Evidence("make", "t1", 1, 3, 1, 0, False, 1.0, str(file))
    told = [("planner", PlanProposed(PLAN, "", "planner")), ("proof", Verified(proof))]
    async with stand(state_of(numbered(told))) as it:
        await it.press("o")
        while "make: 1 failed, 3 passed" not in it.screen():
            await it.pilot.pause(0.01)
        await it.press("end")
        assert "last line" in it.screen()
        await it.press("escape")
        assert "0 of 3 landed" in it.head


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
async def test_two_hundred_tasks_and_hostile_texts(size: tuple[int, int]) -> None:
    tasks = [
        task(f"t{n}", *([f"t{n - 1}"] if n % 2 else []), title=f"{n} {HOSTILE}") for n in range(200)
    ]
    plan = checked(*tasks)
    async with stand(waiting(plan), size) as it:
        await it.press("G")
        assert "[red]bold[/]" in it.detail
        assert "t199" in it.screen()
        await it.press("pageup", "pageup", "home", "pagedown")
        await it.press(*["j"] * 5)
        assert "\x1b" not in it.screen()
        await it.pilot.resize_terminal(120, 30)
        await it.pilot.resize_terminal(12, 3)
        await it.press("J", "x", "t", "d", "d")


async def test_one_that_chose_a_task_keeps_it_when_others_come() -> None:
    async with stand(waiting()) as it:
        await it.press("j", "j")
        assert it.detail.startswith("b: Mend b")
        more = checked(task("new"), *PLAN.plan.tasks)
        await it.show(
            waiting(
                PLAN,
                ApprovalAnswered("consult-1", True, "", "person"),
                PlanProposed(more, "", "edited"),
                PlanStarted("c0", 2),
            )
        )
        assert len(it.list) == 5
        assert it.detail.startswith("b: Mend b")


async def test_keys_are_told_only_where_they_do_something() -> None:
    def shown(it: Stand) -> set[str]:
        active = it.app.screen.active_bindings.values()
        return {each.binding.id for each in active if each.binding.id and each.binding.show}

    async with stand(waiting()) as it:
        assert {"plan.approve", "plan.refuse", "plan.undo"} <= shown(it)
        assert "plan.drop" not in shown(it)
        await it.press("j")
        assert {"plan.drop", "plan.brief", "plan.tier", "plan.move_up"} <= shown(it)
        assert "plan.open" not in shown(it)
        await it.show(running())
        await it.pilot.pause()
        assert "plan.approve" not in shown(it)
        assert {"plan.open", "plan.output"} <= shown(it)
