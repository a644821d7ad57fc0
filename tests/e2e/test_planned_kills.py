"""kill -9 at random points of a planned run, again and again: it goes on each time, and ends as if nothing had been."""

from __future__ import annotations

import asyncio
import os
import random
import signal

import pytest
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.e2e.planned import journal_of, plan, project, task, texts
from leadline.tests.support.cli import start
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, Call, primer, reviewer, turn
from leadline.tests.support.repos import git

pytestmark = BUBBLEWRAP

KILLS = 4
MINE = {"matches": "Your task \\((?P<id>f[0-9])\\)"}
SAY_DONE: Call = ("shell", {"command": "sed -i s/todo/done/ <<id>>.txt"})
NAMES = [f"f{number}" for number in range(5)]


def players() -> tuple[str, ...]:
    """Models that look at what was cut off and do it again, as they are told to."""
    sent: tuple[Call, ...] = (
        ("update_plan", {"plan": plan(*(task(name) for name in NAMES))}),
        REPORT,
    )
    planning = {"model": "deepseek-v4-pro", "any_user": "you plan the task", "answers_max": 9}
    mine = {"model": "deepseek-flash", "any_user": MINE}
    return (
        reviewer(before=1),
        *(reviewer(before=n).replace('"review"', f'"review-{n}"') for n in range(2, 7)),
        turn("plan", planning, *sent),
        primer(),
        turn("again", {**mine, "result": "Interrupted"}, SAY_DONE),
        turn("do", {**mine, "not_done": "do"}, SAY_DONE),
        turn("say", mine, REPORT),
    )


@pytest.mark.parametrize("seed", range(3))
async def test_killed_again_and_again(stage: MakeStage, seed: int) -> None:
    dice = random.Random(seed)
    place = await project(stage, NAMES, *players(), delay=0.05)
    command = ["refactor", "Do all of it", "--workers", "3"]
    for _ in range(KILLS):
        if await ended_before_the_kill(place, command, dice):
            break
        if journal_of(place).count(b"\n") > 1:
            command = ["resume"]
    else:
        ran = await place(*command)
        assert ran.code == 0, ran.err
    assert texts(place, NAMES) == {"done"}
    assert git(place.repo, "status", "--porcelain").count(" M ") == len(NAMES)
    landed = journal_of(place).count(b'"kind":"brought_home"')
    assert landed >= 1


async def ended_before_the_kill(place: Stage, command: list[str], dice: random.Random) -> bool:
    """Kill it when the journal has grown by a random number of lines; True if it was done before that."""
    process = await start(*command, cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    before = journal_of(place).count(b"\n")
    grown = dice.randint(5, 70)
    while process.returncode is None and journal_of(place).count(b"\n") < before + grown:
        await asyncio.sleep(0.005)
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
    _, err = await reading
    if process.returncode == -signal.SIGKILL:
        return False
    assert process.returncode == 0, err.decode()
    return True
