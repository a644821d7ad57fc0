"""The index of a repository's code: brings what is known of its files up to date, and gives the tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Event, RLock
from typing import TypeVar

from ..model import NOTHING_KNOWN, FileFacts, Symbol
from .packed import unpack_facts, unpack_symbols
from .postings import Postings, unpack
from .refresh import Progress, refresh_store
from .store import Column, Store, StoreError, told
from .tidy import join_all
from .tree import IndexedTree, older_file
from .version import blob_key

_MOST_REMEMBERED = 20_000
_TRIES = 5
Value = TypeVar("Value")


class CodeIndex:
    """What is known of code, in a folder or in memory. Methods may be called from any thread."""

    def __init__(self, folder: Path | None, store: Store, notes: Iterable[str]) -> None:
        """See `open`."""
        self._folder = folder
        self._store = store
        self._lock = RLock()
        self._stop = Event()
        self._notes = list(notes)
        self._rebuilt = False
        self._facts: dict[int, FileFacts] = {}
        self._symbols: dict[int, tuple[Symbol, ...]] = {}
        self._postings: dict[Column, dict[int, tuple[Sequence[int], Postings]]] = {}

    @staticmethod
    def open(folder: Path | None) -> CodeIndex:
        """The index kept in `folder`, which is made if it is missing; in memory for None.

        A file there that is spoilt is set aside, and where none can be written the index is in memory: the next tree's
        `notes` say so.
        """
        if folder is None:
            return CodeIndex(None, Store.in_memory(), ())
        try:
            return CodeIndex(folder, Store.open(folder), ())
        except StoreError as error:
            index = CodeIndex(folder, Store.in_memory(), ())
            index.recover(error)
            return index

    @property
    def counts(self) -> CodeIndex:
        """Where token counts are kept (`model.CountStore`): the index itself."""
        return self

    # Small values beside the code: `model.CountStore` and `history.Kept`

    def get(self, keys: Sequence[bytes]) -> dict[bytes, tuple[int, ...]]:
        return self._asked(lambda store: store.get(keys))

    def put(self, counts: Mapping[bytes, tuple[int, ...]]) -> None:
        self._asked(lambda store: store.put(counts))

    def kept(self, name: str) -> bytes | None:
        """What `keep` was last given under this name."""
        return self._asked(lambda store: store.kept(name))

    def keep(self, name: str, value: bytes) -> None:
        self._asked(lambda store: store.keep(name, value))

    def _asked(self, question: Callable[[Store], Value]) -> Value:
        for _ in range(_TRIES):
            try:
                return question(self._store)
            except StoreError as error:
                self.recover(error)
        return question(self._store)

    def close(self) -> None:
        """Ends what is under way in other threads: their `refresh` raises StoppedError. What was done is kept."""
        self._stop.set()
        with self._lock:
            self._store.close()

    def refresh(
        self, root: Path, paths: Iterable[str], on_progress: Progress | None = None
    ) -> IndexedTree:
        """Brings the index up to date with these files (relative to `root`) and gives the tree of them.

        Whatever is wrong with a file costs at most that file, what is wrong with the store costs time: both are told
        in the tree's `notes`. A root that is gone has no files. Raises StoppedError if the index is closed meanwhile.
        """
        every = sorted(set(paths))
        with self._lock:
            for _ in range(_TRIES):
                try:
                    done = refresh_store(
                        self._store, os.fspath(root), every, on_progress, self._stop
                    )
                except StoreError as error:
                    self.recover(error)
                    continue
                if done is not None:
                    notes, self._notes = (*self._notes, *done.notes), []
                    return IndexedTree(root, done.files, done.blobs, self, notes, done.parsed)
        raise StoreError("other processes sweep it all the time", spoilt=False)

    def older(self, now: IndexedTree, files: Mapping[str, tuple[str, int]]) -> IndexedTree:
        """An earlier state of the tree `now`: the git blob id (SHA-1) and size of each file then, by path.

        Of a content that was never indexed, nothing is known. Texts are those of files that are still the same.
        """
        was = {path: older_file(path, *files[path], now.files.get(path)) for path in sorted(files)}
        keys = {path: blob_key(file.blob, file.language) for path, file in was.items()}
        known = self._asked(lambda store: store.find(set(keys.values())))
        blobs = {path: known[key] for path, key in keys.items() if key in known}
        return IndexedTree(now.root, was, blobs, self, (), 0)

    def tidy(self) -> None:
        """Makes questions quicker, at a time when nobody waits for an answer."""
        self._asked(join_all)

    def recover(self, error: StoreError) -> None:
        """After the store failed: a new file in place of a spoilt one, memory where none can be had."""
        with self._lock:
            self._store.close()
            self._facts, self._symbols, self._postings = {}, {}, {}
            self._store = self._replaced(error)

    def _replaced(self, error: StoreError) -> Store:
        why = str(error)
        if self._folder is not None and error.spoilt and not self._rebuilt:
            self._rebuilt = True
            try:
                Store.set_aside(self._folder)
                store = Store.open(self._folder)
            except StoreError as another:
                why = str(another)
            else:
                self._notes.append(f"the index of the code was spoilt ({error}) and is made anew")
                return store
        self._notes.append(f"the index of the code can't be kept ({why}): it is made in memory")
        return Store.in_memory()

    # What a tree asks for (`tree.Source`)

    def facts(self, blob: int) -> FileFacts:
        found = self._facts.get(blob)
        if found is None:
            packed = self._store.facts(blob)
            with told():
                found = NOTHING_KNOWN if packed is None else unpack_facts(*packed)
            _remember(self._facts, blob, found)
        return found

    def symbols(self, blob: int) -> tuple[Symbol, ...]:
        known = self._facts.get(blob)
        if known is not None:
            return known.symbols
        found = self._symbols.get(blob)
        if found is None:
            packed = self._store.symbols(blob)
            with told():
                found = () if packed is None else unpack_symbols(packed)[0]
            _remember(self._symbols, blob, found)
        return found

    def postings(self, column: Column) -> Sequence[tuple[Sequence[int], Postings]]:
        with self._lock:
            loaded = self._postings.get(column, {})
            present: dict[int, tuple[Sequence[int], Postings]] = {}
            for segment, found in self._store.segments(column, loaded).items():
                if found is None:
                    present[segment] = loaded[segment]
                else:
                    with told():
                        present[segment] = (found[0], unpack(found[1]))
            self._postings[column] = present
            return tuple(present.values())

    def renew(self, tree: IndexedTree, error: StoreError) -> IndexedTree:
        with self._lock:
            self.recover(error)
            return self.refresh(tree.root, tree.files)


def _remember(memory: dict[int, Value], key: int, value: Value) -> None:
    if len(memory) >= _MOST_REMEMBERED:
        memory.clear()
    memory[key] = value
