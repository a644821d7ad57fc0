"""Planned runs through the console script: plan, workers in clones, merge, proof, the person's tree, the money."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from leadline.agent.rehearsal.settings import Settings
from leadline.agent.store import find_session
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.cli import Ran, ended, start
from leadline.tests.support.laws import each_start_has_one_end
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import (
    REPORT,
    Call,
    in_place,
    planner,
    primer,
    pro_worker,
    reviewer,
    scenario,
    turn,
    worker,
)
from leadline.tests.support.processes import is_running
from leadline.tests.support.repos import git, tree_bytes, write_files

pytestmark = BUBBLEWRAP

EDIT: Call = ("edit", {"path": "<<id>>.txt", "edits": [{"old": "todo", "new": "done"}]})
EDIT_A: Call = ("edit", {"path": "a.txt", "edits": [{"old": "todo", "new": "done"}]})
CHECK = "test -f base.txt"


@pytest.fixture
def variables() -> Mapping[str, str]:
    return {"LEADLINE_PACK_TOKENS": "0", "LEADLINE_SOLO": ""}


QUICK = """
[models.deepseek-v4-pro]
store_seconds = 0.1
[models.deepseek-flash]
store_seconds = 0.1
"""
"""The rehearsal endpoint stores at once; no test needs to wait for it as long as for the service."""


def task(name: str, *after: str, **others: object) -> dict[str, object]:
    given: dict[str, object] = {
        "id": name,
        "title": f"Do {name}",
        "brief": f"In {name}.txt, say done.",
        "paths": [f"{name}.txt"],
        "depends_on": list(after),
        "checks": [f"grep -q done {name}.txt"],
    }
    return given | others


def plan(*tasks: Mapping[str, object], **others: object) -> dict[str, object]:
    return {"goal": "All of it is done.", "tasks": tasks, "checks": [CHECK]} | others


async def project(stage: MakeStage, names: Sequence[str], *parts: str, delay: float = 0.0) -> Stage:
    """A repository with a file for each name, and this scenario."""
    place = await stage(scenario(*parts), Settings(cache_delay=0.05, first_token_seconds=delay))
    files = {f"{name}.txt": f"{name}\ntodo\n" for name in names}
    write_files(place.repo, {**files, "base.txt": "the base\n"})
    git(place.repo, "rm", "-q", "--cached", "calc.py", "test_calc.py")
    for name in ("calc.py", "test_calc.py"):
        (place.repo / name).unlink()
    git(place.repo, "add", "--all")
    git(place.repo, "commit", "--quiet", "-m", "todo")
    catalog = place.home.parent / "catalog.toml"
    catalog.write_text(QUICK)
    return place.having(LEADLINE_CATALOG=str(catalog))


async def refactor(place: Stage, *flags: str) -> Ran:
    ran = await place("refactor", "Do all of it", "--json", *flags)
    each_start_has_one_end(ran.lines[:-1])
    return ran


def states(ran: Ran) -> dict[str, str]:
    return {each["id"]: each["state"] for each in ran.result["tasks"]}


def texts(place: Stage, names: Sequence[str]) -> set[str]:
    return {(place.repo / f"{name}.txt").read_text().split("\n")[1] for name in names}


# --- the scenarios of a large task ---


async def test_forty_files_by_sixteen_workers(stage: MakeStage) -> None:
    names = [f"f{number:02}" for number in range(40)]
    place = await project(
        stage,
        names,
        planner(plan(*map(task, names))),
        primer(),
        worker("f[0-9]+", [[EDIT], [REPORT]]),
        reviewer(),
    )
    ran = await refactor(place, "--workers", "16")
    assert ran.code == 0, ran.err
    assert set(states(ran).values()) == {"done"}
    assert texts(place, names) == {"done"}
    assert git(place.repo, "log", "--oneline").count("\n") == 2
    assert len(ran.bodies("worker_began")) == 40
    assert len(ran.bodies("landed")) <= 40
    # Planner, priming, two answers for each of forty, and the reviewer; the shared prefix was paid for once by each
    # of the two models.
    requests = place.server.requests
    assert len(requests) == 1 + 1 + 80 + 1
    assert sum(record.hit == 0 for record in requests) == 2
    money = ran.result["cost"]
    assert money["requests"] == len(requests)
    told = sum(line["body"]["cost"] for line in ran.lines[:-1] if "cost" in line["body"])
    assert abs(money["usd"] - told) < 1e-7
    assert sum(each["usd"] for each in ran.result["tasks"]) < money["usd"]


async def test_three_levels_build_on_each_other(stage: MakeStage) -> None:
    names = ["a", "b", "c", "d"]
    tasks = [
        task("a"),
        task("b", "a", checks=["grep -q done a.txt && grep -q done b.txt"]),
        task("c", "a", checks=["grep -q done a.txt && grep -q done c.txt"]),
        task("d", "b", "c", checks=["grep -q done b.txt && grep -q done c.txt"]),
    ]
    place = await project(
        stage,
        names,
        planner(plan(*tasks)),
        primer(),
        worker("[a-d]", [[EDIT], [REPORT]]),
        reviewer(),
    )
    ran = await refactor(place, "--workers", "4")
    assert ran.code == 0, ran.err
    assert set(states(ran).values()) == {"done"}
    assert texts(place, names) == {"done"}
    began = [body["task"] for body in ran.bodies("worker_began")]
    assert began[0] == "a"
    assert began[3] == "d"


async def test_who_builds_on_others_is_told_what_they_made(stage: MakeStage) -> None:
    """The map that all share is from before; and what it shows whole need not be read before it is edited."""
    make: Call = (
        "edit",
        {"path": "one.py", "edits": [{"old": "x = 1", "new": "def fresh(): ..."}]},
    )
    use: Call = ("edit", {"path": "two.py", "edits": [{"old": "y = 1", "new": "import one"}]})
    place = await project(
        stage,
        [],
        planner(
            plan(
                task("one", paths=["one.py"], checks=["grep -q fresh one.py"]),
                task("two", "one", paths=["two.py"], checks=["grep -q one two.py"]),
            )
        ),
        primer(),
        worker("one", [[make], [REPORT]], name="one"),
        worker("two", [[use], [REPORT]], name="two"),
        reviewer(),
    )
    write_files(place.repo, {"one.py": "x = 1\n", "two.py": "y = 1\n"})
    ran = await refactor(place.having(LEADLINE_PACK_TOKENS="4000"))
    assert ran.code == 0, ran.err
    told = {
        record.step: [m["content"] for m in record.body["messages"] if m["role"] == "user"]
        for record in place.server.requests
    }
    assert told["one-0"][-1].startswith("The whole, which others work on")
    assert "~ one.py:" in told["two-0"][-1]
    assert "def fresh()" in told["two-0"][-1]
    assert (place.repo / "two.py").read_text() == "import one\n"


async def test_what_flash_fails_twice_pro_solves(stage: MakeStage) -> None:
    """Pro begins with all that the planner was told: its conversation has the planner's answer."""
    wrong: Call = ("edit", {"path": "a.txt", "edits": [{"old": "todo", "new": "perhaps"}]})
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("b", [[EDIT], [REPORT]], name="b"),
        worker("a", [[wrong], [REPORT], [REPORT]], name="a"),
        pro_worker("a", [[EDIT], [REPORT]]),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert states(ran) == {"a": "done", "b": "done"}
    tried = next(each for each in ran.result["tasks"] if each["id"] == "a")
    assert tried["tries"] == 3
    assert tried["models"] == ["deepseek-flash", "deepseek-v4-pro"]
    routed = [body for body in ran.bodies("routed") if body["role"] == "worker"]
    assert [body["model"] for body in routed].count("deepseek-v4-pro") == 1
    assert all(body["price"]["hit"] > 0 for body in routed)
    assert texts(place, ["a", "b"]) == {"done"}
    refusals = [body for body in ran.bodies("task_moved") if body["evidence"]]
    assert [body["task"] for body in refusals] == ["a", "a"]
    on_pro = [record for record in place.server.requests if record.step.startswith("pro-")]
    assert all(record.hit > 0 for record in on_pro)


async def test_green_alone_and_red_together(stage: MakeStage) -> None:
    """The one that landed second is told, and mends it."""
    again: Call = (
        "edit",
        {"path": "<<id>>.txt", "edits": [{"old": "done", "new": "done as well"}]},
    )
    together = "! (grep -qx done a.txt && grep -qx done b.txt)"
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"), checks=[together])),
        primer(),
        worker("[ab]", [[EDIT], [REPORT], [again], [REPORT]]),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "b"]) == {"done", "done as well"}
    (refusal,) = [body for body in ran.bodies("task_moved") if body["evidence"]]
    assert "together they fail" in refusal["evidence"]
    assert together in refusal["evidence"]


async def test_a_worker_that_lies_to_the_end(stage: MakeStage) -> None:
    """Nothing of it lands, what waits for it is skipped, the rest comes home, and nobody says done."""
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b", "a"), task("c"))),
        primer(),
        worker("c", [[EDIT], [REPORT]], name="c"),
        worker("a", [[REPORT], [REPORT]], name="a"),
        pro_worker("a", [[REPORT]]),
        turn(
            "no-other-way",
            {"answers": 1, "user": "could not be done"},
            ("report", {"status": "not_done", "summary": "It can't be done."}),
        ),
    )
    ran = await refactor(place)
    assert ran.code == 1, ran.err
    assert states(ran) == {"a": "failed", "b": "skipped", "c": "done"}
    assert (place.repo / "a.txt").read_text() == "a\ntodo\n"
    assert (place.repo / "c.txt").read_text() == "c\ndone\n"
    assert "knows no other way" in ran.result["summary"]
    assert "b (Do b) skipped" in ran.result["summary"]


async def test_what_is_stuck_is_planned_anew(stage: MakeStage) -> None:
    better = task("a2", paths=["a.txt"], checks=["grep -q done a.txt"])
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b", "a"))),
        primer(),
        worker("a", [[REPORT], [REPORT]], name="lies"),
        pro_worker("a", [[REPORT]]),
        turn(
            "anew",
            {"answers": 1, "user": "could not be done"},
            ("update_plan", {"plan": plan(better)}),
            REPORT,
        ),
        worker("b", [[EDIT], [REPORT]], name="b"),
        worker(
            "a2",
            [[("edit", {"path": "a.txt", "edits": [{"old": "todo", "new": "done"}]})], [REPORT]],
            name="a2",
        ),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert states(ran) == {"a2": "done", "b": "done"}
    assert texts(place, ["a", "b"]) == {"done"}
    sources = [body["source"] for body in ran.bodies("plan_proposed")]
    assert sources == ["planner", "replan"]


async def test_a_check_that_fails_as_before_is_doubted_once(stage: MakeStage) -> None:
    """Red from the start is no proof, and no fault of the worker's either: only the model can tell which."""
    old = "python3 -m unittest -q test_old"
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a", checks=[old]), task("b"))),
        primer(),
        worker("b", [[EDIT], [REPORT]], name="b"),
        worker("a", [[EDIT], [REPORT], [REPORT]], name="a"),
        reviewer(),
    )
    failing = (
        "import unittest\n\n\nclass Old(unittest.TestCase):\n"
        "    def test_of_long_ago(self):\n        self.fail('for years')\n"
    )
    write_files(place.repo, {"test_old.py": failing})
    ran = await refactor(place)
    assert states(ran) == {"a": "done", "b": "done"}, ran.err
    (doubt,) = [body for body in ran.bodies("task_moved") if body["evidence"]]
    assert "They fail as they did before your change" in doubt["evidence"]
    (told,) = [each for each in ran.result["evidence"] if each["command"] == old]
    assert (told["green"], told["before"]["new"]) == (False, 0)


# --- cut off, and met by the person ---


async def test_killed_in_the_middle_and_resumed(stage: MakeStage) -> None:
    names = [f"f{number}" for number in range(6)]
    place = await project(
        stage,
        names,
        planner(plan(*map(task, names))),
        primer(),
        worker("f[0-9]", [[EDIT], [("shell", {"command": "sleep 0.2"})], [REPORT]]),
        reviewer(),
        delay=0.1,
    )
    before = tree_bytes(place.repo, git_too=True)
    process = await start(
        "refactor", "Do all of it", "--workers", "3", cwd=place.repo, env=place.env
    )
    reading = asyncio.create_task(process.communicate())
    while _count(place, "landed") < 1:
        assert process.returncode is None
        await asyncio.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    await reading
    assert tree_bytes(place.repo, git_too=True) == before
    landed = _count(place, "landed")
    requests = len(place.server.requests)
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert set(states(ran).values()) == {"done"}
    assert texts(place, names) == {"done"}
    # What had landed was not done again, what was under way went on, and nobody planned or primed a second time.
    assert _count(place, "landed") > landed
    steps = [record.step for record in place.server.requests]
    assert steps.count("plan") == 1
    assert steps.count("prime") == 1
    assert all(steps.count(f"work-{number}") <= len(names) + 3 for number in range(3))
    assert len(steps) - requests < 3 * len(names) + 1
    starts = [body for body in _bodies(place) if body["kind"] == "worker_began"]
    assert len({body["task"] for body in starts}) == len(names)


async def test_interrupted_leaves_nothing_running_and_no_change(stage: MakeStage) -> None:
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[("shell", {"command": "sleep 300 & sleep 301"})]]),
    )
    before = tree_bytes(place.repo, git_too=True)
    process = await start("refactor", "Do all of it", "--json", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(ended(process))
    while _count(place, "tool_started") < 4:
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGINT)
    ran = await reading
    assert ran.code == 130, ran.err
    assert tree_bytes(place.repo, git_too=True) == before
    assert not is_running("sleep 301")
    each_start_has_one_end(ran.lines[:-1])


async def test_a_person_who_edits_the_same_files_meanwhile(stage: MakeStage) -> None:
    """What can be merged is; where it can't, theirs stays and ours is kept."""
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"), task("c"), checks=["test -f base.txt"])),
        primer(),
        worker("[abc]", [[EDIT], [("shell", {"command": "sleep 0.3"})], [REPORT]]),
        reviewer(),
    )
    process = await start("refactor", "Do all of it", "--json", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(ended(process))
    while _count(place, "worker_began") < 3:
        await asyncio.sleep(0.02)
    write_files(
        place.repo,
        {"a.txt": "a\nmine\n", "b.txt": "b, as I say\nmore\nlines\n\ntodo\n", "new.txt": "new\n"},
    )
    git(place.repo, "commit", "--all", "--quiet", "-m", "I go on")
    ran = await reading
    assert ran.code == 7, ran.err
    assert (place.repo / "a.txt").read_text() == "a\nmine\n"
    assert (place.repo / "c.txt").read_text() == "c\ndone\n"
    assert (place.repo / "new.txt").read_text() == "new\n"
    (home,) = ran.bodies("brought_home")
    assert "a.txt" in home["conflicts"]
    store = next((place.home / "objects").iterdir())
    assert git(store, "show", f"{home['commit']}:a.txt") == "a\ndone\n"
    assert any("Your version stayed" in note for note in ran.result["notes"])


# --- the plan ---


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


# --- the money ---


CATALOG = """
[models.deepseek-v4-pro]
store_seconds = 0.1
prices = [{ since = 2026-01-01T00:00:00Z, hit = 0.02, miss = 0.6, output = 2.0 }]
[models.deepseek-flash]
store_seconds = 0.1
prices = [{ since = 2026-01-01T00:00:00Z, hit = 0.0, miss = 0.0, output = 1.0 }]
"""
"""Prices that are the same at every hour; with Flash only answers cost."""


async def test_the_budget_covers_all_agents(stage: MakeStage) -> None:
    """A task costs a quarter of a cent here, and the planner as much: the budget ends it after some of them."""
    names = [f"f{number}" for number in range(8)]
    thinking = " ".join(str(number * number) for number in range(600))
    mine = {"matches": "Your task \\((?P<id>f[0-9])\\)"}
    place = await project(
        stage,
        names,
        planner(plan(*map(task, names))),
        primer(),
        turn("work-0", {"answers": 1, "any_user": mine}, EDIT, reasoning=thinking),
        turn("work-1", {"answers": 2, "any_user": mine}, REPORT),
        reviewer(),
    )
    write_files(place.home.parent, {"catalog.toml": CATALOG})
    ran = await refactor(place, "--budget-usd", "0.016", "--workers", "2")
    assert ran.code == 5, ran.err
    assert ran.result["cost"]["usd"] <= 0.016
    done = [name for name, state in states(ran).items() if state == "done"]
    assert 0 < len(done) < len(names)
    assert texts(place, done) == {"done"}
    assert "no further task fits" in ran.err
    again = await place("resume", "--json", "--budget-usd", "1")
    assert again.code == 0, again.err
    assert texts(place, names) == {"done"}
    assert set(states(again).values()) == {"done"}


def _journal(place: Stage) -> bytes:
    try:
        return (find_session(place.home, None) / "journal.jsonl").read_bytes()
    except Exception:
        return b""


def _count(place: Stage, kind: str) -> int:
    return _journal(place).count(f'"kind":"{kind}"'.encode())


def _bodies(place: Stage) -> list[dict[str, Any]]:
    lines = _journal(place).splitlines()[1:]
    return [json.loads(line)["body"] for line in lines]
