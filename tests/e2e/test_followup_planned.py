"""A person says more to a session with a planner: there is a new plan for it, by the same planner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from itertools import pairwise

from leadline.agent.history.journal import read_events
from leadline.agent.history.store import find_session
from leadline.agent.planning.record import plans_of
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.e2e.planned import (
    EDIT,
    bodies_of,
    count_of,
    plan,
    project,
    refactor,
    states,
    task,
    texts,
)
from leadline.tests.support.cli import ended, start
from leadline.tests.support.laws import OPENING
from leadline.tests.support.planscripts import (
    REPORT,
    in_place,
    planner,
    primer,
    reviewer,
    turn,
    worker,
)
from leadline.tui.state.reducer import state_of


def planner_again(answers: int, said: str, *tasks: Mapping[str, object]) -> str:
    return turn(
        f"plan-{answers}",
        {"model": "deepseek-v4-pro", "answers": answers, "any_user": said},
        ("update_plan", {"plan": plan(*tasks)}),
        ("report", {"status": "done", "summary": "Cut anew."}),
    )


def the_planner_goes_on(place: Stage) -> list[str]:
    """What the planner was sent each time: each begins with the one before."""
    found = [
        record.prompt
        for record in place.server.requests
        if "Your brief: you plan" in record.prompt and "Your brief: you review" not in record.prompt
    ]
    for earlier, later in pairwise(found):
        assert later.startswith(earlier.removesuffix(OPENING))
    return found


async def test_several_then_one_then_an_answer(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"))),
        planner_again(1, "now c", task("c")),
        turn(
            "answer",
            {"model": "deepseek-v4-pro", "answers": 2, "any_user": "what was it"},
            ("update_plan", {"plan": plan()}),
            ("report", {"status": "done", "summary": "It was easy."}),
        ),
        turn(
            "insist",
            {"model": "deepseek-v4-pro", "answers": 3, "any_user": "what was it"},
            REPORT,
        ),
        primer(),
        worker("a|b", [(EDIT,), (REPORT,)]),
        in_place("c", [(EDIT,), (REPORT,)]),
        reviewer(),
    )
    first = await refactor(place)
    assert first.code == 0, first.err
    second = await place("resume", "--say", "now c", "--json")
    assert second.code == 0, second.err
    assert states(second) == {"c": "done"}
    assert texts(place, ["a", "b", "c"]) == {"done"}
    assert second.result["changed"] == ["a.txt", "b.txt", "c.txt"]
    assert [each["title"] for each in second.result["plan"]["tasks"]] == ["Do c"]
    sent = the_planner_goes_on(place)
    assert "a, Do a: done. It is done." in sent[1]
    told = next(r.prompt for r in place.server.requests if "Your task (c)" in r.prompt)
    assert "now c" in told
    assert "Do all of it" in told
    third = await place("resume", "--say", "what was it", "--json")
    assert third.result["status"] == "unverified"
    assert third.result["tasks"] == []
    state = state_of(read_events(find_session(place.home, None)))
    assert [set(view.board.tasks) for view in state.plan.earlier] == [{"a", "b"}]
    assert (await place("undo", "--to", "0")).code == 0
    assert texts(place, ["a", "b", "c"]) == {"todo"}


async def test_all_who_go_on_in_another_mode_are_told_of_it(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"))),
        planner_again(1, "now c", task("c")),
        primer(),
        worker("a|b", [(EDIT,), (REPORT,)]),
        in_place("c", [(EDIT,), (REPORT,)]),
        reviewer(),
    )
    assert (await refactor(place)).code == 0
    ran = await place("resume", "--say", "now c", "--mode", "full", "--json")
    assert ran.code == 0, ran.err
    sent = the_planner_goes_on(place)
    assert [each.count("another mode for what comes now: full") for each in sent] == [0, 1]
    hand = next(r.prompt for r in place.server.requests if "Your task (c)" in r.prompt)
    assert hand.count("another mode for what comes now: full") == 1
    assert ran.result["sandbox"] in hand


async def test_the_same_ids_again_and_workers_again(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        planner_again(
            1,
            "once more",
            task("a", checks=["grep -q twice a.txt"]),
            task("b", checks=["grep -q twice b.txt"]),
        ),
        primer(),
        turn(
            "again",
            {"answers": 1, "model": "deepseek-flash", "any_user": "grep -q twice (?P<id>a|b)"},
            ("edit", {"path": "<<id>>.txt", "edits": [{"old": "done", "new": "twice"}]}),
        ).replace('"grep -q twice (?P<id>a|b)"', '{ "matches" = "grep -q twice (?P<id>a|b).txt" }'),
        turn(
            "again-2",
            {"answers": 2, "model": "deepseek-flash", "any_user": "grep -q twice"},
            REPORT,
        ),
        worker("a|b", [(EDIT,), (REPORT,)]),
        reviewer(before=1),
        turn(
            "review-2",
            {"answers": 2, "any_user": "Your brief: you review"},
            ("report", {"status": "done", "summary": "Twice."}),
        ),
    )
    first = await refactor(place)
    assert first.code == 0, first.err
    second = await place("resume", "--say", "once more", "--json")
    assert second.code == 0, second.err
    assert states(second) == {"a": "done", "b": "done"}
    assert texts(place, ["a", "b"]) == {"twice"}
    began = [b["base"] for b in bodies_of(place) if b["kind"] == "worker_began"]
    assert len(began) == 4
    record = plans_of(read_events(find_session(place.home, None)))
    assert (record.count, record.begun, record.last and record.last.number) == (2, 4, 1)
    assert (await place("undo")).code == 0
    assert texts(place, ["a", "b"]) == {"done"}


async def test_what_landed_before_a_kill_comes_home_first(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b", "a"))),
        planner_again(1, "rather c", task("c")),
        primer(),
        worker("a", [(EDIT,), (REPORT,)]),
        worker("b", [(("shell", {"command": "sleep 60"}),)], name="slow"),
        in_place("c", [(EDIT,), (REPORT,)]),
    )
    process = await start("refactor", "Do all of it", cwd=place.repo, env=place.env)
    while not count_of(place, "landed"):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    process.kill()
    await ended(process)
    assert texts(place, ["a"]) == {"todo"}
    ran = await place("resume", "--say", "rather c", "--json")
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "c"]) == {"done"}
    assert texts(place, ["b"]) == {"todo"}
    assert ran.result["changed"] == ["a.txt", "c.txt"]
    sent = the_planner_goes_on(place)
    assert "b, Do b: not ended" in sent[1]
    assert not list((find_session(place.home, None) / "work" / "clones").glob("task-b*"))
    assert json.dumps("rather c") in json.dumps(bodies_of(place))


async def test_a_fork_knows_what_became_of_the_plan(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"))),
        planner_again(1, "now c", task("c")),
        primer(),
        worker("a|b", [(EDIT,), (REPORT,)]),
        in_place("c", [(EDIT,), (REPORT,)]),
        reviewer(),
    )
    first = await refactor(place)
    assert first.code == 0, first.err
    ran = await place("resume", "--fork", "--say", "now c", "--json")
    assert ran.code == 0, ran.err
    assert ran.result["session"] != first.result["session"]
    assert states(ran) == {"c": "done"}
    assert ran.result["changed"] == ["c.txt"]
    sent = the_planner_goes_on(place)
    assert "a, Do a: done" in sent[1]
    assert texts(place, ["a", "b", "c"]) == {"done"}
    assert (await place("undo", ran.result["session"], "--to", "0")).code == 0
    assert texts(place, ["a", "b"]) == {"done"}
    assert texts(place, ["c"]) == {"todo"}
