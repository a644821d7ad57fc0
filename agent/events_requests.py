"""What happens between an agent and the model: requests, what they cost, and which model was taken and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .messages import Usage

MissCause = Literal["none", "first", "fork", "rebase", "ours", "service", "unknown"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a request's prefix. `digest` covers this part alone; `size` is in UTF-8 bytes."""

    name: Literal["system", "tools", "pack", "instructions", "history"]
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class RequestSent:
    """`request` counts every attempt of this agent, retries included, from 1."""

    request: int
    model: str
    effort: str
    segments: tuple[Segment, ...]
    messages: int
    kind: Literal["request_sent"] = "request_sent"


@dataclass(frozen=True, slots=True)
class UsageReported:
    """What a request cost and hit. `model` is the name the service answered with; money in US dollars."""

    request: int
    model: str
    usage: Usage
    cost: float
    cost_uncached: float
    peak: bool
    expected_hit: int
    cause: MissCause
    detail: str
    first_token_seconds: float
    seconds: float
    kind: Literal["usage_reported"] = "usage_reported"


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """`retry` says whether the same request is sent again; tokens of a broken stream are not known."""

    request: int
    reason: str
    retry: bool
    kind: Literal["request_failed"] = "request_failed"


@dataclass(frozen=True, slots=True)
class Repaired:
    """An answer had a known fault and was mended or asked for again."""

    fault: str
    action: str
    kind: Literal["repaired"] = "repaired"


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """US dollars per million tokens."""

    hit: float
    miss: float
    output: float


@dataclass(frozen=True, slots=True)
class Routed:
    """Which model took a step, at which effort, why, and at what price if that is known."""

    role: str
    model: str
    effort: str
    reason: str
    price: TokenPrice | None = None
    kind: Literal["routed"] = "routed"
