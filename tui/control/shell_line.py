"""A line for the person's own shell, typed as `!command`: run as they would run it themselves, unconfined."""

from __future__ import annotations

import asyncio
import codecs
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..export.markdown import fenced
from ..state.texts import NOTHING, Tail

CHUNK = 65_536
TOLD = 8_000
"""Characters of an output's end that go to the model."""
CANT_RUN = 126
"""How shells say that a command could not be run."""
PATIENCE = 3.0
"""Seconds that a command has to end after it was asked to."""
LOOK = 0.02


@dataclass(frozen=True, slots=True)
class ShellRun:
    """A command and what it printed so far; `code` is None while it runs, below 0 for a signal."""

    command: str
    output: Tail = NOTHING
    code: int | None = None

    @property
    def ending(self) -> str:
        if self.code is None:
            return "runs"
        return f"exit {self.code}" if self.code >= 0 else f"ended by signal {-self.code}"

    @property
    def told(self) -> str:
        """What the model is told of it with the person's next message."""
        text = self.output.text[-TOLD:]
        left_out = self.output.chars - len(text)
        about = f", the last {len(text):,} of {self.output.chars:,} characters" if left_out else ""
        return f"I ran `{self.command}` in my shell ({self.ending}{about}):\n\n{fenced(text)}"


async def run_line(command: str, folder: Path, told: Callable[[ShellRun], None]) -> ShellRun:
    """Run the command in `folder` by the person's shell, with nothing on stdin; `told` hears of each piece of output.

    Cancelled, it ends the command with all that it started in its process group.
    """
    run = ShellRun(command)
    told(run)
    shell = os.environ.get("SHELL") or "/bin/sh"
    try:
        process = await asyncio.create_subprocess_exec(
            shell,
            "-c",
            command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # no such shell or folder, a line that is too long
        why = (error.strerror if isinstance(error, OSError) else None) or error
        run = ShellRun(command, run.output.more(f"{shell} can't be started: {why}\n"), CANT_RUN)
        told(run)
        return run
    assert process.stdout is not None
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    try:
        while chunk := await process.stdout.read(CHUNK):
            run = ShellRun(command, run.output.more(decoder.decode(chunk)))
            told(run)
        code = await process.wait()
    finally:
        await _end(process)
    run = ShellRun(command, run.output, code)
    told(run)
    return run


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask all of the group to end, and end what has not by then. What another user runs in it (sudo) can't be ended."""
    with suppress(
        ProcessLookupError, PermissionError
    ):  # nothing is left of it that is the person's
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    await asyncio.sleep(LOOK)
                    os.killpg(process.pid, 0)
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), PATIENCE)
