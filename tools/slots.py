"""Slots for builds and tests: many workers share a few, and whoever only looks at files never waits.

A build or test run takes every core by itself; thirty at once only take each other's memory and time limits.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .base import CommandOutcome, CommandRunner
from .heavy import is_heavy


class Commands(CommandRunner, Protocol):
    """A runner as workers and checks use it; see `commands.SandboxedCommands`."""

    @property
    def outputs(self) -> Path: ...

    @property
    def confined(self) -> bool: ...

    def describe(self) -> str: ...

    def jobs_running(self) -> bool: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Wait:
    """A command that waits for a slot. `seconds` is how long it did once that is over, whether it got one or was
    cancelled; None when it begins to wait."""

    command: str
    seconds: float | None = None


def default_slots(cores: int) -> int:
    """How many builds and tests may run at once on a machine with so many cores.

    Half as many as cores, because most of them use several; two at least, because one that waits for a disk, a server
    or a single slow test leaves the cores to another.
    """
    return max(2, cores // 2)


class Slots:
    """A number of slots that all runners of a machine share, first come first served."""

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError(f"{count} slots: nothing could ever run")
        self._free = asyncio.Semaphore(count)

    @contextlib.asynccontextmanager
    async def one(self, command: str, tell: Callable[[Wait], None]) -> AsyncGenerator[None]:
        """Holds a slot for the command. `tell` hears of it where there is none at once."""
        if self._free.locked():
            began = time.monotonic()
            tell(Wait(command))
            try:
                await self._free.acquire()
            finally:
                tell(Wait(command, time.monotonic() - began))
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()


class SlottedCommands:
    """The commands of one agent, of which those that `is_heavy` finds wait for a slot.

    A time limit counts from when the command has its slot. Background jobs do not wait: as a rule they are servers,
    and would keep a slot for as long as they are of use.
    """

    def __init__(
        self,
        commands: Commands,
        slots: Slots,
        known: Sequence[str],
        tell: Callable[[Wait], None],
    ) -> None:
        """`known` are the checks that Leadline knows of; `tell` shows the person what waits."""
        self._commands = commands
        self._slots = slots
        self._known = tuple(known)
        self._tell = tell

    @property
    def outputs(self) -> Path:
        return self._commands.outputs

    @property
    def confined(self) -> bool:
        return self._commands.confined

    def describe(self) -> str:
        return self._commands.describe()

    def jobs_running(self) -> bool:
        return self._commands.jobs_running()

    async def run(
        self, command: str, timeout_seconds: float | None, on_output: Callable[[str], None]
    ) -> CommandOutcome:
        if not is_heavy(command, self._known):
            return await self._commands.run(command, timeout_seconds, on_output)
        async with self._slots.one(command, self._tell):
            return await self._commands.run(command, timeout_seconds, on_output)

    async def start_job(self, command: str) -> str:
        return await self._commands.start_job(command)

    async def job_output(self, job: str, wait_seconds: float) -> str:
        return await self._commands.job_output(job, wait_seconds)

    async def stop_job(self, job: str) -> str:
        return await self._commands.stop_job(job)

    async def close(self) -> None:
        await self._commands.close()
