"""Workers for real: clones, commands, checks and merges on disk, models played by the rehearsal endpoint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from leadline.agent.budget import Budget, Limits
from leadline.agent.bus import Bus, Recorder
from leadline.agent.context.transcript import Lane, Tools, Transcript
from leadline.agent.events import CheckStarted, Event, Routed, Verified
from leadline.agent.events_plan import PlanProposed
from leadline.agent.history.journal import Journal
from leadline.agent.messages import SystemMessage, UserMessage
from leadline.agent.planning.engine import (
    Assignment,
    Delivery,
    Engine,
    Posted,
    Prefix,
    decoded,
    encoded,
)
from leadline.agent.planning.ladder import Ladder, Rung
from leadline.agent.planning.landing import Merging, Proving, Told
from leadline.agent.planning.plan import Plan, Task, WriteSet
from leadline.agent.planning.plan_check import CheckedPlan, check_plan
from leadline.agent.planning.priming import prime
from leadline.agent.planning.record import PlanRecord, plans_of
from leadline.agent.planning.schedule import Schedule, new_schedule
from leadline.agent.planning.scheduler import Done, Ended, Order, Rules, Scheduler, Watches
from leadline.agent.planning.shop import Bounds, Shop
from leadline.agent.planning.workers import LocalEngine
from leadline.agent.rehearsal import RehearsalServer, Settings, parse_scenario
from leadline.tests.agent.v4.bench import MakeBench
from leadline.tests.support.repos import git, make_repo, write_files
from leadline.tests.tools.memory_tree import MemoryTree
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.live import LiveCode
from leadline.tools.commands import SandboxedCommands
from leadline.tools.git.clones import Clone, Clones
from leadline.tools.git.homecoming import bring_home
from leadline.tools.git.parcels import pack_commits, unpack
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.git.store import Store
from leadline.tools.registry import schemas_json
from leadline.tools.sandbox.none import Unconfined

FLASH, PRO = Rung("flash", "high", 2), Rung("pro", "high", 1)
LADDER: Ladder = {"flash": (FLASH, PRO), "pro": (PRO,)}
PACK = "\n".join(f"def function_{n}(argument_{n}): return argument_{n} * {n}" for n in range(300))
HEAD = """
name = "workers"

[[turn]]
step = "prime"
when.user = "several agents share"
when.answers = 0
reasoning = "Nothing yet."
text = "ready"
"""
MINE = "when.any_user.matches = 'Your task \\((?P<id>[a-z0-9]+)\\)'"


def turn(answers: int, tool: str, arguments: str) -> str:
    return f"""
[[turn]]
step = "s{answers}"
{MINE}
when.answers = {answers}
reasoning = "I do it."
[[turn.call]]
tool = "{tool}"
arguments = {arguments}
"""


EDIT = '{ path = "mod_<<id>>.txt", edits = [{ old = "todo", new = "done" }] }'
REPORT = '{ status = "done", summary = "Did it." }'


@dataclass
class Stage:
    """A repository with files to be changed by tasks, and a run of a plan over it."""

    repo: Path
    home: Path
    snapshots: SnapshotStore
    server: RehearsalServer
    shop: Shop
    primed: Prefix
    events: list[Event]
    sending: Callable[[Engine], Engine] = lambda engine: engine
    deliveries: list[tuple[Order, Delivery]] = field(default_factory=list[tuple[Order, Delivery]])

    async def run(self, schedule: Schedule, checked: CheckedPlan, most: int = 4) -> Ended:
        base = await self.snapshots.take("start")
        clones, proof = self.shop.clones, self.shop.recorder("proof")
        clone = await clones.make(base, "proof")
        commands, code = self.shop.commands(clone, proof), self.shop.code(clone)
        prove = Proving(
            self.shop.store,
            clones,
            clone,
            commands,
            code,
            lambda: scheduler.schedule.plan,
            proof,
            base.commit,
        )
        bounds = Bounds(
            lambda task: scheduler.schedule.write_set(task),
            lambda task, paths, tree: scheduler.request(task, paths, tree),
        )
        engine = LocalEngine(self.shop, bounds)
        posted = Posted(
            self.sending(engine),
            lambda: scheduler.schedule.plan,
            bounds.write_set,
            self.prefix,
            lambda _: None,
            lambda order, delivery: self.deliveries.append((order, delivery)),
        )
        rules = Rules(lambda: most, LADDER)
        watch = Watches((PlanRecord(self.shop.recorder("main")), prove))
        merge = Merging(self.shop.store)
        scheduler = Scheduler(posted, merge, prove, Told(), Free(), rules, watch)
        try:
            return await scheduler.run(schedule, base.commit)
        finally:
            await engine.close()
            await prove.close()

    async def prefix(self, order: Order) -> Prefix:
        del order
        return self.primed


MakeStage = Callable[[str, str], Awaitable[Stage]]
"""What the workers say, and the files that there are to be changed."""


class Free:
    def reserve(self, order: Order) -> bool:
        del order
        return True

    def settle(self, order: Order) -> None:
        del order

    def reserve_planning(self) -> bool:
        return True

    def settle_planning(self) -> None:
        pass


@pytest.fixture
async def stage(tmp_path: Path, make_bench: MakeBench) -> AsyncIterator[MakeStage]:
    async with AsyncExitStack() as stack:

        async def make(script: str, names: str) -> Stage:
            server = await stack.enter_async_context(
                RehearsalServer(parse_scenario(HEAD + script), Settings(cache_delay=0.2))
            )
            repo = make_repo(tmp_path / "repo")
            write_files(repo, {f"mod_{name}.txt": f"{name}\ntodo\n" for name in names.split()})
            git(repo, "add", "--all")
            git(repo, "commit", "--quiet", "-m", "todo")
            home = tmp_path / "home"
            snapshots = await SnapshotStore.open(home, await open_repository(repo), "s1")
            journal = Journal.create(tmp_path / "session")
            bus = Bus()
            events: list[Event] = []
            bus.subscribe(lambda one: events.append(one) if isinstance(one, Event) else None)
            bench = make_bench(server.base_url)
            lane = Lane("deepseek-flash", "high")
            tools = Tools.of(schemas_json())
            shared = Transcript("shared", lane, tools, SystemMessage("You are Leadline. " * 40))
            shared.append(UserMessage(PACK, "pack"))
            primed = await prime(shared, bench.client, Recorder(journal, bus, "prime"), 0.3)

            def commands(clone: Clone, recorder: Recorder) -> SandboxedCommands:
                return SandboxedCommands(
                    Unconfined(),
                    clone.root,
                    tmp_path / "commands" / clone.name,
                    leadline_home=home,
                    writable=True,
                    network=False,
                    default_seconds=30,
                    cache=tmp_path / "cache" / clone.name,
                )

            clones = await Clones.open(snapshots.store, home / "work", "s1")
            index = CodeIndex.open(None)
            stack.callback(index.close)

            def code(clone: Clone) -> LiveCode:
                return LiveCode(index, clone.root, lambda: clones.list_files(clone))

            async def no_news(clone: Clone, write_set: WriteSet) -> str | None:
                del clone, write_set

            def no_route(recorder: Recorder, order: Order) -> None:
                recorder.emit(Routed("worker", lane.model, lane.effort, order.refusal))

            shop = Shop(
                store=snapshots.store,
                clones=clones,
                model=bench.client,
                journal=journal,
                recorder=lambda name: Recorder(journal, bus, name),
                route=no_route,
                commands=commands,
                code=code,
                budget=lambda: Budget(Limits(turns=20), time.monotonic),
                seen={},
                news=no_news,
            )
            return Stage(repo, home, snapshots, server, shop, Prefix.of(primed), events)

        yield make


def checked(repo: Path, *tasks: Task) -> CheckedPlan:
    found = check_plan(Plan("All done.", tasks, ("true",)), MemoryTree(repo), ("true",))
    assert isinstance(found, CheckedPlan), str(found)
    return found


def task(name: str, *after: str, check: str = "") -> Task:
    proof = check or f"grep -q done mod_{name}.txt"
    return Task(name, f"Do {name}", "Say done.", (f"mod_{name}.txt",), after, (proof,))


def state(folder: Path) -> dict[str, bytes]:
    """Every file of the repository, `.git` included."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


async def test_many_tasks_side_by_side_come_home_together(stage: MakeStage) -> None:
    names = "a b c d e f"
    place = await stage(turn(1, "edit", EDIT) + turn(2, "report", REPORT), names)
    plan = checked(place.repo, *(task(name) for name in names.split()), task("g", "a"))
    write_files(place.repo, {"mod_g.txt": "g\ntodo\n"})
    before = state(place.repo)
    base = await place.snapshots.take("start")
    ended = await place.run(new_schedule(plan), plan)
    assert {now.state for now in ended.schedule.progress} == {"done"}
    assert state(place.repo) == before
    assert place.shop.clones.names() == ()
    home = await bring_home(place.snapshots, base.commit, ended.tree, "the plan")
    assert home.conflicts == ()
    for name in [*names.split(), "g"]:
        assert (place.repo / f"mod_{name}.txt").read_text() == f"{name}\ndone\n"
    assert git(place.repo, "log", "--oneline").count("\n") == 2
    missed = [record for record in place.server.requests if record.hit < len(PACK) // 8]
    assert len(missed) == 1
    starts = [event.agent for event in place.events if isinstance(event.body, CheckStarted)]
    ends = [event.agent for event in place.events if isinstance(event.body, Verified)]
    assert sorted(starts) == sorted(ends)
    assert len([agent for agent in ends if agent != "proof"]) == 7
    assert ends.count("proof") >= 1
    assert len(place.deliveries) == 7
    assert all(delivery.evidence[0].green for _, delivery in place.deliveries)


async def test_a_worker_that_lies_is_told_and_mends_it(stage: MakeStage) -> None:
    script = turn(1, "report", REPORT) + turn(2, "edit", EDIT) + turn(3, "report", REPORT)
    place = await stage(script, "a")
    plan = checked(place.repo, task("a"))
    ended = await place.run(new_schedule(plan), plan)
    progress = ended.schedule.of("a")
    assert (progress.state, progress.bounces, progress.rungs) == ("done", 1, 0)
    told = place.server.requests[2].body["messages"][-1]["content"]
    assert "not green" in told
    assert "grep -q done mod_a.txt" in told


async def test_what_commands_write_elsewhere_is_refused(stage: MakeStage) -> None:
    spoil = '{ command = "echo x > mod_b.txt; sed -i s/todo/done/ mod_a.txt" }'
    mend = '{ command = "git checkout -q mod_b.txt" }'
    script = (
        turn(1, "shell", spoil)
        + turn(2, "report", REPORT)
        + turn(3, "shell", mend)
        + turn(4, "report", REPORT)
    )
    place = await stage(script, "a b")
    plan = checked(place.repo, task("a"))
    base = await place.snapshots.take("start")
    ended = await place.run(new_schedule(plan), plan)
    assert ended.schedule.of("a").bounces == 1
    assert "mod_b.txt" in place.server.requests[3].body["messages"][-1]["content"]
    await bring_home(place.snapshots, base.commit, ended.tree, "the plan")
    assert (place.repo / "mod_b.txt").read_text() == "b\ntodo\n"
    assert (place.repo / "mod_a.txt").read_text() == "a\ndone\n"


async def test_edits_outside_never_happen(stage: MakeStage) -> None:
    stray = '{ path = "mod_b.txt", edits = [{ old = "todo", new = "mine" }] }'
    script = turn(1, "edit", stray) + turn(2, "edit", EDIT) + turn(3, "report", REPORT)
    place = await stage(script, "a b")
    plan = checked(place.repo, task("a"))
    ended = await place.run(new_schedule(plan), plan)
    assert ended.schedule.of("a").bounces == 0
    refused = place.server.requests[2].body["messages"][-1]["content"]
    assert "outside what your task may write (mod_a.txt)" in refused


async def test_two_green_alone_and_red_together(stage: MakeStage) -> None:
    again = '{ path = "mod_<<id>>.txt", edits = [{ old = "done", new = "done as well" }] }'
    script = (
        turn(1, "edit", EDIT)
        + turn(2, "report", REPORT)
        + turn(3, "edit", again)
        + turn(4, "report", REPORT)
    )
    place = await stage(script, "a b")
    one = checked(place.repo, task("a"), task("b"))
    together = "! (grep -qx done mod_a.txt && grep -qx done mod_b.txt)"
    plan = replace(one, plan=replace(one.plan, checks=(together,)))
    base = await place.snapshots.take("start")
    ended = await place.run(new_schedule(plan), plan)
    assert {now.state for now in ended.schedule.progress} == {"done"}
    assert sorted(now.bounces for now in ended.schedule.progress) == [0, 1]
    told = [
        message["content"]
        for record in place.server.requests
        for message in record.body["messages"]
        if message["role"] == "user" and "together they fail" in message["content"]
    ]
    assert together in told[0]
    await bring_home(place.snapshots, base.commit, ended.tree, "the plan")
    texts = sorted((place.repo / f"mod_{name}.txt").read_text()[2:] for name in "ab")
    assert texts == ["done\n", "done as well\n"]


async def test_the_index_knows_what_a_worker_made(stage: MakeStage) -> None:
    make = '{ path = "mod_a.txt", edits = [{ old = "todo", new = "done" }] }'
    script = (
        turn(1, "edit", make)
        + turn(2, "shell", "{ command = \"echo 'def fresh(): ...' > new.py\" }")
        + turn(3, "search", '{ pattern = "fresh", symbol = "definition" }')
        + turn(4, "shell", '{ command = "rm new.py" }')
        + turn(5, "report", REPORT)
    )
    place = await stage(script, "a")
    plan = checked(place.repo, task("a"))
    ended = await place.run(new_schedule(plan), plan)
    assert ended.schedule.of("a").state == "done"
    assert "new.py:1 def fresh()" in place.server.requests[4].body["messages"][-1]["content"]


async def test_a_killed_run_leaves_no_clone_and_no_change(stage: MakeStage) -> None:
    wait = '{ command = "sleep 60" }'
    place = await stage(turn(1, "shell", wait), "a b")
    plan = checked(place.repo, task("a"), task("b"))
    before = state(place.repo)
    run = asyncio.create_task(place.run(new_schedule(plan), plan))
    while len(place.shop.clones.names()) < 2 or len(place.server.requests) < 3:
        await asyncio.sleep(0.05)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert place.shop.clones.names() == ()
    assert state(place.repo) == before


async def test_two_that_meet_are_both_told_of_and_both_land(stage: MakeStage) -> None:
    """Both may write the file; the second is given the first one's work with the conflict marked in the file."""
    write = '{ path = "mod_a.txt", content = "a\\ndone by <<id>>\\n" }'
    both = '{ path = "mod_a.txt", content = "a\\ndone by all\\n" }'
    look = '{ files = [{ path = "mod_a.txt" }] }'
    script = (
        turn(1, "read", look)
        + turn(2, "write", write)
        + turn(3, "report", REPORT)
        + turn(4, "read", look)
        + turn(5, "write", both)
        + turn(6, "report", REPORT)
    )
    place = await stage(script, "a")
    one = checked(place.repo, replace(task("a"), id="x"))
    tasks = (replace(task("a"), id="x"), replace(task("a"), id="y"))
    sets = (one.write_sets[0], one.write_sets[0])
    plan = CheckedPlan(Plan("All done.", tasks), sets)  # as if the plan had not kept them apart
    base = await place.snapshots.take("start")
    ended = await place.run(new_schedule(plan), plan)
    assert {now.state for now in ended.schedule.progress} == {"done"}
    await bring_home(place.snapshots, base.commit, ended.tree, "the plan")
    assert (place.repo / "mod_a.txt").read_text() == "a\ndone by all\n"
    marked = [
        message["content"]
        for record in place.server.requests
        for message in record.body["messages"]
        if message["role"] == "tool" and "<<<<<<<" in message["content"]
    ]
    assert "what others have landed" in marked[0]


async def test_who_finds_its_work_done_by_another_is_believed_once_asked(stage: MakeStage) -> None:
    """Both did it in their own words; the second takes the first one's and has nothing of its own left."""
    write = '{ path = "mod_a.txt", content = "a\\ndone by <<id>>\\n" }'
    look = '{ files = [{ path = "mod_a.txt" }] }'
    keep = "grep 'done by' mod_a.txt | head -n 1 > kept; (echo a; cat kept) > mod_a.txt; rm kept"
    theirs = f'{{ command = "{keep}" }}'
    there = '{ status = "done", summary = "Another did it." }'
    script = (
        turn(1, "read", look)
        + turn(2, "write", write)
        + turn(3, "report", REPORT)
        + turn(4, "shell", theirs)
        + turn(5, "report", REPORT)
        + turn(6, "report", there)
    )
    place = await stage(script, "a")
    one = checked(place.repo, replace(task("a"), id="x"))
    tasks = (replace(task("a"), id="x"), replace(task("a"), id="y"))
    plan = CheckedPlan(Plan("All done.", tasks), (one.write_sets[0], one.write_sets[0]))
    base = await place.snapshots.take("start")
    ended = await place.run(new_schedule(plan), plan)
    assert {now.state for now in ended.schedule.progress} == {"done"}
    first, second = sorted(ended.schedule.progress, key=lambda now: now.bounces)
    assert (first.reason, second.reason) == ("", "it changed nothing: Another did it.")
    assert second.bounces == 1  # for the conflict; being asked is no refusal
    told = place.server.requests[-1].body["messages"][-1]["content"]
    assert "has changed no file" in told
    await bring_home(place.snapshots, base.commit, ended.tree, "the plan")
    assert (place.repo / "mod_a.txt").read_text() in ("a\ndone by x\n", "a\ndone by y\n")


@dataclass
class Elsewhere:
    """An engine on another machine: it has a store of its own, and what it is given and gives back is bytes."""

    near: Store
    far: LocalEngine
    sizes: list[int] = field(default_factory=list[int])

    async def work(self, assignment: Assignment) -> Delivery:
        objects = await pack_commits(self.near, [assignment.order.base])
        sent = encoded(replace(assignment, objects=objects))
        answer = encoded(await self.far.work(decoded(Assignment, sent)))
        self.sizes += [len(sent), len(answer)]
        delivery = decoded(Delivery, answer)
        await unpack(self.near, delivery.objects)
        return delivery


async def test_all_that_a_worker_gets_and_gives_can_be_sent(
    stage: MakeStage, tmp_path: Path
) -> None:
    place = await stage(turn(1, "edit", EDIT) + turn(2, "report", REPORT), "a b")
    plan = checked(place.repo, task("a"), task("b", "a"))
    write_files(place.repo, {"mod_c.txt": "not committed\n"})
    base = await place.snapshots.take("start")
    other = make_repo(tmp_path / "other")
    far = await SnapshotStore.open(tmp_path / "far", await open_repository(other), "s1")
    clones = await Clones.open(far.store, tmp_path / "far" / "work", "s1")
    index = CodeIndex.open(None)

    def code(clone: Clone) -> LiveCode:
        return LiveCode(index, clone.root, lambda: clones.list_files(clone))

    shop = replace(place.shop, store=far.store, clones=clones, code=code)
    schedule = new_schedule(plan)
    bounds = Bounds(schedule.write_set, lambda task, paths, tree: "no")
    engine = LocalEngine(shop, bounds)
    elsewhere = Elsewhere(place.shop.store, engine)
    place.sending = lambda _: elsewhere
    ended = await place.run(schedule, plan)
    await engine.close()
    index.close()
    assert {now.state for now in ended.schedule.progress} == {"done"}
    assert clones.names() == ()
    assert len(elsewhere.sizes) == 4
    for order, delivery in place.deliveries:
        assert delivery.result == Done(order.base, delivery.result.commit)  # type: ignore[union-attr]
        assert [each.command for each in delivery.evidence] == [
            f"grep -q done mod_{order.task}.txt"
        ]
        assert {event.agent for event in delivery.events} == {
            f"task-{order.task}-{1 + (order.task == 'b')}"
        }
    await bring_home(place.snapshots, base.commit, ended.tree, "the plan")
    assert (place.repo / "mod_b.txt").read_text() == "b\ndone\n"


async def test_the_events_tell_how_a_run_stands(stage: MakeStage) -> None:
    """What resume goes by: each move, what landed, and what workers were told."""
    script = turn(1, "report", REPORT) + turn(2, "edit", EDIT) + turn(3, "report", REPORT)
    place = await stage(script, "a b")
    plan = checked(place.repo, task("a"), task("b", "a"))
    proposed = PlanProposed(plan, "", "planner")
    place.shop.recorder("main").emit(proposed)
    ended = await place.run(new_schedule(plan), plan)
    run = plans_of(place.events).runs[0]
    assert run.schedule() == ended.schedule
    assert run.tree == ended.tree
    assert run.workers["a"].agent == "task-a-1"
    assert "grep -q done mod_a.txt" in run.told()["a"]
