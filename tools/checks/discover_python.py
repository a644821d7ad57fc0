"""How a Python project is tested: pytest or unittest, and with which interpreter."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import cast

from .model import Check

Read = Callable[[str], str | None]

_MAX_READ = 20
"""Test files that are looked into to tell pytest from unittest."""
_ELSEWHERE = frozenset(
    [
        "node_modules",
        "vendor",
        "third_party",
        "site-packages",
        ".venv",
        "venv",
        "env",
        "fixtures",
        "testdata",
        "build",
        "dist",
        "templates",
        "examples",
        ".git",
        ".tox",
    ]
)
_INI = (
    ("pytest.ini", re.compile(r"^\[pytest\]", re.MULTILINE)),
    (".pytest.ini", re.compile(r"^\[pytest\]", re.MULTILINE)),
    ("tox.ini", re.compile(r"^\[pytest\]", re.MULTILINE)),
    ("setup.cfg", re.compile(r"^\[tool:pytest\]", re.MULTILINE)),
)
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
_IN_LOCK = re.compile(r'^(?:name = "pytest"|\s*"pytest": \{)', re.MULTILINE)
_REQUIREMENT = re.compile(r"^\s*pytest(?:[\[\s=<>!~;]|$)", re.MULTILINE)
_IMPORTS_PYTEST = re.compile(r"^\s*(?:import pytest|from pytest\b)", re.MULTILINE)
_IMPORTS_UNITTEST = re.compile(
    r"^\s*(?:import unittest|from unittest\b|from django\.test\b)", re.MULTILINE
)


def python_check(files: Sequence[str], read: Read, outer: str = "python3") -> Check | None:
    """pytest where something speaks for it or plain test functions need it, else unittest.

    What speaks for pytest: its own configuration, a requirement or a lock file that names it, a
    `conftest.py`, a test that imports it. Without any of that, and with test files that all build
    on unittest, `unittest discover` is used, which needs nothing to be installed. `outer` is the
    interpreter to fall back on, that of the whole tree.
    """
    tests = _test_files(files)
    source = _pytest_source(frozenset(files), files, read)
    if source is None and not tests:
        return None
    python = interpreter(files, read, outer)
    texts = [read(path) or "" for path in tests[:_MAX_READ]]
    if source is None:
        users = [p for p, text in zip(tests, texts, strict=False) if _IMPORTS_PYTEST.search(text)]
        source = users[0] if users else None
    if source is None and texts and all(_IMPORTS_UNITTEST.search(text) for text in texts):
        return Check(f"{python} -m unittest {_discover(files, tests)}", "unittest", tests[0])
    # A project may be set up for pytest and hold no test yet; that run says "no tests ran".
    return Check(f"{python} -m pytest -q", "pytest", source or tests[0])


def interpreter(files: Iterable[str], read: Read, outer: str = "python3") -> str:
    """The interpreter of the environment that lies in the tree, else `outer`.

    An environment is seldom tracked, so its own `pyvenv.cfg` is asked for as well. A lock file of
    uv or poetry without such a folder tells which packages are meant, not where they are.
    """
    listed = frozenset(files)
    for folder in (".venv", "venv"):
        python = f"{folder}/bin/python"
        if python in listed or read(f"{folder}/pyvenv.cfg") is not None:
            return python
    return outer


def _test_files(files: Sequence[str]) -> list[str]:
    found: list[str] = []
    for file in files:
        path = PurePosixPath(file)
        named = path.name.startswith("test") or path.name.endswith("_test.py")
        if path.suffix == ".py" and named and not _ELSEWHERE.intersection(path.parts):
            in_tests = {"test", "tests"}.intersection(path.parts[:-1])
            if path.name.startswith("test_") or path.name.endswith("_test.py") or in_tests:
                found.append(file)
    return sorted(found, key=lambda file: (file.count("/"), file))


def _pytest_source(names: frozenset[str], files: Sequence[str], read: Read) -> str | None:
    for file, section in _INI:
        if file in names and section.search(read(file) or ""):
            return file
    if "pyproject.toml" in names and _pyproject_names_pytest(read("pyproject.toml") or ""):
        return "pyproject.toml"
    for file in files:
        path = PurePosixPath(file)
        if path.name == "conftest.py" and not _ELSEWHERE.intersection(path.parts):
            return file
    requirements = [f for f in files if re.fullmatch(r"(?:requirements/)?[\w.-]*\.(?:txt|in)", f)]
    for file in [name for name in requirements if "require" in name or "dev" in name][:8]:
        if _REQUIREMENT.search(read(file) or ""):
            return file
    return next((f for f in _LOCKS if f in names and _IN_LOCK.search(read(f) or "")), None)


def _pyproject_names_pytest(text: str) -> bool:
    try:
        return _names_pytest(tomllib.loads(text))
    except (ValueError, RecursionError):  # the first also for a number of too many digits
        return False


def _names_pytest(value: object) -> bool:
    """Whether a table is called `pytest`, or a list (of requirements, of whatever kind) holds it."""
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        return "pytest" in table or any(map(_names_pytest, table.values()))
    if isinstance(value, list):
        entries = cast("list[object]", value)
        return any(
            _REQUIREMENT.match(entry) is not None
            if isinstance(entry, str)
            else _names_pytest(entry)
            for entry in entries
        )
    return False


def _discover(files: Sequence[str], tests: Sequence[str]) -> str:
    """Arguments for `unittest`: a folder that is no package must be named to be searched."""
    packages = {str(PurePosixPath(f).parent) for f in files if f.endswith("__init__.py")}
    reached = all(
        str(parent) in packages or str(parent) == "."
        for test in tests
        for parent in PurePosixPath(test).parents
    )
    if all(test.endswith("_test.py") for test in tests):
        pattern = ' -p "*_test.py"'
    elif any(not PurePosixPath(test).name.startswith("test") for test in tests):
        pattern = ' -p "*test*.py"'
    else:
        pattern = ""
    tops = {test.split("/")[0] for test in tests}
    if not reached and len(tops) == 1 and "/" in tests[0]:
        return f"discover -s {tops.pop()}{pattern}"
    return f"discover{pattern}"
