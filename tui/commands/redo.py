"""`leadline redo`: bring back what undo took."""

from __future__ import annotations

import argparse
import asyncio

from ...agent.history.timetravel import redo
from .common import add_session, here, home, page, session_folder
from .undo import add_force


def arguments(parser: argparse.ArgumentParser) -> None:
    add_session(parser)
    add_force(parser)


def execute(parsed: argparse.Namespace) -> int:
    folder = session_folder(home(), parsed.session, here())
    page().paragraph(asyncio.run(redo(folder, parsed.force)))
    return 0
