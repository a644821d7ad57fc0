"""How a rehearsal endpoint behaves, and the record it keeps of each request."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any, Literal

from .cache import Tail
from .faults import Rate
from .prompt import MissingReasoning


@dataclass(frozen=True, slots=True)
class Settings:
    """Times in seconds, sizes in tokens."""

    api_key: str | None = None
    """The one key that is accepted; None accepts any bearer key, but not none at all."""
    balance: bool = True
    """False answers 402."""
    missing_reasoning: MissingReasoning = "fill"
    """Whether missing reasoning_content is a 400 or an empty string; the service has done both."""
    queue_seconds: float = 0.0
    """How long each request waits its turn, HTTP 200 sent and keep-alives running."""
    queue_limit_seconds: float = 600.0
    """A request that waited this long is closed without an answer."""
    keep_alive_seconds: float = 1.0
    """Between two keep-alives in the queue."""
    first_token_seconds: float = 0.0
    """Silence between the queue and the first token, while the input is read."""
    tokens_per_second: float | None = None
    """None is as fast as it goes."""
    tokens_per_chunk: int = 4
    trailing_usage: bool = False
    """Usage on a chunk of its own after the finish, instead of on the finish chunk."""
    concurrency: int | None = None
    """Requests in flight per model above which 429 is answered."""
    cache_delay: float = 0.0
    """Until a stored unit can be hit."""
    cache_interval: int = 16_384
    """Distance of the units stored inside long texts; a guess, 0 for none."""
    cache_tail: Tail = "whole"
    faults: tuple[Rate, ...] = ()
    seed: int = 0


End = Literal["running", "complete", "refused", "cut", "left"]
"""How a request ended: answered whole, with an error status, cut off by a fault, or left by the client."""


@dataclass(slots=True)
class RequestRecord:
    """One request as the endpoint saw it. What is only known at the end is filled in then."""

    at: float
    """Seconds on the endpoint's clock."""
    body: dict[str, Any]
    model: str
    prompt: str
    tokens: array[int] = field(repr=False)
    hit: int
    step: str
    """The turn of the scenario that answers."""
    fault: str | None = None
    status: int = 200
    output_tokens: int = 0
    end: End = "running"

    @property
    def prompt_tokens(self) -> int:
        return len(self.tokens)

    @property
    def miss(self) -> int:
        return len(self.tokens) - self.hit

    def summary(self) -> dict[str, object]:
        """The record as one line of a log: numbers and names, no text of the conversation."""
        return {
            "at": round(self.at, 3),
            "model": self.model,
            "step": self.step,
            "fault": self.fault,
            "status": self.status,
            "prompt_tokens": self.prompt_tokens,
            "hit": self.hit,
            "miss": self.miss,
            "output_tokens": self.output_tokens,
            "end": self.end,
        }
