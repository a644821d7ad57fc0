"""Search results in ripgrep's JSON, read as they stream in, and the short text that the model gets of them. Pure."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_LINES = 200
MAX_LINES_PER_FILE = 60
MAX_CHARS = 24_000
MAX_LINE_CHARS = 250
MAX_MATCHES = 50_000
"""Counted; where there are more, the search ends."""
_MAX_RECORD = 4_000_000
_NAMED = 8


@dataclass(slots=True)
class _FileHits:
    name: str
    """Its path as the system takes it, where `path` is for the model."""
    path: str
    lines: list[str] = field(default_factory=list[str])
    matches: int = 0
    shown: int = 0
    places: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])


class Hits:
    """Takes a stream of records and keeps what fits. Call `text` once, at the end."""

    def __init__(self, keep: Callable[[str], bool], one_file: bool) -> None:
        self._keep = keep
        self._per_file = MAX_LINES if one_file else MAX_LINES_PER_FILE
        self._rest = b""
        self._skipping = False
        self._file: _FileHits | None = None
        self._files: list[_FileHits] = []
        self._lines = 0
        self._chars = 0
        self.matches = 0
        self.binary: list[str] = []

    @property
    def full(self) -> bool:
        return self.matches >= MAX_MATCHES

    def feed(self, chunk: bytes) -> bool:
        """Take a chunk of the stream; False when no more is wanted."""
        *records, self._rest = (self._rest + chunk).split(b"\n")
        for record in records:
            if self._skipping:
                self._skipping = False
            elif record:
                self._record(record)
        if len(self._rest) > _MAX_RECORD:
            self._overlong(self._rest)
            self._rest = b""
            self._skipping = True
        return not self.full

    def _record(self, record: bytes) -> None:
        if record.startswith(b'{"type":"match"'):
            if self._file is None:
                return
            self._file.matches += 1
            self.matches += 1
            if self._has_room(self._file):
                self._file.shown += 1
                self._add(self._file, json.loads(record)["data"], ":")
        elif record.startswith(b'{"type":"context"'):
            if self._file is not None and self._has_room(self._file):
                self._add(self._file, json.loads(record)["data"], "-")
        elif record.startswith(b'{"type":"begin"'):
            said = json.loads(record)["data"]["path"]
            path = _text(said).removeprefix("./")
            name = os.fsdecode(_bytes(said)).removeprefix("./")
            self._file = _FileHits(name, path) if self._keep(path) else None
        elif record.startswith(b'{"type":"end"') and self._file is not None:
            self._end(self._file, json.loads(record)["data"]["binary_offset"] is not None)

    def _overlong(self, start: bytes) -> None:
        """A record of a line of megabytes: counted, but of no use to anybody as text."""
        if self._file is not None and start.startswith(b'{"type":"match"'):
            self._file.matches += 1
            self.matches += 1

    def _end(self, file: _FileHits, binary: bool) -> None:
        self._file = None
        if binary:
            self._forget(file)
            self.binary.append(file.path)
        elif file.matches:
            self._files.append(file)

    def _forget(self, file: _FileHits) -> None:
        self.matches -= file.matches
        self._lines -= len(file.lines)
        self._chars -= sum(map(len, file.lines))

    def leave_out(self, doubtful: Callable[[str, Sequence[tuple[int, bytes]]], bool]) -> list[str]:
        """Drops files by their paths and by what is shown of them: bytes with the offset where they stood, as far as
        the records tell. Which it dropped, for the model."""
        if self._file is not None:  # the stream was cut
            self._end(self._file, binary=False)
        found = [file for file in self._files if doubtful(file.name, file.places)]
        for file in found:
            self._forget(file)
            self._files.remove(file)
        return [file.path for file in found]

    def _has_room(self, file: _FileHits) -> bool:
        return (
            self._lines < MAX_LINES and self._chars < MAX_CHARS and len(file.lines) < self._per_file
        )

    def _add(self, file: _FileHits, data: dict[str, Any], mark: str) -> None:
        text = _text(data["lines"]).removesuffix("\n")
        if "absolute_offset" in data:
            file.places.append((data["absolute_offset"], _bytes(data["lines"])))
        spans = data.get("submatches") or [{"start": 0, "end": 0}]
        at = _characters(data["lines"], spans[0]["start"])
        for offset, line in enumerate(text.split("\n")):
            part = _clip(line.removesuffix("\r"), at)
            shown = (
                f"{data['line_number'] + offset}{mark} {part}"
                if part
                else f"{data['line_number'] + offset}{mark}"
            )
            file.lines.append(shown)
            self._lines += 1
            self._chars += len(shown)
            at = 0

    def text(self) -> str:
        """Each file's path and below it its lines; at the end how much was left out."""
        if self._file is not None:  # the stream was cut
            self._end(self._file, binary=False)
        parts: list[str] = []
        left: list[_FileHits] = []
        for file in self._files:
            if file.lines:
                parts.append("\n".join((file.path, *file.lines)))
            if file.shown < file.matches:
                left.append(file)
        if left:
            count = sum(file.matches - file.shown for file in left)
            names = ", ".join(f"{file.path} {file.matches - file.shown}" for file in left[:_NAMED])
            more = ", ..." if len(left) > _NAMED else ""
            at_least = "at least " if self.full else ""
            files = "1 file" if len(left) == 1 else f"{len(left)} files"
            parts.append(f"{at_least}{count} more in {files}; narrow it ({names}{more})")
        return "\n".join(parts)


def _bytes(value: dict[str, str]) -> bytes:
    return value["text"].encode() if "text" in value else base64.b64decode(value["bytes"])


def _text(value: dict[str, str]) -> str:
    if "text" in value:
        return value["text"]
    return base64.b64decode(value["bytes"]).decode("utf-8", "replace")


def _characters(value: dict[str, str], offset: int) -> int:
    """A byte offset as an offset of characters."""
    return len(_bytes(value)[:offset].decode("utf-8", "replace"))


def _clip(line: str, at: int) -> str:
    """A long line's part around character `at`."""
    if len(line) <= MAX_LINE_CHARS:
        return line
    start = max(0, min(at - MAX_LINE_CHARS // 3, len(line) - MAX_LINE_CHARS))
    end = start + MAX_LINE_CHARS
    return f"{'...' if start else ''}{line[start:end]}{'...' if end < len(line) else ''}"
