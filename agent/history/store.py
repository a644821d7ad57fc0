"""Where sessions live: `<home>/sessions/<id>/`, one folder each with its journal and the full outputs of its tools."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from ...tools.errors import PersonError


def sessions_folder(home: Path) -> Path:
    return home / "sessions"


def new_session_id(at: datetime) -> str:
    """Sorts by time, to the quarter of a millisecond; two digits of chance keep those apart that begin at once."""
    part = at.microsecond * 4096 // 1_000_000
    return f"{at.astimezone(UTC):%Y%m%d-%H%M%S}-{part:03x}{secrets.token_hex(1)}"


def session_ids(home: Path) -> tuple[str, ...]:
    """All sessions, newest first."""
    folder = sessions_folder(home)
    if not folder.is_dir():
        return ()
    return tuple(sorted((entry.name for entry in folder.iterdir() if entry.is_dir()), reverse=True))


def find_session(home: Path, text: str | None) -> Path:
    """The folder of the session whose id is, or alone begins with, `text`; the newest when `text` is None."""
    ids = session_ids(home)
    if text is None:
        if not ids:
            raise PersonError('There is no session yet. Start one with `leadline run "TASK"`.')
        return sessions_folder(home) / ids[0]
    found = [name for name in ids if name == text] or [name for name in ids if text in name]
    if len(found) == 1:
        return sessions_folder(home) / found[0]
    if not found:
        raise PersonError(f"There is no session {text}. `leadline sessions` lists those there are.")
    raise PersonError(f"{text} could be {', '.join(found[:5])}. Give more of the id.")
