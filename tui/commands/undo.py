"""`leadline undo`: take back what a session changed."""

from __future__ import annotations

import argparse
import asyncio

from ...agent.history.timetravel import undo
from ...tools.errors import PersonError
from .common import add_session, here, home, page, session_folder


def arguments(parser: argparse.ArgumentParser) -> None:
    add_session(parser)
    parser.add_argument(
        "--to",
        metavar="N",
        help="go back to step N; 0 is how it was before the first change (default: one step back)",
    )
    add_force(parser)


def add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", action="store_true", help="also where a file was changed since, by you or others"
    )


def execute(parsed: argparse.Namespace) -> int:
    step = _step(parsed.to)
    folder = session_folder(home(), parsed.session, here())
    page().paragraph(asyncio.run(undo(folder, step, parsed.force)))
    return 0


def _step(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise PersonError(
            f"--to must be the number of a step, not {text!r}. `leadline show` names them."
        )
    return int(text)
