"""The folders of a tree that hold projects of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from shlex import quote

from .model import Check

MAX_DEPTH = 3
"""Folders below the root that are looked into for projects of their own."""

Read = Callable[[str], str | None]
"""The text of a file by its path in the listing; None when it is missing or no text."""

_NOT_OURS = frozenset(
    [
        "node_modules",
        "vendor",
        "third_party",
        ".venv",
        "venv",
        "env",
        "site-packages",
        "build",
        "dist",
        "target",
        "out",
        "fixtures",
        "__fixtures__",
        "testdata",
        "templates",
        "examples",
        "example",
        "samples",
        "demo",
        "demos",
        "docs",
        "test",
        "tests",
        "spec",
        "__tests__",
        ".git",
        ".tox",
        "bench",
        "benchmarks",
    ]
)
"""Folders whose projects are somebody else's, made by a build, or material for tests."""

_MANIFESTS = frozenset(
    [
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "pytest.ini",
        "tox.ini",
        "package.json",
        "go.mod",
        "Cargo.toml",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "gradlew",
    ]
)


def project_folders(files: Sequence[str]) -> list[str]:
    """The root, then folders with a manifest of their own, the shallow ones first."""
    homes: set[str] = set()
    for file in files:
        path = PurePosixPath(file)
        parents = path.parts[:-1]
        inside = 0 < len(parents) <= MAX_DEPTH and not _NOT_OURS.intersection(parents)
        if inside and path.name in _MANIFESTS:
            homes.add(str(path.parent))
    return [".", *sorted(homes, key=lambda home: (home.count("/"), home))]


def below(files: Sequence[str], folder: str) -> list[str]:
    start = f"{folder}/"
    return [file.removeprefix(start) for file in files if file.startswith(start)]


def reader_in(folder: str, read: Read) -> Read:
    return read if folder == "." else lambda path: read(f"{folder}/{path}")


def moved_to(folder: str, check: Check) -> Check:
    if folder == ".":
        return check
    return Check(f"cd {quote(folder)} && {check.command}", check.kind, f"{folder}/{check.source}")
