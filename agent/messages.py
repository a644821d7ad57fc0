"""The messages of a conversation, as they are kept and replayed.

Reasoning and tool arguments are kept byte for byte as the model wrote them: replaying anything else makes the model
worse and breaks the cached prefix (DeepSeek API, "thinking mode" and "context caching").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator

Origin = Literal[
    "pack", "instructions", "environment", "brief", "task", "person", "harness", "delta"
]
"""Who a user message speaks for: repository text, Leadline itself, or the person. A delta says what changed in the
repository since the pack was made; a new pack takes the place of the old one and of all deltas."""

Finish = Literal["stop", "length", "tool_calls"]
"""How an answer that is worth keeping ended; every other end is an error and never stored."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request as the service counted them; reasoning is part of output."""

    hit: int
    miss: int
    output: int
    reasoning: int = 0

    @property
    def prompt(self) -> int:
        return self.hit + self.miss


@dataclass(frozen=True, slots=True)
class ToolCall:
    id: str
    name: str
    arguments_json: str


@dataclass(frozen=True, slots=True)
class SystemMessage:
    text: str
    role: Literal["system"] = "system"


@dataclass(frozen=True, slots=True)
class UserMessage:
    text: str
    origin: Origin
    role: Literal["user"] = "user"


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """An answer. `reasoning` is None only when thinking was off; `model` is the name the service answered with."""

    text: str
    reasoning: str | None
    tool_calls: tuple[ToolCall, ...]
    finish: Finish
    usage: Usage
    model: str
    role: Literal["assistant"] = "assistant"


@dataclass(frozen=True, slots=True)
class ToolMessage:
    call_id: str
    text: str
    ok: bool
    role: Literal["tool"] = "tool"


Message = Annotated[
    SystemMessage | UserMessage | AssistantMessage | ToolMessage, Discriminator("role")
]
