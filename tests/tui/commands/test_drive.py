from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from leadline.agent.bus import Listener, Live
from leadline.agent.events import Event, Warned
from leadline.agent.headless import failure_result
from leadline.agent.history.journal import encode
from leadline.agent.passing import TextDelta
from leadline.agent.planning.plan import Plan, Task
from leadline.agent.planning.plan_text import read_plan
from leadline.agent.result import RunResult
from leadline.tools.errors import Exit, PersonError
from leadline.tui.commands.diff import print_patch
from leadline.tui.commands.drive import account_screen, patch_target, run_and_tell
from leadline.tui.commands.screen import Terminal

PATCH = b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-caf\xe9\n+\x1b[31mcafe\n".decode(
    "utf-8", "surrogateescape"
)
RESULT = replace(
    failure_result("All good.", Exit.DONE), session="s1", patch=PATCH, output={"answer": 42}
)
EVENT = Event(1, "2026-11-22T05:00:00.000Z", "s1", "main", 1, Warned("careful"))


async def session(listeners: Sequence[Listener], stop: asyncio.Event) -> RunResult:
    for listener in listeners:
        listener(EVENT)
        listener(Live("main", 1, TextDelta("passing")))
    return RESULT


def test_people_read_stderr_and_the_answer_is_on_stdout(capfdbinary: pytest.CaptureFixture[bytes]):
    assert run_and_tell(session, account_screen(), json_lines=False, patch=None) == 0
    out, err = capfdbinary.readouterr()
    assert json.loads(out) == {"answer": 42}
    assert b"warning: careful\n" in err
    assert b"Done and verified." in err


def test_programs_read_stdout(capfdbinary: pytest.CaptureFixture[bytes]):
    assert run_and_tell(session, account_screen(), json_lines=True, patch=None) == 0
    out, err = capfdbinary.readouterr()
    first, last = out.splitlines()
    assert first == encode(EVENT)
    assert json.loads(last)["result"]["output"] == {"answer": 42}
    assert b"warning: careful\n" in err


def test_a_plan_that_was_asked_for_is_on_stdout_to_be_saved(
    capfdbinary: pytest.CaptureFixture[bytes],
):
    plan = Plan(
        "Count in cents", (Task("money", "Cents", "Use int.", ("m.py",), checks=("make",)),)
    )

    async def planned(listeners: Sequence[Listener], stop: asyncio.Event) -> RunResult:
        return replace(RESULT, status="planned", output=None, plan=plan)

    assert run_and_tell(planned, account_screen(), json_lines=False, patch=None) == 0
    out, err = capfdbinary.readouterr()
    assert read_plan(out.decode()) == plan
    assert b"leadline run --plan FILE" in err
    assert run_and_tell(planned, account_screen(), json_lines=True, patch=None) == 0
    result = json.loads(capfdbinary.readouterr().out.splitlines()[-1])["result"]
    assert read_plan(json.dumps(result["plan"])) == plan


def test_the_plan_of_a_run_that_carried_it_out_is_no_answer(
    capfdbinary: pytest.CaptureFixture[bytes],
):
    async def done(listeners: Sequence[Listener], stop: asyncio.Event) -> RunResult:
        return replace(RESULT, output=None, plan=Plan("g", ()))

    assert run_and_tell(done, account_screen(), json_lines=False, patch=None) == 0
    assert capfdbinary.readouterr().out == b""


def test_the_patch_file_has_the_bytes(tmp_path: Path):
    target = tmp_path / "x.patch"
    assert run_and_tell(session, account_screen(), json_lines=False, patch=target) == 0
    assert target.read_bytes() == PATCH.encode("utf-8", "surrogateescape")


def test_a_patch_that_cannot_be_written_is_no_success(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
):
    assert (
        run_and_tell(
            session, account_screen(), json_lines=True, patch=tmp_path / "gone" / "x.patch"
        )
        == 1
    )
    result = json.loads(capfdbinary.readouterr().out.splitlines()[-1])["result"]
    assert (result["status"], result["exit_code"]) == ("not_done", 1)
    assert "the patch could not be written" in result["notes"][0]
    assert "leadline diff s1" in result["notes"][0]


def test_where_a_patch_may_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert patch_target(None) is None
    assert patch_target("x.patch") == tmp_path / "x.patch"
    for wrong in (".", "gone/x.patch", str(tmp_path)):
        with pytest.raises(PersonError):
            patch_target(wrong)


def test_a_diff_is_exact_in_a_pipe_and_harmless_on_a_terminal(
    capfdbinary: pytest.CaptureFixture[bytes],
):
    print_patch(PATCH, Terminal(io.StringIO(), {}))
    assert capfdbinary.readouterr().out == PATCH.encode("utf-8", "surrogateescape")

    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Tty()
    print_patch(PATCH, Terminal(screen, {"NO_COLOR": "1"}))
    assert (
        screen.getvalue() == "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-caf\N{REPLACEMENT CHARACTER}\n+cafe\n"
    )
