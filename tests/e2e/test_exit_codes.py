"""What a run ends with, told by the process itself, with no terminal anywhere."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import pytest
from leadline.agent.rehearsal.settings import Settings
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.support.cli import ended, start
from leadline.tests.support.processes import is_running
from leadline.tests.support.repos import git, make_repo, tree_bytes, write_files
from leadline.tests.support.scripts import FIX, MEND, Say, call, edit, report, sequence, shell


async def test_0_done_and_verified(stage: MakeStage) -> None:
    ran = await (await stage(FIX)).run()
    assert ran.code == 0, ran.err
    result = ran.result
    assert result["status"] == "done"
    assert [item["passed"] for item in result["evidence"]] == [1]
    assert "+    return left + right" in result["patch"]
    assert "Done and verified" in ran.err


async def test_1_the_model_gives_up(stage: MakeStage) -> None:
    ran = await (await stage(sequence(report("not_done", "I found no bug.")))).run()
    assert (ran.code, ran.result["status"]) == (1, "not_done")
    assert ran.result["summary"] == "I found no bug."


async def test_1_a_claim_that_the_checks_refute(stage: MakeStage) -> None:
    """The model says done four times; Leadline looks each time."""
    lie = report("done", "All fixed!")
    place = await stage(sequence(edit("calc.py", "left - right", "right"), lie, lie, lie, lie))
    write_files(place.repo, {"calc.py": "def add(left, right):\n    return left - right + 6\n"})
    ran = await place.run()
    assert (ran.code, ran.result["status"]) == (1, "not_done")
    # Each round twice, as it might have been a flaky test, and once as it was before.
    assert len(ran.bodies("verified")) == 9
    told = [r.body["messages"][-1]["content"] for r in place.server.requests[2:]]
    assert all("test_adds" in text and "9 != 5" in text for text in told)


async def test_3_a_claim_that_left_all_failures_as_they_were(stage: MakeStage) -> None:
    """It is doubted once; whether they are what the task is about, no check can tell."""
    lie = report("done", "All fixed!")
    place = await stage(sequence(call("write", path="notes.txt", content="hm"), lie, lie))
    ran = await place.run()
    assert (ran.code, ran.result["status"]) == (3, "unverified")
    (doubt,) = [r.body["messages"][-1]["content"] for r in place.server.requests[2:]]
    assert "-1 != 5" in doubt
    assert "as they did before your change" in doubt


async def test_3_nothing_to_verify_with(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report()))
    (place.repo / "test_calc.py").unlink()
    ran = await place.run()
    assert (ran.code, ran.result["status"]) == (3, "unverified")


async def test_3_nothing_was_changed(stage: MakeStage) -> None:
    """Checks that were green before prove nothing of a run that did nothing."""
    place = await stage(sequence(report()))
    write_files(place.repo, {"calc.py": "def add(left, right):\n    return left + right\n"})
    assert (await place.run()).code == 3


async def test_4_nobody_to_ask(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report("not_done", "Not allowed.")))
    before = tree_bytes(place.repo)
    ran = await place.run("--mode", "ask")
    assert (ran.code, ran.result["status"]) == (4, "permission")
    assert tree_bytes(place.repo) == before
    assert ran.bodies("approval_answered")[0]["by"] == "nobody"


@pytest.mark.parametrize(
    "flags", [("--max-turns", "2"), ("--budget-usd", "0.0004"), ("--max-minutes", "0.00001")]
)
async def test_5_limits(stage: MakeStage, flags: tuple[str, ...]) -> None:
    ran = await (await stage(FIX)).run(*flags)
    assert (ran.code, ran.result["status"]) == (5, "limit")
    assert len(ran.bodies("budget_reached")) == 1


async def test_6_endpoint_down(stage: MakeStage) -> None:
    place = await stage(FIX)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: every connection is refused
        gone = place.having(LEADLINE_BASE_URL=f"http://127.0.0.1:{taken.getsockname()[1]}")
        process = await start("run", "x", "--json", cwd=gone.repo, env=gone.env)
        ran = await ended(process, 60)
    assert (ran.code, ran.result["status"]) == (6, "unavailable")
    assert len(ran.bodies("request_failed")) == 6


async def test_7_a_commit_that_cannot_be_made(stage: MakeStage) -> None:
    place = await stage(FIX)
    git(place.repo, "checkout", "-q", "--detach")
    ran = await place.run("--commit")
    assert ran.code == 7
    assert "--branch" in ran.err
    assert place.server.requests == []


async def test_130_interrupted(stage: MakeStage) -> None:
    place = await stage(FIX, Settings(first_token_seconds=30))
    process = await start("run", "x", "--json", cwd=place.repo, env=place.env)
    await place.server.arrived(1)
    process.send_signal(signal.SIGINT)
    ran = await ended(process, 20)
    assert (ran.code, ran.result["status"]) == (130, "interrupted")
    assert ran.bodies("session_ended")[0]["status"] == "interrupted"


async def test_130_interrupted_in_a_command(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(sequence(shell("sleep 77.125; echo late > late.txt")))
    process = await start("run", "x", "--json", cwd=place.repo, env=place.env)
    await place.server.arrived(1)
    for _ in range(200):
        if is_running("sleep", "77.125"):
            break
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    ran = await ended(process, 20)
    assert ran.code == 130
    assert not is_running("sleep", "77.125")
    assert not ran.bodies("tool_finished")[0]["ok"]


@pytest.mark.parametrize(
    ("variables", "settings", "word"),
    [
        ({"DEEPSEEK_API_KEY": ""}, Settings(), "DEEPSEEK_API_KEY"),
        ({}, Settings(api_key="another"), "key"),
        ({}, Settings(balance=False), "balance"),
        ({"LEADLINE_MODE": "atuo"}, Settings(), "auto"),
        ({"LEADLINE_BASE_URL": "localhost:80"}, Settings(), "http"),
    ],
)
async def test_2_what_the_person_has_to_mend(
    stage: MakeStage, variables: dict[str, str], settings: Settings, word: str
) -> None:
    place = (await stage(FIX, settings)).having(**variables)
    ran = await place.run()
    assert ran.code == 2, ran.err
    assert word in ran.err
    assert "Traceback" not in ran.err
    assert "sk-rehearsal" not in ran.err + ran.out


async def test_2_places_that_cannot_be_worked_in(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(FIX)
    plain = tmp_path / "plain"
    plain.mkdir()
    ran = await place.within(plain).run()
    assert ran.code == 2
    assert "--init" in ran.err
    assert "--read-only" in ran.err
    bare = tmp_path / "bare.git"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    ran = await place.within(bare).run()
    assert ran.code == 2
    assert "bare" in ran.err


async def test_outside_of_git_by_the_persons_word(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(sequence(MEND, report("not_done", "Only looked.")))
    plain = tmp_path / "plain"
    write_files(plain, {"calc.py": "def add(left, right):\n    return left - right\n"})
    ran = await place.within(plain).run("--read-only")
    assert ran.code == 1
    assert "left - right" in (plain / "calc.py").read_text()
    ran = await place.within(plain).run("--init")
    assert "left + right" in (plain / "calc.py").read_text()
    assert (await place.within(plain)("undo")).code == 0
    assert "left - right" in (plain / "calc.py").read_text()


async def test_an_empty_repository(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(sequence(call("write", path="hello.py", content="print('hi')\n"), report()))
    empty = make_repo(tmp_path / "empty", {})
    ran = await place.within(empty).run("--verify", "python3 hello.py")
    assert ran.code == 0, ran.err
    assert (empty / "hello.py").exists()


@pytest.mark.parametrize("stdin", ["open", "closed"])
async def test_an_open_stdin_holds_nothing_up(stage: MakeStage, stdin: str) -> None:
    place = await stage(FIX)
    how = asyncio.subprocess.PIPE if stdin == "open" else asyncio.subprocess.DEVNULL
    process = await start("run", "x", "--json", cwd=place.repo, env=place.env, stdin=how)
    out = asyncio.create_task(process.stdout.read()) if process.stdout else None
    await asyncio.wait_for(process.wait(), 30)
    assert process.returncode == 0
    assert out is not None
    await out


async def test_a_merge_in_progress(stage: MakeStage) -> None:
    """Files can be worked on; only a commit could not be told apart from the merge."""
    place = await stage(FIX)
    git(place.repo, "checkout", "-q", "-b", "other")
    git(place.repo, "commit", "-q", "--allow-empty", "-m", "Other")
    git(place.repo, "checkout", "-q", "main")
    git(place.repo, "merge", "-q", "--no-commit", "--no-ff", "other")
    ran = await place.run("--commit")
    assert ran.code == 7
    assert "merge" in ran.err
    assert (await place.run()).code == 0


async def test_a_detached_head_is_no_hindrance(stage: MakeStage) -> None:
    place = await stage(FIX)
    git(place.repo, "checkout", "-q", "--detach")
    assert (await place.run()).code == 0


async def test_an_answer_without_a_report_is_a_claim(stage: MakeStage) -> None:
    ran = await (await stage(sequence(MEND, Say(text="It adds now.")))).run()
    assert (ran.code, ran.result["summary"]) == (0, "It adds now.")


async def test_a_checker_can_be_named_and_one_that_is_missing_is_told(stage: MakeStage) -> None:
    place = await stage(FIX)
    # Its own, so that it does not matter what this machine has.
    write_files(
        place.repo,
        {"pyproject.toml": "[tool.ruff]\n", ".venv/bin/ruff": '#!/bin/sh\necho "$@"\n'},
    )
    (place.repo / ".venv/bin/ruff").chmod(0o755)
    ran = await place.run("--verify", "ruff")
    assert [item["command"] for item in ran.result["evidence"]] == [".venv/bin/ruff check ."]
    told = await place.run("--verify", "mypy")
    assert told.code == 2
    assert "mypy is not configured" in told.err
