"""A state of a work tree as the index knows it: `model.CodeTree` over the store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from .. import rules
from ..languages import language_of
from ..model import NOTHING_KNOWN, FileFacts, Place, SourceFile, Symbol
from .content import Reader
from .postings import MOST_TIMES, Postings, name_key
from .store import Column, StoreError

Answer = TypeVar("Answer")
_TRIES = 2


def older_file(path: str, blob: str, size: int, now: SourceFile | None) -> SourceFile:
    """What a file was of which only this is known, and what it is now."""
    if now is not None and now.blob == blob:
        return now
    left_out = rules.by_path(path) or rules.by_size(path, size)
    if now is not None:
        left_out = left_out or now.left_out
    return SourceFile(path, blob, size, now.language if now else language_of(path, b""), left_out)


class Source(Protocol):
    """Where a tree gets its facts from. Ids are those of the store. Each raises StoreError, but `renew`."""

    def facts(self, blob: int) -> FileFacts: ...

    def symbols(self, blob: int) -> tuple[Symbol, ...]: ...

    def postings(self, column: Column) -> Sequence[tuple[Sequence[int], Postings]]:
        """All lists of a column of `store.Segment`, each with the ids of its members."""
        ...

    def renew(self, tree: IndexedTree, error: StoreError) -> IndexedTree:
        """Mends the store after the error, and gives the tree of the same paths as they are now."""
        ...


class IndexedTree:
    """See `model.CodeTree`. `notes` are lines for the log about what went wrong while it was made.

    `parsed` is how many contents had to be parsed for it.
    """

    def __init__(
        self,
        root: Path,
        files: dict[str, SourceFile],
        blobs: Mapping[str, int],
        source: Source,
        notes: tuple[str, ...],
        parsed: int,
    ) -> None:
        """`files` in sorted order; `blobs` gives those that have facts their ids."""
        self._root = root
        self._files = MappingProxyType(files)
        self._blobs = blobs
        self._source = source
        self.notes = notes
        self.parsed = parsed
        self._digest = ""
        self._paths: dict[int, tuple[str, ...]] | None = None
        self._owners: dict[Column, list[tuple[list[tuple[str, ...]], Postings]]] = {}

    @property
    def root(self) -> Path:
        return self._root

    @property
    def files(self) -> Mapping[str, SourceFile]:
        return self._files

    @property
    def blobs(self) -> Mapping[str, int]:
        """The ids of the contents that have facts, by path; they mean something to the index only."""
        return self._blobs

    @property
    def digest(self) -> str:
        if not self._digest:
            text = "".join(f"{file.blob} {path}\0" for path, file in self._files.items())
            data = text.encode("utf-8", "surrogateescape")
            self._digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        return self._digest

    def facts(self, path: str) -> FileFacts:
        if path not in self._files:
            raise KeyError(path)
        if path not in self._blobs:
            return NOTHING_KNOWN
        return self._asked(lambda: self._source.facts(self._blobs[path]))

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        if path not in self._files:
            raise KeyError(path)
        if path not in self._blobs:
            return ()
        return self._asked(lambda: self._source.symbols(self._blobs[path]))

    def definitions(self, name: str) -> tuple[Place, ...]:
        paths = self._counts("defs", [name]).get(name, ())
        return tuple(
            Place(path, symbol)
            for path in paths
            for symbol in self.symbols(path)
            if symbol.name == name
        )

    def definers(self, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        return {name: tuple(counts) for name, counts in self._counts("defs", names).items()}

    def referrers(self, names: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        return self._counts("refs", names)

    def mentions(self, words: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        return self._counts("words", words)

    def text(self, path: str) -> str | None:
        file = self._files.get(path)
        if file is None or file.left_out is not None:
            return None
        try:
            with Reader(os.fspath(self._root)) as reader:
                found = reader.inspect(path)
        except OSError:
            return None
        return None if found is None or found.blob != file.blob else found.text

    def _counts(self, column: Column, names: Iterable[str]) -> dict[str, dict[str, int]]:
        """For each name that some file has: how often, by path, in sorted order."""
        segments = self._asked(lambda: self._segments(column))
        wanted = {name_key(name): name for name in names}
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in wanted.values()}
        for owners, postings in segments:
            for key, entries in postings.find(wanted):
                known = found[wanted[key]]
                for entry in entries:
                    times = entry & MOST_TIMES
                    known.extend((path, times) for path in owners[entry >> 18])
        return {name: dict(sorted(known)) for name, known in found.items() if known}

    def _segments(self, column: Column) -> list[tuple[list[tuple[str, ...]], Postings]]:
        """The lists, with the paths of each member: none for contents that this tree has not."""
        found = self._owners.get(column)
        if found is None:
            by_id = self._by_id()
            found = list[tuple[list[tuple[str, ...]], Postings]]()
            for members, postings in self._source.postings(column):
                owners = [by_id.get(member, ()) for member in members]
                if any(owners):
                    found.append((owners, postings))
            self._owners[column] = found
        return found

    def _asked(self, question: Callable[[], Answer]) -> Answer:
        """The answer, after a new beginning with the store if it failed."""
        for _ in range(_TRIES):
            try:
                return question()
            except StoreError as error:
                self._adopt(self._source.renew(self, error))
        return question()

    def _adopt(self, fresh: IndexedTree) -> None:
        """Takes the ids of contents from another tree. Of a file that has changed since, nothing is known any more."""
        self._blobs = {
            path: blob
            for path, blob in fresh.blobs.items()
            if fresh.files[path] == self._files.get(path)
        }
        self._paths = None
        self._owners = {}
        self.notes = (*self.notes, *fresh.notes)

    def _by_id(self) -> dict[int, tuple[str, ...]]:
        if self._paths is None:
            paths: dict[int, tuple[str, ...]] = {}
            for path, blob in self._blobs.items():
                paths[blob] = (*paths.get(blob, ()), path)
            self._paths = paths
        return self._paths
