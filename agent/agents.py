"""An agent on the person's tree: one that works alone, a planner, or whoever carries out a small plan in place."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ..tools.commands import SandboxedCommands
from ..tools.permissions import Mode
from .bus import Recorder
from .context.transcript import Lane
from .roles import Role
from .upkeep import Upkeep


@dataclass(slots=True)
class Agent:
    """`seen` grows with what it reads and writes, `inbox` with what the person says to it."""

    role: Role
    lane: Lane
    recorder: Recorder
    commands: SandboxedCommands
    mode: Mode
    seen: dict[str, str]
    upkeep: Upkeep
    inbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue[str])

    @property
    def name(self) -> str:
        return self.recorder.agent

    async def close(self) -> None:
        """End what it started."""
        await self.upkeep.close()
        await self.commands.close()
