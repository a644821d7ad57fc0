"""The files of a root as they are now, and which of them are as they were: told by their status, as git does it.

What was seen of a root is kept as a cache of `Entry`s. Only our own hash of the bytes on disk says what a file is;
git's index and status have no say, for a repository's filters and monitors could make them say anything.
"""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..model import SourceFile
from .content import Stamp
from .packed import (
    SpoiltError,
    join_strings,
    numbers,
    pack_parts,
    seal,
    split_strings,
    unpack_parts,
    unseal,
)

RACY_NS = 2_000_000_000
"""A file written so shortly before it was looked at may have been written again within the same tick of its clock."""

_NEVER: Stamp = (-1, 0, 0, 0)
_NO_BLOB = "0" * 40

Entry = tuple[Stamp | None, SourceFile, int]
"""A file's stamp when it was read, None if it has to be looked at again; what it was; its facts' id, 0 for none."""


@dataclass(frozen=True, slots=True)
class Scan:
    """`same` are the files that were not written since; the others, with their sizes, have to be looked at."""

    same: dict[str, Entry]
    other: list[tuple[str, int]]


def scan(root: str, paths: Iterable[str], cache: Mapping[str, Entry]) -> Scan:
    """Looks at each path below `root`. What is no regular file, or gone, is in neither list.

    A link among the folders above a file is no matter here: what is the same was read without following one.
    """
    same: dict[str, Entry] = {}
    other: list[tuple[str, int]] = []
    prefix = root.rstrip("/") + "/"
    lstat = os.lstat
    for path in paths:
        try:
            status = lstat(prefix + path)
        except (OSError, ValueError):
            continue
        entry = cache.get(path)
        if entry is not None and entry[0] == (
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_ino,
        ):
            same[path] = entry
        elif stat.S_ISREG(status.st_mode):
            other.append((path, status.st_size))
    return Scan(same, other)


def lasts(entry: Entry, now_ns: int) -> bool:
    """Whether the stamp of a file that was read after `now_ns` will tell if it is written again."""
    stamp = entry[0]
    return stamp is not None and max(stamp[1], stamp[2]) < now_ns - RACY_NS


def pack_entries(entries: Mapping[str, Entry]) -> bytes:
    """A cache as bytes, sealed; what has no stamp never fits."""
    stamps = [entry[0] or _NEVER for entry in entries.values()]
    files = [entry[1] for entry in entries.values()]
    columns = array("q")
    for at in range(4):
        columns.extend(stamp[at] for stamp in stamps)
    columns.extend(entry[2] for entry in entries.values())
    columns.extend(file.size for file in files)
    texts: dict[str | None, int] = {None: 0}
    which = array("I", (texts.setdefault(file.language, len(texts)) for file in files))
    which.extend(texts.setdefault(file.left_out, len(texts)) for file in files)
    names = [text for text in texts if text is not None]
    parts = (
        b"\0".join(map(os.fsencode, entries)),
        bytes.fromhex("".join(file.blob or _NO_BLOB for file in files)),
        columns.tobytes(),
        which.tobytes(),
        join_strings(names),
        array("I", (len(files), len(names))).tobytes(),
    )
    return seal(pack_parts(parts))


def unpack_entries(sealed: bytes) -> dict[str, Entry]:
    """What `pack_entries` was given. Raises SpoiltError."""
    raw_paths, raw_blobs, raw_columns, raw_which, raw_names, raw_counts = unpack_parts(
        unseal(sealed), 6
    )
    count, of_names = numbers(raw_counts, "I", 2)
    if not count:
        return {}
    paths = os.fsdecode(raw_paths).split("\0")
    blobs = raw_blobs.hex()
    columns = numbers(raw_columns, "q", 6 * count)
    which = numbers(raw_which, "I", 2 * count)
    texts: list[str | None] = [None, *split_strings(raw_names, of_names)]
    if len(paths) != count or len(blobs) != 40 * count or max(which, default=0) >= len(texts):
        raise SpoiltError("a cache of another length")
    ids = [blobs[at : at + 40] for at in range(0, len(blobs), 40)]
    if _NO_BLOB in ids:
        ids = ["" if blob == _NO_BLOB else blob for blob in ids]
    column = [columns[at * count : (at + 1) * count] for at in range(6)]
    stamps = zip(*column[:4], strict=True)
    languages = map(texts.__getitem__, which[:count])
    reasons = map(texts.__getitem__, which[count:])
    files = map(SourceFile, paths, ids, column[5], languages, reasons)
    return dict(zip(paths, zip(stamps, files, column[4], strict=True), strict=True))
