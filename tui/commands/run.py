"""`leadline run`: one task, from the command line to its proof."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from ...agent.bus import Listener
from ...agent.config import find_project_root
from ...agent.result import RunResult
from ...agent.session import Start
from ...agent.session import run as run_session
from ...tools.errors import PersonError
from .common import add_setting_flags, here, settings_from
from .drive import patch_target, run_and_tell
from .task_text import read_task


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "task", metavar="TASK", nargs="*", help="what to do, in quotes; - reads it from stdin"
    )
    parser.add_argument("--file", metavar="FILE", help="read the task from a file")
    add_output_flags(parser)
    parser.add_argument(
        "--output-schema",
        metavar="FILE",
        help="JSON schema of the answer, which is then printed on stdout",
    )
    parser.add_argument("--commit", action="store_true", help="commit the result")
    parser.add_argument("--branch", metavar="NAME", help="with --commit: commit to this branch")
    parser.add_argument(
        "--init", action="store_true", help="make the folder a git repository first"
    )
    parser.add_argument(
        "--read-only",
        action="store_true",
        help="change nothing; works outside of a git repository too",
    )
    add_setting_flags(parser)


def add_output_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help="events and the result as JSON lines on stdout (text for people is on stderr)",
    )
    parser.add_argument("--patch", metavar="FILE", help="write what was changed to a patch file")


def execute(parsed: argparse.Namespace) -> int:
    _check_together(parsed)
    folder = here()
    settings = settings_from(parsed, find_project_root(folder))
    if parsed.read_only:
        origins = {**settings.origins, "mode": "--read-only"}
        settings = replace(settings, mode="plan", origins=origins)
    start = Start(
        folder=folder,
        task=read_task(parsed.task, parsed.file),
        settings=settings,
        init=parsed.init,
        read_only=parsed.read_only,
        output_schema=_read_schema(parsed.output_schema),
        commit=parsed.commit,
        branch=parsed.branch,
    )

    async def session(listeners: Sequence[Listener], stop: asyncio.Event) -> RunResult:
        return await run_session(start, listeners, stop=stop)

    return run_and_tell(session, json_lines=parsed.json, patch=patch_target(parsed.patch))


def _check_together(parsed: argparse.Namespace) -> None:
    if parsed.branch is not None and not parsed.commit:
        raise PersonError("--branch says where to commit, so it needs --commit.")
    if parsed.read_only and (parsed.commit or parsed.init or parsed.patch):
        raise PersonError(
            "--read-only changes nothing, so it does not go with --commit, --init or --patch."
        )


def _read_schema(name: str | None) -> dict[str, JsonValue] | None:
    if name is None:
        return None
    try:
        value: JsonValue = json.loads(Path(name).expanduser().read_bytes())
    except OSError as error:
        raise PersonError(f"The schema {name} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise PersonError(f"The schema {name} is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise PersonError(f"The schema {name} must be a JSON object.")
    return value
