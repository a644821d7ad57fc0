"""`leadline diff`: what a session changed, as a patch."""

from __future__ import annotations

import argparse
import asyncio
import sys

from ...agent.headless import Style
from ...agent.history.timetravel import diff
from ..text import clean
from .common import add_session, here, home, page, session_folder
from .screen import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    add_session(parser)


def execute(parsed: argparse.Namespace) -> int:
    folder = session_folder(home(), parsed.session, here())
    print_patch(asyncio.run(diff(folder)), page())
    return 0


def print_patch(patch: str, screen: Terminal) -> None:
    """On a terminal coloured and harmless; elsewhere to the byte, as `git apply` needs it."""
    if not screen.live:
        sys.stdout.buffer.write(patch.encode("utf-8", "surrogateescape"))
        sys.stdout.flush()
        return
    for line in clean(patch).rstrip("\n").split("\n"):
        screen.line((_style(line), line.expandtabs(4)))


def _style(line: str) -> Style:
    if line.startswith(("diff --git", "index ", "--- ", "+++ ")):
        return "bold"
    if line.startswith("@@"):
        return "dim"
    return "good" if line.startswith("+") else "bad" if line.startswith("-") else "plain"
