"""Which files have a name or a word, and how often: inverted lists of a batch of files, packed. Pure.

A segment covers some files, its members, which its lists call by their position among them. A list is found by a hash
of its name; 64 bits keep the names of a repository apart.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain

from .packed import SpoiltError, numbers, pack_parts, seal, unpack_parts, unseal

MOST_MEMBERS = 1 << 14
MOST_TIMES = (1 << 18) - 1
"""A name that is in a file more often is told to be there so often."""


@lru_cache(200_000)
def name_key(name: str) -> int:
    """What a name's list is found by. Kept: a project says the same few thousand names in every batch."""
    data = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


class Builder:
    """Collects what is in the files of one segment."""

    def __init__(self) -> None:
        self._lists: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, member: int, counts: Mapping[str, int]) -> None:
        """`member` is the file's position in the segment."""
        lists = self._lists
        base = member << 18
        if max(counts.values(), default=0) > MOST_TIMES:
            counts = {name: min(count, MOST_TIMES) for name, count in counts.items()}
        for name, count in counts.items():
            lists[name].append(base | count)

    def pack(self) -> bytes:
        """The lists, sealed, and empty again for the next segment."""
        lists, self._lists = self._lists, defaultdict(list)
        return _pack({name_key(name): entries for name, entries in lists.items()})


@dataclass(frozen=True, slots=True)
class Postings:
    """The lists of one segment: `entries[ends[i - 1]:ends[i]]` belong to `keys[i]`."""

    keys: array[int]
    ends: array[int]
    entries: array[int]

    def find(self, wanted: Iterable[int]) -> Iterator[tuple[int, Sequence[int]]]:
        """Those of the keys that it has, each with member << 18 | times for each member that has it."""
        keys, ends = self.keys, self.ends
        count = len(keys)
        for key in wanted:
            at = bisect_left(keys, key)
            if at < count and keys[at] == key:
                yield key, self.entries[ends[at - 1] if at else 0 : ends[at]]


def unpack(sealed: bytes) -> Postings:
    """What `Builder.pack` or `merge` gave. Raises SpoiltError."""
    keys, ends, entries = unpack_parts(unseal(sealed), 3)
    count = len(ends) // 4
    found = Postings(
        numbers(keys, "Q", count),
        numbers(ends, "I", count),
        numbers(entries, "I", len(entries) // 4),
    )
    if len(found.entries) != (found.ends[-1] if count else 0):
        raise SpoiltError("a list is cut short")
    return found


def merge(parts: Iterable[tuple[Postings, Sequence[int]]]) -> bytes:
    """One segment's lists from several, each with the new position of its members, -1 for those to drop."""
    lists: dict[int, list[int]] = {}
    for postings, moved in parts:
        start = 0
        for key, end in zip(postings.keys, postings.ends, strict=True):
            kept = [
                moved[entry >> 18] << 18 | entry & MOST_TIMES
                for entry in postings.entries[start:end]
                if moved[entry >> 18] >= 0
            ]
            start = end
            if kept:
                lists.setdefault(key, []).extend(kept)
    return _pack(lists)


def _pack(lists: Mapping[int, Sequence[int]]) -> bytes:
    keys = sorted(lists)
    ordered = list(map(lists.__getitem__, keys))
    ends = array("I", accumulate(map(len, ordered)))
    entries = array("I", chain.from_iterable(ordered))
    return seal(pack_parts((array("Q", keys).tobytes(), ends.tobytes(), entries.tobytes())))
