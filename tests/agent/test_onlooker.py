"""A journal that another process writes: what is told of it, and when it is at an end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from leadline.agent.events import Event, Warned
from leadline.agent.history.journal import FILE, Journal
from leadline.agent.host.onlooker import Onlooker
from leadline.agent.host.outbox import Broken, Closed, Told
from leadline.tests.support.waiting import LONGEST
from leadline.tools.errors import PersonError


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.create(tmp_path / "20260101-000000-aaaa")
    yield journal
    journal.close()


def say(journal: Journal, text: str) -> Event:
    return journal.append("main", 0, Warned(text))


def told(onlooker: Onlooker, count: int) -> list[Told]:
    """So many, as they come."""
    found: list[Told] = []
    while len(found) < count:
        new = onlooker.take(count - len(found), LONGEST)
        assert new, f"nothing came after {found}"
        found += new
    return found


def test_what_comes_after_the_known_is_told_until_nobody_is_at_work(journal: Journal) -> None:
    say(journal, "known")
    second = say(journal, "before the first look")
    onlooker = Onlooker(journal.folder, 1, lambda: None)
    assert told(onlooker, 1) == [second]
    third, fourth = say(journal, "later"), say(journal, "ζ" * 3_000_000)
    assert told(onlooker, 2) == [third, fourth]
    last = say(journal, "the last")
    journal.close()
    assert told(onlooker, 2) == [last, Closed()]


def test_a_torn_line_is_told_when_it_is_whole_or_never(journal: Journal, tmp_path: Path) -> None:
    whole = Journal.create(tmp_path / "20260101-000000-bbbb")
    say(whole, "mended")
    whole.close()
    line = (whole.folder / FILE).read_bytes().split(b"\n")[1]
    path = journal.folder / FILE
    length = path.stat().st_size
    with path.open("ab", buffering=0) as file:
        file.write(line[:20])
        onlooker = Onlooker(journal.folder, 0, lambda: None)
        assert onlooker.take(1, 1.0) == []
        file.truncate(length)
        file.write(line)
        assert onlooker.take(1, 1.0) == []
        file.write(b"\n")
    (event,) = told(onlooker, 1)
    assert isinstance(event, Event)
    assert event.body == Warned("mended")
    onlooker.close()


def test_what_is_no_event_is_said(journal: Journal) -> None:
    with (journal.folder / FILE).open("ab") as file:
        file.write(b"{}\n")
    (end,) = told(Onlooker(journal.folder, 0, lambda: None), 1)
    assert isinstance(end, Broken)
    assert isinstance(end.fault, PersonError)
    assert "its journal can't be read" in end.fault.message


def test_who_looks_no_more_hears_no_more(journal: Journal) -> None:
    woken: list[bool] = []
    onlooker = Onlooker(journal.folder, 0, lambda: woken.append(True))
    onlooker.close()
    journal.close()
    assert onlooker.take(1, 1.0) == []
    assert not woken
