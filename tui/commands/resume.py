"""`leadline resume`: go on with a session after it was stopped or killed, or with something new; or fork it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ...agent.bus import Listener
from ...agent.history.forking import fork_session
from ...agent.history.journal import read_events
from ...agent.result import RunResult
from ...agent.session import resume as resume_session
from ...tools.errors import PersonError
from .begin import add_output_flags
from .common import (
    add_session,
    add_setting_flags,
    connecting,
    here,
    home,
    session_folder,
    session_start,
    settings_from,
)
from .consult import Approval, Questions, somebody_there
from .drive import account_screen, patch_target, run_and_tell


def arguments(parser: argparse.ArgumentParser) -> None:
    add_session(parser)
    parser.add_argument(
        "--say",
        metavar="TEXT",
        default="",
        help="what to do next; with it also a finished session goes on, knowing all that it knew",
    )
    parser.add_argument(
        "--fork",
        action="store_true",
        help="with --say: in a new session that begins with all that this one knows, and leaves it as it is",
    )
    add_output_flags(parser)
    add_setting_flags(parser)


def execute(parsed: argparse.Namespace) -> int:
    folder = session_folder(home(), parsed.session, here())
    started = session_start(folder)
    if started is None:
        raise PersonError(
            f"Session {folder.name} ended before it began: there is nothing to go on with. "
            'Start again with `leadline run "TASK"`.'
        )
    if parsed.fork and not parsed.say.strip():
        raise PersonError('Say what the fork is to do: leadline resume --fork --say "TEXT".')
    if parsed.fork:
        folder = fork_session(folder, parsed.say)
    settings = settings_from(parsed, Path(started.root))
    screen = account_screen()
    asking = Approval if started.way == "refactor" else Questions
    asked = somebody_there(os.environ, json_lines=parsed.json)
    consult = asking(screen, sys.stdin) if asked else None

    async def session(listeners: Sequence[Listener], stop: asyncio.Event) -> RunResult:
        return await resume_session(
            folder,
            settings,
            listeners,
            stop=stop,
            consult=consult,
            more=parsed.say,
            connecting=connecting(parsed.courier),
        )

    return run_and_tell(
        session,
        screen,
        json_lines=parsed.json,
        patch=patch_target(parsed.patch),
        earlier=read_events(folder),
    )
