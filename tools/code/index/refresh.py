"""Brings a store up to date with the files of a root: looks at each, has parsed what nobody has parsed before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Event

from ..model import NOTHING_KNOWN, SourceFile
from .child import Batch, Parsed
from .content import Content, Reader
from .packed import pack_references, pack_symbols
from .postings import Builder
from .stat_cache import Entry, lasts, pack_entries, scan, unpack_entries
from .store import COLUMNS, Blob, Column, Store, told
from .tidy import join_segments, sweep
from .version import blob_key, fingerprint
from .workers import WorkersError, parse_files

Progress = Callable[[int, int], None]
"""Gets how many files are done, and of how many that have to be looked at."""

_EMPTY_FACTS = (pack_symbols(NOTHING_KNOWN), pack_references(NOTHING_KNOWN))
_ROUNDS = 2


class StoppedError(Exception):
    """The index was closed while it was brought up to date."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The files by path, in sorted order; the ids in the store of those that have facts; lines for the log."""

    files: dict[str, SourceFile]
    blobs: dict[str, int]
    notes: tuple[str, ...]
    parsed: int
    """How many contents were parsed for it."""


def refresh_store(
    store: Store, root: str, paths: Sequence[str], on_progress: Progress | None, stop: Event
) -> Refreshed | None:
    """`paths` are sorted and relative to `root`. None if another process swept the store meanwhile: do it again.

    Raises StoreError, and StoppedError soon after `stop` is set.
    """
    done = _Refresh(store, root, on_progress, stop).run(paths)
    if done is not None and done.parsed:
        join_segments(store)
        sweep(store, done.blobs.values())
    return done


def last_seen(store: Store, root: str) -> dict[str, Entry]:
    """What was seen of a root when it was last brought up to date. Raises StoreError."""
    packed = store.load_root(_root_key(root))
    with told():
        return {} if packed is None else unpack_entries(packed)


class _Refresh:
    def __init__(self, store: Store, root: str, on_progress: Progress | None, stop: Event) -> None:
        self._stop = stop
        self._store = store
        self._root = root
        self._began = time.time_ns()
        self._on_progress = on_progress
        self._done = self._total = self._parsed = self._sweeps = 0
        self._entries: dict[str, Entry] = {}
        self._unsettled: dict[str, tuple[bytes, Entry]] = {}
        """Files whose content a child met before, with its key."""
        self._failed: list[str] = []

    def run(self, paths: Sequence[str]) -> Refreshed | None:
        self._sweeps = self._store.sweeps()
        key = _root_key(self._root)
        cache = last_seen(self._store, self._root)
        seen = scan(self._root, paths, cache)
        self._entries = seen.same
        notes = self._look_at(seen.other)
        if seen.other or len(self._entries) != len(cache):
            self._entries = dict(sorted(self._entries.items()))
            if not self._save(key, cache):
                return None
        files = {path: entry[1] for path, entry in self._entries.items()}
        blobs = {path: entry[2] for path, entry in self._entries.items() if entry[2]}
        return Refreshed(files, blobs, notes, self._parsed)

    def _save(self, key: bytes, cache: dict[str, Entry]) -> bool:
        began = self._began
        lasting = {path: entry for path, entry in self._entries.items() if lasts(entry, began)}
        if lasting != cache:
            return self._store.save_root(key, pack_entries(lasting), self._sweeps)
        return True

    def _look_at(self, files: Sequence[tuple[str, int]]) -> tuple[str, ...]:
        """Finds out about files that may have changed; the lines for the log."""
        if not files:
            return ()
        self._total = len(files)
        notes: list[str] = []
        unknown = files if self._store.is_empty() else self._recognise(files)
        try:
            for _ in range(_ROUNDS):
                parse_files(self._root, unknown, self._take, self._step)
                unknown = self._settle()
        except WorkersError as error:
            notes.append(f"code could not be parsed, only listed: {error}")
        self._list(path for path, _ in files if path not in self._entries)
        if self._failed:
            name = self._failed[0].encode("utf-8", "replace").decode()
            more = f" and {len(self._failed) - 1} more" if len(self._failed) > 1 else ""
            notes.append(f"parsing failed for {name!r}{more}: listed, but nothing is known of it")
        return tuple(notes)

    def _recognise(self, files: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
        """Reads files in this process and takes those whose content is known; the others."""
        found: dict[str, tuple[bytes, Entry]] = {}
        with Reader(self._root) as reader:
            for path, _ in files:
                content = reader.inspect(path)
                if content is None or self._is_left_out(path, content):
                    self._step()
                else:
                    key = blob_key(content.blob, content.language)
                    found[path] = (key, (content.stamp, _file(path, content), 0))
        self._unsettled = found
        unknown = self._settle()
        for _ in range(len(found) - len(unknown)):
            self._step()
        return unknown

    def _take(self, batch: Batch) -> None:
        """Keeps what a child found out."""
        parsed = [file for file in batch.files if file.state == "parsed"]
        blobs = [
            Blob(blob_key(file.blob, file.language), file.symbols, file.references)
            for file in parsed
        ]
        ids = self._store.add(blobs, batch.lists) if blobs else []
        self._parsed += len(blobs)
        for file, blob in zip(parsed, ids, strict=True):
            self._entries[file.path] = (file.stamp, _file(file.path, file), blob)
            if file.fault:
                self._failed.append(file.path)
        for file in batch.files:
            if file.state == "failed":
                self._give_up(file.path)
            elif file.state == "left out":
                self._is_left_out(file.path, file)
            elif file.state == "seen":
                entry = (file.stamp, _file(file.path, file), 0)
                self._unsettled[file.path] = (blob_key(file.blob, file.language), entry)

    def _settle(self) -> list[tuple[str, int]]:
        """Takes the files whose content the store knows by now; the others, with their sizes."""
        known = self._store.find({key for key, _ in self._unsettled.values()})
        unknown: list[tuple[str, int]] = []
        for path, (key, (stamp, file, _)) in self._unsettled.items():
            if key in known:
                self._entries[path] = (stamp, file, known[key])
            else:
                unknown.append((path, file.size))
        self._unsettled = {}
        return unknown

    def _is_left_out(self, path: str, content: Content | Parsed) -> bool:
        if content.left_out is None:
            return False
        self._entries[path] = (content.stamp, _file(path, content), 0)
        return True

    def _give_up(self, path: str) -> None:
        """Keeps of a content that it can't be parsed, so that it is not tried again and again."""
        with Reader(self._root) as reader:
            content = reader.inspect(path)
        if content is None or self._is_left_out(path, content):
            return
        self._failed.append(path)
        nothing: dict[Column, bytes] = dict.fromkeys(COLUMNS, Builder().pack())
        blob = Blob(blob_key(content.blob, content.language), *_EMPTY_FACTS)
        (known,) = self._store.add([blob], nothing)
        self._entries[path] = (content.stamp, _file(path, content), known)

    def _list(self, paths: Iterable[str]) -> None:
        """Lists what could not be parsed this time, to be tried again the next."""
        with Reader(self._root) as reader:
            for path in paths:
                content = reader.inspect(path)
                if content is not None and not self._is_left_out(path, content):
                    self._entries[path] = (None, _file(path, content), 0)

    def _step(self) -> None:
        if self._stop.is_set():
            raise StoppedError
        self._done = min(self._done + 1, self._total)
        if self._on_progress is not None:
            self._on_progress(self._done, self._total)


def _file(path: str, content: Content | Parsed) -> SourceFile:
    return SourceFile(path, content.blob, content.size, content.language, content.left_out)


def _root_key(root: str) -> bytes:
    """Names the cache of a root: what it says holds for these rules and this extractor."""
    return os.fsencode(root) + b"\0" + fingerprint()
