"""What was found out about file contents, kept in one SQLite file: facts, inverted lists, token counts.

Everything in it can be made again, so nothing here tries to mend: what is spoilt raises `StoreError`, and the index
starts over. Rows about content are keyed by the content and never changed, so two processes may write the same ones.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from array import array
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Literal, TypeAlias

from .packed import SpoiltError, numbers, seal, unseal

Column: TypeAlias = Literal["defs", "refs", "words"]
COLUMNS: tuple[Column, ...] = ("defs", "refs", "words")
"""What is looked up: names defined, names referred to, words of the text."""

SCHEMA = 1
FILE = f"code-{SCHEMA}.sqlite"
_BROKEN = f"{FILE}.broken"
_BUSY_SECONDS = 20.0
_MANY = 500
"""Values in one statement; old SQLite takes 999."""

_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS blobs(id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE,
  symbols BLOB NOT NULL, refs BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS segments(id INTEGER PRIMARY KEY AUTOINCREMENT, members BLOB NOT NULL,
  defs BLOB NOT NULL, refs BLOB NOT NULL, words BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS roots(root BLOB PRIMARY KEY, entries BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counts(key BLOB PRIMARY KEY, tokens BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept(name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS meta(one INTEGER PRIMARY KEY CHECK (one = 1), sweeps INTEGER NOT NULL);
INSERT OR IGNORE INTO meta VALUES (1, 0);
PRAGMA user_version = {SCHEMA};
COMMIT;
"""
_UNAVAILABLE = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_AUTH,
    )
)


class StoreError(Exception):
    """The store can't be used as it is. `spoilt` says that it holds nonsense, else it can't be reached or written."""

    def __init__(self, message: str, *, spoilt: bool) -> None:
        super().__init__(message)
        self.spoilt = spoilt


@dataclass(frozen=True, slots=True)
class Blob:
    """A content's key (see `version.blob_key`) and its packed facts."""

    key: bytes
    symbols: bytes
    references: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """The packed inverted lists of some blobs, by column; `members` are their ids by their positions, 0 for none."""

    members: Sequence[int]
    lists: Mapping[Column, bytes]


class Store:
    """One open file, or memory. Safe to use from several threads; each method is one short transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        self._connection = connection
        self._lock = RLock()
        self.path = path
        """The file; None for one in memory."""

    @staticmethod
    def open(folder: Path) -> Store:
        """The store in `folder`, which is made if it is missing. Raises StoreError."""
        try:
            for each in (folder.parent, folder):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _alone(folder):
                path = folder / FILE
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
                return Store(_connect(os.fspath(path)), path)
        except OSError as error:
            raise StoreError(error.strerror or str(error), spoilt=False) from error

    @staticmethod
    def in_memory() -> Store:
        return Store(_connect(":memory:"), None)

    @staticmethod
    def set_aside(folder: Path) -> None:
        """Moves a spoilt file out of the way; the last such one is kept to be looked at. Raises StoreError."""
        try:
            with _alone(folder):
                path = folder / FILE
                for tail in ("-wal", "-shm"):
                    path.with_name(FILE + tail).unlink(missing_ok=True)
                path.replace(folder / _BROKEN)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreError(error.strerror or str(error), spoilt=False) from error

    def close(self) -> None:
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.close()

    # Blobs and their inverted lists

    def is_empty(self) -> bool:
        with self.reading() as connection:
            return connection.execute("SELECT 1 FROM blobs LIMIT 1").fetchone() is None

    def find(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        """The ids of those that are known."""
        found: dict[bytes, int] = {}
        with self.reading() as connection:
            for some in _groups(list(keys)):
                marks = ",".join("?" * len(some))
                rows = connection.execute(f"SELECT key, id FROM blobs WHERE key IN ({marks})", some)
                found.update(rows.fetchall())
        return found

    def add(self, blobs: Sequence[Blob], lists: Mapping[Column, bytes]) -> list[int]:
        """Keeps a batch: its blobs and, for those that were new, their lists; the ids of all."""
        ids: list[int] = []
        members: list[int] = []
        with self.writing() as connection:
            for blob in blobs:
                row = (blob.key, blob.symbols, blob.references)
                insert = "INSERT OR IGNORE INTO blobs(key, symbols, refs) VALUES (?, ?, ?)"
                done = connection.execute(insert, row)
                new = done.rowcount == 1
                if new:
                    ids.append(done.lastrowid or 0)
                else:
                    known = "SELECT id FROM blobs WHERE key = ?"
                    ids.append(connection.execute(known, (blob.key,)).fetchone()[0])
                members.append(ids[-1] if new else 0)
            if any(members):
                insert_segment(connection, Segment(members, lists))
        return ids

    def facts(self, blob: int) -> tuple[bytes, bytes] | None:
        """The packed symbols and references of a blob by its id."""
        with self.reading() as connection:
            return connection.execute(
                "SELECT symbols, refs FROM blobs WHERE id = ?", (blob,)
            ).fetchone()

    def symbols(self, blob: int) -> bytes | None:
        with self.reading() as connection:
            row = connection.execute("SELECT symbols FROM blobs WHERE id = ?", (blob,)).fetchone()
        return None if row is None else row[0]

    def segments(
        self, column: str, known: Iterable[int]
    ) -> dict[int, tuple[array[int], bytes] | None]:
        """All segments by id with their members and the lists of `column`; None for those that are `known`."""
        seen = set(known)
        found: dict[int, tuple[array[int], bytes] | None] = {}
        with self.reading() as connection:
            connection.execute("BEGIN")
            try:
                ids = [row[0] for row in connection.execute("SELECT id FROM segments ORDER BY id")]
                load = f"SELECT members, {column} FROM segments WHERE id = ?"
                for each in ids:
                    found[each] = None
                    if each not in seen:
                        members, lists = connection.execute(load, (each,)).fetchone()
                        found[each] = (_unpacked(members), lists)
            finally:
                connection.execute("COMMIT")
        return found

    # Trees

    def sweeps(self) -> int:
        """How often contents were dropped."""
        with self.reading() as connection:
            return connection.execute("SELECT sweeps FROM meta").fetchone()[0]

    def load_root(self, root: bytes) -> bytes | None:
        """What `save_root` was last given for a root."""
        with self.reading() as connection:
            row = connection.execute("SELECT entries FROM roots WHERE root = ?", (root,)).fetchone()
        return None if row is None else row[0]

    def save_root(self, root: bytes, entries: bytes, sweeps: int) -> bool:
        """Keeps what was seen of a root; False, and nothing is kept, if contents were dropped since `sweeps`."""
        with self.writing() as connection:
            same = connection.execute("SELECT sweeps FROM meta").fetchone()[0] == sweeps
            if same:
                row = (root, entries)
                connection.execute("INSERT OR REPLACE INTO roots(root, entries) VALUES (?, ?)", row)
        return same

    def bytes(self) -> int:
        """The size of the file."""
        with self.reading() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            return pages * connection.execute("PRAGMA page_size").fetchone()[0]

    def shrink(self) -> None:
        """Gives room that is free in the file back to the disk, if nobody else is using it just now."""
        with self.reading() as connection, contextlib.suppress(sqlite3.OperationalError):
            connection.execute("VACUUM")

    # Token counts (`model.CountStore`) and other values kept by name

    def get(self, keys: Sequence[bytes]) -> dict[bytes, tuple[int, ...]]:
        found: dict[bytes, tuple[int, ...]] = {}
        with self.reading() as connection:
            for some in _groups(list(keys)):
                marks = ",".join("?" * len(some))
                rows = connection.execute(
                    f"SELECT key, tokens FROM counts WHERE key IN ({marks})", some
                )
                for key, tokens in rows:
                    found[key] = tuple(_unpacked(tokens))
        return found

    def put(self, counts: Mapping[bytes, tuple[int, ...]]) -> None:
        rows = [(key, _packed(values)) for key, values in counts.items()]
        with self.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO counts VALUES (?, ?)", rows)

    def kept(self, name: str) -> bytes | None:
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def keep(self, name: str, value: bytes) -> None:
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    @contextlib.contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        with self._lock, told():
            yield self._connection

    @contextlib.contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        with self._lock, told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def insert_segment(connection: sqlite3.Connection, segment: Segment) -> None:
    row = (_packed(segment.members), *(segment.lists[each] for each in COLUMNS))
    connection.execute("INSERT INTO segments(members, defs, refs, words) VALUES (?, ?, ?, ?)", row)


def read_segment(connection: sqlite3.Connection, segment: int) -> Segment:
    query = "SELECT members, defs, refs, words FROM segments WHERE id = ?"
    members, *lists = connection.execute(query, (segment,)).fetchone()
    return Segment(_unpacked(members), dict(zip(COLUMNS, lists, strict=True)))


def _packed(values: Sequence[int]) -> bytes:
    return seal(array("Q", values).tobytes())


def _unpacked(sealed: bytes) -> array[int]:
    data = unseal(sealed)
    return numbers(data, "Q", len(data) // 8)


def _groups(values: list[bytes]) -> Iterable[list[bytes]]:
    return (values[at : at + _MANY] for at in range(0, len(values), _MANY))


def _connect(path: str) -> sqlite3.Connection:
    with told():
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA cache_size = -16000")
            if version != SCHEMA:
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    raise StoreError("it has another layout", spoilt=True)
                connection.executescript(_TABLES)
            connection.execute("SELECT 1 FROM meta, segments, blobs, roots, counts, kept LIMIT 1")
        except BaseException:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    """While no other process opens, makes or moves the file."""
    descriptor = os.open(folder / f"{FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def told() -> Generator[None]:
    """Turns what SQLite or a reader of packed data says into a StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        raise StoreError(str(error), spoilt=code not in _UNAVAILABLE) from error
    except (SpoiltError, UnicodeDecodeError, TypeError, OverflowError) as error:
        # SQLite reads what it can, so a bad page may also show as a value of another type.
        raise StoreError(str(error), spoilt=True) from error
