"""A sequence that only grows, for transcripts: each change gives a new value that shares nearly all with the old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

PAGE = 64
"""A change copies one page and the list of pages: of 10,000 entries, 64 and 157."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pages(Generic[T]):
    """`full` are pages of PAGE entries each, `rest` has fewer: so equal contents are equal values."""

    full: tuple[tuple[T, ...], ...] = ()
    rest: tuple[T, ...] = ()

    def __len__(self) -> int:
        return len(self.full) * PAGE + len(self.rest)

    def __iter__(self) -> Iterator[T]:
        for page in self.full:
            yield from page
        yield from self.rest

    def __getitem__(self, index: int) -> T:
        """Raises IndexError; a negative index counts from the end."""
        place = index + len(self) if index < 0 else index
        number, place = divmod(place, PAGE)
        if number < 0:
            raise IndexError(index)
        return self.full[number][place] if number < len(self.full) else self._in_rest(number, place)

    def append(self, entry: T) -> Pages[T]:
        rest = (*self.rest, entry)
        return Pages((*self.full, rest)) if len(rest) == PAGE else Pages(self.full, rest)

    def put(self, index: int, entry: T) -> Pages[T]:
        """With another entry at `index`, from 0. Raises IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        number, place = divmod(index, PAGE)
        if number == len(self.full):
            return Pages(self.full, _with(self.rest, place, entry))
        return Pages(_with(self.full, number, _with(self.full[number], place, entry)), self.rest)

    def news(self, older: Pages[T]) -> Iterator[int]:
        """Where this differs from an older value of the same sequence, from the front. Costs a look at each page."""
        pages = (*self.full, self.rest)
        known = (*older.full, older.rest)
        for number, page in enumerate(pages):
            before = known[number] if number < len(known) else ()
            if page is before:
                continue
            for place, entry in enumerate(page):
                if place >= len(before) or before[place] is not entry:
                    yield number * PAGE + place

    def _in_rest(self, number: int, place: int) -> T:
        if number > len(self.full):
            raise IndexError(number * PAGE + place)
        return self.rest[place]


def _with(entries: tuple[T, ...], place: int, entry: T) -> tuple[T, ...]:
    return (*entries[:place], entry, *entries[place + 1 :])
