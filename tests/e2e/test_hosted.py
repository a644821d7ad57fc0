"""A session beside an interface: typed, steered, asked and answered, interrupted, closed and resumed."""

from __future__ import annotations

import asyncio
import threading

import pytest
from leadline.agent.asking.allowed import FILE
from leadline.agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    MessageCommitted,
    SessionEnded,
    ToolFinished,
    ToolStarted,
)
from leadline.agent.host.hosted import StrayCancelError
from leadline.agent.host.outbox import Broken, Closed, Ended
from leadline.agent.host.wishes import Answer, Interrupt, Steer, Submit, UndoTo
from leadline.agent.messages import UserMessage
from leadline.agent.passing import ToolOutput
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.support.hosting import Watched, hosted
from leadline.tests.support.laws import prefix_holds
from leadline.tests.support.processes import is_running
from leadline.tests.support.scripts import MEND, Say, call, report, sequence, shell
from leadline.tools.errors import PersonError
from leadline.tools.paths import folder_key

WAIT = "while [ ! -e go.log ]; do sleep 0.05; done"
"""A command that runs until the test lets it go on."""


async def test_typed_and_steered_while_a_command_runs(stage: MakeStage) -> None:
    place = await stage(sequence(shell(WAIT), MEND, report()))
    async with hosted(place) as session:
        session.send(Submit("make add work"))
        await session.body(ToolStarted)
        session.send(Steer("Keep the \ud800 names.", "main"))
        (place.repo / "go.log").touch()
        result = await session.ended()
        assert result.status == "done"
        said = [
            body.message.text
            for body in session.bodies(MessageCommitted)
            if isinstance(body.message, UserMessage) and body.message.origin == "person"
        ]
        assert said == ["Keep the ? names."]
        assert any("Keep the ? names." in record.prompt for record in place.server.requests)
        await session.closed()
    session.starts_and_ends_hold()
    prefix_holds(place.server)
    assert session.told[-1] == Closed()


async def test_what_nobody_reads_is_said_to_be_unread(stage: MakeStage) -> None:
    place = await stage(sequence(report()))
    async with hosted(place) as session:
        session.send(Steer("too early", "main"), Submit("look"))
        await session.until(session.unheard)
        session.send(Steer("hello?", "task-x-1"))
        await session.ended()
        session.send(Steer("too late", "main"), Interrupt(), Answer("main", "c1"))
        await session.until(lambda: len(session.unheard()) >= 5)
    assert [(item.wish, item.reason) for item in session.unheard()] == [
        (Steer("too early", "main"), "no session is under way"),
        (Steer("hello?", "task-x-1"), "the agent ended before it could read it"),
        (Steer("too late", "main"), "no session is under way"),
        (Interrupt(), "no session is under way"),
        (Answer("main", "c1"), "no session is under way"),
    ]


async def test_allowed_once_denied_with_a_reason_and_a_question(stage: MakeStage) -> None:
    place = await stage(
        sequence(
            call("ask", question="Which sign?", options=["plus", "minus"]),
            shell("touch made.log"),
            shell("touch made.log"),
            MEND,
            report(),
        )
    )
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(Submit("make add work"))
        assert (await session.answer(1, text="1")).startswith("Which sign?")
        assert await session.answer(2) == "May Leadline run `touch made.log`?"
        await session.answer(3, allowed=False, text="Once is enough.")
        assert await session.answer(4) == "May Leadline write calc.py?"
        assert (await session.ended()).status == "done"
    results = [body.text for body in session.bodies(ToolFinished)]
    assert results[0] == "plus"
    assert "Once is enough." in results[2]
    assert not session.bodies(ToolFinished)[2].ok
    assert [(answer.allowed, answer.by) for answer in session.bodies(ApprovalAnswered)] == [
        (True, "person"),
        (True, "person"),
        (False, "person"),
        (True, "person"),
    ]
    session.starts_and_ends_hold()


async def test_allowed_for_the_session_then_always(stage: MakeStage) -> None:
    again = (shell("touch made.log"), shell("touch made.log"), shell("touch made.log "))
    place = await stage(sequence(*again, report()))
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(Submit("look"))
        await session.answer(1, scope="session")
        # What only looks alike is asked again, and so is all of it in the next session.
        assert await session.answer(3) == "May Leadline run `touch made.log `?"
        await session.ended()
        session.send(Submit("look again"))
        await session.answer(4, scope="always")
        await session.answer(6)
        await session.ended(2)
    by = [answer.by for answer in session.bodies(ApprovalAnswered)]
    assert by == ["person", "rule", "person"] * 2
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(Submit("look once more"))
        await session.answer(3)
        await session.ended()
    assert [answer.by for answer in session.bodies(ApprovalAnswered)] == ["rule", "rule", "person"]
    kept = list(place.home.glob("projects/*/allowed.json"))
    assert len(kept) == 1
    assert "touch made.log`" in kept[0].read_text()


async def test_allowed_for_the_session_holds_when_it_goes_on(stage: MakeStage) -> None:
    """And what was allowed once, or of another session, does not."""
    place = await stage(
        sequence(
            *(shell("touch made.log"), shell("touch once.log"), report("not_done")),
            *(shell("touch made.log"), shell("touch once.log"), MEND, report("not_done")),
        )
    )
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(Submit("look"))
        await session.answer(1, scope="session")
        await session.answer(2)
        first = await session.ended()
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(session.resume(first.session), Steer("Go on.", "main"))
        await session.answer(2)
        await session.answer(3, scope="session")
        await session.ended()
    said = [(answer.by, answer.scope) for answer in session.bodies(ApprovalAnswered)]
    assert said[:3] == [("rule", "once"), ("person", "once"), ("person", "session")]
    asked = session.bodies(ApprovalAsked)
    assert asked[0].terms[0].startswith("at most ")
    assert asked[0].confinement
    assert (asked[2].rule, asked[2].confinement) == ("every change of calc.py", "")
    assert "+    return left + right" in asked[2].detail


async def test_a_rule_holds_only_as_confined_as_it_was_given(stage: MakeStage) -> None:
    place = await stage(sequence(shell("touch made.log"), report()))
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(Submit("look"))
        await session.answer(1, scope="always")
        await session.ended()
    async with hosted(place, {"mode": "ask", "sandbox": "off"}) as session:
        session.send(Submit("look"))
        await session.answer(1, allowed=False)
        await session.ended()
    assert session.bodies(ApprovalAnswered)[0].by == "person"
    assert "gave no reason" in session.bodies(ToolFinished)[0].text


async def test_questions_of_one_answer_wait_side_by_side(stage: MakeStage) -> None:
    """Answered in any order; what is allowed for the session settles those that ask the same."""
    ask = ("ask", {"question": "Which?"})
    touch = ("shell", {"command": "touch made.log"})
    place = await stage(sequence(Say(calls=(ask, touch, ask)), Say(calls=(touch,)), report()))
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(Submit("look"))
        await session.body(ApprovalAsked, 3)
        await session.answer(3, text="the second")
        await session.answer(2, scope="session")
        await session.answer(1, allowed=False)
        await session.ended()
    started = [body.call_id for body in session.bodies(ToolStarted)]
    results = {body.call_id: body.text for body in session.bodies(ToolFinished)}
    assert "leaves this to you" in results[started[0]]
    assert results[started[2]] == "the second"
    by = [answer.by for answer in session.bodies(ApprovalAnswered)]
    assert by == ["person", "person", "person", "rule"]
    session.starts_and_ends_hold()


async def test_what_is_said_right_after_a_resume_is_in_its_first_request(stage: MakeStage) -> None:
    place = await stage(sequence(report("not_done"), MEND, report()))
    async with hosted(place) as session:
        session.send(Submit("make add work"))
        first = await session.ended()
        assert first.status == "not_done"
        session.send(session.resume(first.session), Steer("Yes, it can be done.", "main"))
        assert (await session.ended(2)).status == "done"
    said = ["Yes, it can be done." in record.prompt for record in place.server.requests]
    assert said == [False, True, True]
    assert not session.unheard()
    prefix_holds(place.server)


async def test_an_answer_to_nothing_is_unheard(stage: MakeStage) -> None:
    place = await stage(sequence(call("ask", question="Which?"), report()))
    async with hosted(place) as session:
        session.send(Submit("look"))
        asked = await session.body(ApprovalAsked)
        session.send(
            Answer("planner", asked.call_id, text="no"),
            Answer("main", asked.call_id, text="yes"),
            Answer("main", asked.call_id, text="twice"),
            Submit("another"),
        )
        await session.ended()
    reasons = [item.reason for item in session.unheard()]
    assert reasons.count("nothing waits for this answer") == 2
    assert "a session is under way" in reasons
    assert session.bodies(ToolFinished)[0].text == "yes"


async def test_a_rule_that_cannot_be_kept_holds_for_the_session(stage: MakeStage) -> None:
    place = await stage(sequence(shell("touch a.log"), shell("touch a.log"), report()))
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(Submit("look"))
        await session.body(ApprovalAsked)
        (place.home / "projects" / folder_key(place.repo) / FILE).mkdir(parents=True)
        await session.answer(1, scope="always")
        assert (await session.ended()).status != "permission"
        assert session.unheard()[0].reason.startswith("it holds for this session only")
        said = [(each.by, each.scope) for each in session.bodies(ApprovalAnswered)]
        assert said == [("person", "session"), ("rule", "once")]
        session.send(Submit("look"))
        await session.ended(2)
    assert "can't be read" in session.bodies(SessionEnded)[1].summary


async def test_interrupted_closed_and_resumed(stage: MakeStage) -> None:
    place = await stage(sequence(shell(f"{WAIT} # hosted"), MEND, report()))
    async with hosted(place) as session:
        session.send(Submit("make add work"))
        await session.body(ToolStarted)
        session.send(Interrupt())
        first = await session.ended()
        assert first.status == "interrupted"
        (place.repo / "go.log").touch()
        session.send(session.resume(first.session))
        second = await session.ended(2)
    assert second.status == "done"
    assert second.session == first.session
    session.starts_and_ends_hold()
    assert [event["seq"] for event in session.durable()] == list(
        range(1, len(session.durable()) + 1)
    )
    prefix_holds(place.server)


async def test_closed_while_a_question_waits_and_resumed_by_another(stage: MakeStage) -> None:
    place = await stage(sequence(shell("sleep 61.25"), MEND, report()))
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(Submit("make add work"))
        await session.answer(1)
        await session.body(ToolStarted)
        await session.until(lambda: is_running("sleep", "61.25"))
        await session.closed()
    assert not is_running("sleep", "61.25")
    first = await session.ended()
    assert first.status == "interrupted"
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(session.resume(first.session))
        await session.body(ApprovalAsked)
        await session.closed()
        assert (await session.ended()).status == "interrupted"
        session.starts_and_ends_hold()
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(session.resume(first.session))
        # The edit that waited for a word was not made, and not asked for again: the model reports.
        assert (await session.ended()).status == "unverified"
        assert session.bodies(ApprovalAsked) == []
    assert not [thread for thread in threading.enumerate() if thread.name == "session"]


async def test_an_interface_that_fails_midway_leaves_a_session_to_resume(stage: MakeStage) -> None:
    place = await stage(sequence(shell("sleep 62.25"), report()))
    watched: list[Watched] = []

    async def interface() -> None:
        async with hosted(place) as session:
            watched.append(session)
            session.send(Submit("look"))
            await session.until(lambda: is_running("sleep", "62.25"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await interface()
    assert not is_running("sleep", "62.25")
    await watched[0].until(lambda: Closed() in watched[0].told)
    assert (await watched[0].ended()).status == "interrupted"


async def test_an_interface_that_cannot_be_woken_is_gone(stage: MakeStage) -> None:
    place = await stage(sequence(shell("sleep 63.25"), report()))

    def gone() -> None:
        raise RuntimeError("the interface is gone")

    async with hosted(place, wake=gone) as session:
        session.send(Submit("look"))
        # Nobody closes it: what was told by then is all that can be taken.
        await session.until(lambda: Closed() in session.told)
        assert (await session.ended()).status == "interrupted"
        session.starts_and_ends_hold()


async def test_the_interface_is_woken_once_until_it_has_taken_all(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report()))
    woken = threading.Semaphore(0)
    async with hosted(place, wake=woken.release) as session:
        session.send(Submit("make add work"))
        while not any(isinstance(item, Ended) for item in session.told):
            assert await asyncio.to_thread(woken.acquire, timeout=60)
            assert not woken.acquire(blocking=False)
            while new := session.session.take(10, 0):
                session.told += new
            while woken.acquire(blocking=False):  # filled again while all was being taken
                session.told += session.session.take(1000, 0)


async def test_what_keeps_a_session_from_beginning_is_told(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report()))
    async with hosted(place) as session:
        session.send(Submit(" "))
        await session.until(lambda: any(isinstance(item, Broken) for item in session.told))
        assert isinstance(session.told[-1], Broken)
        assert isinstance(session.told[-1].fault, PersonError)
        session.send(Submit("make add work"))
        assert (await session.ended()).status == "done"


async def test_a_slow_reader_does_not_slow_the_session(stage: MakeStage) -> None:
    """Nobody takes anything until the session has ended: all durable events are there then, and little else."""
    lines = "for i in $(seq 20000); do echo line $i; done"
    place = await stage(sequence(shell(lines), MEND, report()))
    async with hosted(place) as session:
        session.send(Submit("make add work"))
        folder = place.home / "sessions"
        while not any(folder.glob("*/journal.jsonl")) or not any(
            b'"session_ended"' in path.read_bytes() for path in folder.glob("*/journal.jsonl")
        ):
            await asyncio.sleep(0.05)
        assert (await session.ended()).status == "done"
    durable = session.durable()
    assert [event["seq"] for event in durable] == list(range(1, len(durable) + 1))
    assert durable[-1]["body"]["kind"] == "session_ended"
    assert not session.bodies(ToolOutput)


async def test_a_stray_cancellation_is_a_fault_like_any_other(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a session nor a wish about changes hangs on it, and the next session begins."""
    place = await stage(sequence(MEND, report()))

    async def cancelled(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    async with hosted(place) as session:
        with monkeypatch.context() as patched:
            patched.setattr("leadline.agent.host.hosted.run", cancelled)
            session.send(Submit("make add work"))
            await session.until(lambda: any(isinstance(each, Broken) for each in session.told[:1]))
            patched.setattr("leadline.agent.host.hosted.carry_out", cancelled)
            session.send(UndoTo(place.home / "sessions" / "s1"))
            await session.until(session.unheard)
        (unheard,) = session.unheard()
        assert isinstance(unheard.fault, StrayCancelError)
        session.send(Submit("make add work"))
        assert (await session.ended()).status == "done"
