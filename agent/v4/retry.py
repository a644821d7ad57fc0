"""How often and how long a failed request is tried again. Pure.

The numbers are those of DeepSeek's own agent: five retries, half a second doubling to ten, a tenth of jitter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from .failures import TransientError
from .repair import Fault

_JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and counts. The first two bound a silent endpoint: keep-alives extend neither.

    `first_delta_seconds` runs from sending to the first word of the model, `idle_seconds` between two of its words.
    """

    first_delta_seconds: float = 120.0
    idle_seconds: float = 300.0
    retries: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 10.0
    longest_retry_after_seconds: float = 120.0
    reasks_per_fault: int = 2
    reasks: int = 4


class Patience:
    """What is left to try for one answer."""

    def __init__(self, limits: Limits, jitter: Callable[[], float]) -> None:
        self._limits = limits
        self._jitter = jitter
        self.failures = 0
        self._faults: Counter[Fault] = Counter()

    @property
    def more_tries(self) -> bool:
        """Whether a request that failed may be sent again."""
        return self.failures < self._limits.retries

    def wait_after(self, failure: TransientError) -> float:
        """Seconds to wait before the next try; counts the failure."""
        limits = self._limits
        wait = min(limits.longest_wait_seconds, limits.first_wait_seconds * 2**self.failures)
        wait *= 1 + _JITTER * self._jitter()
        self.failures += 1
        return max(wait, self.asked_pause(failure))

    def asked_pause(self, failure: TransientError) -> float:
        """How long the service asked to be left alone, in seconds, within reason."""
        return min(failure.retry_after or 0.0, self._limits.longest_retry_after_seconds)

    def ask_again(self, fault: Fault) -> bool:
        """Whether an answer with this fault may be asked for again; counts it."""
        allowed = fault not in self.settled
        self._faults[fault] += 1
        return allowed

    @property
    def settled(self) -> frozenset[Fault]:
        """Faults that were asked again often enough."""
        if self._faults.total() >= self._limits.reasks:
            return frozenset(get_args(Fault))
        most = self._limits.reasks_per_fault
        return frozenset(fault for fault, count in self._faults.items() if count >= most)
