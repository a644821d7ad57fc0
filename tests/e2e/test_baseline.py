"""Failures that were there before: told from new ones, by running the check on the tree before the first change."""

from __future__ import annotations

import json
import sys

from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.cli import Ran
from leadline.tests.support.laws import each_start_has_one_end
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.repos import git, write_files
from leadline.tests.support.scripts import MEND, call, edit, report, sequence

CHECK = f"{sys.executable} -m unittest discover"
OLD = """\
import unittest


class OldTest(unittest.TestCase):
    def test_of_long_ago(self):
        self.fail("red for years")
"""
NAMED = """\
import unittest

from calc import name


class NameTest(unittest.TestCase):
    def test_name(self):
        self.assertEqual(name(), "calc")
"""


async def red(stage: MakeStage, *answers: object) -> Stage:
    """A repository with a bug that a test shows, and a test that is red whatever one does."""
    place = await stage(sequence(*answers))  # type: ignore[arg-type]
    text = (place.repo / "calc.py").read_text()
    write_files(
        place.repo,
        {
            "calc.py": text + '\n\ndef name():\n    return "calc"\n',
            "test_old.py": OLD,
            "test_name.py": NAMED,
            ".gitignore": "build/\n",
            "build/made.txt": "made\n",
        },
    )
    git(place.repo, "add", "--all")
    git(place.repo, "commit", "--quiet", "-m", "old failure")
    return place


def before(ran: Ran) -> object:
    (evidence,) = ran.result["evidence"]
    return evidence["before"]


@BUBBLEWRAP
async def test_a_fix_is_not_blamed_for_an_old_failure(stage: MakeStage) -> None:
    place = await red(stage, MEND, report())
    ran = await place.run("--verify", CHECK)
    assert ran.code == 0, ran.err
    assert before(ran) == {"failed": 2, "mended": 1, "new": 0}
    assert len(place.server.requests) == 2
    each_start_has_one_end(ran.lines)
    runs = [(body["before"], body["evidence"]["failed"]) for body in ran.bodies("verified")]
    assert runs[-1] == (True, 2)
    assert git(place.repo, "status", "--porcelain").split() == ["M", "calc.py"]
    assert not list(place.home.glob("sessions/*/clones"))
    assert "1 of 2 that failed before pass now" in (await place("show")).out + ran.err


@BUBBLEWRAP
async def test_what_mends_nothing_is_not_proven(stage: MakeStage) -> None:
    look = call("write", path="notes.txt", content="Looked at it.\n")
    place = await red(stage, look, report(), report())
    ran = await place.run("--verify", CHECK)
    assert ran.code == 3, ran.err
    assert len(place.server.requests) == 3
    assert before(ran) == {"failed": 2, "mended": 0, "new": 0}


@BUBBLEWRAP
async def test_the_model_hears_of_new_failures_alone(stage: MakeStage) -> None:
    spoil = edit("calc.py", 'return "calc"', 'return "clac"')
    mend = edit("calc.py", 'return "clac"', 'return "calc"')
    place = await red(stage, MEND, spoil, report(), mend, report())
    ran = await place.run("--verify", CHECK)
    assert ran.code == 0, ran.err
    told = json.dumps(place.server.requests[3].body["messages"][-1])
    assert "1 of these fail only since your change" in told
    assert "test_name" in told
    assert "red for years" not in told
    assert before(ran) == {"failed": 2, "mended": 1, "new": 0}


@BUBBLEWRAP
async def test_an_exit_code_alone_can_not_be_compared(stage: MakeStage) -> None:
    place = await red(stage, MEND, report(), report("not_done"))
    ran = await place.run("--verify", "grep -q never calc.py")
    assert ran.code == 1, ran.err
    assert before(ran) is None


async def test_without_a_sandbox_nothing_is_run_in_a_clone(stage: MakeStage) -> None:
    """Nothing would keep the check from writing the person's tree; the person is told that once."""
    place = await red(stage, MEND, report(), report("not_done"))
    ran = await place.run("--verify", CHECK, "--sandbox", "off")
    assert ran.code == 1, ran.err
    assert before(ran) is None
    told = [body["text"] for body in ran.bodies("warned") if "there before" in body["text"]]
    assert len(told) == 1
    assert "no sandbox is active" in told[0]
