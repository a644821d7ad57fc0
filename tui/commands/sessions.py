"""`leadline sessions`: what was done when, how it ended, and what it cost; names for sessions, and an end to them."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from pydantic import JsonValue

from ...agent.history.sessions import Summary, delete, rename, summaries, summary
from ...agent.history.store import find_session, session_ids
from ...tools.errors import PersonError
from ..text import one_line, pad
from .common import home, page, print_json
from .screen import Terminal

NEWEST = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help=f"all, not only the newest {NEWEST}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    act = parser.add_mutually_exclusive_group()
    act.add_argument(
        "--rename",
        nargs=2,
        metavar=("SESSION", "TITLE"),
        help="give a session a title; an empty one takes it back",
    )
    act.add_argument(
        "--delete",
        metavar="SESSION",
        help="remove a session and what its undo needs; the work tree stays as it is",
    )
    parser.add_argument("--yes", action="store_true", help="with --delete: don't ask")


def execute(parsed: argparse.Namespace) -> int:
    if parsed.rename is not None:
        return _rename(*parsed.rename)
    if parsed.delete is not None:
        return _delete(parsed.delete, sure=parsed.yes)
    state = home()
    rows = list(islice(summaries(state), None if parsed.all else NEWEST))
    if parsed.json:
        for row in rows:
            print_json(_json(row))
        return 0
    screen = page()
    if not rows:
        screen.line('There is no session yet. Start one with `leadline run "TASK"`.')
        return 0
    _table(rows, screen)
    older = len(session_ids(state)) - len(rows)
    if older > 0:
        screen.line(("dim", f"and {older} older ones; --all lists them"))
    return 0


def _rename(session: str, title: str) -> int:
    folder = find_session(home(), session)
    name = rename(folder, title)
    page().paragraph(f"{folder.name}: {name or summary(folder).title}")
    return 0


def _delete(session: str, *, sure: bool) -> int:
    folder = find_session(home(), session)
    found = summary(folder)
    screen = page()
    if not sure:
        if not sys.stdin.isatty():
            raise PersonError(
                f"Nothing was deleted: nobody is here to ask. `--yes` deletes {folder.name} unasked."
            )
        screen.paragraph(f"{folder.name}: {found.title or 'no task'} ({found.status}).")
        screen.paragraph("What it changed stays in the work tree, and can't be undone any more.")
        screen.ask("Delete it? [y/N]")
        said = sys.stdin.readline().strip().lower()
        screen.answered()
        if said not in ("y", "yes"):
            screen.line("Nothing was deleted.")
            return 0
    asyncio.run(delete(folder))
    screen.line(f"Deleted {folder.name}.")
    return 0


def local_time(at: str) -> str:
    """A journal's time as the person's clock showed it, to the minute."""
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return ""


def _table(rows: Sequence[Summary], screen: Terminal) -> None:
    width = max(len(each.session) for each in rows)
    head = f"{'session':{width}}  {'when':16}  {'status':11}  turns     cost  "
    screen.fitted(("dim", head), ("dim", "title"))
    for each in rows:
        fixed = (
            f"{pad(each.session, width)}  {local_time(each.at):16}  {each.status:11}  "
            f"{each.turns:5}  {f'${each.usd:.4f}':>7}  "
        )
        screen.fitted(fixed, one_line(each.title))


def _json(row: Summary) -> dict[str, JsonValue]:
    return {
        "session": row.session,
        "at": row.at,
        "status": row.status,
        "title": row.title,
        "task": row.task,
        "turns": row.turns,
        "cost_usd": row.usd,
        "root": row.root,
        "parent": row.parent,
    }
