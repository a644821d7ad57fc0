"""Planned runs that are killed, stopped, or met by the person; and go on."""

from __future__ import annotations

import asyncio
import os
import signal

from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import (
    EDIT,
    bodies_of,
    count_of,
    plan,
    project,
    states,
    task,
    texts,
)
from leadline.tests.support.cli import ended, start
from leadline.tests.support.laws import each_start_has_one_end
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import (
    REPORT,
    planner,
    primer,
    reviewer,
    worker,
)
from leadline.tests.support.processes import is_running
from leadline.tests.support.repos import git, tree_bytes, write_files

pytestmark = BUBBLEWRAP


async def test_killed_in_the_middle_and_resumed(stage: MakeStage) -> None:
    names = [f"f{number}" for number in range(6)]
    place = await project(
        stage,
        names,
        planner(plan(*map(task, names))),
        primer(),
        worker("f[0-9]", [[EDIT], [("shell", {"command": "sleep 0.2"})], [REPORT]]),
        reviewer(),
        delay=0.1,
    )
    before = tree_bytes(place.repo, git_too=True)
    process = await start(
        "refactor", "Do all of it", "--workers", "3", cwd=place.repo, env=place.env
    )
    reading = asyncio.create_task(process.communicate())
    while count_of(place, "landed") < 1:
        assert process.returncode is None
        await asyncio.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    await reading
    assert tree_bytes(place.repo, git_too=True) == before
    landed = count_of(place, "landed")
    requests = len(place.server.requests)
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert set(states(ran).values()) == {"done"}
    assert texts(place, names) == {"done"}
    # What had landed was not done again, what was under way went on, and nobody planned or primed a second time.
    assert count_of(place, "landed") > landed
    steps = [record.step for record in place.server.requests]
    assert steps.count("plan") == 1
    assert steps.count("prime") == 1
    assert all(steps.count(f"work-{number}") <= len(names) + 3 for number in range(3))
    assert len(steps) - requests < 3 * len(names) + 1
    starts = [body for body in bodies_of(place) if body["kind"] == "worker_began"]
    assert len({body["task"] for body in starts}) == len(names)


async def test_killed_between_the_last_worker_and_the_homecoming(stage: MakeStage) -> None:
    """Only what is left is done: the review, and bringing it home."""
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(),
        delay=0.6,
    )
    process = await start("refactor", "Do all of it", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    while count_of(place, "plan_ended") < 1:
        assert process.returncode is None
        await asyncio.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    await reading
    assert texts(place, ["a", "b"]) == {"todo"}
    asked = len(place.server.requests)
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "b"]) == {"done"}
    assert {record.step for record in place.server.requests[asked:]} <= {"review"}
    assert count_of(place, "plan_started") == 1


async def test_interrupted_leaves_nothing_running_and_no_change(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[("shell", {"command": "sleep 300 & sleep 301"})]]),
    )
    before = tree_bytes(place.repo, git_too=True)
    process = await start("refactor", "Do all of it", "--json", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(ended(process))
    while count_of(place, "tool_started") < 4:
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGINT)
    ran = await reading
    assert ran.code == 130, ran.err
    assert tree_bytes(place.repo, git_too=True) == before
    assert not is_running("sleep 301")
    each_start_has_one_end(ran.lines[:-1])


async def test_a_person_who_edits_the_same_files_meanwhile(stage: MakeStage) -> None:
    """What can be merged is; where it can't, theirs stays and ours is kept."""
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"), task("c"), checks=["test -f base.txt"])),
        primer(),
        worker("[abc]", [[EDIT], [("shell", {"command": "sleep 0.3"})], [REPORT]]),
        reviewer(),
    )
    process = await start("refactor", "Do all of it", "--json", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(ended(process))
    while count_of(place, "worker_began") < 3:
        await asyncio.sleep(0.02)
    write_files(
        place.repo,
        {"a.txt": "a\nmine\n", "b.txt": "b, as I say\nmore\nlines\n\ntodo\n", "new.txt": "new\n"},
    )
    git(place.repo, "commit", "--all", "--quiet", "-m", "I go on")
    ran = await reading
    assert ran.code == 7, ran.err
    assert (place.repo / "a.txt").read_text() == "a\nmine\n"
    assert (place.repo / "c.txt").read_text() == "c\ndone\n"
    assert (place.repo / "new.txt").read_text() == "new\n"
    (home,) = ran.bodies("brought_home")
    assert "a.txt" in home["conflicts"]
    store = next((place.home / "objects").iterdir())
    assert git(store, "show", f"{home['commit']}:a.txt") == "a\ndone\n"
    assert any("Your version stayed" in note for note in ran.result["notes"])
