"""`leadline show`: what happened in a session, as text or as the journal's own lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace

from ...agent.board import Board
from ...agent.events import (
    BudgetReached,
    Durable,
    Event,
    MessageCommitted,
    Packed,
    Rebased,
    RepackWeighed,
    Repaired,
    RequestFailed,
    Restored,
    SessionEnded,
    SessionResumed,
    SessionStarted,
    SnapshotTaken,
    ToolFinished,
    Verified,
    Warned,
)
from ...agent.headless import Screen, Style, evidence_line, packed_line, plural, weighed_line
from ...agent.headless_plan import labelled, tell_plan
from ...agent.history.journal import encode, read_events
from ...agent.messages import AssistantMessage, UserMessage
from ..text import first_line
from .common import add_session, here, home, page, session_folder
from .sessions import local_time
from .summary import SENTENCES

INDENT = 4


def arguments(parser: argparse.ArgumentParser) -> None:
    add_session(parser)
    parser.add_argument("--full", action="store_true", help="whole results, not their first lines")
    parser.add_argument("--json", action="store_true", help="all events, one JSON object a line")


def execute(parsed: argparse.Namespace) -> int:
    folder = session_folder(home(), parsed.session, here())
    events = read_events(folder)
    if parsed.json:
        for event in events:
            sys.stdout.buffer.write(encode(event) + b"\n")
        sys.stdout.flush()
        return 0
    tell(events, page(), full=parsed.full)
    return 0


def tell(events: Iterable[Event], screen: Screen, *, full: bool = False) -> None:
    """The session as a person reads it: task, answers, calls, checks, ending."""
    teller = _Teller(screen, full)
    for event in events:
        teller.tell(event)


class _Teller:
    """`_screen` is the part of the page where the lines of the event's agent go."""

    def __init__(self, page: Screen, full: bool) -> None:
        self._page = page
        self._screen = page
        self._full = full
        self._board = Board()

    def tell(self, event: Event) -> None:
        before, self._board = self._board, self._board.after(event)
        now = replace(self._board, whole=self._board.whole or self._full)
        tell_plan(self._page, event, before, now)
        self._screen = labelled(self._page, now.label(event.agent))
        match event.body:
            case SessionStarted():
                self._began(event, event.body)
            case SessionResumed(mode=mode):
                self._screen.line()
                self._screen.line(
                    ("bold", f"resumed {local_time(event.at)}"),
                    ("dim", f"  mode {mode}" if mode else ""),
                )
            case SessionEnded(status=status, exit_code=code, summary=summary):
                self._screen.line()
                style: Style = "good" if code == 0 else "warn"
                self._screen.line((style, SENTENCES[status]), ("dim", f" {local_time(event.at)}"))
                self._screen.paragraph(summary, indent=INDENT)
            case MessageCommitted():
                self._message(event.turn, event.body)
            case ToolFinished():
                self._result(event.body)
            case SnapshotTaken() | Restored():
                self._step(event.body)
            case Packed() | RepackWeighed():
                self._pack(event.body)
            case Verified(evidence, before):
                style = "dim" if before else "good" if evidence.green else "bad"
                word = "before " if before else "check  "
                self._screen.fitted((style, word), evidence_line(evidence))
            case _:
                self._trouble(event.body)

    def _began(self, event: Event, body: SessionStarted) -> None:
        self._screen.line(("bold", event.session), ("dim", f"  leadline {body.version}"))
        self._screen.line(("dim", f"{local_time(event.at)}  {body.root}  mode {body.mode}"))
        self._screen.line(("dim", body.sandbox))
        self._screen.line()
        self._screen.paragraph(body.task)

    def _message(self, turn: int, body: MessageCommitted) -> None:
        match body.message:
            case AssistantMessage(text=text, model=model):
                self._screen.line()
                self._screen.line(("dim", f"turn {turn}, {model}"))
                if text.strip():
                    self._screen.paragraph(text)
            case UserMessage(text=text, origin="person" | "harness" | "delta" as origin):
                self._screen.line()
                self._screen.line(("dim", f"from {'you' if origin == 'person' else 'Leadline'}"))
                self._screen.paragraph(text, indent=INDENT, most=None if self._full else 3)
            case _:
                pass

    def _result(self, body: ToolFinished) -> None:
        style: Style = "good" if body.ok else "bad"
        word = "ok     " if body.ok else "failed "
        seconds = f"{body.seconds:5.1f} s "
        self._screen.fitted((style, word), ("dim", seconds), body.title)
        text = body.detail if body.text == "ok" and body.detail else body.text
        if self._full:
            self._screen.paragraph(text, indent=INDENT)
        else:
            self._screen.fitted(" " * (len(word) + len(seconds)), ("dim", first_line(text)))

    def _step(self, body: SnapshotTaken | Restored) -> None:
        if isinstance(body, SnapshotTaken):
            self._screen.line(("dim", f"step {body.step}: {body.label}"))
        else:
            self._screen.line(
                ("warn", f"went to step {body.step}, {plural(len(body.paths), 'path')}")
            )

    def _pack(self, body: Packed | RepackWeighed) -> None:
        line = packed_line(body) if isinstance(body, Packed) else weighed_line(body)
        self._screen.line(("dim", line))
        if self._full and isinstance(body, Packed) and body.levels:
            levels = ", ".join(f"{count:,} {level}" for level, count in body.levels.items())
            self._screen.line(" " * INDENT, ("dim", f"{levels}; budget {body.budget:,} tokens"))

    def _trouble(self, body: Durable) -> None:
        match body:
            case Warned(text) | BudgetReached(text=text):
                self._screen.line(("warn", text))
            case RequestFailed(reason=reason, retry=retry):
                again = ", sent again" if retry else ""
                self._screen.line(("warn", f"request failed{again}: {reason}"))
            case Rebased(reason=reason):
                self._screen.line(("dim", f"the cached prefix is given up: {reason}"))
            case Repaired(fault, action):
                self._screen.line(("dim", f"answer with a fault ({fault}): {action}"))
            case _:
                pass
