"""Plain mode at a real terminal, with real sessions and the rehearsal endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from leadline.agent.events import SessionEnded, SessionResumed, ToolFinished
from leadline.agent.history.journal import read_events
from leadline.agent.history.store import find_session
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.e2e.planned import EDIT, VARIABLES, plan, project, task, texts
from leadline.tests.support.cli import SCRIPT
from leadline.tests.support.lineterminal import LineTerminal, line_terminal
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, planner, primer, reviewer, turn, worker
from leadline.tests.support.processes import is_running, nap
from leadline.tests.support.scripts import MEND, call, report, sequence, shell
from leadline.tests.support.waiting import until

pytestmark = [BUBBLEWRAP, pytest.mark.timeout(400)]

B = TypeVar("B")
WAIT = "touch begun.log; while [ ! -e go.log ]; do sleep 0.05; done"
"""A command that runs until the test lets it go on."""


@asynccontextmanager
async def plain(
    place: Stage, *flags: str, term: str = "dumb", columns: int = 80
) -> AsyncGenerator[LineTerminal]:
    """At its prompt."""
    arguments = ("open", "--plain", *flags)
    terminal = line_terminal(
        *arguments, folder=place.repo, environ=place.env, term=term, columns=columns
    )
    async with terminal as it:
        await it.until("leadline> ")
        yield it
        if term == "dumb":
            assert b"\x1b" not in it.raw


def bodies(place: Stage, kind: type[B]) -> list[B]:
    """Of the newest session's journal."""
    events = read_events(find_session(place.home, None))
    return [event.body for event in events if isinstance(event.body, kind)]


def prompts(place: Stage) -> str:
    return "\n".join(record.prompt for record in place.server.requests)


async def until_running(command: tuple[str, ...]) -> None:
    await until(lambda: is_running(*command), " ".join(command))


async def until_begun(place: Stage) -> None:
    """Until `WAIT` waits."""
    await until((place.repo / "begun.log").exists, "the command")


def go_on(place: Stage) -> None:
    (place.repo / "go.log").touch()


async def test_a_typed_task_is_done_and_told(stage: MakeStage) -> None:
    """By who has no key yet, and has something of their own to run before."""
    asleep = nap()
    done = report(summary="Mended it."), report(summary="It is plus.")
    place = (await stage(sequence(MEND, *done))).having(DEEPSEEK_API_KEY="")
    async with line_terminal("open", folder=place.repo, environ=place.env) as it:
        await it.until("key> ")
        assert it.shown.count("\nkey: ") == 3
        it.type("no key")
        await it.until("key> ", after="Enter alone goes on")
        it.type("sk-rehearsal")
        await it.until("key: it works and is kept.")

        it.type("!printf '\\033[31mred\\nend'; exit 3")
        await it.until("out | end\nshell: exit 3\n")
        assert "out | red\n" in it.shown
        it.type(f"!{' '.join(asleep)}")
        await until_running(asleep)
        it.press(b"\x03")
        await it.until("shell: stopped.")
        assert not is_running(*asleep)
        it.type("!echo once")
        await it.until("out | once\n")

        it.type("make add work")
        shown = await it.until("next: ")
        assert "\nDone and verified.\n  Mended it.\n" in shown
        assert "\nchanged: calc.py, 1 added, 1 removed\n" in shown
        it.type("/changes")
        shown = await it.until("added   | ")
        assert "removed |     return left - right\n" in shown
        it.type("/undo 0")
        await it.until("restored: how it was before the first change, 1 file\n")
        assert "left - right" in (place.repo / "calc.py").read_text()
        it.type("which sign \\")
        it.type("is it?")
        await it.until("  It is plus.\n")
        it.press(b"\x04")
        assert await it.ended() == 0
    assert b"\x1b" not in it.raw
    assert "sk-rehearsal" not in it.shown
    assert "which sign \nis it?" in prompts(place)
    assert "I ran `echo once` in my shell (exit 0)" in prompts(place)
    left = f"left: `leadline open --plain {find_session(place.home, None).name}`"
    assert left in it.shown.replace("\n", " ")


async def test_what_is_typed_while_a_command_runs_is_read_after_it(stage: MakeStage) -> None:
    place = await stage(sequence(shell(WAIT), MEND, report()))
    async with plain(place, columns=20) as it:
        it.type("make add work")
        await until_begun(place)
        it.type("/status")
        await it.until("activity: ")
        it.type('"""')
        it.type("Keep the names,")
        it.type('and say so."""')
        await it.until("queued: ")
        go_on(place)
        await it.until("next: ")
        assert "\nread by" in it.shown
        assert max(map(len, it.shown.split("\n"))) <= 40
    assert "Keep the names,\nand say so." in prompts(place)


async def test_a_no_with_a_reason_reaches_the_model(stage: MakeStage) -> None:
    place = await stage(sequence(shell("touch \u202emade.log"), MEND, report()))
    async with plain(place, "--mode", "ask") as it:
        it.type("make add work")
        shown = await it.until("answer: y allows it once")
        assert "question: the agent asks to run this" in shown
        assert "command | touch \\u202emade.log\n" in shown
        assert "warning: 1 hidden character" in shown
        for unclear in ("yes but in /tmp", "please do", "ya"):
            it.type(unclear)
            await it.until("help: /question", after=unclear)
        assert not bodies(place, ToolFinished)
        it.type("no, not now")
        shown = await it.until("answer: y allows it once", after="no, not now")
        assert "removed |     return left - right\n" in shown
        assert "added   |     return left + right\n" in shown
        it.type("Y")
        await it.until("next: ")
        it.type("y")
        await it.until("unclear: no question waits.")
    first, second, *_ = bodies(place, ToolFinished)
    assert "not now" in first.text
    assert second.ok
    assert "left + right" in (place.repo / "calc.py").read_text()


async def test_a_question_takes_a_line_or_is_left_to_the_model(stage: MakeStage) -> None:
    """A line that was begun before the question came is no answer to it."""
    ask = call("ask", question="Which sign?", options=["plus", "minus"])
    place = await stage(sequence(shell(WAIT), ask, ask, report("not_done")))
    async with plain(place) as it:
        it.type("make add work")
        await until_begun(place)
        it.type("Keep the names \\")
        await it.until("more> ")
        go_on(place)
        await it.until("asks    | Which sign?")
        it.type("as they are.")
        await it.until("unclear: a question came while you typed this")
        assert len(bodies(place, ToolFinished)) == 1
        it.type("")
        it.type("/say Hurry up.")
        await it.until("queued: ")
        it.type("plus, of course")
        await it.until("asks    | Which sign?", after="plus, of course")
        it.type("/leave")
        await it.until("next: ")
    _, first, second, *_ = bodies(place, ToolFinished)
    assert first.text == "plus, of course"
    assert "leaves this to you" in second.text


async def test_stopped_and_closed_and_gone_on_with(stage: MakeStage) -> None:
    first, second = nap(), nap()
    place = await stage(sequence(shell(" ".join(first)), shell(" ".join(second)), MEND, report()))
    async with plain(place) as it:
        it.type("make add work")
        await until_running(first)
        it.press(b"half a word \x03")
        await it.until("stopping: ")
        await it.until("\nInterrupted.\n")
        it.type("go on")
        await until_running(second)
        it.close()
        await it.ended()
    assert not is_running(*first)
    assert not is_running(*second)
    assert [body.status for body in bodies(place, SessionEnded)] == ["interrupted"] * 2
    async with plain(place, find_session(place.home, None).name) as it:
        assert "Interrupted. make add work" in it.shown
        it.type("/resume")
        await it.until("\nDone and verified.\n")
        it.press(b"\x03")
        await it.until("Ctrl-C once more leaves.", after="Done and verified.")
        it.press(b"\x03")
        assert await it.ended() == 0
    assert len(bodies(place, SessionResumed)) == 2


async def test_a_line_that_is_edited_stands_again_behind_what_was_told(stage: MakeStage) -> None:
    """With readline: what was typed already is not lost to sight, and nothing in it is obeyed by the terminal."""
    place = await stage(sequence(shell(WAIT), MEND, report()))
    async with plain(place, term="xterm") as it:
        it.type("make add work")
        await until_begun(place)
        it.press(b"/stat \x16\x1b]0;owned\x16\x07")
        await it.until("owned")
        go_on(place)
        await it.until(r"leadline> /stat \x1b]0;owned\x07", after="next: ")
        it.press(b"\x17\x7fus\n")  # without its last word
        await it.until("activity: ended")
        it.press(b"\x1b[A\n")
        await it.until("activity: ended", after="activity: ended")
    assert b"\x1b]0;" not in it.raw


async def test_a_plan_is_told_whole_before_it_is_carried_out(stage: MakeStage) -> None:
    again = {"answers": 1, "any_user": "leave b alone"}
    sent = (("update_plan", {"plan": plan(task("a"), task("c"))}), REPORT)
    place = await project(
        stage,
        ["a", "b", "c"],
        planner(plan(task("a"), task("b"))),
        turn("again", again, *sent),
        primer(),
        worker("[ac]", [[EDIT], [REPORT]]),
        reviewer(before=2),
    )
    async with plain(place.having(**VARIABLES), "--workers", "2") as it:
        it.type("Do all of it")
        shown = await it.until("answer: y carries it out")
        assert "\n2. b: Do b\n" in shown
        assert "\nforecast: " in shown
        it.type("no, leave b alone")
        shown = await it.until("answer: y carries it out", after="no, leave")
        assert "\n2. c: Do c\n" in shown
        it.type("y")
        await it.until("next: ")
        it.type("/workers")
        await it.until("worker c: ")
    assert texts(place, ["a", "c"]) == {"done"}
    assert texts(place, ["b"]) == {"todo"}


async def test_a_pipe_is_served_to_the_end_of_what_it_began(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(summary="Mended it.")))
    process = await asyncio.create_subprocess_exec(
        str(SCRIPT),
        "open",
        "--plain",
        cwd=place.repo,
        env={**place.env, "LC_ALL": "C"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(b"make add work\n"), 60)
    assert process.returncode == 0
    assert b"\nDone and verified.\n  Mended it.\n" in out
    assert b"\x1b" not in out
    assert out.isascii()
    assert b"> " not in out
