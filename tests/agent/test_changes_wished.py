"""Wishes about changes: carried out in the session's thread while it rests, refused while agents are at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from leadline.agent.changes.extent import OfSession, OfStep
from leadline.agent.changes.wished import AT_WORK
from leadline.agent.events import Event, Restored, SnapshotTaken
from leadline.agent.host.hosted import HostedSession
from leadline.agent.host.outbox import Closed, Told, Unheard
from leadline.agent.host.wishes import RedoTo, Reject, UndoTo
from leadline.agent.session import Start
from leadline.agent.settings.config import load_settings
from leadline.tests.support.repos import make_repo
from leadline.tests.support.stepping import Stepping, stepping
from leadline.tests.support.trees import tree_of
from leadline.tui.state.reducer import state_of


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.py": "a = 1\n"})


@asynccontextmanager
async def two_steps(repo: Path, home: Path) -> AsyncGenerator[Stepping]:
    async with stepping(repo, home) as session:
        await session.step({"a.py": "a = 2\n"})
        await session.step({"new.py": "n = 1\n"})
        yield session


async def told(hosted: HostedSession) -> list[Told]:
    """All of it, when the session is closed."""
    await asyncio.to_thread(hosted.close)
    return hosted.take(1000, 1)


async def test_one_after_the_other_while_nothing_runs(repo: Path, tmp_path: Path) -> None:
    async with two_steps(repo, tmp_path / "home") as session:
        await session.end()
        events = session.journal.events
    settings = load_settings({"home": str(tmp_path / "home")}, {}, None, None)
    before = tree_of(repo)
    hosted = HostedSession(Start(repo, "", settings))
    folder = session.folder
    hosted.send(Reject(folder, OfStep(1)))
    hosted.send(UndoTo(folder))
    hosted.send(RedoTo(folder))
    hosted.send(UndoTo(folder, 0))
    hosted.send(RedoTo(folder, 2))
    hosted.send(UndoTo(folder, 7))
    hosted.send(Reject(tmp_path / "home" / "sessions" / "no", OfSession()))
    items = await told(hosted)
    new = [item for item in items if isinstance(item, Event)]
    assert [type(event.body) for event in new] == [SnapshotTaken, *[Restored] * 4]
    assert [getattr(event.body, "step", None) for event in new] == [3, 2, 3, 0, 2]
    state = state_of([*events, *new])
    assert (state.seq, state.changes.timeline.at, state.changes.timeline.undone) == (
        len(events) + 5,
        2,
        1,
    )
    assert [step.by for step in state.changes.steps] == ["session", "session", "person"]
    unheard = [item for item in items if isinstance(item, Unheard)]
    assert [type(item.wish) for item in unheard] == [UndoTo, Reject]
    assert "There is no step 7" in unheard[0].reason
    assert "There is no session no" in unheard[1].reason
    assert items[-1] == Closed()
    assert tree_of(repo) == before


async def test_a_session_that_another_process_runs(repo: Path, tmp_path: Path) -> None:
    async with two_steps(repo, tmp_path / "home") as session:
        settings = load_settings({"home": str(tmp_path / "home")}, {}, None, None)
        hosted = HostedSession(Start(repo, "", settings))
        hosted.send(Reject(session.folder, OfSession()))
        (item, _) = await told(hosted)
        assert isinstance(item, Unheard)
        assert "is running" in item.reason
    assert AT_WORK not in item.reason
