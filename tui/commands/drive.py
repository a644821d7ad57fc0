"""Runs a session to its end: signals, listeners, the result."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ...agent.account import Account
from ...agent.bus import Listener
from ...agent.events import Event
from ...agent.headless import JsonLines
from ...agent.planning.plan_text import plan_json
from ...agent.result import EXIT_CODES, RunResult
from ...tools.errors import PersonError
from .common import print_json
from .screen import Terminal
from .summary import Summary

Session = Callable[[Sequence[Listener], asyncio.Event], Awaitable[RunResult]]
"""What `run` and `resume` of the agent look like once everything else is decided."""


def account_screen() -> Terminal:
    """stderr, where people read what happens while a session works."""
    return Terminal(sys.stderr, os.environ, along=True)


def run_and_tell(
    session: Session,
    screen: Terminal,
    *,
    json_lines: bool,
    patch: Path | None,
    earlier: Iterable[Event] = (),
) -> int:
    """Run the session, tell of it on `screen` and, where asked for, as JSON on stdout. Returns the exit code.

    `earlier` is what happened in it before. Raises PersonError for what keeps a session from beginning.
    """
    lines = JsonLines(sys.stdout.buffer) if json_lines else None
    result = drive(session, [lines] if lines is not None else [], screen, earlier)
    if patch is not None:
        result = _with_patch(result, patch)
    Summary(screen).show(result)
    if lines is not None:
        lines.finish(result)
    elif result.output is not None:
        print_json(result.output)
    elif result.status == "planned" and result.plan is not None:
        sys.stdout.write(plan_json(result.plan))
        sys.stdout.flush()
    return result.exit_code


def drive(
    session: Session,
    listeners: Sequence[Listener],
    screen: Terminal,
    earlier: Iterable[Event] = (),
) -> RunResult:
    """Run the session with these listeners and the account for people on `screen`.

    The first SIGINT or SIGTERM ends the run cleanly, the second at once, the third kills.
    """
    account = Account(screen, earlier)
    try:
        return asyncio.run(_until_stopped(session, [*listeners, account], screen))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def patch_target(text: str | None) -> Path | None:
    """Where the patch goes, if anywhere. Says what is wrong with it before any money is spent."""
    if text is None:
        return None
    path = Path(text).expanduser().absolute()
    if path.is_dir() or not path.parent.is_dir():
        raise PersonError(
            f"No patch can be written to {text}: name a file in a folder that exists."
        )
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise PersonError(f"No patch can be written to {text}: you may not write there.")
    return path


async def _until_stopped(
    session: Session, listeners: Sequence[Listener], screen: Terminal
) -> RunResult:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None

    def on_signal() -> None:
        if not stop.is_set():
            screen.line(("warn", "stopping; once more ends it at once"))
            stop.set()
            return
        task.cancel()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    return await session(listeners, stop)


def _with_patch(result: RunResult, path: Path) -> RunResult:
    """Write the patch; when that fails, the result says so and is no success any more."""
    try:
        path.write_bytes(result.patch.encode("utf-8", "surrogateescape"))
    except OSError as error:
        note = (
            f"the patch could not be written to {path}: {error.strerror}; "
            f"`leadline diff {result.session}` prints it"
        )
        return replace(
            result,
            status="not_done",
            exit_code=EXIT_CODES["not_done"],
            notes=(note, *result.notes),
        )
    return result
