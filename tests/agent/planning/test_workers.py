"""Workers for real: clones, commands, checks and merges on disk, models played by the rehearsal endpoint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from leadline.agent.budget import Budget, Limits
from leadline.agent.bus import Bus, Recorder
from leadline.agent.context.transcript import Lane, Tools, Transcript
from leadline.agent.events import CheckStarted, Event, Verified
from leadline.agent.journal import Journal
from leadline.agent.messages import SystemMessage, UserMessage
from leadline.agent.planning.ladder import Ladder, Rung
from leadline.agent.planning.landing import Merging, Proving, Told
from leadline.agent.planning.plan import Plan, Task, WriteSet
from leadline.agent.planning.plan_check import CheckedPlan, check_plan
from leadline.agent.planning.priming import prime
from leadline.agent.planning.schedule import Schedule, new_schedule
from leadline.agent.planning.scheduler import Ended, Order, Rules, Scheduler
from leadline.agent.planning.workers import Bounds, Shop, Workers
from leadline.agent.rehearsal import RehearsalServer, Settings, parse_scenario
from leadline.tests.agent.v4.bench import MakeBench
from leadline.tests.support.repos import git, make_repo, write_files
from leadline.tests.tools.memory_tree import MemoryTree
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.live import LiveCode
from leadline.tools.commands import SandboxedCommands
from leadline.tools.errors import ToolError
from leadline.tools.git.clones import Clone, Clones
from leadline.tools.git.homecoming import bring_home
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore
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
    events: list[Event]

    async def run(self, schedule: Schedule, checked: CheckedPlan, most: int = 4) -> Ended:
        base = await self.snapshots.take("start")
        sets: dict[str, WriteSet] = {
            task.id: held for task, held in zip(checked.plan.tasks, checked.write_sets, strict=True)
        }

        async def refuse(task: str, paths: Sequence[str]) -> str:
            raise ToolError(f"{task} may not have {', '.join(paths)}.")

        clones, proof = self.shop.clones, self.shop.recorder("proof")
        clone = await clones.make(base, "proof")
        prove = Proving(clones, clone, self.shop.commands(clone), checked.plan, proof)
        workers = Workers(self.shop, checked.plan, Bounds(sets.__getitem__, refuse))
        scheduler = Scheduler(
            workers,
            Merging(self.shop.store),
            prove,
            Told(),
            Free(),
            Rules(most, LADDER),
            lambda _: None,
        )
        try:
            return await scheduler.run(schedule, base.commit)
        finally:
            await workers.close()
            await prove.close()


MakeStage = Callable[[str, str], Awaitable[Stage]]
"""What the workers say, and the files that there are to be changed."""


class Free:
    def reserve(self, order: Order) -> bool:
        del order
        return True

    def settle(self, order: Order) -> None:
        del order


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
            primed = await prime(
                shared, bench.client, Recorder(journal, bus, "prime"), lambda _: asyncio.sleep(0.3)
            )

            def commands(clone: Clone) -> SandboxedCommands:
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

            shop = Shop(
                snapshots.store,
                clones,
                {"flash": primed, "pro": primed},
                bench.client,
                lambda name: Recorder(journal, bus, name),
                commands,
                code,
                lambda: Budget(Limits(turns=20), time.monotonic),
            )
            return Stage(repo, home, snapshots, server, shop, events)

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
    home = await bring_home(place.snapshots, base, ended.tree, "the plan")
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
    assert 1 <= ends.count("proof") <= 7


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
    await bring_home(place.snapshots, base, ended.tree, "the plan")
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
    await bring_home(place.snapshots, base, ended.tree, "the plan")
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
    await bring_home(place.snapshots, base, ended.tree, "the plan")
    assert (place.repo / "mod_a.txt").read_text() == "a\ndone by all\n"
    marked = [
        message["content"]
        for record in place.server.requests
        for message in record.body["messages"]
        if message["role"] == "tool" and "<<<<<<<" in message["content"]
    ]
    assert "what others have landed" in marked[0]
