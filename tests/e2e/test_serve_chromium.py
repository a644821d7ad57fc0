"""The interface as a person has it in a browser: typed, approved and looked at in a real Chromium."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from leadline.agent.events import ApprovalAnswered, SessionEnded
from leadline.agent.history.journal import read_events
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.support.chromium import CHROMIUM, Browser, Page, chromium
from leadline.tests.support.scripts import MEND, report, sequence
from leadline.tests.support.served import Served, processes_in, served
from leadline.tests.support.waiting import answer, until

pytestmark = [CHROMIUM, pytest.mark.timeout(400)]

PICTURES = "LEADLINE_TEST_PICTURES"
"""A variable with the folder for pictures of what was seen, for who wants to look at them."""


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncGenerator[Browser]:
    async with chromium(tmp_path / "profile") as browser:
        yield browser


async def picture(page: Page, name: str) -> None:
    if folder := os.environ.get(PICTURES):
        await page.picture(Path(folder) / f"{name}.png")


def nothing_came_from_elsewhere(page: Page, server: Served) -> None:
    assert page.addresses
    here = server.origin.removeprefix("http:")
    assert {each for each in page.addresses if not each.partition(":")[2].startswith(here)} == set()
    assert page.complaints == []


async def test_a_task_is_typed_approved_and_its_diff_seen(
    stage: MakeStage, browser: Browser
) -> None:
    place = await stage(sequence(MEND, report(summary="It adds now.")))
    calc = place.repo / "calc.py"
    async with served(place, "--mode", "ask") as server:
        page = await browser.page()
        await page.open(server.address)
        await page.shows("Type a task below", "mode ask", "f2 session")
        assert await page.evaluate("document.title") == "Leadline: repo"
        assert "token" not in await page.evaluate("location.href")
        await page.type("make add work")
        await page.press("Enter")

        await page.shows("calc.py", "return left + right", "y yes")
        await picture(page, "asked")
        assert "left - right" in calc.read_text()

        async def is_mended() -> bool:
            return "left + right" in calc.read_text()

        await answer(lambda: page.type("y"), is_mended)
        await page.shows("It adds now.", "goes on with this session")

        await page.press("F5")  # where no terminal has focus a browser loads the page anew
        await page.shows("whole session", "return left - right", "return left + right")
        await picture(page, "changes")
        nothing_came_from_elsewhere(page, server)

        await page.press("Control+q")
        await page.shows("This interface has ended.")
        await picture(page, "ended")
        await page.click(".ended a")
        await page.shows("Type a task below")
        await page.press("F7")
        await page.shows("make add work")
        await picture(page, "sessions")
        nothing_came_from_elsewhere(page, server)
        await page.close()
        await until(lambda: len(processes_in(place.repo)) == 1, "the interface's end")
        assert (await server.ends()).code == 0
    [folder] = (place.home / "sessions").glob("*")
    bodies = [event.body for event in read_events(folder)]
    assert [body.allowed for body in bodies if isinstance(body, ApprovalAnswered)] == [True]
    assert isinstance(bodies[-1], SessionEnded)
