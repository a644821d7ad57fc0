"""Whole texts, out of the journal: what the state has only the beginning of."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ....agent.events import Event, MessageCommitted, ToolFinished
from ....agent.events_plan import TaskMoved
from ....agent.history.journal import JournalError, read_events
from ....agent.messages import AssistantMessage
from ...state.blocks import Answer, Block, Card, News, Proof, Said
from ...state.texts import Excerpt
from .plain import text_of, told

MOST_OUTPUT = 64 * 1024 * 1024
"""Bytes that are read of what a check printed."""


def whole_text(block: Block, folder: Path | None) -> str:
    """All of the text of a block. Reads the journal only where the state lacks a part of it, which takes a moment.

    Where the journal can't be read, it is what the state has, with the reason in front.
    """
    excerpts = _excerpts(block)
    if isinstance(block, Proof) and block.evidence is not None:
        return _output(block.command, Path(block.evidence.output_file))
    if folder is None or all(each.whole for each in excerpts):
        return _shown(block, *(each.text for each in excerpts))
    try:
        events = {event.seq: event for event in read_events(folder)}
    except JournalError as error:
        return f"[Only the beginning: {error}]\n{_shown(block, *(each.text for each in excerpts))}"
    return _shown(block, *(_text(events, each, number) for number, each in enumerate(excerpts)))


def _excerpts(block: Block) -> tuple[Excerpt, ...]:
    """The texts of a block that may be cut: of an answer its text, and its reasoning."""
    match block:
        case Said(text=text):
            return (text,)
        case Answer(text=text, reasoning=None):
            return (text,)
        case Answer(text=text, reasoning=Excerpt() as reasoning):
            return (text, reasoning)
        case Card(detail=Excerpt() as detail) | News(detail=Excerpt() as detail):
            return (detail,)
        case _:
            return ()


def _text(events: dict[int, Event], cut: Excerpt, number: int) -> str:
    event = events.get(cut.seq)
    match event.body if event else None:
        case MessageCommitted(message=AssistantMessage() as message) if number == 1:
            return message.reasoning or ""
        case MessageCommitted(message=message):
            return message.text
        case ToolFinished(text=text, detail=detail):
            return detail or text
        case TaskMoved(evidence=evidence):
            return evidence
        case _:
            return cut.text


def _shown(block: Block, *texts: str) -> str:
    match block:
        case Answer() if len(texts) == 2 and texts[1]:
            return f"{texts[1]}\n\n{texts[0]}"
        case Card(title=title, tool=tool):
            return "\n".join((title or tool, *texts))
        case News(lines=lines):
            return "\n".join((told(lines), *texts))
        case Said() | Answer():
            return texts[0]
        case _:
            return text_of(block)


def _output(command: str, file: Path) -> str:
    """What a check printed, or the end of it; its file may be gone. It is where commands can write: only a plain file
    is read."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as opened:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return command
            opened.seek(max(0, status.st_size - MOST_OUTPUT))
            return f"{command}\n{opened.read(MOST_OUTPUT).decode(errors='replace')}"
    except OSError:
        return command
