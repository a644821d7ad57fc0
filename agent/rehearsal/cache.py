"""The service's prefix cache, by its documented rules. Pure: tokens in, hit counts out, the clock handed in.

Source: DeepSeek API guide "Context Caching". A stored unit is whole and stands alone; a request hits it only if it
begins with all of it. Units are written at the end of every request's input and output, where two requests part
(their common prefix), and at fixed distances in long texts; each model and each `user_id` has units of its own; a
unit can be hit only some time after it was written. What the guide leaves open, and how it is taken here:

- unit size: hits are whole multiples of 128 tokens (every published hit count is one);
- an end unit must be met to its very last token (`tail="whole"`), so a prompt that parts from a stored one in its
  last few tokens misses; the kinder reading, where only whole blocks count, is `tail="rounded"`;
- the fixed distance is a guess, 16,384 tokens;
- nothing is forgotten: the service keeps units for hours to days, longer than a rehearsal runs.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

Tail = Literal["whole", "rounded"]
Digest = bytes
Domain = tuple[str, str]
"""Model and user id: what shares stored units."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """Tokens with a running digest at each block border: `digests[k]` stands for the first k blocks."""

    tokens: array[int]
    digests: tuple[Digest, ...]
    block: int

    @property
    def blocks(self) -> int:
        return len(self.digests) - 1

    def tail(self) -> bytes:
        """The tokens after the last whole block."""
        return self.tokens[self.blocks * self.block :].tobytes()

    def extended(self, more: array[int]) -> Prefix:
        return _digested(self.tokens + more, self.digests, self.block)


def _digested(tokens: array[int], known: tuple[Digest, ...], block: int) -> Prefix:
    digests = list(known)
    raw = memoryview(tokens.tobytes())
    width = block * tokens.itemsize
    for start in range((len(digests) - 1) * width, len(raw) - width + 1, width):
        digests.append(
            blake2b(raw[start : start + width], key=digests[-1], digest_size=16).digest()
        )
    return Prefix(tokens, tuple(digests), block)


@dataclass(slots=True)
class _Shelf:
    """What is stored for one domain. Units are kept by their whole blocks' digest, then by their tail."""

    units: dict[Digest, dict[bytes, float]] = field(default_factory=lambda: defaultdict(dict))
    seen: set[Digest] = field(default_factory=set[bytes])


class PrefixCache:
    """`block` tokens per step of a hit; `write_delay` and `clock` in seconds; `interval` tokens, 0 for none."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        block: int = 128,
        write_delay: float = 0.0,
        interval: int = 16_384,
        tail: Tail = "whole",
    ) -> None:
        self._clock = clock
        self._block = block
        self._write_delay = write_delay
        self._interval_blocks = interval // block
        self._tail: Tail = tail
        self._shelves: dict[Domain, _Shelf] = defaultdict(_Shelf)

    def prefix(self, tokens: array[int]) -> Prefix:
        return _digested(tokens, (b"",), self._block)

    def hit(self, domain: Domain, prefix: Prefix) -> int:
        """Tokens of the longest visible unit that `prefix` begins with; 0 is a miss."""
        shelf = self._shelves[domain]
        now = self._clock()
        raw = memoryview(prefix.tokens.tobytes())
        width = self._block * prefix.tokens.itemsize
        for blocks in range(prefix.blocks, 0, -1):
            tails = shelf.units.get(prefix.digests[blocks], {})
            for tail, visible in tails.items():
                end = blocks * width
                if visible <= now and bytes(raw[end : end + len(tail)]) == tail:
                    return blocks * self._block
        return 0

    def store_input(self, domain: Domain, prefix: Prefix) -> None:
        """Call when a request's input was read: writes its end, its intervals, and where it parts from others."""
        shelf = self._shelves[domain]
        shared = next(
            (k for k in range(prefix.blocks, 0, -1) if prefix.digests[k] in shelf.seen), 0
        )
        if shared:
            self._write(shelf, prefix.digests[shared], b"")
        self._write_end(shelf, prefix)
        self._write_intervals(shelf, prefix, 0)
        shelf.seen.update(prefix.digests[shared + 1 :])

    def store_output(self, domain: Domain, read: Prefix, output: array[int]) -> None:
        """Call when an answer to `read` is complete: writes the end and the intervals of input plus output."""
        shelf = self._shelves[domain]
        prefix = read.extended(output)
        self._write_end(shelf, prefix)
        self._write_intervals(shelf, prefix, read.blocks)

    def _write_end(self, shelf: _Shelf, prefix: Prefix) -> None:
        if prefix.blocks:
            tail = prefix.tail() if self._tail == "whole" else b""
            self._write(shelf, prefix.digests[-1], tail)

    def _write_intervals(self, shelf: _Shelf, prefix: Prefix, after: int) -> None:
        step = self._interval_blocks
        if step:
            first = (after // step + 1) * step
            for blocks in range(first, prefix.blocks + 1, step):
                self._write(shelf, prefix.digests[blocks], b"")

    def _write(self, shelf: _Shelf, digest: Digest, tail: bytes) -> None:
        shelf.units[digest].setdefault(tail, self._clock() + self._write_delay)
