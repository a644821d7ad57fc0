"""File names between Python, git and people."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import PurePosixPath

from ..errors import ToolError


def joined(paths: Iterable[str]) -> bytes:
    """Paths for a git command's `-z` input."""
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def printable(path: str) -> str:
    """The path for a person or a model: nothing in it can steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in path)


def some(paths: Iterable[str], most: int = 5) -> str:
    """A few of the paths and how many more there are, for a message."""
    every = sorted(paths)
    named = ", ".join(printable(path) for path in every[:most])
    return named if len(every) <= most else f"{named} and {len(every) - most} more"


def relative(path: str | os.PathLike[str]) -> str:
    """The path in the form used here, or `ToolError`: relative, inside the tree, not in a `.git`."""
    text = os.fspath(path)
    plain = PurePosixPath(text)
    bad = plain.is_absolute() or ".." in plain.parts or not plain.parts or "\0" in text
    if bad or not storable(plain.as_posix()):
        raise ToolError(f"{printable(text)!r} is not the path of a file in the working tree.")
    return plain.as_posix()


def storable(path: str) -> bool:
    """Whether git can hold a file of this name: no part of it may be `.git`, in any case."""
    return ".git" not in path.lower().split("/")


def parents(path: str) -> list[str]:
    """The folders a path lies in, outermost first, without the top."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
