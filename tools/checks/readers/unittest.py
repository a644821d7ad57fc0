"""Reads what Python's unittest prints, and the runners built on it (Django's among them)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..model import CheckReport, Failure
from .common import build, failure, number, python_traceback

_RAN = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
_VERDICT = re.compile(
    r"^(?:OK|FAILED|NO TESTS RAN)(?: \(([^)\n]*)\))?$|^(?:OK|FAILED)$", re.MULTILINE
)
_HEADING = re.compile(r"^(FAIL|ERROR|UNEXPECTED SUCCESS): (.+)$")
_RULE = re.compile(r"^[=-]{70}$")
_DOTTED = re.compile(r"^(\w+) \(([\w.]+)\)(.*)$")


def read(output: str) -> CheckReport | None:
    """The report, or None when this is not unittest's output."""
    ran = _RAN.findall(output)
    failures = list(_failures(output.splitlines()))
    if not ran:
        return None
    verdicts = [match[1] or "" for match in _VERDICT.finditer(output)]
    said = verdicts[-1] if verdicts else ""
    failed = number(r"(?<!expected )failures=(\d+)", said) + number(r"successes=(\d+)", said)
    errors = number(r"errors=(\d+)", said)
    skipped = number(r"skipped=(\d+)", said) + number(r"expected failures=(\d+)", said)
    # A failing setUpClass is an error that was not counted among the tests that ran.
    outside = sum("setUpClass" in f.name or "setUpModule" in f.name for f in failures)
    passed = max(0, int(ran[-1]) - failed - max(0, errors - outside) - skipped)
    return build(
        "unittest", passed=passed, failed=failed, skipped=skipped, errors=errors, failures=failures
    )


def _failures(lines: Sequence[str]) -> Iterator[Failure]:
    name: str | None = None
    held: list[str] = []
    for at, line in enumerate(lines):
        heading = _HEADING.match(line)
        above = lines[at - 1] if at else ""
        if heading and _RULE.match(above) and above[0] == "=":
            if name:
                yield failure(name, *python_traceback(held))
            name, held = _name(heading[2]), []
        elif line.startswith("Ran ") and name:
            yield failure(name, *python_traceback(held))
            name = None
        elif not _RULE.match(line):
            held.append(line)


def _name(heading: str) -> str:
    """`test_x (pkg.Case.test_x) (n=2)` as `pkg.Case.test_x (n=2)`; older Pythons leave the last out."""
    parts = _DOTTED.match(heading)
    if "_FailedTest" in heading:
        return heading.partition(" (")[0]
    if not parts:
        return heading
    method, owner, rest = parts.groups()
    if method in ("setUpClass", "tearDownClass", "setUpModule", "tearDownModule"):
        return f"{method} of {owner}{rest}"
    return f"{owner if owner.endswith(method) else f'{owner}.{method}'}{rest}"
