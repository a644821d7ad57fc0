"""The person's word on a plan at an interface: as they changed it, with faults, not at all, or not asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from leadline.agent.events import ApprovalAsked, Event, MessageCommitted, RequestSent
from leadline.agent.events_plan import (
    EditRefused,
    Forecasted,
    PlanDeclined,
    PlanProposed,
    WorkerBegan,
)
from leadline.agent.host.wishes import Answer, Submit
from leadline.agent.messages import UserMessage
from leadline.agent.planning.plan import Plan
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import EDIT, plan, project, task, texts
from leadline.tests.support.hosting import Watched, hosted
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
from leadline.tui.state.reducer import state_of

pytestmark = BUBBLEWRAP


async def approve(session: Watched, number: int, edited: Plan | None) -> None:
    """Say yes to the question with this number, to the plan as it then is."""
    await session.body(ApprovalAsked, number)
    asked = [
        item
        for item in session.told
        if isinstance(item, Event) and isinstance(item.body, ApprovalAsked)
    ][number - 1]
    assert isinstance(asked.body, ApprovalAsked)
    session.send(Answer(asked.agent, asked.body.call_id, plan=edited))


async def test_the_plan_is_carried_out_as_it_was_changed(stage: MakeStage) -> None:
    """Changes that can't be are told, and asked about again; what is sent in the end is what is done."""
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b", "a"), task("c"))),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(),
    )
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        proposed = (await session.body(PlanProposed)).checked.plan
        a, b, _ = proposed.tasks
        await approve(session, 1, replace(proposed, tasks=(b,)))
        faults = (await session.body(EditRefused)).faults.faults
        assert [(fault.task, fault.key) for fault in faults] == [("b", "depends_on")]
        told = "Say done in b.txt, no more."
        b = replace(b, brief=told, depends_on=())
        await approve(session, 2, replace(proposed, tasks=(b, a)))
        result = await session.ended()
        shown = state_of(item for item in session.told if isinstance(item, Event)).plan
    assert result.status == "done", result.summary
    assert [body.source for body in session.bodies(PlanProposed)] == ["planner", "edited"]
    assert [body.forecast.tasks for body in session.bodies(Forecasted)] == [3, 2]
    assert [row.task.id for row in shown.rows] == ["b", "a"]
    assert not shown.faults
    assert not shown.earlier
    assert (place.repo / "c.txt").read_text() == "c\ntodo\n"
    assert texts(place, ["a", "b"]) == {"done"}
    said = [
        body.message.text
        for body in session.bodies(MessageCommitted)
        if isinstance(body.message, UserMessage)
    ]
    assert any(told in text and "Your task (b)" in text for text in said)
    session.starts_and_ends_hold()


async def test_a_no_with_a_reason_has_it_planned_anew(stage: MakeStage) -> None:
    again = {"answers": 1, "any_user": "leave b alone"}
    sent: tuple[Call, ...] = (("update_plan", {"plan": plan(task("a"), task("c"))}), REPORT)
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"))),
        turn("again", again, *sent),
        primer(),
        worker("[ac]", [[EDIT], [REPORT]]),
        reviewer(before=2),
    )
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        await session.answer(1, allowed=False, text="leave b alone")
        assert (await session.body(PlanDeclined)).reason == "leave b alone"
        await session.body(PlanProposed, 2)
        await session.answer(2, allowed=False)
        first = await session.ended()
        assert (first.status, first.summary) == (
            "interrupted",
            "The plan was not started: you said no.",
        )
        assert not session.bodies(WorkerBegan)
        session.send(session.resume(first.session))
        await session.answer(3)
        assert (await session.ended(2)).status == "done"
    assert texts(place, ["a", "c"]) == {"done"}
    assert texts(place, ["b"]) == {"todo"}
    session.starts_and_ends_hold()


async def test_closed_while_it_is_planned_anew_the_next_run_does_that(stage: MakeStage) -> None:
    again = turn(
        "again",
        {"answers": 1, "any_user": "leave b alone"},
        ("update_plan", {"plan": plan(task("a"), task("c"))}),
        REPORT,
    )
    stalls = 'fault = { name = "stall", seconds = 8.0, after = 0.1 }'
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"))),
        again.replace('step = "again"', f'step = "again"\n{stalls}'),
        primer(),
        worker("[ac]", [[EDIT], [REPORT]]),
        reviewer(before=2),
    )
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        await session.answer(1, allowed=False, text="leave b alone")
        await session.body(RequestSent, 2)
        await session.closed()
        first = await session.ended()
    async with hosted(place) as session:
        session.send(session.resume(first.session))
        await session.answer(1)
        assert (await session.ended()).status == "done"
    assert [body.source for body in session.bodies(PlanProposed)] == ["planner"]
    assert texts(place, ["b"]) == {"todo"}
    session.starts_and_ends_hold()


async def test_the_planner_is_asked_for_another_one_three_times_at_most(stage: MakeStage) -> None:
    given = plan(task("a"), task("b"))
    others = [
        turn(
            f"again-{n}", {"answers": n, "any_user": "no"}, ("update_plan", {"plan": given}), REPORT
        )
        for n in range(1, 4)
    ]
    place = await project(stage, ["a", "b"], planner(given), *others)
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        for number in range(1, 5):
            await session.answer(number, allowed=False, text=f"no, {number}")
        result = await session.ended()
    assert (result.status, result.summary) == (
        "interrupted",
        "The plan was not started: you said no: no, 4",
    )
    assert len(session.bodies(PlanDeclined)) == 3
    session.starts_and_ends_hold()


@pytest.mark.parametrize(("mode", "way", "asks"), [("auto", "planned", 0), ("auto", "refactor", 1)])
async def test_one_task_needs_no_word_but_in_a_refactor(
    stage: MakeStage, mode: str, way: str, asks: int
) -> None:
    place = await project(
        stage, ["a"], planner(plan(task("a"))), in_place("a", [[EDIT], [REPORT]]), reviewer()
    )
    async with hosted(place, {"mode": mode}, way=way, workers=2) as session:
        session.send(Submit("Do all of it"))
        for number in range(asks):
            await session.answer(number + 1)
        assert (await session.ended()).status == "done"
    assert len(session.bodies(ApprovalAsked)) == asks
    assert texts(place, ["a"]) == {"done"}


async def test_a_plan_is_no_answer_to_another_question(stage: MakeStage) -> None:
    asks = plan(task("a"), task("b"), open_questions=["Which?"])
    place = await project(stage, ["a", "b"], planner(asks))
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        await approve(session, 1, Plan("other", ()))
        await session.until(session.unheard)
    assert [item.reason for item in session.unheard()] == [
        "only the question about a plan takes one"
    ]
