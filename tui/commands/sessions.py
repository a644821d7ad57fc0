"""`leadline sessions`: what was done when, how it ended, and what it cost."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue

from ...agent.events import Event, SessionEnded, SessionResumed, SessionStarted, UsageReported
from ...agent.journal import JournalError, read_events
from ...agent.outcome import turns
from ...agent.store import session_ids, sessions_folder
from ..text import first_line, pad
from .common import home, page, print_json
from .screen import Terminal

NEWEST = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A session in one line. `at` is UTC as in the journal, `cost` in US dollars; `status` is a result's, or `open`
    where the session never came to an end, or `damaged`."""

    session: str
    at: str
    status: str
    task: str
    turns: int
    cost: float
    root: str


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help=f"all, not only the newest {NEWEST}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def execute(parsed: argparse.Namespace) -> int:
    state = home()
    names = session_ids(state)
    shown = names if parsed.all else names[:NEWEST]
    rows = [_row_of(sessions_folder(state) / name) for name in shown]
    if parsed.json:
        for row in rows:
            print_json(_json(row))
        return 0
    screen = page()
    if not rows:
        screen.line('There is no session yet. Start one with `leadline run "TASK"`.')
        return 0
    _table(rows, screen)
    if len(names) > len(rows):
        screen.line(("dim", f"and {len(names) - len(rows)} older ones; --all lists them"))
    return 0


def row(name: str, events: Sequence[Event]) -> Row:
    """What the list says about the session with these events."""
    started: SessionStarted | None = None
    status, cost = "open", 0.0
    for event in events:
        match event.body:
            case SessionStarted():
                started = event.body
            case SessionResumed():
                status = "open"
            case SessionEnded():
                status = event.body.status
            case UsageReported():
                cost += event.body.cost
            case _:
                pass
    return Row(
        session=name,
        at=events[0].at if events else "",
        status=status,
        task=started.task if started else "",
        turns=turns(events),
        cost=cost,
        root=started.root if started else "",
    )


def _row_of(folder: Path) -> Row:
    try:
        return row(folder.name, read_events(folder))
    except JournalError:
        return Row(folder.name, "", "damaged", "", 0, 0.0, "")


def local_time(at: str) -> str:
    """A journal's time as the person's clock showed it, to the minute."""
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return ""


def _table(rows: Sequence[Row], screen: Terminal) -> None:
    width = max(len(each.session) for each in rows)
    head = f"{'session':{width}}  {'when':16}  {'status':11}  turns     cost  "
    screen.fitted(("dim", head), ("dim", "task"))
    for each in rows:
        fixed = (
            f"{pad(each.session, width)}  {local_time(each.at):16}  {each.status:11}  "
            f"{each.turns:5}  {f'${each.cost:.4f}':>7}  "
        )
        screen.fitted(fixed, first_line(each.task))


def _json(row: Row) -> dict[str, JsonValue]:
    return {
        "session": row.session,
        "at": row.at,
        "status": row.status,
        "task": row.task,
        "turns": row.turns,
        "cost_usd": row.cost,
        "root": row.root,
    }
