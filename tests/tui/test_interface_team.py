"""Many at work: what a person looks at is whom they speak to, and Esc leads out before it stops anybody."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from leadline.tests.e2e.conftest import MakeStage, stage
from leadline.tests.e2e.planned import EDIT, VARIABLES, plan, project, task
from leadline.tests.support.interface import KEY, interface
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, planner, primer, reviewer, worker

__all__ = ["stage"]  # a fixture

pytestmark = BUBBLEWRAP
SLEEP = ("shell", {"command": "sleep 6"})


@pytest.fixture
def variables() -> Mapping[str, str]:
    return VARIABLES


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")


async def test_esc_leads_out_of_a_workers_transcript_and_stops_nobody(stage: MakeStage) -> None:
    parts = (
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("([ab])", [[SLEEP], [EDIT], [REPORT]]),
    )
    place = await project(stage, "ab", *parts, reviewer())
    async with interface(place, size=(120, 40)) as it:
        await it.type("/refactor Do all of it")
        await it.asked()
        assert not any(now.index for now in it.state.now.values())  # that is done long since
        await it.press("f3", "y")
        await it.until(lambda: sum(bool(each.running) for each in it.state.workers) == 2, "both")
        await it.press("f4", "G", "enter")
        await it.shows("Esc goes back")
        await it.type("be brief")
        assert len(it.control.feed.queue) == 1
        await it.shows("queued: for ")
        await it.press("escape")
        await it.shows("Esc stops")
        assert it.control.feed.running
        assert it.state.header.ended is None
        await it.press("escape")
        await it.rests()
        assert it.state.header.ended is not None
        assert it.state.header.ended.status == "interrupted"
