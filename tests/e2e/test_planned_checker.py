"""One server has all edits of a planned run looked through, and ends with the run."""

from __future__ import annotations

import asyncio
import os
import signal

from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.e2e.planned import bodies_of, plan, project, task
from leadline.tests.support.checkers import command_line, servers
from leadline.tests.support.cli import Started, ended, start
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, Call, planner, primer, reviewer, worker

pytestmark = BUBBLEWRAP

NAMES = ["a", "b", "c", "d"]
WRITE: Call = ("write", {"path": "<<id>>.py", "content": "nope_<<id>>()\n"})
MEND: Call = ("edit", {"path": "<<id>>.py", "edits": [{"old": "nope_<<id>>", "new": "print"}]})


async def begun(stage: MakeStage) -> tuple[Stage, Started]:
    """A run of three workers that write Python; the endpoint takes its time, so that it can be looked at."""
    proof = {"paths": ["<id>.py"], "checks": ["grep -q print <id>.py"]}
    tasks = [
        task(name, **{key: [text.replace("<id>", name) for text in proof[key]] for key in proof})
        for name in NAMES
    ]
    play = worker("[a-d]", [[WRITE], [MEND], [REPORT]])
    place = await project(stage, [], planner(plan(*tasks)), primer(), play, reviewer(), delay=0.3)
    command = ("refactor", "Do all of it", "--workers", "3")
    return place, await start(*command, cwd=place.repo, env=place.env)


async def seen_until_the_end(process: Started) -> set[int]:
    """Every server that was there while the process ran."""
    found: set[int] = set()
    while process.returncode is None:
        found.update(servers(process.pid))
        await asyncio.sleep(0.02)
    return found


async def test_one_server_for_all_workers(stage: MakeStage) -> None:
    place, process = await begun(stage)
    watching = asyncio.create_task(seen_until_the_end(process))
    ran = await ended(process)
    assert ran.code == 0, ran.err
    (one,) = await watching
    assert not command_line(one)
    told = [each["text"] for each in bodies_of(place) if each["kind"] == "tool_finished"]
    for name in NAMES:
        assert f"created {name}.py, 1 line\nundefined: nope_{name} (line 1)" in told
        assert (place.repo / f"{name}.py").read_text() == "print()\n"


async def test_it_ends_with_a_run_that_is_killed(stage: MakeStage) -> None:
    _, process = await begun(stage)
    while not (found := servers(process.pid)):
        await asyncio.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    await ended(process)
    while any(map(command_line, found)):
        await asyncio.sleep(0.02)
