"""Whether a new pack pays. A cached token costs a fraction of a fresh one, so what is stale may still be the cheaper
prefix: the sum decides, and it goes on record whichever way it falls. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..events_code import RepackWeighed
from ..messages import Message, SystemMessage, UserMessage

LEAST_DELTAS = 2_000
"""Tokens of deltas from which on a new pack is weighed; after that, at each doubling."""

COLD_AFTER = timedelta(hours=3)
"""The service keeps an unused prefix for "a few hours to a few days": the careful end of that."""

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """Tokens of the next request: `context` is all of it, `pack` and `deltas` are in it, `new_pack` is not."""

    context: int
    pack: int
    deltas: int
    new_pack: int

    @property
    def repacked(self) -> int:
        """Tokens of the next request if the new pack takes the place of the old one and of the deltas."""
        return max(0, self.context - self.pack - self.deltas) + self.new_pack


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million input tokens."""

    hit: float
    miss: float
    peak: bool


def weigh(
    occasion: Literal["deltas", "resumed"], sizes: Sizes, prices: Prices, turns: int, *, cold: bool
) -> RepackWeighed:
    """The decision with its sum.

    Carrying on, the next `turns` requests read the whole context at the price of hits, the first of them as a miss
    where the cache is cold. With a new pack, the first reads everything as a miss and the rest hit. What both ways
    add alike (answers, results to come) is in neither sum. A draw, and so also an unknown price, is no reason.
    """
    first = prices.miss if cold else prices.hit
    later = max(0, turns - 1) * prices.hit
    carry_on = sizes.context * (first + later) / _MILLION
    repack = sizes.repacked * (prices.miss + later) / _MILLION
    return RepackWeighed(
        occasion=occasion,
        context=sizes.context,
        pack=sizes.pack,
        deltas=sizes.deltas,
        new_pack=sizes.new_pack,
        cold=cold,
        turns=turns,
        hit=prices.hit,
        miss=prices.miss,
        peak=prices.peak,
        carry_on_usd=carry_on,
        repack_usd=repack,
        repack=repack < carry_on,
    )


def turns_to_come(done: int, limit: int) -> int:
    """How many more turns to expect: as many as there were, which is the best guess for something of unknown length
    that is met at an unknown point; not more than the limit leaves, and at least the one that is due."""
    return max(1, min(done, limit - done))


def is_due(deltas: int, weighed: RepackWeighed | None) -> bool:
    """Whether deltas of so many tokens call for weighing; `weighed` is the last one in this epoch."""
    if weighed is None:
        return deltas >= LEAST_DELTAS
    return deltas >= max(LEAST_DELTAS, 2 * weighed.deltas)


def is_cold(last_answer: datetime | None, now: datetime) -> bool:
    """Whether the service has probably dropped what the last answered request stored."""
    return last_answer is None or now - last_answer >= COLD_AFTER


def repacked(messages: Iterable[Message], pack: str) -> tuple[Message, ...]:
    """All messages but the system's, in order, with the new pack where the old one was and without the deltas.

    A transcript that had no pack gets it as its first message.
    """
    new = UserMessage(pack, "pack")
    kept: list[Message] = []
    placed = False
    for message in messages:
        match message:
            case SystemMessage() | UserMessage(origin="delta"):
                pass
            case UserMessage(origin="pack"):
                kept.append(new)
                placed = True
            case _:
                kept.append(message)
    return tuple(kept) if placed else (new, *kept)


def forget(seen: dict[str, str], pack: Mapping[str, str]) -> None:
    """Take out of `seen` what the model knows by a pack that is given up, and by nothing that it did since."""
    for path, digest in pack.items():
        if seen.get(path) == digest:
            del seen[path]
