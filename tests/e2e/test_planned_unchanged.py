"""Tasks that are said to be done and have changed nothing: asked about once, then told to people in plain words."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from typing import Any

from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import (
    EDIT,
    EDIT_A,
    journal_of,
    plan,
    project,
    refactor,
    states,
    task,
    texts,
)
from leadline.tests.support.cli import Ran, ended, start
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import (
    REPORT,
    Call,
    in_place,
    planner,
    primer,
    reviewer,
    turn,
    worker,
)

pytestmark = BUBBLEWRAP

MISSED: Call = ("edit", {"path": "a.txt", "edits": [{"old": "nowhere", "new": "done"}]})
NEEDLESS: Call = ("report", {"status": "done", "summary": "It says so in base.txt."})
DOUBT = "your work has changed no file"
WHY = "it changed nothing: It says so in base.txt."


def green(name: str, **others: object) -> dict[str, object]:
    """A task whose check says nothing of its work."""
    return task(name, **({"checks": [f"test -f {name}.txt"]} | others))


def moves(ran: Ran, name: str) -> list[dict[str, Any]]:
    return [body for body in ran.bodies("task_moved") if body["task"] == name]


def doubts(ran: Ran) -> int:
    said = [body["message"].get("text", "") for body in ran.bodies("message_committed")]
    return sum(DOUBT in text for text in said)


async def test_an_edit_that_failed_is_no_work(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(green("a"), task("b"))),
        primer(),
        worker("b", [[EDIT], [REPORT]], name="b"),
        worker("a", [[MISSED], [REPORT], [EDIT_A], [REPORT]], name="a"),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert doubts(ran) == 1
    assert texts(place, ["a", "b"]) == {"done"}
    assert moves(ran, "a")[-1]["reason"] == ""
    assert {move["bounces"] for move in moves(ran, "a")} == {0}
    assert "changed nothing" not in ran.result["summary"]


async def test_who_insists_is_believed_and_people_are_told(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(green("a"), task("b", "a"))),
        primer(),
        worker("a", [[REPORT], [NEEDLESS]], name="a"),
        worker("b", [[EDIT], [REPORT]], name="b"),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert states(ran) == {"a": "done", "b": "done"}
    assert doubts(ran) == 1
    assert ran.result["changed"] == ["b.txt"]
    assert moves(ran, "a")[-1]["reason"] == WHY
    assert [each["reason"] for each in ran.result["tasks"]] == [WHY, ""]
    assert f"a (Do a) is done, but {WHY}" in ran.result["summary"]
    (review,) = [record for record in place.server.requests if record.step == "review"]
    assert f"- a: Do a ({WHY})" in review.body["messages"][-1]["content"]
    assert f"done, but {WHY}" in " ".join(ran.err.split())


async def test_a_codemod_that_finds_nothing_is_no_work(stage: MakeStage) -> None:
    rename = {"language": "python", "pattern": "old_name", "rewrite": "new_name"}
    nowhere = green("a", codemod={"paths": ["a.txt"], "rules": [rename]})
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(nowhere, task("b"))),
        primer(),
        worker("b", [[EDIT], [REPORT]], name="b"),
        worker("a", [[NEEDLESS], [NEEDLESS]], name="a"),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert doubts(ran) == 1
    assert [body["files"] for body in ran.bodies("codemod_run")] == [0]
    assert moves(ran, "a")[-1]["reason"] == WHY


async def test_who_was_asked_before_a_kill_is_not_asked_again(stage: MakeStage) -> None:
    """The worker had been told and was thinking about it; its next claim counts."""
    parts = [
        planner(plan(green("a"), task("b"))),
        primer(),
        worker("b", [[EDIT], [REPORT]], name="b"),
        worker("a", [[REPORT], [NEEDLESS]], name="a"),
        reviewer(),
    ]
    place = await project(stage, ["a", "b"], *parts, delay=0.5)
    process = await start("refactor", "Do all of it", "--json", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(ended(process))
    while DOUBT.encode() not in journal_of(place):
        await asyncio.sleep(0.02)
        assert process.returncode is None
    process.send_signal(signal.SIGKILL)
    await reading
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert doubts(ran) == 0
    assert states(ran) == {"a": "done", "b": "done"}
    assert moves(ran, "a")[-1]["reason"] == WHY


async def test_in_place_an_edit_that_failed_is_no_work(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a"],
        planner(plan(green("a"))),
        in_place("a", [[MISSED], [REPORT], [EDIT_A], [REPORT]]),
    )
    ran = await place("run", "Do a", "--json")
    assert ran.code == 0, ran.err
    assert doubts(ran) == 1
    assert (place.repo / "a.txt").read_text() == "a\ndone\n"
    assert moves(ran, "a")[-1]["reason"] == ""
    assert ran.result["summary"] == "It is done."


async def test_in_place_who_insists_is_believed_and_people_are_told(stage: MakeStage) -> None:
    """What was put back counts as no change either."""
    back: Call = ("edit", {"path": "a.txt", "edits": [{"old": "done", "new": "todo"}]})
    place = await project(
        stage,
        ["a"],
        planner(plan(green("a"))),
        in_place("a", [[EDIT_A], [back], [REPORT], [NEEDLESS]]),
    )
    ran = await place("run", "Do a", "--json")
    assert ran.code == 0, ran.err
    assert doubts(ran) == 1
    assert ran.result["changed"] == []
    assert moves(ran, "a")[-1]["reason"] == WHY
    assert ran.result["summary"] == "It changed nothing: It says so in base.txt."


async def test_a_second_plan_has_to_change_something_of_its_own(stage: MakeStage) -> None:
    """What the plan before has changed in the same session is no work of this one's."""
    place = await project(
        stage,
        ["a"],
        planner(plan(green("a"))),
        in_place("a", [[EDIT_A], [REPORT]]),
        planned_next(plan(green("a2", paths=["a.txt"], checks=["test -f a.txt"]))),
        in_place("a2", [[REPORT], [NEEDLESS]], name="next"),
    )
    first = await place("run", "Do a", "--json")
    assert first.code == 0, first.err
    assert doubts(first) == 0
    ran = await place("resume", "--json", "--say", "Do it once more")
    assert ran.code == 0, ran.err
    assert doubts(ran) == 1
    assert moves(ran, "a2")[-1]["reason"] == WHY


def planned_next(sent: Mapping[str, Any]) -> str:
    """The planner's answer to what the person says after the first plan."""
    return turn(
        "plan-next",
        {"model": "deepseek-v4-pro", "answers": 1, "any_user": "Do it once more"},
        ("update_plan", {"plan": sent}),
        REPORT,
    )
