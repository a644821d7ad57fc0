"""The files that a codemod looks at: never one that git ignores, so that a snapshot has each as it was before."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..code.languages import language_of
from ..code.rules import VERY_LARGE, by_content, by_path, by_size
from ..errors import ToolError
from ..files import File, load
from ..git.names import printable
from ..globs import glob_pattern
from ..ignore import visible_files
from ..suggest import suggestions
from ..text import Text, is_well_formed
from .faults import WILDCARD

MAX_FILES = 500_000
"""Of the whole tree: each is listed, because what an entry stands for hangs on the ignore files above it."""


@dataclass(frozen=True, slots=True)
class Found:
    """`paths` are sorted. Those that an entry names as a file are taken, whatever they are; `named` holds them."""

    paths: tuple[str, ...]
    named: frozenset[str]


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose content is text that people write. `language` is one of `LANGUAGES`, if any."""

    file: File
    text: Text
    language: str | None

    @property
    def path(self) -> str:
        return self.file.path


def find(root: Path, entries: Sequence[str]) -> Found:
    """The files that the entries stand for. Raises ToolError for an entry that stands for none."""
    visible = sorted(islice(visible_files(root, "."), MAX_FILES + 1))
    if len(visible) > MAX_FILES:
        raise ToolError(f"The tree has more than {MAX_FILES:,} files, too many for a codemod.")
    found: set[str] = set()
    named: set[str] = set()
    for entry in entries:
        path = posixpath.normpath(entry.strip())
        files = _of_entry(path, visible)
        if not files:
            raise ToolError(_missing(root, entry, path))
        found.update(files)
        if files == [path]:
            named.add(path)
    return Found(tuple(sorted(found)), frozenset(named))


def _of_entry(path: str, visible: list[str]) -> list[str]:
    if path == ".":
        return visible
    at = bisect_left(visible, path)
    if visible[at : at + 1] == [path]:
        return [path]
    first = bisect_left(visible, f"{path}/")
    last = bisect_left(visible, f"{path}0")  # what comes after a slash
    if first < last:
        return visible[first:last]
    if not WILDCARD.search(path):
        return []
    pattern = glob_pattern(path)
    return [each for each in visible if pattern.match(each)]


def _missing(root: Path, entry: str, path: str) -> str:
    said = f"{printable(entry)} is no file or folder with files that git does not ignore"
    if WILDCARD.search(path):
        return f"{said}, and as a glob matches none."
    near = [printable(each) for each in suggestions(root, path, folders=True)]
    return f"{said}." + (f" Near it: {', '.join(near)}." if near else "")


def source(root: Path, path: str, *, named: bool) -> Source | None:
    """The file as it is now; None for what nobody changes by hand (vendored, generated, binary), and for no text."""
    if not is_well_formed(path) or (by_path(path) and not named):
        return None
    try:
        file = load(root, path)
    except ToolError:  # not readable, or larger than anything that is looked at
        return None
    if file is None or file.text is None or len(file.data) > VERY_LARGE:
        return None
    if not named and (by_size(path, len(file.data)) or by_content(path, file.data)):
        return None
    return Source(file, file.text, language_of(path, file.data[:512]))
