"""A planned session beside an interface: asked about its plan, its workers steered and stopped one by one."""

from __future__ import annotations

from leadline.agent.events import ApprovalAnswered, ApprovalAsked, Event, RequestSent, ToolStarted
from leadline.agent.events_plan import BroughtHome, PlanProposed, TaskMoved, WorkerBegan
from leadline.agent.host.wishes import Interrupt, Steer, Submit
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import EDIT, plan, project, task, texts
from leadline.tests.support.hosting import Watched, hosted
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import (
    PRIMED,
    REPORT,
    Call,
    planner,
    primer,
    pro_worker,
    reviewer,
    turn,
    worker,
)
from leadline.tests.support.processes import is_running

pytestmark = BUBBLEWRAP

STALLS = 'fault = { name = "stall", seconds = 600.0, after = 0.1 }'

SAY_DONE: Call = ("shell", {"command": "sed -i s/todo/done/ <<id>>.txt"})
"""Does no harm when it is done again, as some model would after it was cut off."""


def endless(seconds: str) -> Call:
    """Each test has a number of its own, as it looks for the process on the whole machine."""
    return ("shell", {"command": f"sleep {seconds}"})


def workers(session: Watched, wanted: str) -> list[str]:
    """The agents that began with this task, or began with it again, so far."""
    events = [item for item in session.told if isinstance(item, Event)]
    return [
        event.agent
        for event in events
        if isinstance(event.body, WorkerBegan) and event.body.task == wanted
    ]


async def agent_of(session: Watched, wanted: str) -> str:
    """The first worker that began with this task."""
    await session.until(lambda: workers(session, wanted))
    return workers(session, wanted)[0]


async def test_questions_and_the_plan_wait_for_the_person(stage: MakeStage) -> None:
    asks = plan(task("a"), task("b"), open_questions=["Which?", "Why?"])
    knows = {"answers": 1, "any_user": "you plan the task", "user": "the first one"}
    sent: tuple[Call, ...] = (("update_plan", {"plan": plan(task("a"), task("b"))}), REPORT)
    place = await project(
        stage,
        ["a", "b"],
        planner(asks),
        turn("again", knows, *sent),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(before=2),
    )
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        assert await session.answer(2, allowed=False) == "Why?"
        assert await session.answer(1, text="the first one") == "Which?"
        assert await session.answer(3) == "May Leadline carry out this plan?"
        assert (await session.ended()).status == "done"
    assert texts(place, ["a", "b"]) == {"done"}
    said = [(body.allowed, body.by) for body in session.bodies(ApprovalAnswered, "planner")]
    assert said == [(False, "person"), (True, "person"), (True, "person")]
    session.starts_and_ends_hold()


async def test_a_no_to_the_plan_ends_the_session_and_a_yes_after_resume_goes_on(
    stage: MakeStage,
) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(),
    )
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        await session.answer(1, allowed=False)
        first = await session.ended()
        assert first.status == "interrupted"
        assert not session.bodies(WorkerBegan)
        session.send(session.resume(first.session))
        await session.body(ApprovalAsked, 2)
        await session.closed()
        session.starts_and_ends_hold()
    async with hosted(place) as session:
        session.send(session.resume(first.session))
        await session.answer(1)
        assert (await session.ended()).status == "done"
    assert len(session.bodies(PlanProposed)) == 0
    assert texts(place, ["a", "b"]) == {"done"}


async def test_a_worker_is_steered_and_stopped_and_goes_on(stage: MakeStage) -> None:
    """What it knew is not lost: the same clone, the same transcript, with what became of the call that was cut off."""
    told = {"answers": 3, "any_user": {"matches": "Your task \\((?P<id>a)\\)"}}
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("a", [[EDIT], [endless("64.25")]], name="a"),
        turn("a-told", told | {"user": "only say done"}, REPORT),
        worker("b", [[EDIT], [REPORT]], name="b"),
        reviewer(),
    )
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        await session.answer(1)
        name = await agent_of(session, "a")
        await session.until(lambda: is_running("sleep", "64.25"))
        session.send(Steer("only say done", name), Interrupt(name))
        await session.until(lambda: [b for b in session.bodies(TaskMoved) if b.bounces])
        assert not is_running("sleep", "64.25")
        result = await session.ended()
        await session.closed()
    assert result.status == "done", result.summary
    moved = [body for body in session.bodies(TaskMoved) if body.task == "a" and body.bounces]
    assert moved[0].reason == "stopped by the person"
    assert workers(session, "a") == [name]
    assert texts(place, ["a", "b"]) == {"done"}
    assert not session.unheard()
    session.starts_and_ends_hold()
    steps = [record.step for record in place.server.requests]
    assert steps.count("a-0") == steps.count("a-1") == steps.count("a-told") == 1


async def test_a_task_that_is_given_up_fails_and_the_others_land(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"), task("c", "a"))),
        primer(),
        worker("a", [[endless("65.25")]], name="a"),
        pro_worker("a", [[endless("65.25")]]),
        worker("b", [[EDIT], [REPORT]], name="b"),
        reviewer(),
    )
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        await session.answer(1)
        name = await agent_of(session, "a")
        await session.until(lambda: is_running("sleep", "65.25"))
        session.send(Interrupt("main"), Interrupt("task-z-9"), Interrupt(name, give_up=True))
        result = await session.ended()
    assert not is_running("sleep", "65.25")
    assert [item.reason for item in session.unheard()] == ["no such worker is at work now"] * 2
    assert {each.id: each.state for each in result.tasks} == {
        "a": "failed",
        "b": "done",
        "c": "skipped",
    }
    assert "given up by the person" in result.summary
    moved = [(body.state, body.bounces) for body in session.bodies(TaskMoved) if body.task == "a"]
    assert moved[-2:] == [("running", 0), ("failed", 0)]
    # Nobody else was set to work on it, and the planner was not asked again.
    assert workers(session, "a") == [name]
    assert [record.step for record in place.server.requests].count("plan") == 1
    assert len(session.bodies(BroughtHome)) == 1
    session.starts_and_ends_hold()


async def test_stopped_before_it_had_begun_another_worker_begins(stage: MakeStage) -> None:
    """Its first answer never comes: there is nothing to go on with, and nothing of it is left."""
    only_its_task = {"answers": PRIMED, "user": {"matches": "Your task \\(a\\)"}}
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        turn("never", only_its_task, text="soon").replace("\n", f"\n{STALLS}\n", 1),
        worker("a", [[EDIT], [REPORT]], name="a"),
        worker("b", [[EDIT], [REPORT]], name="b"),
        reviewer(),
    )
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        await session.answer(1)
        name = await agent_of(session, "a")
        await session.seen(lambda body, agent: agent == name and isinstance(body, RequestSent))
        session.send(Interrupt(name))
        assert (await session.ended()).status == "done"
    first, second = workers(session, "a")
    assert first != second
    assert texts(place, ["a", "b"]) == {"done"}
    assert not list(place.home.glob("sessions/*/work/clones/*"))
    session.starts_and_ends_hold()


async def test_closed_with_workers_under_way_and_resumed(stage: MakeStage) -> None:
    names = [f"f{number}" for number in range(4)]
    place = await project(
        stage,
        names,
        planner(plan(*map(task, names))),
        primer(),
        worker("f[0-9]", [[SAY_DONE], [SAY_DONE], [SAY_DONE], [REPORT], [REPORT]]),
        reviewer(),
        delay=0.1,
    )
    async with hosted(place, way="planned", workers=2) as session:
        session.send(Submit("Do all of it"))
        await session.answer(1)
        await session.seen(
            lambda body, agent: agent.startswith("task") and isinstance(body, ToolStarted)
        )
        await session.closed()
    ended = await session.ended()
    assert ended.status == "interrupted"
    session.starts_and_ends_hold()
    async with hosted(place) as session:
        session.send(session.resume(ended.session))
        assert (await session.ended()).status == "done"
    assert texts(place, names) == {"done"}
