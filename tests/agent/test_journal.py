from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.events import (
    Event,
    MessageCommitted,
    SessionStarted,
    ToolFinished,
    TurnStarted,
)
from leadline.agent.headless import json_line
from leadline.agent.history import journal as journal_module
from leadline.agent.history.journal import (
    FILE,
    Journal,
    JournalError,
    decode,
    encode,
    read_events,
)
from leadline.agent.messages import AssistantMessage, ToolCall, Usage
from leadline.tools.errors import Exit

texts = st.text(st.characters(exclude_categories=["Cs"]))


def started() -> SessionStarted:
    return SessionStarted("0", "/repo", "task", "auto", "none", {})


@given(text=texts, reasoning=texts, arguments=texts)
def test_events_come_back_as_they_were(text: str, reasoning: str, arguments: str) -> None:
    message = AssistantMessage(
        text, reasoning, (ToolCall("c", "read", arguments),), "stop", Usage(1, 2, 3), "m"
    )
    event = Event(1, "now", "s", "main", 1, MessageCommitted(message))
    assert decode(encode(event)) == event
    assert b"\n" not in encode(event)


@given(text=texts)
def test_a_line_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    """Journals and `--json` are looked at with `cat` and `tail -f`."""
    nasty = text + "\x7f\x9b31m\x9d0;title\x9c\u202egnp\u2066\u200f\u061c\u2028" + text
    event = Event(1, "now", "s", "main", 0, SessionStarted("0", "/r", nasty, "auto", "none", {}))
    for line in (encode(event), json_line({"summary": nasty})):
        assert not any(
            mark in line.decode() for mark in "\x7f\x9b\x9d\x9c\u202e\u2066\u200f\u061c\u2028"
        )
    assert decode(encode(event)) == event
    assert json.loads(json_line({"summary": nasty})) == {"summary": nasty}


def test_each_event_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "s")
    for number in range(1, 4):
        event = journal.append("main", number, TurnStarted())
        assert read_events(tmp_path / "s")[-1] == event
        assert event.seq == number


@given(cut=st.integers(1, 200))
def test_a_torn_last_line_is_dropped(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("torn") / "s"
    journal = Journal.create(folder)
    journal.append("main", 0, started())
    whole = len((folder / FILE).read_bytes())
    journal.append("main", 1, ToolFinished("c", True, "x" * 300, 0.0, "t"))
    journal.close()
    with (folder / FILE).open("r+b") as file:
        file.truncate(whole + cut)
    assert len(read_events(folder)) == 1
    again = Journal.reopen(folder)
    assert again.append("main", 1, TurnStarted()).seq == 2
    assert [event.seq for event in read_events(folder)] == [1, 2]
    again.close()


def test_a_damaged_middle_is_said_and_left_alone(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "s")
    journal.append("main", 0, started())
    journal.append("main", 1, TurnStarted())
    journal.close()
    path = tmp_path / "s" / FILE
    path.write_bytes(path.read_bytes().replace(b'"session_started"', b'"session_xtarted"'))
    before = path.read_bytes()
    with pytest.raises(JournalError, match="damaged"):
        Journal.reopen(tmp_path / "s")
    assert path.read_bytes() == before


def test_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / FILE).write_text('{"leadline": "journal", "format": 99}\n')
    with pytest.raises(JournalError, match="another version"):
        read_events(tmp_path / "s")
    (tmp_path / "s" / FILE).write_text("hello\n")
    with pytest.raises(JournalError, match="not a journal"):
        read_events(tmp_path / "s")


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "s")
    with pytest.raises(JournalError, match="another process"):
        Journal.reopen(tmp_path / "s")
    journal.close()
    Journal.reopen(tmp_path / "s").close()


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.create(tmp_path / "s")
    journal.append("main", 0, started())
    real = os.write

    def full(file: int, data: bytes | memoryview) -> int:
        real(file, bytes(data[:10]))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal_module.os, "write", full)
    with pytest.raises(JournalError, match=r"disk is full.*leadline resume s") as caught:
        journal.append("main", 1, TurnStarted())
    monkeypatch.undo()
    assert caught.value.exit_code == Exit.NOT_DONE
    assert len(read_events(tmp_path / "s")) == 1
    assert journal.append("main", 1, TurnStarted()).seq == 2


def test_a_missing_session_says_how_to_find_one(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="leadline sessions"):
        read_events(tmp_path / "nothing")
