"""One file of a tree as it is on disk: read without following a link, hashed, and judged by the rules.

The same in the parent and in the children. Whatever stands at a path, this neither hangs nor raises.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ...text import decode
from .. import rules
from ..languages import language_of

HASHED_MOST = 64_000_000
"""Bytes. A larger file is not read at all, so that data that lies about costs nothing; its blob id is empty."""

_HEAD = 512
_CHUNK = 1 << 20
_TRIES = 2
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOWHERE = frozenset(("", ".", ".."))
"""No part of a path below the root is one of these."""

_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EMLINK, errno.ENXIO)

Stamp = tuple[int, int, int, int]
"""Size, mtime and ctime in nanoseconds, inode: what tells that a file was not written since."""


def stamp_of(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held. `stamp` is None if it kept changing while it was read, or could not be read.

    `text` is None for what is left out; line ends are LF. `blob` is the git blob id of the bytes, empty if they were
    not all read.
    """

    stamp: Stamp | None
    size: int
    blob: str
    language: str | None
    left_out: str | None
    text: str | None


class Reader:
    """Reads files below `root`. Keeps the folder it read from last open, as paths come folder by folder."""

    def __init__(self, root: str | Path) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._name = ""
        self._folder = self._root

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()
        os.close(self._root)

    def inspect(self, path: str) -> Content | None:
        """The file at `path`, or None where there is no regular file, or none without following a link."""
        if not _NOWHERE.isdisjoint(path.split("/")):
            return None
        try:
            found = self._look(path)
            for _ in range(_TRIES):
                if found is None or found.stamp is not None:
                    break
                found = self._look(path)
            return found
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            why = f"cannot be read: {error.strerror}"
            return Content(None, 0, "", None, why, None)

    def _look(self, path: str) -> Content | None:
        folder, _, name = path.rpartition("/")
        descriptor = os.open(name, _FILE, dir_fd=self._enter(folder))
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                return None
            left_out = rules.by_path(path) or rules.by_size(path, before.st_size)
            if before.st_size > rules.VERY_LARGE:
                blob = _hash(descriptor, before.st_size) if before.st_size <= HASHED_MOST else ""
                stamp = (
                    stamp_of(before) if stamp_of(os.fstat(descriptor)) == stamp_of(before) else None
                )
                return Content(stamp, before.st_size, blob, None, left_out, None)
            data = _read(descriptor, before.st_size)
            stamp = stamp_of(before) if stamp_of(os.fstat(descriptor)) == stamp_of(before) else None
        finally:
            os.close(descriptor)
        if len(data) != before.st_size:
            stamp = None
        return _judged(path, data, stamp, left_out)

    def _enter(self, folder: str) -> int:
        """The descriptor of a folder below the root."""
        if folder != self._name:
            self._leave()
            try:
                self._walk(folder)
            except OSError:
                self._leave()  # or what is half way down would be taken for the root
                raise
            self._name = folder
        return self._folder

    def _walk(self, folder: str) -> None:
        for part in folder.split("/") if folder else ():
            inner = os.open(part, _FOLDER, dir_fd=self._folder)
            if self._folder != self._root:
                os.close(self._folder)
            self._folder = inner

    def _leave(self) -> None:
        if self._folder != self._root:
            with suppress(OSError):
                os.close(self._folder)
        self._folder = self._root
        self._name = ""


def blob_id(data: bytes) -> str:
    """The id git gives a file of this content, as bytes on disk."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _judged(path: str, data: bytes, stamp: Stamp | None, left_out: str | None) -> Content:
    blob = blob_id(data)
    left_out = left_out or rules.by_content(path, data)
    language = language_of(path, data[:_HEAD])
    text = None
    if left_out is None:
        decoded = decode(data)
        if decoded is None:
            left_out = "binary"
        else:
            text = decoded.lf
    return Content(stamp, len(data), blob, language, left_out, text)


def _read(descriptor: int, size: int) -> bytes:
    """All there is, but no more than the rules allow: a file may grow while it is read."""
    data = os.read(descriptor, size + 1)
    while len(data) <= rules.VERY_LARGE:
        more = os.read(descriptor, _CHUNK)
        if not more:
            break
        data += more
    return data


def _hash(descriptor: int, size: int) -> str:
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    while chunk := os.read(descriptor, _CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
