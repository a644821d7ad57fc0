"""A run cut off while somebody on Pro is at work, whose transcript begins with the planner's, calls and all."""

from __future__ import annotations

import asyncio
import signal

import pytest
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import (
    EDIT,
    count_of,
    plan,
    project,
    states,
    task,
    texts,
)
from leadline.tests.support.cli import ended, start
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import (
    REPORT,
    planner,
    pro_worker,
    reviewer,
)

pytestmark = BUBBLEWRAP


@pytest.mark.parametrize("names", [["a"], ["a", "b"]], ids=["in place", "in clones"])
async def test_who_is_on_pro_goes_on_after_a_kill(stage: MakeStage, names: list[str]) -> None:
    place = await project(
        stage,
        names,
        planner(plan(*(task(name, tier="pro") for name in names))),
        pro_worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(),
        delay=0.5,
    )
    process = await start("run", "Do all of it", "--json", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(ended(process))
    edited = 2 + len(names)  # two calls of the planner's, and an edit of each
    while count_of(place, "tool_finished") < edited:
        await asyncio.sleep(0.02)
        assert process.returncode is None
    process.send_signal(signal.SIGKILL)
    await reading
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert set(states(ran).values()) == {"done"}
    assert texts(place, names) == {"done"}
    again = [record.step for record in place.server.requests if record.step == "pro-0"]
    assert len(again) == len(names)
