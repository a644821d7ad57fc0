"""Plans that are none, a base that moves while workers run, a disk that fills up: the run ends well or says why not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.e2e.planned import EDIT, plan, project, refactor, states, task, texts
from leadline.tests.e2e.test_planned_hostile_work import no_other_way, shell, until
from leadline.tests.support.cli import ended, start
from leadline.tests.support.disks import small_disk
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, planner, primer, reviewer, turn, worker
from leadline.tests.support.repos import git, tree_bytes, write_files

pytestmark = BUBBLEWRAP


# --- plans ---


def sent(step: str, answers: int, told: str, **sent_plan: Any) -> str:
    return turn(step, {"answers": answers, "user": told}, ("update_plan", sent_plan), REPORT)


async def test_a_planner_that_sends_all_but_a_plan(stage: MakeStage) -> None:
    """Prose, then ids that lead elsewhere, then a good one."""
    two = [task("a"), task("A", paths=["b.txt"])]
    place = await project(
        stage,
        ["a", "b"],
        turn("prose", {"answers": 0, "any_user": "you plan the task"}, text="First I would do a."),
        sent(
            "ids", 1, "there is no plan", plan=plan(*two, task("../x", paths=["b.txt"]), task("-x"))
        ),
        sent("good", 2, "looked through your plan", plan=plan(task("a"), task("b"))),
        primer(),
        worker("[ab]", [[EDIT], [REPORT]]),
        reviewer(before=3),
    )
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    assert states(ran) == {"a": "done", "b": "done"}
    faults = [
        message["content"]
        for message in place.server.requests[2].body["messages"]
        if message["role"] == "user" and "looked through your plan" in message["content"]
    ]
    assert "the id A is given twice" in faults[-1]
    assert "`../x`" in faults[-1]
    assert "`-x`" in faults[-1]


@pytest.mark.parametrize("text", ["I would begin with a and then do b.", ""])
async def test_a_planner_that_never_plans(stage: MakeStage, text: str) -> None:
    """Without a task it is asked again within bounds, and nothing is changed."""
    report = () if text else (("update_plan", {"plan": plan()}), REPORT)
    place = await project(
        stage,
        ["a"],
        *(
            turn(f"plan-{n}", {"answers": n, "any_user": "you plan the task"}, *report, text=text)
            for n in range(6)
        ),
    )
    before = tree_bytes(place.repo, git_too=True)
    ran = await refactor(place)
    assert ran.code in (1, 3), ran.err
    assert ran.bodies("plan_proposed") == []
    assert tree_bytes(place.repo, git_too=True) == before
    assert len(place.server.requests) <= 5


async def test_the_most_tasks_there_may_be(stage: MakeStage) -> None:
    names = [f"f{number:03}" for number in range(101)]
    place = await project(
        stage,
        names,
        planner(plan(*map(task, names))),
        sent("fewer", 1, "looked through your plan", plan=plan(*map(task, names[:100]))),
    )
    ran = await place("refactor", "Do all of it", "--plan-only")
    assert ran.code == 0, ran.err
    assert [each["id"] for each in json.loads(ran.out)["tasks"]] == names[:100]
    assert "101 tasks are too many" in str(place.server.requests[1].body["messages"])


# --- a base that moves ---


async def moved(stage: MakeStage, move: Callable[[Path], None]) -> tuple[Stage, Any]:
    """A run during whose work the person does something to their repository, which has work that is not committed."""
    names = ["a", "b", "c"]
    place = await project(
        stage,
        names,
        planner(plan(*map(task, names), checks=["true && ! false"])),
        primer(),
        worker("[abc]", [[EDIT], [shell("sleep 0.6")], [REPORT]]),
        reviewer(),
    )
    write_files(place.repo, {"more.txt": "more\n"})
    git(place.repo, "add", "--all")
    git(place.repo, "commit", "--quiet", "-m", "second")
    write_files(place.repo, {"c.txt": "c\ntodo\nnot committed\n", "staged.txt": "only staged\n"})
    git(place.repo, "add", "staged.txt")
    process = await start("refactor", "Do all of it", "--json", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(ended(process))
    await until(place, process, "worker_began", 3)
    move(place.repo)
    return place, await reading


async def test_the_person_goes_back_and_elsewhere(stage: MakeStage) -> None:
    """The session goes on on its own base; what met is told, and both versions are kept."""

    def move(repo: Path) -> None:
        git(repo, "commit", "--quiet", "-m", "staged")
        git(repo, "checkout", "-q", "-b", "elsewhere")
        git(repo, "reset", "-q", "--hard", "HEAD~2")
        (repo / "b.txt").unlink()
        git(repo, "commit", "-qam", "b is gone")
        git(repo, "gc", "--quiet", "--prune=now")

    place, ran = await moved(stage, move)
    assert ran.code == 7, ran.err
    assert set(states(ran).values()) == {"done"}
    (home,) = ran.bodies("brought_home")
    assert home["conflicts"] == ["b.txt", "c.txt"]
    assert not (place.repo / "b.txt").exists()
    assert texts(place, ["a"]) == {"done"}
    assert (place.repo / "c.txt").read_text() == "c\ntodo\n"
    assert git(place.repo, "log", "--format=%s", "-2") == "b is gone\ntodo\n"
    store = next((place.home / "objects").iterdir())
    assert git(store, "show", f"{home['commit']}:b.txt") == "b\ndone\n"
    assert git(store, "show", f"{home['commit']}:c.txt") == "c\ndone\nnot committed\n"
    assert any("Your version stayed" in note for note in ran.result["notes"])


async def test_the_person_throws_away_what_was_not_committed(stage: MakeStage) -> None:
    """Snapshots hold what no commit of the person's does, so the work goes on; what they threw away stays away."""

    def move(repo: Path) -> None:
        git(repo, "reset", "-q", "--hard")
        git(repo, "gc", "--quiet", "--prune=now")

    place, ran = await moved(stage, move)
    assert ran.code == 7, ran.err
    assert set(states(ran).values()) == {"done"}
    (home,) = ran.bodies("brought_home")
    assert home["conflicts"] == ["c.txt"]
    assert texts(place, ["a", "b"]) == {"done"}
    assert (place.repo / "c.txt").read_text() == "c\ntodo\n"
    assert not (place.repo / "staged.txt").exists()
    store = next((place.home / "objects").iterdir())
    assert git(store, "show", f"{home['commit']}:staged.txt") == "only staged\n"


async def test_the_person_throws_away_what_the_work_began_with(stage: MakeStage) -> None:
    """What they had committed is theirs to keep: once its last branch is pruned the run can't go on, and says why."""

    def move(repo: Path) -> None:
        git(repo, "checkout", "-q", "--orphan", "anew")
        git(repo, "rm", "-rfq", ".")
        git(repo, "commit", "--quiet", "--allow-empty", "-m", "anew")
        git(repo, "branch", "-q", "-D", "main")
        git(repo, "reflog", "expire", "--expire=now", "--all")
        git(repo, "gc", "--quiet", "--prune=now")

    place, ran = await moved(stage, move)
    assert ran.code == 1, ran.err
    assert "git gc" in ran.result["summary"]
    assert "Traceback" not in ran.err
    assert not [each for each in place.repo.iterdir() if each.name != ".git"]


# --- the disk ---


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 8) as folder:
        yield folder


async def test_a_worker_that_fills_the_disk(stage: MakeStage, disk: Path) -> None:
    """All that is Leadline's lies there. It ends, nothing has changed, and resume goes on once there is room."""
    place = await project(
        stage,
        ["full", "fine"],
        planner(plan(task("full"), task("fine"))),
        primer(),
        worker("full", [[EDIT, shell("cat /dev/zero > fill; rm -f none")], [REPORT]], name="full"),
        # Twice: there may be no room any more for the first.
        worker("fine", [[EDIT], [shell("sleep 1")], [EDIT], [REPORT]], name="fine"),
        reviewer(),
        no_other_way(1),
    )
    place = place.having(LEADLINE_HOME=str(disk / "home"))
    before = tree_bytes(place.repo, git_too=True)
    ran = await place("refactor", "Do all of it", "--json")
    assert ran.code == 1, ran.err
    # Whoever met it first: the worker's command, or the journal.
    assert "No space left" in ran.err or "the disk is full" in ran.err
    assert "Traceback" not in ran.err
    assert tree_bytes(place.repo, git_too=True) == before
    for filler in disk.rglob("fill"):
        filler.unlink()
    again = await place("resume", "--json")
    assert again.code == 0, again.err
    assert states(again) == {"full": "done", "fine": "done"}
    assert texts(place, ["full", "fine"]) == {"done"}
