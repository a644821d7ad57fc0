"""The journal: one append-only file of JSON lines a session, from which everything else is computed.

First line: a header with the format's version. Then one event a line, each written before anybody sees it. A torn last
line (the process was killed while writing) is dropped when the journal is opened again.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from ...tools.errors import Exit, PersonError
from ..events import Durable, Event, SessionEnded, SnapshotTaken
from ..events_plan import HomecomingBegan

FORMAT = 1
FILE = "journal.jsonl"
_LOCK_TRIES, _LOCK_SECONDS = 5, 0.01
"""Who only asks whether a session is at work holds its lock for an instant: so often, after so long, it is tried."""
_OBEYED = re.compile(
    rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]"
)
"""DEL, C1, marks of direction and line ends of Unicode, in UTF-8. Outside of a string JSON has none of them."""
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class _Header(BaseModel):
    leadline: Literal["journal"] = "journal"
    format: int = FORMAT


class JournalError(PersonError):
    """A journal that can't be read or written."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def timestamp(at: datetime) -> str:
    """UTC with milliseconds, as it stands in `Event.at`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode(event: Event) -> bytes:
    return harmless(_EVENT.dump_json(event))


def harmless(line: bytes) -> bytes:
    """The same JSON with nothing that a terminal obeys or that reorders text, as JSON itself has it for the characters
    below the space: somebody may look at it as it is."""
    return line if line.isascii() and b"\x7f" not in line else _OBEYED.sub(_escaped, line)


def _escaped(found: re.Match[bytes]) -> bytes:
    return f"\\u{ord(found[0].decode()):04x}".encode()


def decode(line: bytes) -> Event:
    return _EVENT.validate_json(line)


def is_header(line: bytes) -> bool:
    """Whether a journal that this release can read begins with this line."""
    try:
        return _Header.model_validate_json(line).format == FORMAT
    except ValidationError:
        return False


def read_events(folder: Path) -> tuple[Event, ...]:
    """All whole events of the session in `folder`.

    Raises JournalError when the file is missing, of another format, or damaged before its last line.
    """
    return _parse(folder / FILE, _read(folder / FILE))[0]


class Journal:
    """The journal of one session, open for writing by this process alone."""

    def __init__(
        self, folder: Path, events: list[Event], file: int, now: Callable[[], datetime]
    ) -> None:
        self.folder = folder
        self._events = events
        self._file = file
        self._now = now

    @staticmethod
    def create(folder: Path, now: Callable[[], datetime] = utc_now) -> Journal:
        """A new journal in a new folder, private to this user."""
        try:
            folder.mkdir(parents=True, mode=0o700)
            file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            _write(file, _Header().model_dump_json().encode() + b"\n")
        except OSError as error:
            raise _unwritable(folder, error) from error
        _lock(file, folder)
        return Journal(folder, [], file, now)

    @staticmethod
    def reopen(folder: Path, now: Callable[[], datetime] = utc_now) -> Journal:
        """The journal of an earlier run, cut back to its last whole line."""
        path = folder / FILE
        _read(path)
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise _unwritable(folder, error) from error
        _lock(file, folder)
        events, length = _parse(path, _read(path))
        os.ftruncate(file, length)
        os.lseek(file, length, os.SEEK_SET)
        return Journal(folder, list(events), file, now)

    @property
    def session(self) -> str:
        return self.folder.name

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(self._events)

    @property
    def length(self) -> int:
        """How many events there are: the `seq` of the last."""
        return len(self._events)

    def since(self, seq: int) -> tuple[Event, ...]:
        """The events after the one with this `seq`."""
        return tuple(self._events[seq:])

    def append(self, agent: str, turn: int, body: Durable) -> Event:
        """Write an event. When it can't be written, the file keeps its last whole line and JournalError is raised."""
        event = Event(
            len(self._events) + 1, timestamp(self._now()), self.session, agent, turn, body
        )
        start = os.lseek(self._file, 0, os.SEEK_CUR)
        try:
            _write(self._file, encode(event) + b"\n")
            if isinstance(body, SnapshotTaken | HomecomingBegan | SessionEnded):
                os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, start)
            os.lseek(self._file, start, os.SEEK_SET)
            raise _unwritable(self.folder, error) from error
        self._events.append(event)
        return event

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def lock_alone(file: int) -> None:
    """Lock a journal that is open. Raises OSError where another process is at work on it."""
    for _ in range(_LOCK_TRIES):
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_LOCK_SECONDS)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock(file: int, folder: Path) -> None:
    try:
        lock_alone(file)
    except OSError as error:
        os.close(file)
        raise JournalError(
            f"Session {folder.name} is running in another process. Wait for it to end, or stop it."
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise JournalError(
            f"There is no session {path.parent.name}. `leadline sessions` lists those there are."
        ) from error
    except OSError as error:
        raise JournalError(f"The journal {path} can't be read: {error.strerror}.") from error


def _parse(path: Path, data: bytes) -> tuple[tuple[Event, ...], int]:
    """The whole events and the length in bytes of the part of the file that holds them."""
    lines = data.split(b"\n")
    torn = lines.pop()
    length = len(data) - len(torn)
    try:
        header = _Header.model_validate_json(lines[0] if lines else b"")
    except ValidationError as error:
        raise JournalError(f"{path} is not a journal of Leadline; nothing was changed.") from error
    if header.format != FORMAT:
        raise JournalError(
            f"{path} was written by another version of Leadline (format {header.format}, "
            f"this one reads {FORMAT}). Open it with the version that wrote it."
        )
    try:
        return tuple(decode(line) for line in lines[1:]), length
    except ValidationError as error:
        raise JournalError(
            f"{path} is damaged: a line before its last is no event. Nothing was changed."
        ) from error


def _unwritable(folder: Path, error: OSError) -> JournalError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JournalError(
            f"The journal in {folder} can't be written: the disk is full. Nothing is lost. "
            f"Free some space, then go on with `leadline resume {folder.name}`.",
            Exit.NOT_DONE,
        )
    return JournalError(
        f"The journal in {folder} can't be written: {error.strerror or error}. "
        "Set LEADLINE_HOME to a folder that can be written."
    )
