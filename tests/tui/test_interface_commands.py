"""Commands that are typed in the interface, with a real session."""

from __future__ import annotations

import pytest
from leadline.tests.e2e.conftest import MakeStage, stage, variables
from leadline.tests.support.interface import KEY, interface
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.scripts import MEND, report, sequence

__all__ = ["stage", "variables"]  # fixtures


@BUBBLEWRAP
async def test_what_was_done_is_undone_and_redone(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")
    place = await stage(sequence(MEND, report()))
    file = place.repo / "calc.py"
    async with interface(place) as it:
        told: list[str] = []
        it.app.told = lambda text, *, bad=False: told.append(text)
        await it.type("/undo")
        assert told[-1].startswith("There is no session here yet.")
        it.app.pane.composer.area.clear()
        await it.type("make add work")
        await it.until(lambda: it.state.header.ended, "the end")
        await it.rests()
        assert "left + right" in file.read_text()
        await it.type("/undo 0")
        await it.until(lambda: "left - right" in file.read_text(), "the undoing")
        await it.type("/redo")
        await it.until(lambda: "left + right" in file.read_text(), "the redoing")
        await it.type("/undo first")
        assert "A step is a number" in told[-1]
