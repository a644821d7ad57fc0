"""What was typed before, kept in a file of the project that several processes may write."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import cast

from .draft import Draft

FILE = "typed.jsonl"
MOST_ENTRIES = 1_000
MOST_CHARACTERS = 20_000
"""Of an entry with its chips; a longer one is known to this process alone."""

_MOST_LINES = 2 * MOST_ENTRIES
_MOST_BYTES = 64_000_000
"""What is read of a file, from its end: more than ours can become."""


class History:
    """The oldest entry first, each once. What can't be read or written is only not remembered: nobody's work stops
    for it.

    `is_secret` says what must not be kept at all, not even in memory.
    """

    def __init__(
        self, folder: Path | None = None, is_secret: Callable[[str], bool] | None = None
    ) -> None:
        """Kept in `folder`, which is made when it is needed; None for one that ends with the process."""
        self._folder = folder
        self._is_secret = is_secret
        self._entries: dict[str, Draft] = {}
        if folder is not None:
            self._load(folder)

    @property
    def entries(self) -> tuple[Draft, ...]:
        return tuple(self._entries.values())

    def add(self, draft: Draft) -> None:
        """Remember what was sent. What is there already comes last again."""
        text = draft.text.strip()
        expanded = Draft(text, draft.chips).expanded
        short = len(expanded) <= MOST_CHARACTERS
        if not text or (short and self._is_secret is not None and self._is_secret(expanded)):
            return
        chips = {chip: content for chip, content in draft.chips.items() if chip in text}
        kept = Draft(text, chips)
        self._take(kept)
        if self._folder is not None and short:
            with contextlib.suppress(OSError):
                self._append(self._folder, kept)

    def _take(self, draft: Draft) -> None:
        self._entries.pop(draft.text, None)
        self._entries[draft.text] = draft
        while len(self._entries) > MOST_ENTRIES:
            del self._entries[next(iter(self._entries))]

    def _load(self, folder: Path) -> None:
        with contextlib.suppress(OSError):
            lines = _read(folder / FILE)
            for line in lines:
                draft = _parsed(line)
                if draft is not None:
                    self._take(draft)
            if len(lines) > _MOST_LINES:
                self._rewrite(folder)

    def _append(self, folder: Path, draft: Draft) -> None:
        with _alone(folder):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(folder / FILE, flags, 0o600)
            with os.fdopen(descriptor, "rb+", buffering=0) as file:
                end = file.seek(0, os.SEEK_END)
                torn = False
                if end:
                    file.seek(end - 1)
                    torn = file.read(1) != b"\n"  # a process was killed while it wrote
                file.write((b"\n" if torn else b"") + _line(draft))

    def _rewrite(self, folder: Path) -> None:
        """Leaves out what came twice and what is too old; nothing that another process adds meanwhile is lost."""
        with _alone(folder):
            kept = History()
            for line in _read(folder / FILE):
                draft = _parsed(line)
                if draft is not None:
                    kept._take(draft)
            fresh = folder / f"{FILE}.new"
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(map(_line, kept.entries))
            fresh.replace(folder / FILE)


def _line(draft: Draft) -> bytes:
    value = {"text": draft.text} | ({"chips": dict(draft.chips)} if draft.chips else {})
    return json.dumps(value).encode() + b"\n"


def _read(file: Path) -> list[bytes]:
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - _MOST_BYTES))
        return opened.read(_MOST_BYTES).splitlines()


def _parsed(line: bytes) -> Draft | None:
    """None for a line that is torn or was never ours."""
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, object]", value)
    text, chips = fields.get("text"), fields.get("chips", {})
    if not isinstance(text, str) or not text or not _is_texts(chips):
        return None
    return Draft(text, cast("Mapping[str, str]", chips))


def _is_texts(chips: object) -> bool:
    if not isinstance(chips, dict):
        return False
    values = cast("dict[object, object]", chips).values()
    return all(isinstance(value, str) for value in values)


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / f"{FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
