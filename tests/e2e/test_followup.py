"""A person says more to a session that came to its end: it goes on with the same transcript."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import pairwise

from leadline.agent.events import SessionResumed, UsageReported
from leadline.agent.history.journal import FILE, read_events
from leadline.agent.history.sessions import summary
from leadline.agent.history.store import find_session
from leadline.agent.host.outbox import Broken
from leadline.agent.host.wishes import Fork, Resume, Steer, Submit
from leadline.agent.planning.record import plans_of
from leadline.agent.rehearsal.settings import Settings
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.cli import ended, start
from leadline.tests.support.hosting import hosted
from leadline.tests.support.laws import (
    OPENING,
    each_start_has_one_end,
    numbered_without_gaps,
    prefix_holds,
)
from leadline.tests.support.scripts import MEND, edit, report, sequence, shell
from leadline.tools.errors import PersonError
from leadline.tui.state.reducer import state_of

MORE = edit("calc.py", "return left + right", "return left + right  # sum")


async def test_a_finished_session_goes_on_with_the_next_message(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), MORE, report(), shell("true"), report()))
    async with hosted(place) as session:
        session.send(Submit("make add work"))
        first = await session.ended()
        assert first.status == "done"
        folder = session.resume(first.session).folder
        session.send(Resume(folder, "Now say \ud800 what it is."), Resume(folder, "too soon"))
        second = await session.ended(2)
        session.send(Resume(folder, "And look."))
        third = await session.ended(3)
    assert [item.reason for item in session.unheard()] == ["a session is under way"]
    assert (second.status, third.status) == ("done", "done")
    assert second.session == third.session == first.session
    assert "# sum" in third.patch
    assert third.turns == 6
    assert third.bill.requests == len(place.server.requests) == 6
    prefix_holds(place.server)
    told = place.server.requests[2].body["messages"][-1]
    assert (told["role"], told["content"]) == ("user", "Now say ? what it is.")
    events = session.durable()
    numbered_without_gaps(events)
    each_start_has_one_end([e for e in events if not e["body"]["kind"].startswith("session_")])
    steps = [e["body"]["step"] for e in events if e["body"]["kind"] == "snapshot_taken"]
    assert steps == [0, 1, 2]


async def test_the_hits_of_a_follow_up_are_as_in_one_run(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), MORE, report()))
    assert (await place.run()).code == 0
    ran = await place("resume", "--say", "Say what it is.", "--json")
    assert ran.code == 0, ran.err
    causes = [body["cause"] for body in ran.bodies("usage_reported")]
    assert causes == ["none", "none"]
    assert ran.bodies("usage_reported")[0]["usage"]["hit"] > 0


async def test_undo_diff_and_show_over_follow_ups(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), MORE, report(), MORE, report()))
    calc = place.repo / "calc.py"
    begun = calc.read_text()
    await place.run()
    await place("resume", "--say", "Say what it is.")
    assert "# sum" in (await place("diff")).out
    assert (await place("undo")).code == 0
    assert "# sum" not in calc.read_text()
    ran = await place("resume", "--say", "Say it again.", "--json")
    assert ran.code == 0, ran.err
    prefix_holds(place.server)
    (note,) = [
        body["message"]["text"]
        for body in ran.bodies("message_committed")
        if body["message"].get("origin") == "harness"
    ]
    assert "calc.py" in note
    assert "undo" in note
    assert [body["step"] for body in ran.bodies("snapshot_taken")] == [2]
    assert "# sum" in calc.read_text()
    assert ran.result["patch"] == (await place("diff")).out
    shown = (await place("show")).out
    assert "Say what it is." in shown
    assert "Say it again." in shown
    assert (await place("undo", "--to", "0")).code == 0
    assert calc.read_text() == begun


async def test_there_are_all_the_turns_for_a_follow_up(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), MORE, report()))
    assert (await place.run("--max-turns", "2")).code == 0
    ran = await place("resume", "--say", "Say what it is.", "--json", "--max-turns", "2")
    assert ran.code == 0, ran.err
    assert ran.result["turns"] == 4


async def test_what_was_said_is_not_lost_by_a_kill(stage: MakeStage) -> None:
    """Killed as soon as the journal has it, and again: the model reads it once."""
    place = await stage(sequence(MEND, report(), MORE, report()), Settings(first_token_seconds=0.3))
    await place.run()
    folder = find_session(place.home, None)
    process = await start("resume", "--say", "Say what it is.", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    while not _is_resumed(place):
        await asyncio.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    await reading
    ran = await ended(await start("resume", "--json", cwd=place.repo, env=place.env))
    assert ran.code == 0, ran.err
    said = [
        event.body.message.text
        for event in read_events(folder)
        if event.body.kind == "message_committed" and event.body.message.role == "user"
    ]
    assert said.count("Say what it is.") == 1
    assert "# sum" in (place.repo / "calc.py").read_text()
    prefix_holds(place.server)


def _is_resumed(place: Stage) -> bool:
    events = read_events(find_session(place.home, None))
    return any(isinstance(event.body, SessionResumed) for event in events)


async def test_more_after_an_interrupt_and_without_more(stage: MakeStage) -> None:
    place = await stage(sequence(report("not_done"), MEND, report()))
    async with hosted(place) as session:
        session.send(Submit("make add work"))
        first = await session.ended()
        folder = session.resume(first.session).folder
        session.send(Resume(folder, "Yes, it can be done."), Steer("Do it.", "main"))
        assert (await session.ended(2)).status == "done"
        session.send(Resume(folder, " \n"))
        await session.until(lambda: any(isinstance(item, Broken) for item in session.told))
        fault = session.told[-1]
        assert isinstance(fault, Broken)
        assert isinstance(fault.fault, PersonError)
    prompt = place.server.requests[1].prompt
    assert prompt.index("Yes, it can be done.") < prompt.index("Do it.")
    prefix_holds(place.server)
    assert plans_of(read_events(folder)).said == ("Yes, it can be done.",)


# --- forks ---


async def test_a_fork_begins_with_all_and_leaves_the_other_alone(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), MORE, report(), shell("true"), report()))
    await place.run()
    parent = find_session(place.home, None)
    journal = (parent / FILE).read_bytes()
    async with hosted(place) as session:
        session.send(Fork(parent, "Say what it is."))
        result = await session.ended()
        assert result.status == "done"
        assert result.session != parent.name
        assert (parent / FILE).read_bytes() == journal
        assert (await place("undo", result.session)).code == 0
        assert "left + right\n" in (place.repo / "calc.py").read_text()
        # Both go on by themselves.
        session.send(Resume(parent, "And you?"), Resume(parent, "too soon"))
        await session.ended(2)
    prefix_holds_for(place, [0, 1, 2, 3])
    prefix_holds_for(place, [0, 1, 4])
    fork = parent.with_name(result.session)
    events = read_events(fork)
    state = state_of(events)
    assert state.header.task == "make add work"
    assert result.bill.requests == 2
    assert summary(fork).usd == result.bill.cost
    assert (result.turns, summary(fork).turns) == (2, 2)
    assert (summary(fork).title, summary(fork).parent) == ("Say what it is.", parent.name)
    # Its step 0 is the tree as it was when it began.
    assert result.patch.count("\n-") == 2  # the file's name, and the line without the remark
    causes = [event.body.cause for event in events if isinstance(event.body, UsageReported)]
    assert causes == ["fork", "none"]
    shown = (await place("show", fork.name)).out
    assert "Say what it is." in shown
    assert "Did it." in shown


def prefix_holds_for(place: Stage, numbers: list[int]) -> None:
    prompts = [place.server.requests[number].prompt for number in numbers]
    for earlier, later in pairwise(prompts):
        assert later.startswith(earlier.removesuffix(OPENING))


async def test_a_fork_of_a_session_at_work_and_of_a_fork(stage: MakeStage) -> None:
    """Its unfinished call has no result here; and the parent can be deleted."""
    place = await stage(
        sequence(shell("sleep 60"), MEND, report(), MORE, report()),
        Settings(first_token_seconds=0.01),
    )
    process = await start("run", "make add work", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    while b"tool_started" not in _bytes(place):
        await asyncio.sleep(0.02)
    parent = find_session(place.home, None)
    refused = await place("sessions", "--delete", parent.name, "--yes")
    assert "running" in refused.err
    (row,) = (await place("sessions", "--json")).lines
    assert row["status"] == "running"
    ran = await place("resume", parent.name, "--fork", "--say", "Never mind the wait.", "--json")
    assert ran.code == 0, ran.err
    os.killpg(process.pid, signal.SIGKILL)
    await reading
    messages = place.server.requests[1].body["messages"]
    assert messages[-1]["content"] == "Never mind the wait."
    assert messages[-2]["role"] == "tool"
    fork = ran.result["session"]
    assert (await place("sessions", "--rename", fork, "The second")).code == 0
    again = await place("resume", fork, "--fork", "--say", "Say what it is.", "--json")
    assert again.code == 0, again.err
    prefix_holds(place.server)
    assert (await place("sessions", "--delete", parent.name, "--yes")).code == 0
    assert (await place("sessions", "--delete", fork)).code != 0  # nobody is here to ask
    assert (await place("show", again.result["session"])).code == 0
    rows = {row["session"]: row for row in (await place("sessions", "--json")).lines}
    assert rows[fork]["title"] == "The second"
    assert rows[again.result["session"]]["parent"] == fork
    assert parent.name not in rows
    assert "The second" in (await place("sessions")).out


def _bytes(place: Stage) -> bytes:
    return b"".join(path.read_bytes() for path in place.home.glob(f"sessions/*/{FILE}"))


async def test_a_fork_needs_a_word(stage: MakeStage) -> None:
    place = await stage(sequence(report()))
    await place.run()
    ran = await place("resume", "--fork")
    assert ran.code == 2
    assert "--say" in ran.err
    assert len((await place("sessions", "--json")).lines) == 1
