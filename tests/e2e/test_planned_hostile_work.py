"""Workers that spoil their own clone or lie about it: nothing of that lands, what others did does, and it is told."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.e2e.planned import EDIT, plan, project, refactor, states, task, texts
from leadline.tests.support.cli import SCRIPT, Ran, Started, ended, start
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
from leadline.tests.support.processes import is_running
from leadline.tests.support.repos import git, tree_bytes, write_files

pytestmark = BUBBLEWRAP

NOT_DONE: Call = ("report", {"status": "not_done", "summary": "It can't be done."})


def shell(command: str) -> Call:
    return "shell", {"command": command}


def stubborn(name: str, *answers: Sequence[Call]) -> str:
    """A worker that does this on each rung of the ladder, and reports again whatever it is told."""
    told = [*answers, [REPORT], [REPORT]]
    return worker(name, told, name=name) + "\n" + pro_worker(name, told, name=f"{name}-pro")


def no_other_way(count: int) -> str:
    """A planner that gives up, however often it is asked."""
    return "\n".join(
        turn(f"no-way-{n}", {"answers": n, "user": "could not be done"}, NOT_DONE)
        for n in range(1, count + 1)
    )


def reasons(ran: Ran, name: str) -> list[str]:
    """Why the tries at a task were refused."""
    moved = [body for body in ran.bodies("task_moved") if body["task"] == name]
    return [body["reason"] for body in moved if body["state"] == "bounced"]


def seen(place: Stage, kind: str) -> int:
    journals = place.home.glob("sessions/*/journal.jsonl")
    return sum(journal.read_bytes().count(f'"kind":"{kind}"'.encode()) for journal in journals)


async def until(place: Stage, process: Started, kind: str, count: int) -> None:
    while seen(place, kind) < count:
        assert process.returncode is None
        await asyncio.sleep(0.02)


# --- what becomes of a clone ---


NAMES = r"""touch -- $'a\nb' $'\e[31mred\e]0;title\a' $'\xff\xfe' ' ' -rf ':(top)x' .leadline-1-aa.tmp \
  "$(printf 'n%.0s' {1..255})"; mkdir -p .GIT 'git~1' '.git '; touch .GIT/HEAD 'git~1/y' '.git /z'"""

SPOILT = {
    "whole-tree": "rm -rf * .[a-z]*",
    "others-file": "rm base.txt; echo x >> fine.txt",
    "links": "rm -rf .git; ln -s @outside .git; for at in base fine other; do ln -sfn @outside $at.txt; done",
    "git-file": "rm -rf .git; echo 'gitdir: @outside' > .git; rm fine.txt; mkdir fine.txt; touch fine.txt/x",
    "names": NAMES,
    "pipes": "rm fine.txt; mkfifo fine.txt fifo sub.py; ln -s /dev/zero zero; ln -s loop loop; ln -s /proc/self/fd fds",
    "many": "mkdir many; cd many; touch {1..5000}",
}
"""Done by workers of which each may write a file of its own and no other."""

MINE = {
    "deep": "for n in $(seq 300); do mkdir dddddddddddddddddddddddddddddd && cd dddddddddddddddddddddddddddddd; done",
    "commits": """echo y >> base.txt; git commit -qam own; git reset -q --hard HEAD~1; git checkout -q -b mine
        git tag -f leadline; git branch -f main; git stash -q; git gc -q --prune=now; git update-ref -d HEAD""",
    "loud": "yes $'\\e]0;title\\a\\e[31m 200 MB of this' | head -c 200000000",
    "idle": "(setsid sleep 471104 &); nohup sleep 471105 > /dev/null 2>&1 &",
}
"""The same, and nothing of it is a change of the tree."""


async def test_a_spoilt_clone_costs_nobody_but_its_task(stage: MakeStage, tmp_path: Path) -> None:
    names = [*SPOILT, *MINE, "fine", "other"]
    outside = tmp_path / "outside"
    write_files(outside, {"HEAD": "ref: refs/heads/main\n", "config": "", "x.txt": "todo\n"})
    looks: Call = ("search", {"pattern": "todo"})
    place = await project(
        stage,
        names,
        planner(plan(*map(task, names))),
        primer(),
        *(
            stubborn(name, [EDIT, looks, shell(script.replace("@outside", str(outside)))], [looks])
            for name, script in SPOILT.items()
        ),
        *(
            worker(name, [[shell(script)], [EDIT], [REPORT]], name=name)
            for name, script in MINE.items()
        ),
        worker("fine|other", [[EDIT], [REPORT]], name="fine"),
        no_other_way(len(SPOILT)),
    )
    before, beside = tree_bytes(place.repo, git_too=True), tree_bytes(outside)
    ran = await refactor(place, "--workers", "4")
    assert ran.code == 1, ran.err
    done = {name for name, state in states(ran).items() if state == "done"}
    assert done == {*MINE, "fine", "other"}
    assert {states(ran)[name] for name in SPOILT} == {"failed"}
    for name in SPOILT:
        assert len(reasons(ran, name)) == 3
        assert all("which is not its to write" in reason for reason in reasons(ran, name))
    after = tree_bytes(place.repo, git_too=True)
    changed = {path for path in after.keys() | before.keys() if after.get(path) != before.get(path)}
    assert changed == {f"{name}.txt" for name in done}
    assert tree_bytes(outside) == beside
    assert "\x1b" not in ran.err
    assert not any(is_running("sleep", f"47110{number}") for number in (4, 5))
    assert list(place.home.glob("sessions/*/work/clones/*")) == []


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
async def test_a_clone_that_can_not_be_read(stage: MakeStage) -> None:
    """Root reads all; without that ability, whose clone it is can't be entered by us either."""
    closed = [[EDIT, shell("chmod -R a-rwx . ; chmod 000 .")], [REPORT], [REPORT]]
    place = await project(
        stage,
        ["closed", "fine"],
        planner(plan(task("closed"), task("fine"))),
        primer(),
        worker("closed", closed, name="closed"),
        pro_worker("closed", closed, name="closed-pro"),
        worker("fine", [[EDIT], [shell("sleep 0.5")], [REPORT]], name="fine"),
        no_other_way(1),
    )
    plain = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if not os.geteuid() else []
    process = await asyncio.create_subprocess_exec(
        *plain,
        *(str(SCRIPT), "refactor", "Do all of it", "--json"),
        cwd=place.repo,
        env=place.env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    ran = await ended(process)
    assert ran.code == 1, ran.err
    assert states(ran) == {"closed": "failed", "fine": "done"}
    assert all("could not be stored" in reason for reason in reasons(ran, "closed"))
    assert texts(place, ["fine"]) == {"done"}
    assert texts(place, ["closed"]) == {"todo"}


async def test_resumed_without_its_git(stage: MakeStage) -> None:
    """A worker that has taken its `.git` away begins anew after a break; the other goes on."""
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(task("a"), task("b"))),
        primer(),
        worker(
            "[ab]",
            [[shell("test <<id>> = b || rm -rf .git"), EDIT], [shell("sleep 0.7")], [REPORT]],
        ),
        reviewer(),
    )
    process = await start("refactor", "Do all of it", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    await until(place, process, "tool_started", 8)
    os.killpg(process.pid, signal.SIGKILL)
    await reading
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert states(ran) == {"a": "done", "b": "done"}
    assert texts(place, ["a", "b"]) == {"done"}
    assert [body["task"] for body in ran.bodies("worker_began")] == ["a"]


# --- lies ---


async def test_checks_that_make_themselves_green(stage: MakeStage) -> None:
    """What ran for a check wrote what the next one looks for: nobody says that this is proven."""
    lying = task("a", paths=["a.txt", "run.sh"], checks=["sh run.sh", "grep -q done a.txt"])
    place = await project(
        stage,
        ["a", "b"],
        planner(plan(lying, task("b"))),
        primer(),
        worker("a", [[("write", {"path": "run.sh", "content": "echo done >> a.txt\n"})], [REPORT]]),
        worker("b", [[EDIT], [REPORT]], name="b"),
        reviewer(),
    )
    ran = await refactor(place)
    assert ran.code == 3, ran.err
    assert ran.result["status"] == "unverified"
    (note,) = [note for note in ran.result["notes"] if "changed while the checks ran" in note]
    assert "a.txt" in note
    assert (place.repo / "a.txt").read_text() == "a\ntodo\n"


async def test_conflict_markers_do_not_land(stage: MakeStage) -> None:
    """Two meet in a line; the second reports with the markers in it, and so it is another's to make one of both."""
    mend = shell("printf 'x = 2\\n\\n\\ndef f():\\n    pass\\n\\n\\ndef g():\\n    pass\\n' > m.py")
    checks = ["grep -q def m.py"]
    place = await project(
        stage,
        [],
        planner(
            plan(
                task("f", paths=["m.py:f"], checks=checks),
                task("g", paths=["m.py:g"], checks=checks),
            )
        ),
        primer(),
        worker("[fg]", [[shell("sed -i 's/x = 0/x = \"<<id>>\"/' m.py")], [REPORT], [REPORT]]),
        pro_worker("[fg]", [[mend], [REPORT]]),
        reviewer(),
    )
    write_files(place.repo, {"m.py": "x = 0\n\n\ndef f():\n    pass\n\n\ndef g():\n    pass\n"})
    git(place.repo, "add", "--all")
    git(place.repo, "commit", "--quiet", "-m", "m")
    ran = await refactor(place)
    assert ran.code == 0, ran.err
    bounced = [body["reason"] for body in ran.bodies("task_moved") if body["state"] == "bounced"]
    assert bounced == [
        "meets what has landed in the same lines",
        "it left conflict markers in m.py",
    ]
    assert (place.repo / "m.py").read_text().startswith("x = 2\n")


SUM = "def add(left, right):\n    return left + right\n"
TESTS = "import unittest\n\nfrom calc import add\n\n\nclass Adding(unittest.TestCase):\n"
STRONG = "    def test_adds(self):\n        self.assertEqual(add(2, 3), 5)\n"
OTHER = "    def test_zero(self):\n        self.assertEqual(add(0, 0), 0)\n"


async def test_weakened_tests_and_a_call_over_and_over(stage: MakeStage) -> None:
    """As in a run of one agent: who takes the assertion or the test away is green, and the person hears of it. Who
    makes the same call again and again comes to an end."""
    check = "python3 -m unittest"
    weak: Call = (
        "edit",
        {
            "path": "test_calc.py",
            "edits": [{"old": "self.assertEqual(add(2, 3), 5)", "new": "add(2, 3)"}],
        },
    )
    same = [[shell("cat fine.txt")] for _ in range(40)]
    place = await project(
        stage,
        ["fine", "loops"],
        planner(
            plan(
                task("weak", paths=["calc.py", "test_calc.py"], checks=[check]),
                task("gone", paths=["test_zero.py"], checks=["! test -e test_zero.py"]),
                task("loops"),
                task("fine"),
            )
        ),
        primer(),
        worker(
            "weak",
            [[("read", {"files": [{"path": "test_calc.py"}]})], [weak], [REPORT]],
            name="weak",
        ),
        worker("gone", [[shell("rm test_zero.py")], [REPORT]], name="gone"),
        worker("loops", same, name="loops"),
        pro_worker("loops", same, name="loops-pro"),
        worker("fine", [[EDIT], [REPORT]], name="fine"),
        no_other_way(1),
    )
    write_files(
        place.repo,
        {"calc.py": SUM, "test_calc.py": TESTS + STRONG, "test_zero.py": TESTS + OTHER},
    )
    git(place.repo, "add", "--all")
    git(place.repo, "commit", "--quiet", "-m", "sums")
    ran = await refactor(place)
    assert ran.code == 1, ran.err
    assert states(ran) == {"weak": "done", "gone": "done", "loops": "failed", "fine": "done"}
    weakened = [note for note in ran.result["notes"] if note.startswith("weakened test")]
    assert any("test_calc.py" in note for note in weakened)
    assert any("test_zero.py" in note for note in weakened)
    assert all(note in ran.err for note in weakened)
    assert reasons(ran, "loops")[0].startswith("The same calls came back")
