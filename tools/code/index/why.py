"""Why a file is in the index or not, in a sentence for a person."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ...git.names import parents, printable
from ...git.repository import Repository
from ...git.run import GitResult, run_git
from ...ignore import visible_files
from ...paths import is_git_internal
from ..languages import LANGUAGES
from .content import Content, Reader


async def why(at: Repository | Path, path: str) -> str:
    """Why the file at `path`, absolute or relative to the top, is in the map's reach or not. `at` is a repository, or
    a folder without one. Any path has an answer.
    """
    root = at if isinstance(at, Path) else at.root
    shown = printable(path)
    relative = _relative(root, path)
    if relative is None:
        return f"{shown} is outside of {printable(str(root))}, and nothing there is looked at."
    if relative == ".":
        return f"{shown} is the folder that is looked at. Ask about a file in it."
    if is_git_internal(relative):
        return f"{shown} is part of git's own data, which is never looked at."
    for folder in parents(relative):
        if stat.S_ISLNK(_mode(root / folder)):
            return f"{shown} is out: it lies behind {printable(folder)}, a symbolic link, and links are not followed."
    mode = _mode(root / relative)
    if not mode:
        return await _missing(at, relative, shown)
    if stat.S_ISLNK(mode):
        return f"{shown} is out: it is a symbolic link, and links are not followed."
    for folder in (*parents(relative), *([relative] if stat.S_ISDIR(mode) else [])):
        if _mode(root / folder / ".git") and not isinstance(at, Path):
            return await _foreign(at, folder, shown)
    if stat.S_ISDIR(mode):
        return f"{shown} is a folder. Ask about a file in it."
    if not stat.S_ISREG(mode):
        return f"{shown} is out: it is a pipe, a socket or a device, and no file."
    return await _regular(at, root, relative, shown)


async def _regular(at: Repository | Path, root: Path, path: str, shown: str) -> str:
    if isinstance(at, Path):
        if path not in visible_files(root, ""):
            return f"{shown} is out: an ignore file names it."
    elif await at.is_ignored([path]):
        return f"{shown} is out: git ignores it."
    with Reader(root) as reader:
        content = reader.inspect(path)
    if content is None:
        return f"{shown} changed while it was looked at. Ask again."
    if content.left_out is not None:
        return f"{shown} is listed, but neither parsed nor shown: {content.left_out}."
    return f"{shown} is in, as {_called(content)}."


def _called(content: Content) -> str:
    if content.language is None:
        return "text of no language that is parsed: its words count, and it can be shown whole"
    return f"{LANGUAGES[content.language].name}: its symbols and references are known"


async def _missing(at: Repository | Path, path: str, shown: str) -> str:
    if not isinstance(at, Path):
        tag, _ = await _entry(at, path)
        if tag == "S":
            return f"{shown} is out: it is not part of the sparse checkout."
        if tag:
            return f"{shown} is out: git knows it, but it is gone from the disk."
    return f"{shown} does not exist."


async def _foreign(at: Repository, folder: str, shown: str) -> str:
    _, mode = await _entry(at, folder)
    what = "a submodule" if mode == "160000" else "a repository of its own"
    inside = f"it lies in {printable(folder)}, {what}" if shown != folder else f"it is {what}"
    return f"{shown} is out: {inside}. Start in there to work on it."


async def _entry(at: Repository, path: str) -> tuple[str, str]:
    """How git's index has a path: its tag and mode, empty if it has not."""
    found: GitResult = await run_git(at.place, "ls-files", "-z", "-t", "--stage", "--", path)
    for item in found.items:
        facts, _, name = item.partition("\t")
        if name == path:
            tag, mode, *_ = facts.split(" ")
            return tag, mode
    return "", ""


def _relative(root: Path, path: str) -> str | None:
    """The path below the root, by spelling alone; None for one that is not, or can't be, below it."""
    if "\0" in path or not path:
        return None
    plain = os.path.normpath(root / path)
    for base in (os.path.normpath(root), os.path.realpath(root)):
        if plain == base:
            return "."
        if plain.startswith(base.rstrip("/") + "/"):
            return plain[len(base.rstrip("/")) + 1 :]
    return None


def _mode(path: Path) -> int:
    """0 where there is nothing."""
    try:
        return path.lstat().st_mode
    except (OSError, ValueError):
        return 0
