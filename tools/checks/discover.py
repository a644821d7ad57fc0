"""Finding how a project is tested, from a listing of its files and a few of their texts.

The rule: the root before folders below it, and a language's own runner before `make`. In each
folder Python, JavaScript, Go, Rust and the JVM are looked for in that order; each language gives
one check. A folder below the root gives one only where the root's check of that language does not
reach: a nested Go module, a crate or package outside the root's workspace, a Python project when
the root has none. `make test` (or `make check`) is used when nothing else was found. At most
`MAX_CHECKS` are returned, in this order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .discover_node import node_check
from .discover_python import interpreter, python_check
from .folders import Read, below, moved_to, project_folders, reader_in
from .model import Check

MAX_CHECKS = 4
_PYTHON_MANIFESTS = frozenset(
    ["pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", "conftest.py"]
)
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_MAKE_TARGET = re.compile(r"^(test|check)\s*:(?![=:])", re.MULTILINE)


def find_checks(files: Sequence[str], read: Read) -> tuple[Check, ...]:
    """The checks of a project, by the rule above; pure over `files` (relative, with `/`) and `read`."""
    folders = project_folders(files)
    root_python = interpreter(files, read)
    found: list[tuple[str, Check]] = []
    for folder in folders:
        listing = _without_nested_python(files, folders) if folder == "." else below(files, folder)
        python = root_python if folder == "." else _from(folder, root_python)
        for language, check in _in_folder(listing, reader_in(folder, read), python):
            known = [seen for seen, _ in found]
            if folder != "." and language in known and not _stands_alone(language, read):
                continue
            found.append((language, moved_to(folder, check)))
    if not found and (make := _make(frozenset(files), read)):
        found.append(("make", make))
    return tuple(check for _, check in found[:MAX_CHECKS])


def _without_nested_python(files: Sequence[str], folders: Sequence[str]) -> Sequence[str]:
    """The root's files; Python projects below a root that is none itself answer for their own."""
    if _PYTHON_MANIFESTS.intersection(files):
        return files
    listed = frozenset(files)
    nested = tuple(
        f"{folder}/"
        for folder in folders[1:]
        if any(f"{folder}/{name}" in listed for name in _PYTHON_MANIFESTS)
    )
    return [file for file in files if not file.startswith(nested)] if nested else files


def _from(folder: str, python: str) -> str:
    """The root's interpreter as a command started in `folder` reaches it."""
    return "../" * (folder.count("/") + 1) + python if "/" in python else python


def _in_folder(files: Sequence[str], read: Read, python: str) -> list[tuple[str, Check]]:
    names = frozenset(files)
    found = (
        ("python", python_check(files, read, python)),
        ("node", node_check(names, read)),
        ("go", Check("go test ./...", "go", "go.mod") if "go.mod" in names else None),
        ("rust", _cargo(names, read)),
        ("jvm", _jvm(names)),
    )
    return [(language, check) for language, check in found if check]


def _stands_alone(language: str, read: Read) -> bool:
    """Whether a nested project is out of the reach of the check that the root has."""
    if language == "go":
        return True
    if language == "rust":
        return "[workspace" not in (read("Cargo.toml") or "")
    return False


def _cargo(names: frozenset[str], read: Read) -> Check | None:
    if "Cargo.toml" not in names:
        return None
    text = read("Cargo.toml") or ""
    # With a root package, `cargo test` alone leaves the other members out.
    both = re.search(r"^\[workspace", text, re.MULTILINE) and "[package]" in text
    return Check("cargo test --workspace" if both else "cargo test", "cargo", "Cargo.toml")


def _jvm(names: frozenset[str]) -> Check | None:
    rows = (
        ("gradlew", "./gradlew test", "gradle"),
        ("build.gradle", "gradle test", "gradle"),
        ("build.gradle.kts", "gradle test", "gradle"),
        ("mvnw", "./mvnw -q test", "maven"),
        ("pom.xml", "mvn -q test", "maven"),
    )
    return next((Check(command, kind, file) for file, command, kind in rows if file in names), None)


def _make(names: frozenset[str], read: Read) -> Check | None:
    makefile = next((name for name in _MAKEFILES if name in names), None)
    targets = _MAKE_TARGET.findall((read(makefile) if makefile else None) or "")
    if makefile is None or not targets:
        return None
    return Check("make test" if "test" in targets else "make check", "make", makefile)
