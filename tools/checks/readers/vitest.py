"""Reads what vitest prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..model import CheckReport, Failure
from .common import build, failure, joined, number, script_place

_WORDS = r"(?:failed|passed|skipped|todo|expected fail)"
_TESTS = re.compile(rf"^ +Tests +((?:\d+ {_WORDS}(?: \| )?)+.*|no tests)$", re.MULTILINE)
_ERRORS = re.compile(r"^ +Errors +(\d+) errors?$", re.MULTILINE)
_NOTHING = re.compile(r"^No test files found, exiting with code \d", re.MULTILINE)
_SIGNATURE = re.compile(r"^ (?:RUN|DEV)  v\d|^⎯+ Failed (?:Tests|Suites) \d+ ⎯+$", re.MULTILINE)
_FAIL = re.compile(r"^ FAIL  (.+)$")
_SUITE = re.compile(r"^(?:\|.*\| )?(\S+) \[ .* \]$")
_RULE = re.compile(r"^⎯{3,}")
_UNHANDLED = re.compile(r"^⎯+ (?:Unhandled|Uncaught) \w+ ⎯+$")
_ROW = re.compile(r"^ +\u00d7 (.+?)(?: \d+ms)?$")


def read(output: str) -> CheckReport | None:
    """The report, or None when this is not vitest's output."""
    tests = _TESTS.findall(output)
    if not (tests or _NOTHING.search(output) or _SIGNATURE.search(output)):
        return None
    lines = output.splitlines()
    blocks = list(_blocks(lines))
    failures = [_failure(title, block) for title, block in blocks]
    suites = sum(_SUITE.match(title) is not None for title, _ in blocks)
    if not failures:
        failures = [failure(row[1], "", None) for line in lines if (row := _ROW.match(line))]
    said = tests[-1] if tests else ""
    return build(
        "vitest",
        passed=number(r"(\d+) passed", said),
        failed=number(r"(\d+) failed", said) if said else len(failures) - suites,
        skipped=sum(number(rf"(\d+) {w}", said) for w in ("skipped", "todo", "expected fail")),
        errors=suites + number(_ERRORS.pattern, output),
        failures=failures,
    )


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    title: str | None = None
    held: list[str] = []
    for line in lines:
        ends = _FAIL.match(line) or _RULE.match(line)
        if ends and title and (held or _RULE.match(line)):
            yield title, held
        if fail := _FAIL.match(line):
            title, held = fail[1], []
        elif _UNHANDLED.match(line):
            title, held = "unhandled error", []
        elif ends:
            title = None
        else:
            held.append(line)
    if title:
        yield title, held


def _failure(title: str, block: Sequence[str]) -> Failure:
    suite = _SUITE.match(title)
    said: list[str] = []
    for line in block:
        if line.startswith((" \u276f", "- Expected", "+ Received")):
            break
        said.append(line)
    return failure(suite[1] if suite else title, joined(said, most=2), script_place(block))
