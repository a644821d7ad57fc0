"""A plan in the whole interface: typed, changed, approved, carried out by workers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from leadline.tests.e2e.conftest import MakeStage, stage
from leadline.tests.e2e.planned import EDIT, VARIABLES, bodies_of, plan, project, task, texts
from leadline.tests.support.interface import KEY, interface
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, planner, primer, reviewer, worker
from leadline.tui.widgets.approval.panel import QUIET

__all__ = ["stage"]  # a fixture

pytestmark = BUBBLEWRAP
NAMES = "abc"


@pytest.fixture
def variables() -> Mapping[str, str]:
    return VARIABLES


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")


async def test_a_plan_is_changed_approved_and_done(stage: MakeStage) -> None:
    parts = planner(plan(*map(task, NAMES))), primer(), worker("([abc])", [[EDIT], [REPORT]])
    place = await project(stage, NAMES, *parts, reviewer())
    async with interface(place, size=(120, 40)) as it:
        await it.type("/refactor Do all of it")
        await it.asked()
        await it.press("f3")
        await it.shows("Do b")
        await it.press("j", "j", "x")  # the first row is the whole plan
        await it.press("y")
        await it.until(lambda: it.state.workers, "workers")
        await it.press("f4")
        await it.shows("Do a")
        await it.rests()
        assert it.state.header.ended is not None
        assert it.state.header.ended.status == "done"
        rows = {row.task.id: row.state for row in it.state.plan.rows}
        assert len(rows) == 2
        assert set(rows.values()) == {"done"}
        assert texts(place, list(rows)) == {"done"}
        left = next(iter(set(NAMES) - set(rows)))
        assert texts(place, [left]) == {"todo"}
        await it.press("f3")
        await it.shows("grep -q done")


async def test_a_yes_that_comes_with_the_key_to_another_panel_is_one(stage: MakeStage) -> None:
    parts = planner(plan(*map(task, NAMES))), primer(), worker("([abc])", [[EDIT], [REPORT]])
    place = await project(stage, NAMES, *parts, reviewer())
    async with interface(place, size=(120, 40)) as it:
        await it.type("/refactor Do all of it")
        await it.asked()
        await it.press("f3")
        await it.shows("Do a")
        it.press_at_once("y", "f4")
        await it.until(lambda: it.app.pane.shown == "workers", "the workers")
        await it.until(lambda: not it.state.waiting, "the answer")
        await it.rests()
        assert texts(place, NAMES) == {"done"}


@pytest.mark.parametrize(("panel", "shows"), [("f9", "carry it out"), ("f3", "Do a")])
async def test_a_reason_that_comes_in_one_piece_is_heard_whole(
    stage: MakeStage, panel: str, shows: str
) -> None:
    """With the key that asks for it and the one that sends it. Half of it would be another answer."""
    parts = planner(plan(*map(task, NAMES))), primer(), worker("([abc])", [[EDIT], [REPORT]])
    place = await project(stage, NAMES, *parts, reviewer())
    async with interface(place, size=(120, 40)) as it:
        await it.type("/refactor Do all of it")
        await it.asked()
        await it.press(panel)
        await it.shows(shows)
        await asyncio.sleep(QUIET)
        it.press_at_once("n", *"say", "enter", *"more")
        await it.until(lambda: not it.state.waiting, "the answer")
        answers = [
            body["answer"] for body in bodies_of(place) if body["kind"] == "approval_answered"
        ]
        assert answers == ["say"]
