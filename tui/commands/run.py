"""`leadline run`: one task, from the command line to its proof."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from pydantic import JsonValue

from ...agent.bus import Listener
from ...agent.config import find_project_root
from ...agent.result import RunResult
from ...agent.session import Start
from ...agent.session import run as run_session
from ...tools.errors import PersonError
from .common import add_setting_flags, here, settings_from
from .drive import patch_target, run_and_tell

LONGEST_TASK = 256 * 1024
"""Bytes. What is longer belongs into a file of the work tree that the task names."""


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


def read_task(words: Sequence[str], file: str | None) -> str:
    """The task's text. Nothing but `-` reads stdin, so that an open one can never hold a run up."""
    if file is not None and words:
        raise PersonError("Give the task either as an argument or with --file, not both.")
    if len(words) > 1:
        raise PersonError(
            'The task is more than one argument. Put it in quotes: leadline run "TASK".'
        )
    if file is not None:
        task = _from_file(file)
    elif list(words) == ["-"]:
        task = _from_stdin()
    else:
        task = "".join(words)
    # Arguments that are no UTF-8 come as lone surrogates, which no request can carry.
    task = task.encode("utf-8", "replace").decode().strip()
    if not task:
        raise PersonError('The task is empty. Say what to do: leadline run "TASK".')
    if len(task.encode()) > LONGEST_TASK:
        raise _too_long()
    return task


def _from_file(name: str) -> str:
    try:
        # A pipe without a writer must not hold the run up either.
        handle = os.open(Path(name).expanduser(), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PersonError(
                    f"{name} is not an ordinary file. To read a pipe, give - as the task."
                )
            return _decoded(file, name)
    except OSError as error:
        raise PersonError(f"The task can't be read from {name}: {error.strerror}.") from error


def _from_stdin() -> str:
    if sys.stdin is None:
        raise PersonError("The task should come from stdin, but stdin is closed.")
    if sys.stdin.isatty():
        print("Type the task, then press Ctrl-D on an empty line.", file=sys.stderr, flush=True)
    try:
        return _decoded(sys.stdin.buffer, "stdin")
    except OSError as error:
        raise PersonError(f"The task can't be read from stdin: {error.strerror}.") from error


def _decoded(file: BinaryIO, name: str) -> str:
    data = file.read(LONGEST_TASK + 1)
    if len(data) > LONGEST_TASK:
        raise _too_long()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PersonError(f"The task in {name} is not UTF-8 text (byte {error.start}).") from error


def _too_long() -> PersonError:
    return PersonError(
        f"The task is longer than {LONGEST_TASK // 1024} KiB. Put the details into a file of the "
        "work tree and name that file in the task."
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
