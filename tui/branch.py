"""The branch that is checked out in a work tree, from its files alone: nothing of git is run for it."""

from __future__ import annotations

import re
from pathlib import Path

from ..tools.errors import ToolError
from ..tools.paths import read_bytes
from .text import one_line

_MOST = 4096
"""Bytes of a file that is looked at: a HEAD of git's has less."""
_HEADS = "refs/heads/"
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NOT_HERE = ".invalid"
"""What stands in HEAD where a repository keeps its references in tables instead of files."""


def branch_of(root: Path) -> str:
    """`main`, or `at 1a2b3c4` on no branch; "" where there is no repository, or none that can be read."""
    try:
        folder = _git_folder(root)
        head = _head(folder)
    except (ToolError, OSError, ValueError):
        return ""
    if _COMMIT.fullmatch(head):
        return f"at {head[:7]}"
    name = head.removeprefix("ref:").strip()
    if not name.startswith(_HEADS):
        return ""
    name = one_line(name.removeprefix(_HEADS))
    return "" if name == _NOT_HERE else name


def _git_folder(root: Path) -> Path:
    """Of this work tree; in a linked one `.git` is a file that says where it is."""
    place = root / ".git"
    if place.is_dir():
        return place
    text = _text(root, ".git")
    if not text.startswith("gitdir:"):
        raise ValueError(".git says nothing")
    return root / text.removeprefix("gitdir:").strip()


def _head(folder: Path) -> str:
    head = folder / "HEAD"
    if head.is_symlink():  # as very old repositories have it
        return f"ref: {head.readlink()}"
    return _text(folder, "HEAD")


def _text(folder: Path, name: str) -> str:
    return read_bytes(folder, name, _MOST).decode("utf-8", "replace").strip()
