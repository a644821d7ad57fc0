"""From one place to another in the whole interface: nothing lies over what a key leads to, and nothing is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from leadline.agent.events_plan import PlanEnded
from leadline.tests.support.exhibit import Exhibit, Gallery, exhibit, make_gallery, same_everywhere
from leadline.tests.support.showcase import Story, planned, running
from leadline.tui.panels.session.panel import TranscriptPanel
from leadline.tui.widgets.approval import panel as approval_panel

SIZES = [(80, 24), (160, 48)]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return asyncio.run(make_gallery(tmp_path_factory.mktemp("gallery")))


@pytest.fixture(autouse=True)
def still() -> Iterator[None]:
    with same_everywhere():
        yield


async def test_a_panels_key_leads_out_of_the_list_of_sessions(gallery: Gallery) -> None:
    async with exhibit(gallery, (80, 24)) as it:
        await it.tell(running())
        await it.press("f7", "f7")
        await it.shows("Sessions of this place")
        assert len(it.app.screen_stack) == 2
        await it.press("f3")
        await it.shows("1 of 6 landed")
        assert len(it.app.screen_stack) == 1


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_the_head_of_a_plan_is_there_the_first_time_it_is_looked_at(
    size: tuple[int, int], gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approval_panel, "QUIET", 0.0)
    async with exhibit(gallery, size) as it:
        await it.tell(planned())
        await it.rest()
        it.control.approvals.focus()
        await it.press("p")
        await it.shows("Waits for your word, y or n: 6 tasks")
        await it.shows("Forecast: 2.4M tokens")


async def test_the_sessions_key_twice_leads_from_a_workers_transcript_to_the_sessions_own(
    gallery: Gallery,
) -> None:
    async with exhibit(gallery, (80, 24)) as it:
        await it.tell(running())
        it.control.transcript.agent = "task-tax-1"
        it.control.show()
        await it.shows("Transcript of task-tax-1")
        await it.press("f2")
        await _until_own(it, it.control.transcript)
        assert "landed, 1 of 6 done" in (await it.rest()).text


async def _until_own(it: Exhibit, panel: TranscriptPanel) -> None:
    async with asyncio.timeout(20):
        while panel.agent:
            await it.pilot.pause(0.02)


async def test_when_all_work_has_ended_nobody_is_said_to_be_at_work(gallery: Gallery) -> None:
    told: Story = running()
    told.say("main", PlanEnded("c1", 1, 1, 0, 4))
    async with exhibit(gallery, (160, 48)) as it:
        await it.tell(told)
        await it.press("f3")
        await it.shows("1 of 6 landed, 1 failed, 4 left")
        assert "\N{BLACK CIRCLE} at work" not in (await it.rest()).text
        await it.press("f4")
        await it.shows("4 left, 1 done, 1 failed")
