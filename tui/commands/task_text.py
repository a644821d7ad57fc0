"""Where the text of a task or a plan comes from: the command line, a file, stdin."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from ...agent.planning.plan_text import MAX_CHARS
from ...tools.errors import PersonError

LONGEST_TASK = 256 * 1024
"""Bytes. What is longer belongs into a file of the work tree that the task names."""
LONGEST_PLAN = 4 * MAX_CHARS
"""Bytes: a plan of more has too many characters in any case."""


def read_task(words: Sequence[str], file: str | None) -> str:
    """The task's text. Nothing but `-` reads stdin, so that an open one can never hold a run up."""
    if file is not None and words:
        raise PersonError("Give the task either as an argument or with --file, not both.")
    if len(words) > 1:
        raise PersonError(
            'The task is more than one argument. Put it in quotes: leadline run "TASK".'
        )
    if file is not None:
        data = _from_file("task", file, LONGEST_TASK)
    elif list(words) == ["-"]:
        data = _from_stdin("task", LONGEST_TASK)
    else:
        # Arguments that are no UTF-8 come as lone surrogates, which no request can carry.
        data = "".join(words).encode("utf-8", "replace")
    if len(data) > LONGEST_TASK:
        raise PersonError(
            f"The task is longer than {LONGEST_TASK // 1024} KiB. Put the details into a file of the "
            "work tree and name that file in the task."
        )
    task = _decoded("task", data, file or "stdin").strip()
    if not task:
        raise PersonError('The task is empty. Say what to do: leadline run "TASK".')
    return task


def read_plan_text(name: str) -> str:
    """The text of the plan that `--plan` names; `-` reads it from stdin."""
    where = "stdin" if name == "-" else name
    data = (
        _from_stdin("plan", LONGEST_PLAN) if name == "-" else _from_file("plan", name, LONGEST_PLAN)
    )
    if len(data) > LONGEST_PLAN:
        raise PersonError(f"The plan in {where} has more than {MAX_CHARS:,} characters; split it.")
    return _decoded("plan", data, where)


def _from_file(what: str, name: str, most: int) -> bytes:
    try:
        # A pipe without a writer must not hold the run up either.
        handle = os.open(Path(name).expanduser(), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PersonError(
                    f"{name} is not an ordinary file. To read a pipe, give - as the {what}."
                )
            return file.read(most + 1)
    except OSError as error:
        raise PersonError(f"The {what} can't be read from {name}: {error.strerror}.") from error


def _from_stdin(what: str, most: int) -> bytes:
    if sys.stdin is None:
        raise PersonError(f"The {what} should come from stdin, but stdin is closed.")
    if sys.stdin.isatty():
        print(f"Type the {what}, then press Ctrl-D on an empty line.", file=sys.stderr, flush=True)
    try:
        return sys.stdin.buffer.read(most + 1)
    except OSError as error:
        raise PersonError(f"The {what} can't be read from stdin: {error.strerror}.") from error


def _decoded(what: str, data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PersonError(
            f"The {what} in {where} is not UTF-8 text (byte {error.start})."
        ) from error
