"""The whole interface with real keys: the real app, real sessions, the rehearsal endpoint."""

from __future__ import annotations

import pytest
from leadline.tests.e2e.conftest import MakeStage, Stage, stage, variables
from leadline.tests.support.interface import KEY, interface
from leadline.tests.support.laws import prefix_holds
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.scripts import MEND, report, sequence

__all__ = ["stage", "variables"]  # fixtures


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")


def mended(place: Stage) -> bool:
    return "return a + b" in (place.repo / "calc.py").read_text()


@BUBBLEWRAP
async def test_a_typed_task_is_done_and_shown(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(summary="Mended it.")))
    async with interface(place) as it:
        await it.type("make add work")
        await it.until(lambda: it.state.header.session, "a session")
        await it.rests()
        await it.shows("Mended it.")
        print(it.text); print((place.repo / "calc.py").read_text())
        print(it.text)


@BUBBLEWRAP
async def test_the_next_text_goes_on_with_what_has_ended(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), report(summary="Said hello.")))
    async with interface(place) as it:
        await it.type("make add work")
        await it.until(lambda: it.state.header.session, "a session")
        await it.rests()
        first = it.state.header.session
        await it.type("now say hello")
        await it.until(lambda: it.state.header.runs == 2, "the second run")
        await it.rests()
        await it.shows("Said hello.")
        assert it.state.header.session == first
        prefix_holds(place.server)
