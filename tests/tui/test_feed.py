"""What a tab takes of its session, and that what is long holds up nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from leadline.agent.bus import Published
from leadline.agent.events import Event, SessionForked, SessionStarted
from leadline.agent.history import journal as journals
from leadline.agent.history.store import find_session
from leadline.agent.host.wishes import Fork, Resume, Steer
from leadline.tests.e2e.conftest import MakeStage, stage, variables
from leadline.tests.support.interface import KEY
from leadline.tests.support.scripts import report, sequence
from leadline.tests.support.waiting import until
from leadline.tui import earlier
from leadline.tui.control.opening import Opening
from leadline.tui.feed import Feed
from leadline.tui.state.reducer import State, state_of

__all__ = ["stage", "variables"]  # fixtures


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-rehearsal")


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.known: Sequence[Event] = ()
        self.new: list[Event] = []

    def begin(self, known: Sequence[Event]) -> None:
        self.known, self.new = known, []

    def hear(self, published: Published, state: State, read: Sequence[Steer]) -> None:
        del read
        if isinstance(published, Event):
            assert state.seq == published.seq
            self.new.append(published)


async def rests(feed: Feed) -> None:
    def is_at_rest() -> bool:
        feed.take()
        return not feed.running

    await until(is_at_rest, "the session's end")


def whole(feed: Feed) -> tuple[Event, ...]:
    """The journal of the session that is shown."""
    return journals.read_events(find_session(feed.home, feed.state.header.session))


async def test_a_copys_past_is_read_while_nobody_waits(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await stage(sequence(report(), report()))
    opening = Opening(place.repo, place.env)
    read, may_read = threading.Event(), threading.Event()

    def slowly(folder: Path) -> tuple[Event, ...]:
        read.set()
        may_read.wait()
        return journals.read_events(folder)

    monkeypatch.setattr(earlier, "read_events", slowly)
    heard = Heard()
    feed = Feed(place.home, lambda: None, heard)
    try:
        feed.submit(opening.start("look around"))
        await rests(feed)
        assert not read.is_set()
        assert [each.seq for each in heard.new] == list(range(1, feed.state.seq + 1))
        first = find_session(place.home, None)
        feed.go_on(opening.start("-"), Fork(first, "once more"))

        def is_read() -> bool:
            assert feed.take() == ([], False)
            return read.is_set()

        await until(is_read, "the reading")
        assert feed.state == State()
        may_read.set()
        await rests(feed)
        assert isinstance(heard.known[0].body, SessionStarted)
        assert isinstance(heard.known[-1].body, SessionForked)
        assert (*heard.known, *heard.new) == whole(feed)
    finally:
        may_read.set()
        await asyncio.to_thread(feed.close)


async def test_what_another_process_did_meanwhile_is_caught_up_with(stage: MakeStage) -> None:
    place = await stage(sequence(report(), report(summary="Elsewhere."), report()))
    opening = Opening(place.repo, place.env)
    heard = Heard()
    feed = Feed(place.home, lambda: None, heard)
    try:
        feed.submit(opening.start("look around"))
        await rests(feed)
        assert (await place("resume", "--say", "more")).code == 3
        feed.go_on(opening.start("-"), Resume(find_session(place.home, None), "and more"))
        await rests(feed)
        assert (*heard.known, *heard.new) == whole(feed)
        assert feed.state == state_of(whole(feed))
    finally:
        await asyncio.to_thread(feed.close)


async def test_what_is_told_last_is_taken_also_once_it_is_closed(stage: MakeStage) -> None:
    place = await stage(sequence(report(), report()))
    opening = Opening(place.repo, place.env)
    feed = Feed(place.home, lambda: None)
    feed.submit(opening.start("look around"))
    await rests(feed)
    feed.go_on(opening.start("-"), Fork(find_session(place.home, None), "once more"))
    await until(lambda: len(place.server.requests) == 2, "the second request")
    await asyncio.to_thread(feed.close)
    while feed.take()[1]:
        pass
    assert not feed.running
    assert feed.state.seq == whole(feed)[-1].seq
