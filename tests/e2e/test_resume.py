"""kill -9 at any point: the session goes on, nothing is run twice in silence, the prefix holds."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from itertools import pairwise
from pathlib import Path

import pytest
from leadline.agent.events import ToolFinished, ToolStarted
from leadline.agent.history.journal import FILE, read_events
from leadline.agent.history.store import find_session, session_ids
from leadline.agent.rehearsal.server import RehearsalServer
from leadline.agent.rehearsal.settings import Settings
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.cli import ended, start
from leadline.tests.support.needs import FREE_TOP_FOLDER
from leadline.tests.support.processes import is_running
from leadline.tests.support.repos import git
from leadline.tests.support.scripts import FIX, MEND, report, sequence, shell

KILLS_A_SESSION = 5
SESSIONS = 10
OPENING = "<\N{FULLWIDTH VERTICAL LINE}Assistant\N{FULLWIDTH VERTICAL LINE}><think>"


@pytest.mark.parametrize("seed", range(SESSIONS))
async def test_killed_and_resumed(stage: MakeStage, seed: int) -> None:
    """Five kills a session, at random points of the journal's growth and a little after."""
    dice = random.Random(seed)
    place = await stage(FIX, Settings(first_token_seconds=0.02))
    command = ["run", "make add work"]
    for _ in range(KILLS_A_SESSION):
        if await _run_and_kill(place, command, dice):
            break
        command = ["resume"] if session_ids(place.home) and _began(place) else command
    else:
        ran = await place(*command, "--json")
        assert ran.code == 0, ran.err
    assert "left + right" in (place.repo / "calc.py").read_text()
    assert git(place.repo, "status", "--porcelain") == " M calc.py\n"
    _prefix_holds(place.server)
    _each_start_of_a_tool_has_an_end(place)


async def _run_and_kill(place: Stage, command: list[str], dice: random.Random) -> bool:
    """Kill the process when the journal has grown by a random number of lines; True if it was done before that."""
    process = await start(*command, cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    before = _lines(place)
    grown = dice.randint(1, 14)
    while process.returncode is None and _lines(place) < before + grown:
        await asyncio.sleep(0.002)
    await asyncio.sleep(dice.random() * 0.03)
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
    await reading
    if process.returncode == 0:
        return True
    assert process.returncode == -signal.SIGKILL
    return False


def _journal(place: Stage) -> Path | None:
    ids = session_ids(place.home)
    return find_session(place.home, None) / FILE if ids else None


def _lines(place: Stage) -> int:
    path = _journal(place)
    return path.read_bytes().count(b"\n") if path and path.exists() else 0


def _began(place: Stage) -> bool:
    """Whether the session's first event was written: before that there is nothing to go on with."""
    return _lines(place) > 1


def _prefix_holds(server: RehearsalServer) -> None:
    """Also across kills: what was sent once is the beginning of what is sent next."""
    prompts = [record.prompt for record in server.requests]
    for earlier, later in pairwise(prompts):
        assert later.startswith(earlier.removesuffix(OPENING))


def _each_start_of_a_tool_has_an_end(place: Stage) -> None:
    bodies = [event.body for event in read_events(find_session(place.home, None))]
    starts = [body.call_id for body in bodies if isinstance(body, ToolStarted)]
    ends = [body.call_id for body in bodies if isinstance(body, ToolFinished)]
    assert sorted(starts) == sorted(ends)


@FREE_TOP_FOLDER
async def test_a_command_cut_off_is_not_run_again_in_silence(stage: MakeStage) -> None:
    place = await stage(
        sequence(
            shell("echo once >> runs.txt; sleep 60"),
            MEND,
            report("done", "runs.txt shows how far the command came."),
        )
    )
    process = await start("run", "x", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    while not (place.repo / "runs.txt").exists():
        await asyncio.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    await reading
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert (place.repo / "runs.txt").read_text() == "once\n"
    told = place.server.requests[1].body["messages"][-1]
    assert told["role"] == "tool"
    assert "not known how far" in told["content"]
    assert ran.bodies("session_resumed")[0]["interrupted_calls"] == ["shell"]


async def test_nothing_survives_a_kill(stage: MakeStage) -> None:
    place = await stage(sequence(shell("sleep 88.375")))
    process = await start("run", "x", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    for _ in range(400):
        if is_running("sleep", "88.375"):
            break
        await asyncio.sleep(0.02)
    process.kill()
    await reading
    for _ in range(200):
        if not is_running("sleep", "88.375"):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the command outlived the session that started it")


async def test_after_a_limit(stage: MakeStage) -> None:
    place = await stage(FIX)
    assert (await place.run("--max-turns", "2")).code == 5
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert ran.result["turns"] == 4
    assert ran.result["changed"] == ["calc.py"]  # by the first run
    assert "+    return left + right" in ran.result["patch"]
    _prefix_holds(place.server)


async def test_what_is_finished_is_not_resumed(stage: MakeStage) -> None:
    place = await stage(FIX)
    assert (await place.run()).code == 0
    ran = await place("resume")
    assert ran.code == 2
    assert "finished" in ran.err


async def test_a_running_session_is_not_resumed(stage: MakeStage) -> None:
    place = await stage(FIX, Settings(first_token_seconds=30))
    process = await start("run", "x", cwd=place.repo, env=place.env)
    await place.server.arrived(1)
    ran = await place("resume")
    process.terminate()
    await ended(process)
    assert ran.code == 2
    assert "another process" in ran.err
