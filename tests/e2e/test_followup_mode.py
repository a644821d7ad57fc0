"""A session goes on in another mode than it began in: only where the person says so for this run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from leadline.agent.events import ApprovalAsked, SessionResumed
from leadline.agent.history.journal import read_events
from leadline.agent.history.sessions import running
from leadline.agent.history.store import find_session
from leadline.agent.host.outbox import Ended
from leadline.agent.host.wishes import Fork, Resume, Submit
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.hosting import hosted
from leadline.tests.support.laws import prefix_holds
from leadline.tests.support.scripts import MEND, edit, report, sequence
from leadline.tools.errors import PersonError
from leadline.tui.state.reducer import state_of

MORE = edit("calc.py", "return left + right", "return left + right  # sum")


async def goes_on(place: Stage, folder: Path, flags: Mapping[str, object]) -> int:
    """Say more to the session; how often the person was asked."""
    async with hosted(place, flags) as session:
        session.send(Resume(folder, "Say what it is."))
        await session.until(
            lambda: (
                session.bodies(ApprovalAsked)
                or any(isinstance(each, Ended) for each in session.told)
            )
        )
        asked = len(session.bodies(ApprovalAsked))
        if asked:
            await session.answer(1)
            await session.ended()
        session.starts_and_ends_hold()
    return asked


async def begun(place: Stage) -> Path:
    async with hosted(place) as session:
        session.send(Submit("make add work"))
        result = await session.ended()
        return session.resume(result.session).folder


def modes(folder: Path) -> list[str | None]:
    bodies = (event.body for event in read_events(folder))
    return [body.mode for body in bodies if isinstance(body, SessionResumed)]


def told(place: Stage) -> list[str]:
    """What the model was told of modes, as the newest request has it."""
    messages = place.server.requests[-1].body["messages"]
    return [
        each["content"]
        for each in messages
        if each["role"] == "user" and "another mode" in each["content"]
    ]


async def test_by_a_flag_it_goes_on_in_another_mode_and_stays_in_it(stage: MakeStage) -> None:
    again = edit("calc.py", "  # sum", "  # the sum")
    place = await stage(sequence(MEND, report(), MORE, report(), again, report()))
    folder = await begun(place)
    assert await goes_on(place, folder, {"mode": "ask"}) == 1
    assert state_of(read_events(folder)).header.mode == "ask"
    assert len(told(place)) == 1
    assert "ask" in told(place)[0]
    # Without a flag it is as it was; what a variable says is for sessions that begin.
    assert await goes_on(place.having(LEADLINE_MODE="full"), folder, {}) == 1
    assert modes(folder) == ["ask", "ask"]
    assert len(told(place)) == 1
    prefix_holds(place.server)
    shown = (await place("show")).out
    assert "mode ask" in shown


async def test_from_ask_to_full_and_back_only_by_the_flag(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), MORE, report(), report(), report()))
    assert (await place.run("--mode", "auto")).code == 0
    ran = await place("resume", "--say", "More.", "--mode", "full", "--json")
    assert ran.code == 0, ran.err
    assert ran.bodies("session_resumed")[0]["mode"] == "full"
    assert "whatever you can" in ran.result["sandbox"]
    assert ran.result["sandbox"] in told(place)[0]
    ran = await place("resume", "--say", "More.", "--mode", "auto", "--json")
    assert ran.code == 0, ran.err
    assert [("full" in each, "auto" in each) for each in told(place)][-1] == (False, True)
    assert len(told(place)) == 2
    (place.repo / ".leadline.toml").write_text('mode = "plan"\n')
    ran = await place("resume", "--say", "More.", "--json")
    assert modes(find_session(place.home, None)) == ["full", "auto", "auto"]
    prefix_holds(place.server)


async def test_in_mode_plan_nothing_is_changed(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), MORE, report()))
    await place.run()
    await place("resume", "--say", "More.", "--mode", "plan")
    assert "# sum" not in (place.repo / "calc.py").read_text()


async def test_a_copy_begins_in_the_mode_that_the_other_is_in(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(), report(), MORE, report()))
    folder = await begun(place)
    await goes_on(place, folder, {"mode": "ask"})
    async with hosted(place) as session:
        session.send(Fork(folder, "Say what it is."))
        await session.answer(1)
        await session.ended()
    assert state_of(read_events(find_session(place.home, None))).header.mode == "ask"


async def test_workers_need_a_mode_in_which_they_are_approved(stage: MakeStage) -> None:
    place = await stage(sequence(report(status="blocked")))
    async with hosted(place, way="refactor") as session:
        session.send(Submit("make add work"))
        with suppress(PersonError):
            await session.ended()
    folder = find_session(place.home, None)
    async with hosted(place, {"mode": "ask"}) as session:
        session.send(Resume(folder, "Say what it is."))
        with pytest.raises(PersonError, match="Go on in mode auto"):
            await session.ended()
        assert not running(folder)
