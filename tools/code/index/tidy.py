"""Keeps a store quick and small: joins small segments, and drops what no known tree has once the file is large."""

from __future__ import annotations

import os
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from .postings import MOST_MEMBERS, merge, unpack
from .stat_cache import unpack_entries
from .store import COLUMNS, Segment, Store, insert_segment, read_segment

SWEPT_BYTES = 512_000_000
"""A file beyond this is swept, and again each time that it has doubled."""

_CROWDS = (12, 12, 32)
"""So many segments of up to 3, up to 31 and more members are joined: a question looks into each segment, but joining
large ones takes longer than many questions."""

_FEW = 4
"""So many segments are as good as one."""

_SWEPT = "swept"


def join_segments(store: Store) -> None:
    """Joins segments where there are many of about the same size. Raises StoreError."""
    with store.writing() as connection:
        for group in crowded(_sizes(connection)):
            _join(connection, group, bool)


def join_all(store: Store) -> None:
    """Joins all segments there are, for whom it is worth the time: a third of a second for 3,000 files.

    Raises StoreError.
    """
    with store.writing() as connection:
        sizes = _sizes(connection)
        groups = _filled(list(sizes), sizes) if len(sizes) > _FEW else []
        for group in groups:
            _join(connection, group, bool)


def crowded(sizes: Mapping[int, int]) -> list[list[int]]:
    """Which segments, given by id with their numbers of members, to join with each other."""
    levels: defaultdict[int, list[int]] = defaultdict(list)
    for segment, size in sizes.items():
        levels[max(size, 1).bit_length() // 3].append(segment)
    groups: list[list[int]] = []
    for level in sorted(levels):
        if len(levels[level]) >= _CROWDS[min(level, len(_CROWDS) - 1)]:
            groups += _filled(levels[level], sizes)
    return [group for group in groups if len(group) > 1]


def sweep(store: Store, live: Iterable[int]) -> bool:
    """Drops, if the file has become large, contents that no tree has; whether it did. Raises StoreError.

    The trees are those of `live`, ids of contents, and of every root that is still there. Token counts go as well:
    those that are needed are made again.
    """
    if store.path is None or store.bytes() < max(SWEPT_BYTES, 2 * _swept_bytes(store)):
        return False
    with store.writing() as connection:
        kept = set(live) | _of_roots(connection)
        known = [row[0] for row in connection.execute("SELECT id FROM blobs")]
        gone = [(blob,) for blob in known if blob not in kept]
        connection.executemany("DELETE FROM blobs WHERE id = ?", gone)
        connection.execute("DELETE FROM counts")
        sizes = _sizes(connection)
        for group in _filled(list(sizes), sizes):
            _join(connection, group, kept.__contains__)
        connection.execute("UPDATE meta SET sweeps = sweeps + 1")
    store.shrink()
    store.keep(_SWEPT, b"%d" % store.bytes())
    return True


def _sizes(connection: sqlite3.Connection) -> dict[int, int]:
    """How many members each segment has, by its id, the oldest first."""
    rows = connection.execute("SELECT id, (length(members) - 4) / 8 FROM segments ORDER BY id")
    return dict(rows.fetchall())


def _swept_bytes(store: Store) -> int:
    kept = store.kept(_SWEPT) or b""
    return int(kept) if kept.isdigit() else 0


def _of_roots(connection: sqlite3.Connection) -> set[int]:
    """The contents of all roots that are still there; the others are forgotten."""
    kept: set[int] = set()
    for root, entries in connection.execute("SELECT root, entries FROM roots").fetchall():
        if os.path.isdir(bytes(root).partition(b"\0")[0]):  # noqa: PTH112
            kept.update(entry[2] for entry in unpack_entries(entries).values())
        else:
            connection.execute("DELETE FROM roots WHERE root = ?", (root,))
    return kept


def _filled(segments: Sequence[int], sizes: Mapping[int, int]) -> list[list[int]]:
    """The segments in groups that have no more members than one segment may have."""
    groups: list[list[int]] = [[]]
    room = MOST_MEMBERS
    for segment in segments:
        if sizes[segment] > room:
            groups.append([])
            room = MOST_MEMBERS
        groups[-1].append(segment)
        room -= sizes[segment]
    return groups


def _join(
    connection: sqlite3.Connection, group: Sequence[int], lives: Callable[[int], bool]
) -> None:
    """Puts one segment, with those members that live, in the place of several."""
    parts = [read_segment(connection, segment) for segment in group]
    members = array("Q")
    moved: list[list[int]] = []
    for part in parts:
        places: list[int] = []
        for member in part.members:
            if member and lives(member):
                places.append(len(members))
                members.append(member)
            else:
                places.append(-1)
        moved.append(places)
    lists = [
        merge(zip((unpack(part.lists[column]) for part in parts), moved, strict=True))
        for column in COLUMNS
    ]
    connection.executemany("DELETE FROM segments WHERE id = ?", [(each,) for each in group])
    if members:
        insert_segment(connection, Segment(members, dict(zip(COLUMNS, lists, strict=True))))
