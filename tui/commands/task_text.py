"""Where a task's text comes from: the command line, a file, stdin."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from ...tools.errors import PersonError

LONGEST_TASK = 256 * 1024
"""Bytes. What is longer belongs into a file of the work tree that the task names."""


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
