"""Calls tools as dispatch does, on a folder of the test's own and without a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leadline.tools.base import CommandOutcome, CommandRunner, Tool, ToolContext, ToolResult


class NoCommands:
    """A runner for tools that run none."""

    async def run(
        self, command: str, timeout_seconds: float | None, on_output: Callable[[str], None]
    ) -> CommandOutcome:
        raise AssertionError(f"ran {command}")

    async def start_job(self, command: str) -> str:
        raise AssertionError(f"started {command}")

    async def job_output(self, job: str, wait_seconds: float) -> str:
        raise AssertionError(f"asked for {job}")

    async def stop_job(self, job: str) -> str:
        raise AssertionError(f"stopped {job}")


@dataclass
class Workbench:
    """`seen` grows with what the calls read and write, as it does in a session."""

    root: Path
    seen: dict[str, str] = field(default_factory=dict[str, str])
    commands: CommandRunner = field(default_factory=NoCommands)
    answer: str | None = None
    output: list[str] = field(default_factory=list[str])

    async def call(self, tool: Tool[Any], **arguments: object) -> ToolResult:
        params = tool.params.model_validate(arguments)
        tool.effects(params)
        context = ToolContext(self.root, self.seen, self.commands, self.output.append, self.answer)
        result = await tool.run(params, context)
        self.seen.update(result.seen)
        return result

    def put(self, path: str, content: str | bytes) -> Path:
        """A file with exactly this content."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target
