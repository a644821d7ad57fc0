"""What exists only while it happens: published on the bus, never journaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str
    kind: Literal["text_delta"] = "text_delta"


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str
    kind: Literal["reasoning_delta"] = "reasoning_delta"


@dataclass(frozen=True, slots=True)
class ToolOutput:
    call_id: str
    text: str
    kind: Literal["tool_output"] = "tool_output"


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    reason: str
    seconds: float
    attempt: int
    kind: Literal["retry_scheduled"] = "retry_scheduled"


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """The repository is being indexed: `done` of `total` files that were not known yet."""

    done: int
    total: int
    kind: Literal["index_progress"] = "index_progress"


@dataclass(frozen=True, slots=True)
class CommandWaits:
    """A build or test waits for others to end. `seconds` is how long it did once that is over, None until then."""

    command: str
    seconds: float | None
    kind: Literal["command_waits"] = "command_waits"


Passing = TextDelta | ReasoningDelta | ToolOutput | RetryScheduled | IndexProgress | CommandWaits
