"""Reads what jest prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..model import CheckReport, Failure
from .common import build, failure, joined, number, script_place

_TESTS = re.compile(r"^Tests: +(.*\d+ total)$", re.MULTILINE)
_NOTHING = re.compile(r"^No tests found, exiting with code \d", re.MULTILINE)
_SIGNATURE = re.compile(r"^Test Suites: +.*\d+ total$|^(?:FAIL|PASS) \S.*\n  ● ", re.MULTILINE)
_FILE = re.compile(r"^(FAIL|PASS) (?:.* )?(\S+\.[cm]?[jt]sx?)(?: \(.*\))?$")
_BLOCK = re.compile(r"^  ● (.+)$")
_BROKEN = "Test suite failed to run"
_CODE = re.compile(r"^\s*>? *\d+ \| |^\s+at ")


def read(output: str) -> CheckReport | None:
    """The report, or None when this is not jest's output."""
    tests = _TESTS.findall(output)
    if not (tests or _NOTHING.search(output) or _SIGNATURE.search(output)):
        return None
    failures = list(_failures(output.splitlines()))
    errors = sum(f.message.startswith(_BROKEN) for f in failures)
    said = tests[-1] if tests else ""
    return build(
        "jest",
        passed=number(r"(\d+) passed", said),
        failed=number(r"(\d+) failed", said) if said else len(failures) - errors,
        skipped=number(r"(\d+) skipped", said) + number(r"(\d+) todo", said),
        errors=errors,
        failures=failures,
    )


def _failures(lines: Sequence[str]) -> Iterator[Failure]:
    """One for each block below a FAIL line; large runs print the blocks twice, so each counts once."""
    seen: set[tuple[str, str]] = set()
    for path, title, block in _blocks(lines):
        if (path, title) in seen or title == "Console":
            continue
        seen.add((path, title))
        said = _said(block)
        place = script_place(block)
        if title == _BROKEN:
            yield failure(path, f"{_BROKEN}: {said}", place)
        else:
            yield failure(f"{path} > {title}", said, place)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    path: str | None = None
    title: str | None = None
    held: list[str] = []
    for line in lines:
        file, block = _FILE.match(line), _BLOCK.match(line)
        ends = file or block or line.startswith(("Test Suites:", "Summary of all"))
        if ends and path and title:
            yield path, title, held
        if ends:
            title, held = None, []
        if file:
            path = file[2] if file[1] == "FAIL" else None
        elif block:
            title = block[1]
        else:
            held.append(line)
    if path and title:
        yield path, title, held


def _said(block: Sequence[str]) -> str:
    """What is said before the excerpt of the source and the stack."""
    said: list[str] = []
    for line in block:
        if _CODE.match(line):
            break
        said.append(line)
    return joined(said)
