"""The plan: in place or for workers, seen first, handed back, sent back; the reviewer; codemods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from leadline.agent.history.store import find_session
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import (
    CHECK,
    EDIT,
    EDIT_A,
    plan,
    project,
    refactor,
    states,
    task,
    texts,
)
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
from leadline.tests.support.repos import git, tree_bytes, write_files

pytestmark = BUBBLEWRAP


async def test_what_was_laid_out_for_many_is_gone_where_one_is_enough(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a"],
        planner(plan(task("a"))),
        in_place("a", [[EDIT_A], [REPORT]]),
        delay=0.4,
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert ran.bodies("worker_began") == []
    assert not (find_session(place.home, None) / "work").exists()


async def test_a_small_task_is_done_in_place(stage: MakeStage) -> None:
    """One answer of Pro more than without a plan, no clone, and every step can be undone."""
    place = await project(
        stage,
        ["a"],
        planner(plan(task("a"))),
        in_place("a", [[EDIT_A], [REPORT]]),
    )
    ran = await place("run", "Do a", "--json")
    assert ran.code == 0, ran.err
    assert [record.body["model"] for record in place.server.requests] == [
        "deepseek-v4-pro",
        "deepseek-flash",
        "deepseek-flash",
    ]
    assert (place.repo / "a.txt").read_text() == "a\ndone\n"
    assert {each["command"] for each in ran.result["evidence"]} >= {CHECK, "grep -q done a.txt"}
    assert ran.bodies("worker_began") == []
    (only,) = ran.result["tasks"]
    assert (only["state"], only["models"]) == ("done", ["deepseek-flash"])
    assert 0 < only["usd"] < ran.result["cost"]["usd"]
    undone = await place("undo")
    assert undone.code == 0, undone.err
    assert (place.repo / "a.txt").read_text() == "a\ntodo\n"


async def test_a_planner_looks_confined_also_where_others_are_not(stage: MakeStage) -> None:
    """In mode full nothing confines workers, so nobody works in clones: one agent does the plan, and that is said."""
    place = await project(
        stage,
        ["a", "b"],
        turn(
            "look",
            {"answers": 0, "any_user": "you plan the task"},
            ("shell", {"command": "echo x > a.txt || echo refused"}),
        ),
        turn(
            "plan",
            {"answers": 1, "result": "refused"},
            ("update_plan", {"plan": plan(task("a"), task("b"))}),
            REPORT,
        ),
        turn(
            "both",
            {"model": "deepseek-flash", "answers": 0, "any_user": ["Do a", "Do b"]},
            EDIT_A,
            ("edit", {"path": "b.txt", "edits": [{"old": "todo", "new": "done"}]}),
            REPORT,
        ),
    )
    ran = await place("run", "Do all of it", "--json", "--mode", "full")
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "b"]) == {"done"}
    assert any("one agent does the whole plan" in note for note in ran.result["notes"])
    assert states(ran) == {"a": "done", "b": "done"}


async def test_in_place_pro_goes_on_where_flash_fails(stage: MakeStage) -> None:
    place = (
        await project(
            stage,
            ["a"],
            planner(plan(task("a"))),
            in_place("a", [[REPORT], [REPORT]]),
            turn(
                "pro",
                {"model": "deepseek-v4-pro", "answers": 1, "user": "tried this before"},
                EDIT_A,
            ),
            turn("pro-report", {"model": "deepseek-v4-pro", "answers": 2}, REPORT),
        )
    ).having(LEADLINE_VERIFY_ROUNDS="1")
    ran = await place("run", "Do a", "--json")
    assert ran.code == 0, ran.err
    assert [body["role"] for body in ran.bodies("routed")] == ["planner", "solo", "solo"]
    assert (place.repo / "a.txt").read_text() == "a\ndone\n"


async def test_a_plan_to_look_at_and_to_hand_back(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"), open_questions=["Both? Assumed: yes."])),
        turn("prime", {"answers": 0, "user": "several agents share"}, text="ready"),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(before=1),
    )
    before = tree_bytes(place.repo, git_too=True)
    shown = await place("run", "Do all of it", "--plan-only")
    assert shown.code == 0, shown.err
    assert tree_bytes(place.repo, git_too=True) == before
    sent = json.loads(shown.out)
    assert [each["id"] for each in sent["tasks"]] == ["a", "b"]
    assert len(place.server.requests) == 1
    edited = sent | {"tasks": sent["tasks"][:1]}
    (place.home.parent / "plan.json").write_text(json.dumps({**sent, "tasks": sent["tasks"]}))
    ran = await place("run", "--plan", str(place.home.parent / "plan.json"), "--json")
    assert ran.code in (0, 3), ran.err
    assert edited["tasks"]
    assert texts(place, ["a", "b"]) == {"done"}
    assert ran.result["assumptions"] == ["Not asked: Both? Assumed: yes."]
    assert "plan" not in [record.step for record in place.server.requests[1:]]


async def test_a_plan_that_was_only_to_be_seen_can_be_gone_on_with(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(),
    )
    shown = await place("run", "Do all of it", "--plan-only", "--json")
    assert (shown.code, shown.result["status"]) == (0, "planned")
    ran = await place("resume", "--json", "--workers", "1")
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "b"]) == {"done"}
    assert [body["workers"] for body in ran.bodies("plan_started")] == [1]


@pytest.mark.parametrize(
    "wrong",
    [
        plan(task("a", paths=["nowhere/at/all.txt"]), task("b")),
        plan(task("a", "b"), task("b", "a")),
        plan(task("a", checks=["true"]), task("b")),
        plan(task("a", paths=["../outside.txt"]), task("b")),
    ],
    ids=["unknown path", "cycle", "proves nothing", "outside"],
)
async def test_a_plan_the_model_got_wrong_goes_back(stage: MakeStage, wrong: Any) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(wrong),
        turn(
            "better",
            {"answers": 1, "user": "looked through your plan"},
            ("update_plan", {"plan": plan(task("a"), task("b"))}),
            REPORT,
        ),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(before=2),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "b"]) == {"done"}


async def test_a_reviewer_sends_work_back_once(stage: MakeStage) -> None:
    found = "b.txt:2: the second line lacks a full stop; add it."
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer("not_done", found),
        worker(
            "mend",
            [[("edit", {"path": "b.txt", "edits": [{"old": "done", "new": "done."}]})], [REPORT]],
            name="mend",
        ),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert states(ran) == {"a": "done", "b": "done", "mend": "done"}
    assert (place.repo / "b.txt").read_text() == "b\ndone.\n"
    (word,) = ran.bodies("reviewed")
    assert not word["ok"]
    mending = [
        m["content"] for m in place.server.requests[-1].body["messages"] if m["role"] == "user"
    ]
    assert any(found in text for text in mending)


async def test_a_review_that_can_not_be_had_keeps_nothing_from_the_person(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "b"]) == {"done"}
    assert any("was not reviewed" in note for note in ran.result["notes"])


async def test_a_codemod_leaves_only_the_rest_to_a_worker(stage: MakeStage) -> None:
    """A task that a codemod does whole costs no answer at all."""
    rename = {"rules": [{"language": "python", "pattern": "old($$$A)", "rewrite": "new($$$A)"}]}
    whole = task(
        "calls",
        paths=["one/"],
        checks=["! grep -rq old one"],
        codemod=rename | {"paths": ["one/"]},
        brief="What is left.",
    )
    rest = task(
        "rest",
        paths=["two/"],
        checks=["! grep -rq old two"],
        codemod=rename | {"paths": ["two/"]},
        brief="Also where it is not called.",
    )
    spelled: Call = (
        "edit",
        {"path": "two/by_name.py", "edits": [{"old": "find('old')", "new": "find('new')"}]},
    )
    place = await project(
        stage,
        [],
        planner(plan(whole, rest)),
        primer(),
        worker("rest", [[("read", {"files": [{"path": "two/by_name.py"}]})], [spelled], [REPORT]]),
        reviewer(),
    )
    calls = {
        f"{folder}/m{n}.py": f"x = old({n}, old(1))\n"
        for folder in ("one", "two")
        for n in range(9)
    }
    write_files(place.repo, {**calls, "two/by_name.py": "f = find('old')\ng = f(1)\n"})
    git(place.repo, "add", "--all")
    git(place.repo, "commit", "--quiet", "-m", "calls")
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert (place.repo / "one/m3.py").read_text() == "x = new(3, new(1))\n"
    assert (place.repo / "two/by_name.py").read_text() == "f = find('new')\ng = f(1)\n"
    assert {body["task"]: body["files"] for body in ran.bodies("codemod_run")} == {
        "calls": 9,
        "rest": 9,
    }
    money = {each["id"]: each["usd"] for each in ran.result["tasks"]}
    assert money["calls"] == 0.0
    assert money["rest"] > 0.0


async def test_where_nothing_can_be_mounted_the_copy_is_told_of(
    stage: MakeStage, tmp_path: Path
) -> None:
    """Landlock: commands see the clone where it lies, and the person's paths in calls mean it all the same."""
    edit: Call = (
        "edit",
        {"path": f"{tmp_path}/repo/<<id>>.txt", "edits": [{"old": "todo", "new": "done"}]},
    )
    look: Call = ("shell", {"command": "grep -q done <<id>>.txt && pwd"})
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[edit], [look], [REPORT]]),
        reviewer(),
    )
    ran = await place.having(LEADLINE_SANDBOX="landlock")("refactor", "Do all of it", "--json")
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "b"]) == {"done"}
    told = [
        message["content"]
        for record in place.server.requests
        for message in record.body["messages"]
        if record.step == "work-0" and message["role"] == "user"
    ]
    (session,) = (place.home / "sessions").iterdir()
    assert any(f"your copy of the repository lies at {session}/work/" in text for text in told)
