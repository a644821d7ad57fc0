"""What waits for the person, and whom what they type is for: never yesterday's question, never the wrong agent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from leadline.agent.events import (
    ApprovalAnswered,
    Durable,
    ToolStarted,
    TurnEnded,
    TurnStarted,
)
from leadline.agent.events_plan import WorkerBegan
from leadline.agent.host.wishes import Steer
from leadline.tests.tui.test_approval import PLAN, QUESTION, change, command, stage
from leadline.tests.tui.test_state_laws import numbered
from leadline.tests.tui.test_state_shown import shown
from leadline.tui.control.address import hears, queued, while_running
from leadline.tui.state.reducer import State, state_of
from leadline.tui.widgets.approval.detail import GUTTER, Detail

LONG = change("\n".join(f"+row {number}" for number in range(14)))


async def test_the_question_before_is_never_seen_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with stage(ToolStarted("2", "edit", "edit a.py", True), LONG) as it:
        await it.press("y")
        await it.tell(ApprovalAnswered("2", True, "", "person"), offer=False)
        seen: list[str] = []
        app: Any = (
            it.app
        )  # each frame goes through a private method, and nothing public tells of it
        display = app._display

        def spied(screen: object, renderable: object) -> None:
            seen.append(it.text)
            display(screen, renderable)

        monkeypatch.setattr(app, "_display", spied)
        it.said.append(("main", QUESTION))
        it.app.panel.show(state_of(numbered(it.said)).waiting)
        await it.pilot.pause(0.2)
        assert any("Which sign?" in frame for frame in seen)
        assert not any("+row" in frame for frame in seen)


async def test_what_is_only_a_little_too_long_is_shown_whole() -> None:
    async with stage(LONG) as it:
        assert "+row 13" in it.text
        assert "space unfolds" not in it.text
    async with stage(change("\n".join(f"+row {number}" for number in range(40)))) as it:
        assert "space unfolds" in it.text


async def test_the_plan_takes_one_row() -> None:
    async with stage(PLAN) as it:
        row = next(row for row in it.rows if "The plan waits" in row)
        assert "y carry it out" in row
        it.app.now += 1
        at = row.index("carry it out")
        await it.pilot.click(it.app.panel, offset=(at, 1))
        assert it.app.heard


async def test_a_question_with_options_says_that_a_number_is_enough() -> None:
    async with stage(QUESTION) as it:
        assert "A number or your own words; Enter sends, Tab leaves it to the model." in it.text


async def test_who_asks_is_named_as_people_know_it() -> None:
    async with stage(command("make")) as it:
        assert "the agent asks to run this" in it.text


@pytest.mark.parametrize("columns", [5, 12, 30, 79])
def test_a_question_is_cut_at_spaces_and_loses_no_word(columns: int) -> None:
    text = "Shall importing it warn too, or only calling it?\n\n1. yes\n2. averyveryverylongword indeed"
    detail = Detail(text, diff=False, prose=True)
    rows = [detail.row(number).plain[GUTTER:] for number in range(detail.fit(columns + GUTTER))]
    assert all(len(row) <= columns for row in rows)
    if columns >= 21:
        assert " ".join(" ".join(rows).split()) == " ".join(text.split())
    assert "".join("".join(rows).split()) == "".join(text.split())


def team(*, docs_listens: bool) -> State:
    """Two workers, of whom one may have ended its turn."""
    said: list[tuple[str, Durable]] = []
    for task in ("code", "docs"):
        name = f"task-{task}-1"
        said += [(name, WorkerBegan(task, "flash", "high", "c0")), (name, TurnStarted())]
    if not docs_listens:
        said.append(("task-docs-1", TurnEnded(1.0)))
    return shown(*said)


def test_what_is_typed_goes_to_whom_one_looks_at_as_long_as_they_listen():
    state = team(docs_listens=True)
    assert hears(state, "task-docs-1")
    assert while_running(state, ("task-docs-1",), "task-docs-1") == "goes to docs; Esc goes back"
    assert while_running(state, ("task-code-1", "task-docs-1"), "") == (
        "goes to all 2 at work; Esc stops"
    )
    state = team(docs_listens=False)
    assert not hears(state, "task-docs-1")
    assert while_running(state, ("task-code-1",), "task-docs-1") == (
        "goes to code, as docs does not listen now; Esc goes back"
    )


def test_what_is_queued_says_for_whom_where_there_are_several():
    steer = Steer("be brief", "task-docs-1")
    assert queued(team(docs_listens=True), [steer]) == ["be brief"]
    state = team(docs_listens=True)
    state = replace(state, header=replace(state.header, way="refactor"))
    assert queued(state, [steer]) == ["for docs: be brief"]
