"""Which files a search leaves out, by the ignore files of the work tree; the user's own git settings have no say."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .globs import IgnoreLine, ignore_lines
from .paths import exists, head_of

_MAX_RULE_BYTES = 1_000_000

MOST_PLAIN_FILES = 50_000
"""Files of a folder outside of git that are looked at: nobody lists them there, and it may be a whole disk."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one ignore file and the folder (relative to the root, "" for the root) that they are about.

    For a folder above the root, `to_root` leads from there to the root.
    """

    folder: str
    lines: tuple[IgnoreLine, ...]
    to_root: str = ""


def visible_files(root: Path, start: str) -> Iterator[str]:
    """Regular files at or below `start`, relative to `root`, in the order of their names folder by folder.

    `.git` is never entered and no symlink followed. `start` itself is searched even if it is ignored. `.ignore` counts
    everywhere, `.gitignore` and `.git/info/exclude` only in a git work tree.
    """
    top = _top(root)
    git = top is not None
    rules = [] if top is None else _from_above(top, root)
    parts = () if start in ("", ".") else Path(start).parts
    folder = ""
    for part in parts:
        rules.extend(_of_folder(root, folder, git))
        folder = f"{folder}/{part}".lstrip("/")
    mode = (root / folder).lstat().st_mode
    if stat.S_ISREG(mode):
        yield folder
    elif stat.S_ISDIR(mode):
        yield from _walk(root, folder, tuple(rules), git)


def _top(root: Path) -> Path | None:
    """The top of the work tree that `root` is in."""
    return next((folder for folder in (root, *root.parents) if exists(folder / ".git")), None)


def _from_above(top: Path, root: Path) -> list[Rules]:
    """The rules of the work tree as a whole, and of its folders above `root`."""
    below = root.relative_to(top)
    rules = _rules(top, "", Path(".git", "info", "exclude"))
    for depth in range(len(below.parts)):
        rules.extend(_of_folder(top, Path(*below.parts[:depth]).as_posix(), git=True))
    found: list[Rules] = []
    for group in rules:
        to_root = below.relative_to(group.folder or ".").as_posix()
        found.append(replace(group, folder="", to_root="" if to_root == "." else to_root))
    return found


def _walk(root: Path, folder: str, outer: tuple[Rules, ...], git: bool) -> Iterator[str]:
    # A stack and no recursion: a hostile tree can be deeper than Python's.
    pending = [_entries(root, folder, outer, git)]
    while pending:
        found = next(pending[-1], None)
        if found is None:
            pending.pop()
        elif isinstance(found, str):
            yield found
        else:
            pending.append(_entries(root, found.folder, found.rules, git))


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder still to be entered, and the rules from above it."""

    folder: str
    rules: tuple[Rules, ...]


def _entries(
    root: Path, folder: str, outer: tuple[Rules, ...], git: bool
) -> Iterator[str | _Folder]:
    """The files and folders in `folder` that are not ignored, by name."""
    rules = (*outer, *_of_folder(root, folder, git))
    try:
        with os.scandir(root / folder) as entries:
            found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    except OSError:
        return  # unreadable folders are skipped, as ripgrep does
    for entry in found:
        path = f"{folder}/{entry.name}".lstrip("/")
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name == ".git" or _ignored(path, is_folder, rules):
            continue
        if is_folder:
            yield _Folder(path, rules)
        elif entry.is_file(follow_symlinks=False):
            yield path


def _ignored(path: str, is_folder: bool, rules: tuple[Rules, ...]) -> bool:
    """The last rule that fits decides, those of inner folders after those of outer ones."""
    for group in reversed(rules):
        inside = path[len(group.folder) :].lstrip("/") if group.folder else path
        inside = f"{group.to_root}/{inside}" if group.to_root else inside
        for line in reversed(group.lines):
            if (is_folder or not line.only_folders) and line.pattern.match(inside):
                return not line.keep
    return False


def _of_folder(root: Path, folder: str, git: bool) -> list[Rules]:
    names = (".gitignore", ".ignore") if git else (".ignore",)
    return [rules for name in names for rules in _rules(root, folder, Path(folder, name))]


def _rules(root: Path, folder: str, file: Path) -> list[Rules]:
    data = head_of(root / file, _MAX_RULE_BYTES, follow=False) or b""
    lines = tuple(ignore_lines(data.decode("utf-8", "surrogateescape")))
    return [Rules(folder, lines)] if lines else []
