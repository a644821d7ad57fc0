"""Large tasks through the console script: workers in clones, merge, proof, the ladder."""

from __future__ import annotations

from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import (
    EDIT,
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
    planner,
    primer,
    pro_worker,
    reviewer,
    turn,
    worker,
)
from leadline.tests.support.repos import git, write_files

pytestmark = BUBBLEWRAP


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
    doubts = [
        body["message"]["text"]
        for body in ran.bodies("message_committed")
        if "They fail as they did before your change" in body["message"].get("text", "")
    ]
    assert len(doubts) == 1
    assert {body["bounces"] for body in ran.bodies("task_moved")} == {0}
    (told,) = [each for each in ran.result["evidence"] if each["command"] == old]
    assert (told["green"], told["before"]["new"]) == (False, 0)
