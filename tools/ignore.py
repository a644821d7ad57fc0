"""Which files a search leaves out, by the ignore files of the tree itself; nothing outside the tree has a say."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .globs import IgnoreLine, ignore_lines

_MAX_RULE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one ignore file and the folder (relative to the root, "" for the root) that they are about."""

    folder: str
    lines: tuple[IgnoreLine, ...]


def visible_files(root: Path, start: str) -> Iterator[str]:
    """Regular files at or below `start`, relative to `root`, in the order of their names folder by folder.

    `.git` is never entered and no symlink followed. `start` itself is searched even if it is ignored. `.ignore` counts
    everywhere, `.gitignore` and `.git/info/exclude` only in a git work tree.
    """
    git = (root / ".git").exists()
    rules: list[Rules] = []
    if git:
        rules.extend(_rules(root, "", Path(".git", "info", "exclude")))
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


def _walk(root: Path, folder: str, outer: tuple[Rules, ...], git: bool) -> Iterator[str]:
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
            yield from _walk(root, path, rules, git)
        elif entry.is_file(follow_symlinks=False):
            yield path


def _ignored(path: str, is_folder: bool, rules: tuple[Rules, ...]) -> bool:
    """The last rule that fits decides, those of inner folders after those of outer ones."""
    for group in reversed(rules):
        inside = path[len(group.folder) :].lstrip("/") if group.folder else path
        for line in reversed(group.lines):
            if (is_folder or not line.only_folders) and line.pattern.match(inside):
                return not line.keep
    return False


def _of_folder(root: Path, folder: str, git: bool) -> list[Rules]:
    names = (".gitignore", ".ignore") if git else (".ignore",)
    return [rules for name in names for rules in _rules(root, folder, Path(folder, name))]


def _rules(root: Path, folder: str, file: Path) -> list[Rules]:
    try:
        descriptor = os.open(root / file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return []
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return []
        text = opened.read(_MAX_RULE_BYTES).decode("utf-8", "surrogateescape")
    lines = tuple(ignore_lines(text))
    return [Rules(folder, lines)] if lines else []
