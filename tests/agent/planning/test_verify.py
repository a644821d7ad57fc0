"""Checks run for real, in no sandbox, and what their evidence says."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from leadline.agent.bus import Bus, Recorder
from leadline.agent.events import CheckStarted, Durable, Verified, Warned
from leadline.agent.history.journal import FILE, Journal, read_events
from leadline.agent.planning.verify import Verdict, verify
from leadline.tools.checks.model import Check
from leadline.tools.commands import SandboxedCommands
from leadline.tools.sandbox.base import Sandbox, Unavailable
from leadline.tools.sandbox.none import Unconfined

JUNIT = (
    '<testsuite name="s" tests="2" failures="1"><testcase name="good" classname="c"/>'
    '<testcase name="bad" classname="c" file="c.x" line="7"><failure message="1 is not 2"/></testcase>'
    "</testsuite>"
)


async def verdict_of(
    tmp_path: Path, *commands: str, sandbox: Sandbox | None = None
) -> tuple[Verdict, list[Durable]]:
    root = tmp_path / "root"
    root.mkdir(exist_ok=True)
    journal = Journal.create(tmp_path / "session")
    runner = SandboxedCommands(
        sandbox or Unconfined(),
        root,
        tmp_path / "session",
        leadline_home=tmp_path,
        writable=True,
        network=False,
        default_seconds=60,
    )
    checks = [Check(command, "given", "given") for command in commands]
    verdict = await verify(checks, root, "tree", runner, Recorder(journal, Bus(), "main"))
    await runner.close()
    return verdict, [event.body for event in journal.events]


async def test_green_needs_a_check_that_passed(tmp_path: Path) -> None:
    verdict, bodies = await verdict_of(tmp_path, "true", "echo fine")
    assert verdict.green
    assert [b.evidence.tree for b in bodies if isinstance(b, Verified)] == ["tree", "tree"]


async def test_one_red_check_is_enough(tmp_path: Path) -> None:
    verdict, _ = await verdict_of(tmp_path, "true", "echo src/a.c:3: boom; false")
    assert verdict.red
    assert not verdict.green
    assert "src/a.c:3" in verdict.text
    assert "`true`" not in verdict.text


async def test_no_check_proves_nothing(tmp_path: Path) -> None:
    verdict, _ = await verdict_of(tmp_path)
    assert not verdict.green
    assert not verdict.red


async def test_a_runner_that_found_no_test_proves_nothing(tmp_path: Path) -> None:
    verdict, _ = await verdict_of(tmp_path, "python3 -m unittest discover")
    assert verdict.evidence[0].ran_nothing
    assert not verdict.green
    assert not verdict.red


async def test_a_junit_file_that_the_check_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "junit.txt").write_text(JUNIT)
    verdict, _ = await verdict_of(tmp_path, f"cp {tmp_path}/junit.txt out.xml; exit 1")
    item = verdict.evidence[0]
    assert (item.passed, item.failed) == (1, 1)
    assert "1 is not 2" in verdict.text


async def test_a_junit_file_of_an_earlier_run_is_not(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    old = tmp_path / "root" / "out.xml"
    old.write_text(JUNIT)
    os.utime(old, (1_000_000_000, 1_000_000_000))
    verdict, _ = await verdict_of(tmp_path, "true out.xml")
    assert verdict.evidence[0].failed == 0


async def test_where_nothing_can_be_run_the_person_hears_why(tmp_path: Path) -> None:
    verdict, bodies = await verdict_of(tmp_path, "true", sandbox=Unavailable("no kernel"))
    assert not verdict.green
    assert not verdict.red
    assert any(isinstance(b, Warned) and "no kernel" in b.text for b in bodies)


async def test_a_check_that_is_not_steady_is_told_of(tmp_path: Path) -> None:
    verdict, bodies = await verdict_of(tmp_path, "test -e ran || ! touch ran")
    assert verdict.green
    assert [b.evidence.green for b in bodies if isinstance(b, Verified)] == [False, True]
    assert any(isinstance(b, Warned) and "run again" in b.text for b in bodies)


async def test_a_check_that_is_cut_off_has_an_end_all_the_same(tmp_path: Path) -> None:
    run = asyncio.create_task(verdict_of(tmp_path, "sleep 60"))
    journal = tmp_path / "session" / FILE
    while not journal.is_file() or b"check_started" not in journal.read_bytes():
        await asyncio.sleep(0.02)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    *_, started, ended = (event.body for event in read_events(tmp_path / "session"))
    assert isinstance(started, CheckStarted)
    assert isinstance(ended, Verified)
    assert not ended.evidence.green
