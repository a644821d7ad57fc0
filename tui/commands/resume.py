"""`leadline resume`: go on with a session after it was stopped or killed."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ...agent.bus import Listener
from ...agent.journal import read_events
from ...agent.result import RunResult
from ...agent.session import resume as resume_session
from ...tools.errors import PersonError
from .begin import add_output_flags
from .common import (
    add_session,
    add_setting_flags,
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
    settings = settings_from(parsed, Path(started.root))
    screen = account_screen()
    asking = Approval if started.way == "refactor" else Questions
    asked = somebody_there(os.environ, json_lines=parsed.json)
    consult = asking(screen, sys.stdin) if asked else None

    async def session(listeners: Sequence[Listener], stop: asyncio.Event) -> RunResult:
        return await resume_session(folder, settings, listeners, stop=stop, consult=consult)

    return run_and_tell(
        session,
        screen,
        json_lines=parsed.json,
        patch=patch_target(parsed.patch),
        earlier=read_events(folder),
    )
