"""Where plans, workers and the person's tree meet in ways that nobody planned."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.e2e.planned import (
    EDIT,
    count_of,
    plan,
    project,
    refactor,
    states,
    task,
    texts,
)
from leadline.tests.support.cli import ended, start
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
from leadline.tests.support.waiting import until
from leadline.tools.git.survey import Limits

pytestmark = BUBBLEWRAP


async def test_a_task_planned_anew_under_the_name_of_one_that_is_done(stage: MakeStage) -> None:
    """It is not taken for that one: its work is done as well."""
    other = task("a", paths=["b.txt"], checks=["grep -q done b.txt"])
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b", "a"))),
        primer(),
        worker("a", [[EDIT], [REPORT]], name="a"),
        worker("b", [[REPORT], [REPORT]], name="lies"),
        pro_worker("b", [[REPORT]]),
        turn(
            "anew",
            {"answers": 1, "user": "could not be done"},
            ("update_plan", {"plan": plan(other)}),
            REPORT,
        ),
        worker(
            "a-2",
            [[("edit", {"path": "b.txt", "edits": [{"old": "todo", "new": "done"}]})], [REPORT]],
            name="again",
        ),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert states(ran) == {"a": "done", "a-2": "done"}
    assert texts(place, ["a", "b"]) == {"done"}


async def test_a_planner_that_is_not_answered_any_more_holds_nothing_back(stage: MakeStage) -> None:
    """The service refuses its request while a task is to be planned anew: the task fails, what landed comes home."""
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("a", [[EDIT], [REPORT]], name="a"),
        worker("b", [[REPORT], [REPORT]], name="lies"),
        pro_worker("b", [[REPORT]]),
    )
    ran = await refactor(place)
    assert ran.code == 1, ran.err
    assert states(ran) == {"a": "done", "b": "failed"}
    assert texts(place, ["a"]) == {"done"}
    assert any("nothing was planned in the place of b" in note for note in ran.result["notes"])


async def test_one_file_in_the_way_does_not_keep_the_rest_from_coming_home(
    stage: MakeStage,
) -> None:
    """The person has a file of that name which is too large for a snapshot, so no worker ever saw it."""
    makes = [[("write", {"path": "out.bin", "content": "small\n"}), EDIT], [REPORT]]
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a", paths=["a.txt", "out.bin"]), task("b"))),
        primer(),
        worker("a", makes, name="a"),
        worker("b", [[EDIT], [REPORT]], name="b"),
        reviewer(),
    )
    large = place.repo / "out.bin"
    with large.open("wb") as file:
        file.truncate(Limits().untracked_file + 1)
    ran = await refactor(place)
    assert ran.code == 7, ran.err
    assert states(ran) == {"a": "done", "b": "done"}
    assert texts(place, ["a", "b"]) == {"done"}
    assert large.stat().st_size == Limits().untracked_file + 1
    (home,) = ran.bodies("brought_home")
    assert home["conflicts"] == ["out.bin"]
    store = next((place.home / "objects").iterdir())
    assert git(store, "show", f"{home['commit']}:out.bin") == "small\n"
    assert any("no snapshot holds" in note for note in ran.result["notes"])


async def test_a_file_too_large_to_be_taken_is_no_work_that_is_done(stage: MakeStage) -> None:
    """It is in the worker's copy alone, so checks that are green there say nothing."""
    size = Limits().untracked_file + 1
    large: Call = ("shell", {"command": f"truncate -s {size} a.bin"})
    less: Call = ("shell", {"command": "truncate -s 9 a.bin"})
    place = await project(
        stage,
        ["b"],
        planner(plan(task("a", paths=["a.bin"], checks=["test -s a.bin"]), task("b"))),
        primer(),
        worker("a", [[large], [REPORT], [less], [REPORT]], name="a"),
        worker("b", [[EDIT], [REPORT]], name="b"),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    bounced = [body for body in ran.bodies("task_moved") if body["state"] == "bounced"]
    assert [body["reason"] for body in bounced] == ["a.bin can't be taken: too large"]
    assert (place.repo / "a.bin").stat().st_size == 9


SLOW_GIT = """#!/bin/sh
case " $* " in *" write-tree "*) while ! [ -e "@gate" ]; do sleep 0.02; done;; esac
exec @git "$@"
"""


def slow_git(place: Stage, gate: Path) -> Stage:
    """A git that can write no tree before there is a file `gate`: storing a large project takes a while."""
    found = shutil.which("git")
    assert found is not None
    write_files(
        gate.parent, {"bin/git": SLOW_GIT.replace("@gate", str(gate)).replace("@git", found)}
    )
    (gate.parent / "bin" / "git").chmod(0o755)
    return place.having(PATH=f"{gate.parent / 'bin'}:{place.env['PATH']}")


async def test_a_plan_that_is_there_before_the_tree_is_stored(
    stage: MakeStage, tmp_path: Path
) -> None:
    """Clones that were to be laid out meanwhile are given up, and the tree is stored all the same."""
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(),
    )
    gate = tmp_path / "gate"
    place = slow_git(place, gate)
    process = await start("refactor", "Do all of it", "--json", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(ended(process))
    await until(lambda: count_of(place, "forecasted") or reading.done(), "a forecast")
    gate.touch()
    ran = await reading
    assert ran.code == 0, ran.err
    assert texts(place, ["a", "b"]) == {"done"}
