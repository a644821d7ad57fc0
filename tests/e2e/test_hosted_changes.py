"""A part of a session's work is taken back from an interface: not while agents work, and they are told of it."""

from __future__ import annotations

from leadline.agent.changes.extent import OfSession
from leadline.agent.changes.wished import AT_WORK
from leadline.agent.events import SnapshotTaken, ToolStarted
from leadline.agent.history.store import sessions_folder
from leadline.agent.host.wishes import Reject, Resume, Submit
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.support.hosting import hosted
from leadline.tests.support.laws import prefix_holds
from leadline.tests.support.scripts import MEND, Say, report, sequence, shell

WAIT = "while [ ! -e go.log ]; do sleep 0.05; done"


async def test_taken_back_and_told(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, shell(WAIT), report(), Say("All is well."), Say("Yes.")))
    calc = place.repo / "calc.py"
    async with hosted(place) as session:
        session.send(Submit("make add work"))
        await session.body(ToolStarted, 2)
        (name,) = sessions_folder(session.settings.home).iterdir()
        wish = Reject(name, OfSession())
        session.send(wish)
        await session.until(session.unheard)
        assert [(item.wish, item.reason) for item in session.unheard()] == [(wish, AT_WORK)]
        assert "left + right" in calc.read_text()
        (place.repo / "go.log").touch()
        await session.ended()
        session.send(wish)
        await session.seen(lambda body, _: isinstance(body, SnapshotTaken) and body.by == "person")
        assert "left - right" in calc.read_text()
        asked = len(place.server.requests)
        session.send(Resume(name, "Was that all?"))
        await session.ended(2)
        told = place.server.requests[asked].prompt.rpartition("Was that all?")[0]
        assert "not as you left them: calc.py" in told
    prefix_holds(place.server)
