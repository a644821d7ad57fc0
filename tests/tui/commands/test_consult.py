from __future__ import annotations

import asyncio
import io
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

import pytest
from leadline.agent.asking.consult import Approved, Declined
from leadline.agent.events_plan import Forecast, Interval
from leadline.agent.planning.plan import Plan
from leadline.agent.planning.plan_check import CheckedPlan
from leadline.tests.tui.conftest import Cli
from leadline.tui.commands.consult import NO_ANSWER, Approval, Questions, somebody_there
from leadline.tui.commands.screen import Terminal

CHECKED = CheckedPlan(Plan("g", ()), ())
NOTHING = Interval(0, 0, 0)
FORECAST = Forecast(0, 1, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, True, 0)


@dataclass(frozen=True)
class Desk:
    """A real terminal: what a person types at one end comes out at the other, line by line."""

    keyboard: int
    typed: TextIO

    def type(self, keys: bytes) -> None:
        os.write(self.keyboard, keys)


@pytest.fixture
def desk() -> Iterator[Desk]:
    keyboard, terminal = pty.openpty()
    with os.fdopen(terminal, encoding="utf-8") as typed:
        yield Desk(keyboard, typed)
    os.close(keyboard)


def screen() -> tuple[Terminal, io.StringIO]:
    stream = io.StringIO()
    return Terminal(stream, {}), stream


async def test_each_question_gets_the_line_that_was_typed_for_it(desk: Desk):
    terminal, shown = screen()
    desk.type(b"  euros, no cents \n\n\xe2\x82\xac\n")
    answers = await Questions(terminal, desk.typed).answers(["Which unit?", "Tax?", "Sign?"])
    assert answers == ["euros, no cents", NO_ANSWER, "\N{EURO SIGN}"]
    assert "1. Which unit?\n> " in shown.getvalue()
    assert "3. Sign?\n> " in shown.getvalue()


async def test_who_leaves_before_the_first_answer_is_not_there_and_later_has_no_more(desk: Desk):
    terminal, _ = screen()
    desk.type(b"\x04")
    assert await Questions(terminal, desk.typed).answers(["Which unit?", "Tax?"]) is None
    desk.type(b"euros\n\x04")
    answers = await Questions(terminal, desk.typed).answers(["Which unit?", "Tax?", "Sign?"])
    assert answers == ["euros", NO_ANSWER, NO_ANSWER]


@pytest.mark.parametrize(
    ("keys", "allowed"),
    [
        (b"y\n", True),
        (b" YES \n", True),
        (b"\n", False),
        (b"n\n", False),
        (b"yo\n", False),
        (b"\x04", False),
        (b"y\x04\x04", False),
    ],
)
async def test_anything_but_a_yes_is_a_no(desk: Desk, keys: bytes, allowed: bool):
    terminal, shown = screen()
    desk.type(keys)
    word = await Approval(terminal, desk.typed).approve(CHECKED, FORECAST)
    assert word == (Approved() if allowed else Declined())
    assert shown.getvalue().startswith("Carry it out? [y/N] ")


async def test_a_run_asks_for_no_leave(desk: Desk):
    terminal, shown = screen()
    assert await Questions(terminal, desk.typed).approve(CHECKED, FORECAST) == Approved()
    assert shown.getvalue() == ""


async def test_a_terminal_that_goes_away_is_a_no():
    keyboard, terminal = pty.openpty()
    with os.fdopen(terminal, encoding="utf-8") as typed:
        asking = asyncio.create_task(Approval(screen()[0], typed).approve(CHECKED, FORECAST))
        await asyncio.sleep(0)
        os.close(keyboard)
        assert await asking == Declined()


async def test_a_question_can_be_cancelled_and_what_is_typed_then_is_the_next_ones(desk: Desk):
    terminal, shown = screen()
    asking = asyncio.create_task(Approval(terminal, desk.typed).approve(CHECKED, FORECAST))
    while not shown.getvalue():
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    terminal.line("stopping")
    assert shown.getvalue() == "Carry it out? [y/N] \nstopping\n"
    desk.type(b"y\n")
    assert await Approval(terminal, desk.typed).approve(CHECKED, FORECAST) == Approved()


def test_somebody_is_there_only_at_a_terminal_of_ones_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", desk.typed)
    monkeypatch.setattr(sys, "stderr", desk.typed)
    assert somebody_there({}, json_lines=False)
    assert somebody_there({"CI": ""}, json_lines=False)
    assert not somebody_there({"CI": "true"}, json_lines=False)
    assert not somebody_there({}, json_lines=True)
    for name, stream in (("stdin", None), ("stdin", io.StringIO()), ("stderr", io.StringIO())):
        with monkeypatch.context() as patch:
            patch.setattr(sys, name, stream)
            assert not somebody_there({}, json_lines=False)


ASKED = """
import asyncio, sys
from leadline.agent.headless import failure_result
from leadline.agent.planning.plan import Plan
from leadline.agent.planning.plan_check import CheckedPlan
from leadline.tools.errors import Exit
from leadline.tui.commands.consult import Approval
from leadline.tui.commands.drive import account_screen, run_and_tell

screen = account_screen()

async def session(listeners, stop):
    asking = asyncio.create_task(Approval(screen, sys.stdin).approve(CheckedPlan(Plan("g", ()), ()), None))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
    asking.cancel()
    await asyncio.wait({asking})
    return failure_result("Interrupted by the person.", Exit.INTERRUPTED)

import leadline.tui.commands.sessions as s
s.execute = lambda parsed: run_and_tell(session, screen, json_lines=False, patch=None)
from leadline.tui.cli import main
sys.exit(main(["sessions"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_that_waits_for_an_answer(cli: Cli, number: signal.Signals):
    """The whole process, which nothing that still reads may hold up."""
    keyboard, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", ASKED],
        cwd=cli.folder,
        env=cli.environ(),
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
    )
    os.close(terminal)
    try:
        seen = b""
        while b"[y/N]" not in seen:
            seen += os.read(keyboard, 4096)
        child.send_signal(number)
        assert child.wait(60) == 130
        while b"Interrupted." not in seen:
            seen += os.read(keyboard, 4096)
        assert b"Traceback" not in seen
        assert b"Fatal" not in seen
    finally:
        child.kill()
        child.communicate()
        os.close(keyboard)
