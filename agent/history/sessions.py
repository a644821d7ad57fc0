"""The sessions there are: what each came to in a line, their names, whether one is at work, and an end to one.

A list of many reads none of them whole: what was found in a journal is kept beside it with how far that was read, and
only what came since is looked at. Whatever lies in a session's folder, the list has a line for it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from ...tools.errors import Exit, PersonError
from ...tools.git.forget import forget_snapshots
from ..events import (
    SessionEnded,
    SessionForked,
    SessionResumed,
    SessionStarted,
    Status,
    UsageReported,
)
from .journal import FILE, decode, is_header, lock_alone
from .store import session_ids, sessions_folder

State = Literal["running", "killed", "empty", "damaged", "foreign"]
"""Of a session without a result: a process is at work on it, none is any more, it ended before it began, its journal is
damaged, or it is no journal that this release can read."""

TITLE = "title"
KEPT = "summary.json"
LONGEST = 200
"""Characters of a title."""
TRASH = "trash"
"""Beside the sessions: folders of deleted ones whose last files are still to go."""
_LONGEST_TASK = 2_000
"""Characters of a task that are kept for a list: enough to search it."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A session in one line. `at` is when it began, UTC as in the journal, `usd` what it cost; `title` is the person's,
    or the first line of the task. `parent` is the session that it was forked from."""

    session: str
    at: str
    status: Status | State
    title: str
    task: str
    turns: int
    usd: float
    root: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A summary of a journal's first `length` bytes, whole lines all. `open` says that no end came after its start."""

    inode: int
    length: int
    summary: Summary
    open: bool = False


_KEPT: TypeAdapter[_Kept] = TypeAdapter(_Kept)


def summaries(home: Path) -> Iterator[Summary]:
    """All sessions, newest first. Raises nothing for what is wrong with one: its line says so."""
    for name in session_ids(home):
        yield summary(sessions_folder(home) / name)


def summary(folder: Path) -> Summary:
    """What the session in `folder` came to so far."""
    try:
        kept = _read(folder)
    except OSError:
        return _nothing(folder.name, "empty" if not (folder / FILE).exists() else "damaged")
    found = kept.summary
    if kept.open or (found.status == "empty" and running(folder)):
        found = replace(found, status="running" if running(folder) else "killed")
    return replace(found, session=folder.name, title=title_of(folder) or found.title)


def running(folder: Path) -> bool:
    """Whether a process is at work on the session now, this one included."""
    try:
        file = os.open(folder / FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


# --- the person's names ---


def title_of(folder: Path) -> str:
    """The name that the person gave the session, "" for none."""
    try:
        with (folder / TITLE).open("rb") as file:
            return _cleaned(file.read(4 * LONGEST).decode("utf-8", "replace"))
    except OSError:
        return ""


def rename(folder: Path, title: str) -> str:
    """Give the session a name, which is what is kept of `title`; without one it goes by its task again."""
    name = _cleaned(title)
    if not folder.is_dir():
        raise PersonError(f"There is no session {folder.name}.")
    try:
        if name:
            _write(folder / TITLE, name.encode())
        else:
            (folder / TITLE).unlink(missing_ok=True)
    except OSError as error:
        raise PersonError(
            f"The name of {folder.name} can't be kept in {folder}: {error.strerror}.", Exit.NOT_DONE
        ) from error
    return name


def _cleaned(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:LONGEST].rstrip()


# --- deleting ---


async def delete(folder: Path) -> None:
    """Remove a session: its folder, and its snapshots, so that nothing of it can be undone any more.

    The work tree stays as it is. Raises PersonError while a process is at work on the session.
    """
    file = _claim(folder)
    try:
        root = summary(folder).root
        if root:
            # A repository that is gone has nothing to forget for; what git can't do now only costs space.
            with suppress(PersonError, OSError, ValueError):
                await forget_snapshots(folder.parents[1], Path(root), folder.name)
        aside = folder.parents[1] / TRASH / f"{folder.name}-{secrets.token_hex(4)}"
        try:
            aside.parent.mkdir(mode=0o700, exist_ok=True)
            folder.rename(aside)
        except OSError as error:
            raise PersonError(
                f"Session {folder.name} can't be deleted: {error.strerror}.", Exit.NOT_DONE
            ) from error
    finally:
        if file is not None:
            os.close(file)
    shutil.rmtree(aside.parent, onerror=_made_writable)
    with suppress(OSError):
        aside.parent.rmdir()


def _claim(folder: Path) -> int | None:
    """The journal, locked: nobody goes on with the session while it goes. None where there is no journal."""
    if not folder.is_dir():
        raise PersonError(f"There is no session {folder.name}.")
    try:
        file = os.open(folder / FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        lock_alone(file)
    except OSError as error:
        os.close(file)
        raise PersonError(
            f"Session {folder.name} is running. Stop it first, then delete it.", Exit.CONFLICT
        ) from error
    return file


def _made_writable(act: Callable[..., Any], path: str, error: object) -> None:
    """A clone may have folders that nothing can be removed from; what stays even so is tried again next time."""
    del error
    with suppress(OSError):
        Path(path).parent.chmod(0o700)
        act(path)


# --- reading ---


def _read(folder: Path) -> _Kept:
    """Raises OSError where the journal can't be read."""
    file = os.open(folder / FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(file, "rb") as journal:
        stat = os.fstat(file)
        kept = _kept(folder, stat)
        if kept is not None and kept.length == stat.st_size:
            return kept
        if kept is None:
            head = journal.readline()
            if not is_header(head):
                what: State = "foreign" if head.endswith(b"\n") else "empty"
                return _Kept(stat.st_ino, 0, _nothing(folder.name, what))
            kept = _Kept(stat.st_ino, len(head), _nothing(folder.name, "empty"))
        journal.seek(kept.length)
        grown = _Growing(kept)
        for line in journal:
            if not line.endswith(b"\n") or not grown.take(line):
                break
    found = grown.kept()
    if found.length != kept.length:
        with suppress(OSError):  # on a full disk it is read again each time
            _write(folder / KEPT, _KEPT.dump_json(found))
    return found


def _kept(folder: Path, stat: os.stat_result) -> _Kept | None:
    """What was kept of this very journal; it only grows."""
    try:
        kept = _KEPT.validate_json((folder / KEPT).read_bytes())
    except (OSError, ValidationError):
        return None
    return kept if kept.inode == stat.st_ino and 0 <= kept.length <= stat.st_size else None


def _nothing(session: str, what: State) -> Summary:
    return Summary(session, "", what, "", "", 0, 0.0, "")


def _ends(kind: str) -> bytes:
    """How the line of an event of this kind ends; inside of a text its quotes would be escaped."""
    return f'"kind":"{kind}"}}}}\n'.encode()


_TURN = _ends("turn_started")
_LOOKED_AT = tuple(
    map(
        _ends,
        (
            "session_started",
            "session_resumed",
            "session_forked",
            "session_ended",
            "usage_reported",
        ),
    )
)


class _Growing:
    """A summary that takes in line after line."""

    def __init__(self, kept: _Kept) -> None:
        self._inode = kept.inode
        self._length = kept.length
        self._open = kept.open
        self._now: Summary = kept.summary
        self._usd = kept.summary.usd
        self._turns = kept.summary.turns

    def take(self, line: bytes) -> bool:
        """Whether to go on; nothing after a line that is no event is believed."""
        if not (line.startswith(b'{"seq":') and line.endswith(b"}}\n")):
            return self._damaged()
        if line.endswith(_TURN):
            self._turns += 1
        elif line.endswith(_LOOKED_AT):
            try:
                event = decode(line)
            except ValidationError:
                return self._damaged()
            self._take(event.at, event.body)
        self._length += len(line)
        return True

    def _take(self, at: str, body: object) -> None:
        now = self._now
        match body:
            case SessionStarted(root=root, task=task):
                self._open = True
                title = next((each for each in task.splitlines() if each.strip()), "")[:LONGEST]
                task = task[:_LONGEST_TASK]
                self._now = replace(now, at=at, status="killed", title=title, task=task, root=root)
            case SessionForked(parent=parent):
                self._now = replace(now, parent=parent)
            case SessionResumed():
                self._open = True
            case SessionEnded(status=status):
                self._open = False
                self._now = replace(now, status=status)
            case UsageReported(cost=cost):
                self._usd += cost
            case _:
                pass

    def _damaged(self) -> bool:
        self._now, self._open = replace(self._now, status="damaged"), False
        return False

    def kept(self) -> _Kept:
        now = replace(self._now, usd=self._usd, turns=self._turns)
        return _Kept(self._inode, self._length, now, self._open)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and for this user alone."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
