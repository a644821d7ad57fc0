"""What a fault and a turn's own pace do to the sending of an answer. Pure."""

from __future__ import annotations

from dataclasses import replace

from .delivery import Accident, Timing
from .errors import ApiError, server_error, too_many
from .faults import Fault
from .scenario import Pace
from .settings import Settings
from .stream import Step

SLOW_START_SECONDS = 15.0
STALL_SECONDS = 600.0
RETRY_AFTER_SECONDS = 1.0


def timing(settings: Settings, pace: Pace, fault: Fault | None) -> Timing:
    made = Timing(
        queue=_first(pace.queue_seconds, settings.queue_seconds),
        queue_limit=settings.queue_limit_seconds,
        keep_alive=settings.keep_alive_seconds,
        first_token=_first(pace.first_token_seconds, settings.first_token_seconds),
        tokens_per_second=pace.tokens_per_second or settings.tokens_per_second,
    )
    if fault and fault.name == "slow-start":
        return replace(made, queue=fault.seconds or SLOW_START_SECONDS)
    return made


def accident(fault: Fault | None, stream: list[Step]) -> Accident:
    """Cuts and stalls come after the opening chunk and before the finish."""
    if fault is None:
        return Accident()
    at = min(max(1, round(fault.after * len(stream))), len(stream) - 1)
    match fault.name:
        case "cut-stream":
            return Accident(cut_at=at)
        case "stall":
            return Accident(stall_at=at, stall_seconds=fault.seconds or STALL_SECONDS)
        case "no-done":
            return Accident(no_done=True)
        case _:
            return Accident()


def http_error(fault: Fault) -> ApiError:
    match fault.name:
        case "http-429":
            return too_many("Too many requests in flight")
        case "http-429-retry-after":
            return too_many("Too many requests in flight", fault.seconds or RETRY_AFTER_SECONDS)
        case "http-500":
            return server_error(500, "The server failed while answering")
        case _:
            return server_error(503, "The server is overloaded")


def _first(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
