"""What of a session's changes the person has looked at and keeps. It has no effect on any file of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ...tools.paths import temporary_name

FILE = "accepted.json"
Accepted = Mapping[str, frozenset[str]]
"""By path the marks of the hunks, see `hunks.Hunk.mark`, or of the whole file, see `reading.Changed.mark`."""

_FORM: TypeAdapter[dict[str, frozenset[str]]] = TypeAdapter(dict[str, frozenset[str]])


def read_accepted(folder: Path) -> Accepted:
    """What is kept in the session's folder; nothing where that can't be read: then it is looked at once more."""
    with suppress(OSError, ValidationError):
        return _FORM.validate_json((folder / FILE).read_bytes())
    return {}


def write_accepted(folder: Path, accepted: Accepted) -> None:
    """Whole or not at all. Raises OSError."""
    marked = {path: marks for path, marks in sorted(accepted.items()) if marks}
    aside = folder / temporary_name()
    try:
        aside.write_bytes(_FORM.dump_json(marked))
        aside.replace(folder / FILE)
    finally:
        aside.unlink(missing_ok=True)


def _plain(path: str) -> str:
    """JSON has no odd bytes: they are written out."""
    return path.encode("utf-8", "backslashreplace").decode()


def with_marks(accepted: Accepted, marks: Accepted) -> Accepted:
    """With these marks in place of what these paths had."""
    return {**accepted, **{_plain(path): each for path, each in marks.items()}}


def marks_kept(accepted: Accepted, path: str) -> frozenset[str]:
    return accepted.get(_plain(path), frozenset())
