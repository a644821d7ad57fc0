"""A plan's faults reach the planner as the result of its call, and not only after its report."""

from __future__ import annotations

from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import EDIT, plan, project, refactor, states, task
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import (
    REPORT,
    planner,
    primer,
    pro_worker,
    reviewer,
    turn,
    worker,
)

pytestmark = BUBBLEWRAP


async def test_a_plan_is_mended_before_it_is_reported(stage: MakeStage) -> None:
    wrong = plan(task("a", "z"), task("b", paths=["nowhere/b.txt"]))
    again = task("again", paths=["a.txt"], checks=["grep -q done a.txt"])
    place = await project(
        stage,
        ["a", "b"],
        turn("wrong", {"answers": 0, "any_user": "you plan"}, ("update_plan", {"plan": wrong})),
        turn(
            "right",
            {"answers": 1, "result": "there is no folder nowhere/"},
            ("update_plan", {"plan": plan(task("a"), task("b"), again)}),
        ),
        turn("report", {"answers": 2, "result": "again now waits for a: both write a.txt"}, REPORT),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        worker("again", [[REPORT], [REPORT]], name="again"),
        reviewer(before=3),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert states(ran) == {"a": "done", "b": "done", "again": "done"}
    assert ran.bodies("plan_proposed")[0]["checked"]["plan"]["tasks"][2]["depends_on"] == ["a"]
    sent = [body for body in ran.bodies("tool_finished") if body["title"].startswith("plan: ")]
    assert [each["ok"] for each in sent] == [False, True]
    assert "which is no task of the plan" in sent[0]["text"]


async def test_what_is_planned_anew_may_build_on_what_is_not_sent(stage: MakeStage) -> None:
    """Only what takes the place of the task is sent; it is held against the whole all the same."""
    mine = {"paths": ["a.txt"], "checks": ["grep -q done a.txt"]}
    before = {"answers": 1, "user": "could not be done"}
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"), task("c", "a"))),
        primer(),
        worker("[bc]", [[EDIT], [REPORT]]),
        worker("a", [[REPORT], [REPORT]], name="lies"),
        pro_worker("a", [[REPORT]]),
        turn("circle", before, ("update_plan", {"plan": plan(task("a2", "c", **mine))})),
        turn(
            "anew",
            {"answers": 2, "result": "tasks wait for each other in a circle"},
            ("update_plan", {"plan": plan(task("a2", "b", **mine))}),
            REPORT,
        ),
        worker(
            "a2",
            [[("edit", {"path": "a.txt", "edits": [{"old": "todo", "new": "done"}]})], [REPORT]],
            name="a2",
        ),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert states(ran) == {"a2": "done", "b": "done", "c": "done"}
    sent = [body for body in ran.bodies("tool_finished") if body["title"].startswith("plan: ")]
    assert [each["ok"] for each in sent] == [True, False, True]
    assert sent[-1]["text"] == "Taken: 1 task."
