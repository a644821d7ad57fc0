"""The faults that can be shown, by name, and which request gets one.

Which request gets one is the only thing the server remembers of its clients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

Kind = Literal["http", "answer", "wire"]

CATALOGUE: dict[str, Kind] = {
    # instead of an answer
    "http-429": "http",
    "http-429-retry-after": "http",
    "http-500": "http",
    "http-503": "http",
    # what the model writes
    "truncated-arguments": "answer",
    "invalid-json-arguments": "answer",
    "string-numbers": "answer",
    "unknown-tool": "answer",
    "empty-arguments": "answer",
    "dsml-in-content": "answer",
    "dsml-in-content-ascii": "answer",
    "empty-answer": "answer",
    "announced-call": "answer",
    "answer-in-reasoning": "answer",
    "repeating-reasoning": "answer",
    "call-inside-thinking": "answer",
    "text-after-call": "answer",
    "cut-mid-word": "answer",
    "unknown-finish": "answer",
    "insufficient-system-resource": "answer",
    # how it is sent
    "cut-stream": "wire",
    "no-done": "wire",
    "slow-start": "wire",
    "stall": "wire",
    "wrong-model": "wire",
    "trailing-usage": "wire",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and its dials; a dial that a fault does not have is ignored.

    `seconds`: Retry-After, or how long slow-start and stall last. `after`: the share of the answer, 0 to 1, sent
    before cut-stream and stall set in. `value`: the model of wrong-model, the finish reason of unknown-finish, the
    tool of unknown-tool.
    """

    name: str
    seconds: float | None = None
    after: float = 0.5
    value: str | None = None

    def __post_init__(self) -> None:
        if self.name not in CATALOGUE:
            raise ValueError(f"no fault is called {self.name!r}; there are {', '.join(CATALOGUE)}")

    @property
    def kind(self) -> Kind:
        return CATALOGUE[self.name]


@dataclass(frozen=True, slots=True)
class Rate:
    """A fault shown on a share of all requests, `probability` from 0 to 1."""

    fault: Fault
    probability: float

    @classmethod
    def parse(cls, text: str) -> Rate:
        """From `NAME:PROBABILITY`, as on the command line."""
        name, _, share = text.rpartition(":")
        if not name:
            raise ValueError(f"{text!r} is not NAME:PROBABILITY, as in http-429:0.1")
        return cls(Fault(name), float(share))


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault a scenario's turn shows the first `times` times the turn is asked for."""

    fault: Fault
    times: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The fault for one request. A chance fault that does not fit the answer is dropped, a wanted one is an error."""

    fault: Fault
    wanted: bool


class FaultPlan:
    """Chooses at most one fault per request: injected ones first, then the turn's own, then by chance.

    Chance depends on the seed, the prompt and how often that prompt was asked, never on the order in which
    parallel clients happen to arrive.
    """

    def __init__(self, rates: Sequence[Rate] = (), seed: int = 0) -> None:
        self._rates = tuple(rates)
        self._seed = seed
        self._injected: list[Fault] = []
        self._asked: Counter[str] = Counter()
        self._seen: Counter[bytes] = Counter()

    def inject(self, fault: Fault, times: int = 1) -> None:
        """The next `times` requests that reach an answer get `fault`."""
        self._injected += [fault] * times

    def choose(self, step: str, planned: Sequence[Planned], prompt_digest: bytes) -> Choice | None:
        self._seen[prompt_digest] += 1
        if self._injected:
            return Choice(self._injected.pop(0), wanted=True)
        turn = self._asked[step]
        self._asked[step] += 1
        for plan in planned:
            if turn < plan.times:
                return Choice(plan.fault, wanted=True)
            turn -= plan.times
        return self._by_chance(prompt_digest, self._seen[prompt_digest])

    def _by_chance(self, prompt_digest: bytes, attempt: int) -> Choice | None:
        for index, rate in enumerate(self._rates):
            drawn = blake2b(
                prompt_digest + f"{self._seed}/{index}/{attempt}".encode(), digest_size=8
            ).digest()
            if int.from_bytes(drawn) < rate.probability * 2**64:
                return Choice(rate.fault, wanted=False)
        return None
