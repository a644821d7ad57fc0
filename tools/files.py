"""Files as the reading and writing tools share them: found, loaded, compared with what the model knows."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import ToolError
from .paths import read_bytes, resolve_inside
from .text import Text, decode, is_well_formed

MAX_FILE_BYTES = 20_000_000
"""More is for the shell: it would be read, hashed and decoded whole for a few lines."""


@dataclass(frozen=True, slots=True)
class File:
    """A file's bytes, their sha256 as hex, and the text they are, if any."""

    path: str
    data: bytes
    digest: str
    text: Text | None


def declared_path(text: str) -> str:
    """`text` as an effect: `.` and `..` taken away by spelling. Without the root, absolute stays absolute."""
    return posixpath.normpath(text) if text.strip() else "."


def relative_path(root: Path, text: str) -> str:
    """`text` relative to `root`, "." for the root itself. ToolError if it is elsewhere."""
    if not is_well_formed(text):
        raise ToolError("The path has half of a surrogate pair, which no file name has.")
    return resolve_inside(root, text).relative_to(root).as_posix()


def load(root: Path, path: str) -> File | None:
    """The file at `path` (from `relative_path`), or None if there is none. ToolError if it is no readable file."""
    try:
        data = read_bytes(root, path, MAX_FILE_BYTES)
    except ToolError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
    return File(path, data, digest(data), decode(data))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_known(file: File, seen: Mapping[str, str]) -> bool:
    """Whether the model has seen `file`; ToolError if what it saw is no longer what is there."""
    known = seen.get(file.path)
    if known is not None and known != file.digest:
        raise ToolError(f"{file.path} has changed on disk since you saw it. Read it again first.")
    return known is not None


def count_lines(text: str) -> int:
    """Lines as an editor counts them: a last line without a line end is one too."""
    return text.count("\n") + (not text.endswith("\n") and bool(text))


def plural(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
