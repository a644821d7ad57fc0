"""Existing paths that somebody may have meant by one that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from .ignore import visible_files

MAX_FILES = 20_000
"""Looked at; in larger trees those that come first by name."""
_MOST = 3


def suggestions(root: Path, path: str, folders: bool = False) -> list[str]:
    """At most three paths of files: those with the same name elsewhere, else those spelled most like it.

    With `folders` also of folders that hold such files.
    """
    files = list(islice(visible_files(root, "."), MAX_FILES))
    if folders:
        files = [*_folders(files), *files]
    name = path.rpartition("/")[2].casefold()
    same = [file for file in files if file.rpartition("/")[2].casefold() == name]
    if same:
        # The same name in the most similar folder first.
        same.sort(key=lambda file: -difflib.SequenceMatcher(None, file, path).ratio())
        return same[:_MOST]
    close = difflib.get_close_matches(path, files, _MOST, 0.75)
    if close:
        return close
    by_name: dict[str, str] = {}
    for file in files:
        by_name.setdefault(file.rpartition("/")[2], file)
    names = difflib.get_close_matches(path.rpartition("/")[2], by_name, _MOST, 0.75)
    return [by_name[name] for name in names]


def missing(root: Path, path: str, folders: bool = False) -> str:
    """A sentence for the model that `path` does not exist, with what may have been meant."""
    found = suggestions(root, path, folders)
    return f"{path} does not exist." + (f" Near it: {', '.join(found)}." if found else "")


def _folders(files: Sequence[str]) -> list[str]:
    """All folders above `files`, once each."""
    found: dict[str, None] = {}
    for file in files:
        folder = file.rpartition("/")[0]
        while folder and folder not in found:
            found[folder] = None
            folder = folder.rpartition("/")[0]
    return list(found)
