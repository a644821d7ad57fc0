"""The person at the terminal, asked before the work of a plan begins."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from ...agent.asking.consult import Approved, Declined
from ...agent.events_plan import Forecast
from ...agent.planning.plan_check import CheckedPlan
from ..text import one_line
from .screen import Terminal

NO_ANSWER = "no answer: go by what you would assume"
_CHUNK = 4096


class Questions:
    """Asks the person what the planner wants to know, and for nothing else."""

    def __init__(self, screen: Terminal, typed: TextIO) -> None:
        self._screen = screen
        self._typed = typed

    async def answers(self, questions: Sequence[str]) -> Sequence[str] | None:
        self._screen.line()
        self._screen.line(("bold", "Before the work begins (Enter leaves it to the planner):"))
        given: list[str] = []
        for number, question in enumerate(questions, 1):
            self._screen.paragraph(f"{number}. {question}")
            line = await self._line(">")
            if line is None:
                break
            given.append(line or NO_ANSWER)
        if not given:
            return None
        return [*given, *[NO_ANSWER] * (len(questions) - len(given))]

    async def approve(self, checked: CheckedPlan, forecast: Forecast) -> Approved | Declined:
        del checked, forecast
        return Approved()

    async def _line(self, words: str) -> str | None:
        """What the person types on one line; None at the end of the input. Cancelled, it waits for nothing any more."""
        self._screen.ask(words)
        line = await _typed_line(self._typed.fileno())
        if line is not None:
            self._screen.answered()
        return line


class Approval(Questions):
    """Asks the questions, and then for leave to spend what the plan will take. Anything but a yes is a no."""

    async def approve(self, checked: CheckedPlan, forecast: Forecast) -> Approved | Declined:
        del checked, forecast  # the account has shown both
        line = await self._line("Carry it out? [y/N]")
        said_yes = line is not None and line.casefold() in ("y", "yes")
        return Approved() if said_yes else Declined()


def somebody_there(environ: Mapping[str, str], *, json_lines: bool) -> bool:
    """Whether a person can be asked: both ends are a terminal, no program reads along, and it is no CI job."""
    ends = (sys.stdin, sys.stderr)
    return (
        not json_lines
        and not environ.get("CI")
        and all(stream is not None and stream.isatty() for stream in ends)
    )


async def _typed_line(descriptor: int) -> str | None:
    """The next line of a terminal, white space at its ends off; None at its end.

    Not `input` in a thread: nothing could end that thread, and Leadline could not end before it.
    """
    loop = asyncio.get_running_loop()
    data = b""
    while True:
        ready = loop.create_future()
        loop.add_reader(descriptor, _settle, ready)
        try:
            await ready
        finally:
            loop.remove_reader(descriptor)
        try:
            chunk = os.read(descriptor, _CHUNK)
        except OSError:  # the terminal went away
            return None
        data += chunk
        if not chunk:
            return None
        if data.endswith(b"\n"):
            return one_line(data.decode("utf-8", "replace"))


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
