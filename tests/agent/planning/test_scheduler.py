"""The scheduler with workers that do as they are told: order, bounds, refusals, money, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.planning.ladder import Ladder, Rung
from leadline.agent.planning.merge_queue import Change, Tree
from leadline.agent.planning.plan import Area, Plan, Task, WriteSet, prerequisites, write_set
from leadline.agent.planning.plan_check import CheckedPlan
from leadline.agent.planning.schedule import Schedule, in_state, interrupt, new_schedule
from leadline.agent.planning.scheduler import (
    Done,
    Ended,
    GivenUp,
    Order,
    Postponed,
    Refused,
    Replan,
    Result,
    Rules,
    Scheduler,
    no_replan,
)
from leadline.tests.support.repos import write_files
from leadline.tests.tools.memory_tree import MemoryTree
from leadline.tools.errors import ToolError

LADDER: Ladder = {
    "flash": (Rung("flash", "high", 2), Rung("pro", "high", 1)),
    "pro": (Rung("pro", "high", 1),),
}
Pairs = frozenset[frozenset[str]]


def plan(depends: Mapping[str, str]) -> Schedule:
    """Tasks by their names, each with the names that it depends on."""
    tasks = tuple(
        Task(name, name, "do", (f"{name}.py",), tuple(on), ("true",))
        for name, on in depends.items()
    )
    sets = tuple(write_set([Area(f"{name}.py")]) for name in depends)
    return new_schedule(CheckedPlan(Plan("goal", tasks), sets))


@dataclass
class World:
    """Trees are the names of what landed. `refused` says how many tries of a task are refused; `slow` ones wait. There
    is money to plan anew once the tasks of `planning_after` have been settled."""

    refused: Mapping[str, int] = field(default_factory=dict[str, int])
    meeting: Pairs = frozenset()
    breaking: Pairs = frozenset()
    money: int = 1000
    planning_after: frozenset[str] = frozenset()
    settled: set[str] = field(default_factory=set[str])
    planned: int = 0
    orders: list[Order] = field(default_factory=list[Order])
    working: set[str] = field(default_factory=set[str])
    most_at_once: int = 0
    tries: dict[str, int] = field(default_factory=dict[str, int])
    hanging: bool = False
    given_up: frozenset[str] = frozenset()
    stopped: list[str] = field(default_factory=list[str])

    async def work(self, order: Order) -> Result:
        self.orders.append(order)
        self.working.add(order.task)
        self.most_at_once = max(self.most_at_once, len(self.working))
        try:
            await asyncio.sleep(60 if self.hanging else 0)
        except asyncio.CancelledError:
            self.stopped.append(order.task)
            raise
        finally:
            self.working.discard(order.task)
        tried = self.tries[order.task] = self.tries.get(order.task, 0) + 1
        if order.task in self.given_up:
            return GivenUp("nobody wants it")
        if tried <= self.refused.get(order.task, 0):
            return Refused(f"red, try {tried}", "its checks are red")
        return Done(order.base, f"{order.task} try {tried}")

    async def merge(self, onto: str, change: Change) -> Tree | str:
        landed = set(onto.split())
        met = [name for name in landed if frozenset((name, change.task)) in self.meeting]
        # A worker that was told goes on from the tree with the other's work, and knows how to join both.
        if met and not set(met) <= set(change.base.split()):
            return f"meets {', '.join(sorted(met))}"
        return Tree(f"{onto} {change.task}".strip())

    async def prove(self, tree: str, changes: Sequence[Change]) -> str | None:
        names = set(tree.split())
        for pair in self.breaking:
            told = any(
                change.task in pair and pair - {change.task} <= set(change.base.split())
                for change in changes
            )
            if pair <= names and not told:
                return f"red: {sorted(pair)}"
        return None

    def conflict(self, change: Change, conflicts: str) -> str:
        return f"{change.task} {conflicts}"

    def breaking_text(self, change: Change, beside: tuple[str, ...], evidence: str) -> str:
        return f"{change.task} with {beside}: {evidence}"

    def reserve(self, order: Order) -> bool:
        if self.money <= 0:
            return False
        self.money -= 1
        return True

    def settle(self, order: Order) -> None:
        self.settled.add(order.task)

    def reserve_planning(self) -> bool:
        return self.planning_after <= self.settled

    def settle_planning(self) -> None:
        self.planned += 1


@dataclass
class Telling:
    world: World

    def conflict(self, change: Change, conflicts: str) -> str:
        return self.world.conflict(change, conflicts)

    def breaking(self, change: Change, beside: tuple[str, ...], evidence: str) -> str:
        return self.world.breaking_text(change, beside, evidence)


async def running(
    world: World,
    schedule: Schedule,
    most: int = 4,
    seen: list[Schedule] | None = None,
    replan: Replan = no_replan,
) -> Ended:
    moves = seen if seen is not None else list[Schedule]()
    rules = Rules(lambda: most, LADDER)
    scheduler = Scheduler(
        world, world.merge, world.prove, Telling(world), world, rules, Notes(moves), replan
    )
    return await scheduler.run(schedule, "")


@dataclass
class Notes:
    """Who watches, and writes down."""

    moves: list[Schedule] = field(default_factory=list[Schedule])
    refusals: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    trees: list[str] = field(default_factory=list[str])

    def moved(self, schedule: Schedule, refusals: Mapping[str, str]) -> None:
        self.moves.append(schedule)
        self.refusals.append(dict(refusals))

    def landed(self, tree: str, tasks: tuple[str, ...]) -> None:
        self.trees.append(tree)

    def granted(self, task: str, write_set: WriteSet) -> None:
        raise AssertionError(f"{task} was granted {write_set.entries}")


def states(ended: Ended) -> dict[str, str]:
    pairs = zip(ended.schedule.plan.tasks, ended.schedule.progress, strict=True)
    return {task.id: now.state for task, now in pairs}


async def test_what_depends_on_others_begins_on_their_work() -> None:
    world = World()
    ended = await running(world, plan({"a": "", "b": "a", "c": "a", "d": "bc"}))
    assert set(states(ended).values()) == {"done"}
    assert sorted(ended.tree.split()) == ["a", "b", "c", "d"]
    bases = {order.task: set(order.base.split()) for order in world.orders}
    assert bases["a"] == set()
    assert bases["b"] >= {"a"}
    assert bases["d"] >= {"a", "b", "c"}


async def test_never_more_at_once_than_allowed() -> None:
    world = World()
    await running(world, plan(dict.fromkeys("abcdefghij", "")), most=3)
    assert world.most_at_once == 3


async def test_a_task_flash_fails_twice_and_pro_solves() -> None:
    world = World(refused={"a": 2})
    seen: list[Schedule] = []
    ended = await running(world, plan({"a": "", "b": "a"}), seen=seen)
    assert states(ended) == {"a": "done", "b": "done"}
    tries = [(order.rung.tier, order.anew, order.refusal) for order in world.orders[:3]]
    assert tries == [
        ("flash", True, ""),
        ("flash", False, "red, try 1"),
        ("pro", True, "red, try 2"),
    ]
    assert any(each.of("a").state == "escalated" for each in seen)


async def test_what_is_given_up_fails_at_once_and_nobody_plans_it_anew() -> None:
    async def never(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
        raise AssertionError(f"{task} was planned anew")

    world = World(given_up=frozenset("a"))
    ended = await running(world, plan({"a": "", "b": "a", "c": ""}), replan=never)
    assert states(ended) == {"a": "failed", "b": "skipped", "c": "done"}
    assert world.tries["a"] == 1
    now = ended.schedule.of("a")
    assert (now.reason, now.bounces, now.rungs) == ("nobody wants it", 0, 0)


async def test_at_the_top_of_the_ladder_it_is_given_up_and_what_waits_is_skipped() -> None:
    world = World(refused={"a": 9})
    ended = await running(world, plan({"a": "", "b": "a", "c": ""}))
    assert states(ended) == {"a": "failed", "b": "skipped", "c": "done"}
    assert "refused 3 times, the last time by pro at effort high" in ended.schedule.of("a").reason
    assert ended.tree == "c"


@pytest.mark.parametrize("kind", ["meeting", "breaking"])
async def test_who_meets_or_breaks_what_landed_is_told_and_lands_after_it(kind: str) -> None:
    pair = frozenset((frozenset("ab"),))
    world = World(meeting=pair) if kind == "meeting" else World(breaking=pair)
    ended = await running(world, plan({"a": "", "b": "", "c": ""}))
    assert set(states(ended).values()) == {"done"}
    assert sorted(ended.tree.split()) == ["a", "b", "c"]
    (again,) = [order for order in world.orders if order.refusal]
    assert again.task == "b"
    assert not again.anew
    assert "a" in again.base.split()
    assert "a" in again.refusal


async def test_without_money_nothing_more_is_started() -> None:
    world = World(money=2)
    ended = await running(world, plan({"a": "", "b": "a", "c": "b", "d": ""}), most=1)
    assert ended.out_of_money
    assert len(world.orders) == 2
    assert states(ended) == {"a": "done", "b": "ready", "c": "waiting", "d": "done"}


async def test_a_cancelled_run_leaves_no_worker() -> None:
    world = World(hanging=True)
    task = asyncio.create_task(running(world, plan(dict.fromkeys("abc", ""))))
    await asyncio.sleep(0.05)
    assert world.working == {"a", "b", "c"}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(world.stopped) == ["a", "b", "c"]
    assert world.working == set()


async def test_a_fault_of_ours_ends_the_run_and_all_workers() -> None:
    class Faulty(World):
        async def work(self, order: Order) -> Result:
            if order.task == "b":
                raise RuntimeError("a fault")
            return await super().work(order)

    world = Faulty(hanging=True)
    with pytest.raises(RuntimeError, match="a fault"):
        await running(world, plan(dict.fromkeys("abc", "")))
    assert sorted(world.stopped) == ["a", "c"]


NAMES = "abcdefg"


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    return plan(
        {
            name: "".join(sorted(draw(st.sets(st.sampled_from(names[:at]))))) if at else ""
            for at, name in enumerate(names)
        }
    )


PAIRS = st.frozensets(st.frozensets(st.sampled_from(NAMES), min_size=2, max_size=2), max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    schedules(),
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 4), max_size=4),
    PAIRS,
    PAIRS,
    st.integers(1, 4),
)
async def test_every_run_ends_with_a_tree_that_has_what_is_done_and_no_more(
    schedule: Schedule, refused: dict[str, int], meeting: Pairs, breaking: Pairs, most: int
) -> None:
    world = World(refused, meeting, breaking)
    ended = await running(world, schedule, most)
    assert ended.schedule.ended
    assert sorted(ended.tree.split()) == sorted(in_state(ended.schedule, ("done",)))
    assert world.most_at_once <= most
    before = prerequisites(schedule.plan.tasks)
    for order in world.orders:
        assert before[order.task] <= set(order.base.split())
    for order in world.orders:
        assert len([each for each in world.orders if each.task == order.task]) <= 3


def anew(schedule: Schedule, stuck: str, *names: str) -> CheckedPlan:
    """The plan with these in the place of a task; what waited for it waits for them."""
    tasks: list[Task] = []
    for task in schedule.plan.tasks:
        if task.id == stuck:
            tasks += (Task(name, name, "do", (f"{name}.py",), (), ("true",)) for name in names)
        else:
            after = [name for name in task.depends_on if name != stuck]
            after += names if stuck in task.depends_on else ()
            tasks.append(replace(task, depends_on=tuple(after)))
    sets = tuple(write_set([Area(task.paths[0])]) for task in tasks)
    return CheckedPlan(replace(schedule.plan, tasks=tuple(tasks)), sets)


async def test_without_the_money_to_plan_anew_what_is_stuck_is_left() -> None:
    """It has not failed: a later run, with more money, goes on with it."""

    async def replan(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
        raise AssertionError(f"{task} is planned anew")

    world = World(refused={"a": 99}, planning_after=frozenset({"nobody"}))
    ended = await running(world, plan({"a": "", "b": "a", "c": ""}), replan=replan)
    assert states(ended) == {"a": "stuck", "b": "waiting", "c": "done"}
    assert ended.out_of_money


async def test_what_others_leave_is_enough_to_plan_anew() -> None:
    asked: list[set[str]] = []

    async def replan(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
        asked.append(set(world.settled))
        return None

    world = World(refused={"a": 99, "c": 2}, planning_after=frozenset({"d"}))
    ended = await running(world, plan({"a": "", "c": "", "d": "c"}), replan=replan)
    assert states(ended) == {"a": "failed", "c": "done", "d": "done"}
    assert asked == [{"a", "c", "d"}]
    assert world.planned == 1


async def test_who_plans_and_meets_a_limit_is_asked_again_by_a_later_run() -> None:
    asked: list[str] = []

    async def replan(schedule: Schedule, task: str, evidence: str) -> Postponed:
        asked.append(task)
        return Postponed()

    world = World(refused={"a": 99})
    ended = await running(world, plan({"a": "", "b": "a"}), replan=replan)
    assert states(ended) == {"a": "stuck", "b": "waiting"}
    assert ended.out_of_money
    assert (asked, world.planned) == (["a"], 1)
    again = await running(world, interrupt(ended.schedule), replan=replan)
    assert states(again) == {"a": "stuck", "b": "waiting"}
    assert asked == ["a", "a"]


async def test_what_is_stuck_is_planned_anew_once() -> None:
    world = World(refused={"a": 9})
    asked: list[tuple[str, str]] = []

    async def replan(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
        asked.append((task, evidence))
        return anew(schedule, task, "x", "y")

    ended = await running(world, plan({"a": "", "b": "a", "c": ""}), replan=replan)
    assert asked == [("a", "red, try 3")]
    assert states(ended) == {"x": "done", "y": "done", "b": "done", "c": "done"}
    bases = {order.task: set(order.base.split()) for order in world.orders}
    assert bases["b"] >= {"x", "y"}


async def test_what_fails_while_others_are_planned_anew_takes_along_who_waits_for_it() -> None:
    """The planner did not know of it yet, and the run must come to an end that is none for want of money."""
    failed = asyncio.Event()

    class Late(World):
        async def work(self, order: Order) -> Result:
            if order.task == "c":
                await asyncio.wait_for(planning.wait(), 10)
                return GivenUp("nobody wants it")
            return await super().work(order)

    planning = asyncio.Event()
    world = Late(refused={"a": 99})

    async def replan(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
        planning.set()
        await asyncio.wait_for(failed.wait(), 10)
        new = anew(schedule, task, "x", "y")
        first, *rest = new.plan.tasks
        assert first.id == "x"
        waits = replace(first, depends_on=("c",))
        return replace(new, plan=replace(new.plan, tasks=(waits, *rest)))

    class Seen(Notes):
        def moved(self, schedule: Schedule, refusals: Mapping[str, str]) -> None:
            if schedule.of("c").state == "failed":
                failed.set()

    rules = Rules(lambda: 4, LADDER)
    scheduler = Scheduler(
        world, world.merge, world.prove, Telling(world), world, rules, Seen(), replan
    )
    ended = await scheduler.run(plan({"a": "", "b": "a", "c": ""}), "")
    assert states(ended) == {"x": "skipped", "y": "done", "b": "skipped", "c": "failed"}
    assert not ended.out_of_money


async def test_what_came_of_planning_anew_fails_for_good() -> None:
    """Also where it has the same name, and begins with a new worker then."""
    world = World(refused={"a": 99})

    async def replan(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
        return anew(schedule, task, "a")

    ended = await running(world, plan({"a": "", "b": "a"}), replan=replan)
    assert states(ended) == {"a": "failed", "b": "skipped"}
    assert [order.anew for order in world.orders] == [True, False, True] * 2
    assert [order.refusal == "" for order in world.orders] == [True, False, False] * 2


async def test_a_planner_that_knows_no_other_way() -> None:
    world = World(refused={"a": 99})

    async def replan(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
        return None

    ended = await running(world, plan({"a": "", "b": ""}), replan=replan)
    assert states(ended) == {"a": "failed", "b": "done"}
    assert "knows no other way" in ended.schedule.of("a").reason


async def test_who_is_cut_off_while_it_is_planned_anew_leaves_nothing() -> None:
    world = World(refused={"a": 99})
    planning = asyncio.Event()
    ends: list[str] = []

    async def replan(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
        planning.set()
        try:
            await asyncio.sleep(60)
        finally:
            ends.append(task)
        return None

    run = asyncio.create_task(running(world, plan({"a": ""}), replan=replan))
    await planning.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert ends == ["a"]


async def test_who_asks_for_more_gets_what_nobody_holds(tmp_path: Path) -> None:
    """And hears who holds the rest, and of what: only if all of it is held, nothing is granted."""
    write_files(tmp_path, {f"{name}.py": "" for name in "abc"})
    tree = MemoryTree(tmp_path)
    world = World()
    answers: list[str] = []

    @dataclass
    class Asking:
        async def work(self, order: Order) -> Done | Refused:
            if order.task == "a":
                answers.append(scheduler.request("a", ["c.py", "b.py", "new.py"], tree))
                with pytest.raises(ToolError) as held:
                    scheduler.request("a", ["b.py"], tree)
                answers.append(held.value.message)
            else:
                await asyncio.sleep(0.05)
            return Done(order.base, order.task)

    notes = Granting()
    rules = Rules(lambda: 4, LADDER)
    scheduler = Scheduler(Asking(), world.merge, world.prove, Telling(world), world, rules, notes)
    await scheduler.run(plan({"a": "", "b": ""}), "")
    assert answers[0].startswith(
        "Granted. You may write a.py, c.py, new.py. Not granted: b writes b.py"
    )
    assert answers[1].startswith("Not granted: b writes b.py")
    assert notes.grants == [("a", ("a.py", "c.py", "new.py"))]


@dataclass
class Granting(Notes):
    grants: list[tuple[str, tuple[str, ...]]] = field(
        default_factory=list[tuple[str, tuple[str, ...]]]
    )

    def granted(self, task: str, write_set: WriteSet) -> None:
        self.grants.append((task, write_set.entries))
