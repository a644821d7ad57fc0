"""What `run` and `refactor` share: flags of a task, and the way from them to a session."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from ...agent.bus import Listener
from ...agent.modes import NOT_APPROVED
from ...agent.planning.plan import Plan
from ...agent.planning.plan_text import read_plan
from ...agent.result import RunResult
from ...agent.session import Start
from ...agent.session import run as run_session
from ...agent.settings.config import Settings
from ...tools.errors import PersonError
from .common import connecting, here
from .consult import Questions, somebody_there
from .drive import account_screen, patch_target, run_and_tell
from .task_text import read_plan_text, read_task


def add_task(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "task", metavar="TASK", nargs="*", help="what to do, in quotes; - reads it from stdin"
    )
    parser.add_argument("--file", metavar="FILE", help="read the task from a file")


def add_output_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help="events and the result as JSON lines on stdout (text for people is on stderr)",
    )
    parser.add_argument("--patch", metavar="FILE", help="write what was changed to a patch file")


def add_result_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--commit", action="store_true", help="commit the result")
    parser.add_argument("--branch", metavar="NAME", help="with --commit: commit to this branch")
    parser.add_argument(
        "--init", action="store_true", help="make the folder a git repository first"
    )


def add_plan_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the plan")
    group.add_argument(
        "--plan-only",
        action="store_true",
        help="end with the plan: its text on stderr, its JSON on stdout, to be saved and edited",
    )
    group.add_argument(
        "--plan",
        metavar="FILE",
        help="carry out this plan instead of asking for one; - reads it from stdin. TASK may be left out then; with "
        "--plan-only the plan is checked and its forecast shown",
    )
    group.add_argument(
        "--defer-to-offpeak",
        action="store_true",
        help="wait for the hours in which the models cost less",
    )


def plan_flags_given(parsed: argparse.Namespace) -> Sequence[str]:
    """Those flags of the command line that only make sense with a plan."""
    given = (
        ("--plan", parsed.plan is not None),
        ("--plan-only", parsed.plan_only),
        ("--defer-to-offpeak", parsed.defer_to_offpeak),
    )
    return [flag for flag, is_given in given if is_given]


def refuse_modes_without_workers(settings: Settings, what: str) -> None:
    """Raises PersonError where the mode lets nobody carry out a plan, which `what` needs."""
    if settings.mode in NOT_APPROVED:
        raise PersonError(
            f"{what} needs workers, and nobody could approve what they do in mode {settings.mode} "
            f"({settings.origin('mode')}): say --mode auto, or leave {what} out."
        )


def start_from(parsed: argparse.Namespace, settings: Settings) -> Start:
    """What `run` and `refactor` begin with; the way is theirs to choose. Reads the files of the task and the plan."""
    if parsed.branch is not None and not parsed.commit:
        raise PersonError("--branch says where to commit, so it needs --commit.")
    if parsed.plan == "-" and "-" in parsed.task:
        raise PersonError("stdin holds one text: give either the task or the plan as -, not both.")
    plan = None if parsed.plan is None else read_plan(read_plan_text(parsed.plan))
    return Start(
        folder=here(),
        task=_task(parsed, plan),
        settings=settings,
        init=parsed.init,
        commit=parsed.commit,
        branch=parsed.branch,
        plan=plan,
        plan_only=parsed.plan_only,
        defer=parsed.defer_to_offpeak,
        connecting=connecting(parsed.courier),
    )


def _task(parsed: argparse.Namespace, plan: Plan | None) -> str:
    if plan is not None and plan.goal.strip() and not parsed.task and parsed.file is None:
        return plan.goal
    return read_task(parsed.task, parsed.file)


def carry_out(parsed: argparse.Namespace, start: Start, asking: type[Questions]) -> int:
    """Run the session and tell of it. Returns the exit code. `asking` is how a person is asked, where one is there."""
    screen = account_screen()
    if somebody_there(os.environ, json_lines=parsed.json):
        start = replace(start, consult=asking(screen, sys.stdin))

    async def session(listeners: Sequence[Listener], stop: asyncio.Event) -> RunResult:
        return await run_session(start, listeners, stop=stop)

    return run_and_tell(session, screen, json_lines=parsed.json, patch=patch_target(parsed.patch))
