"""Pointing out where a change makes the tests ask less, so that "green" cannot be had that way.

A change may have good reasons for any of this; the person is told and decides. False alarms make
that worthless, so tests that were renamed or moved are followed, and what is often right (a changed
expected value, a new test that is skipped) is marked `soft`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from .model import FileChange, Weakening
from .weakening_case import Case, match, weaker
from .weakening_lines import line_cases
from .weakening_python import python_cases
from .weakening_settings import weakened_settings

__all__ = ["FileChange", "Weakening", "is_test_file", "weakened_tests"]

_FOLDERS = frozenset(["test", "tests", "__tests__", "spec", "specs", "e2e", "testing"])
_SCRIPTS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")


def weakened_tests(changes: Sequence[FileChange]) -> tuple[Weakening, ...]:
    """What a whole change takes away from the tests, by path and line; pure."""
    before: list[Case] = []
    after: list[Case] = []
    for change in changes:
        if change.before != change.after and is_test_file(change.path, change):
            old, new = _cases(change.path, change.before), _cases(change.path, change.after)
            # What cannot be read on one side tells nothing about the other.
            if old is not None and new is not None:
                before += old
                after += new
    found = [*_of_tests(changes, before, after)]
    for change in changes:
        if change.before != change.after:
            found += weakened_settings(change)
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda w: (w.path, w.line or 0, w.soft, w.what)))


def is_test_file(path: str, change: FileChange | None = None) -> bool:
    """Whether a file holds tests, by name and folder; for Rust, where they live in the code, by text."""
    pure = PurePosixPath(path)
    name = pure.name
    inside = bool(_FOLDERS.intersection(pure.parts[:-1]))
    if pure.suffix == ".py":
        named = name.startswith("test") or pure.stem.endswith(("_test", "_tests"))
        return named or inside or name == "conftest.py"
    if pure.suffix == ".go":
        return name.endswith("_test.go")
    if pure.suffix == ".rs":
        texts = (change.before, change.after) if change else ()
        return inside or any("test]" in (text or "") for text in texts)
    parts = name.split(".")
    return pure.suffix in _SCRIPTS and (inside or bool({"test", "spec"}.intersection(parts[1:-1])))


def _cases(path: str, text: str | None) -> list[Case] | None:
    if text is None:
        return []
    return python_cases(path, text) if path.endswith(".py") else line_cases(path, text)


def _of_tests(
    changes: Sequence[FileChange], before: Sequence[Case], after: Sequence[Case]
) -> Iterator[Weakening]:
    matched = match(before, after)
    for old, new in matched.pairs:
        yield from weaker(old, new)
    yield from _gone(changes, before, matched.gone)
    for case in matched.new:
        for mark in case.marks:
            yield Weakening(case.path, mark.line, f"{mark.what} in {case.name}, which is new", True)


def _gone(
    changes: Sequence[FileChange], before: Sequence[Case], gone: Sequence[Case]
) -> Iterator[Weakening]:
    deleted = {change.path for change in changes if change.after is None}
    for path in sorted({case.path for case in gone}):
        lost = [case for case in gone if case.path == path]
        held = sum(case.is_test and case.path == path for case in before)
        if path in deleted and len(lost) == held:
            count = "1 test" if held == 1 else f"{held} tests"
            yield Weakening(path, None, f"test file deleted ({count})")
        else:
            yield from (Weakening(path, c.line, f"test deleted: {c.name}") for c in lost)
