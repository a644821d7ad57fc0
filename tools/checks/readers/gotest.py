"""Reads what `go test` prints: plain, verbose, and as JSON events.

Without `-v` Go does not say how many tests passed; a package that passed then counts as one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from ..model import CheckReport, Failure
from .common import build, failure, is_library, joined

_PACKAGE = re.compile(r"^(?:(ok)  \t(\S+)\t(.*)|(FAIL)\t(\S+)(?:[\t ](.*))?|(\?)   \t(\S+)\t(.*))$")
_RESULT = re.compile(r"^( *)--- (PASS|FAIL|SKIP): (\S+) \(")
_RUN = re.compile(r"^=== (RUN|PAUSE|CONT|NAME) +(\S+)")
_MESSAGE = re.compile(r"^ +([\w.-]+\.go:\d+): (.*)$")
_COMPILER = re.compile(r"^(?:vet: )?(\S+\.go:\d+):\d+: (.+)$")
_FRAME = re.compile(r"^\s+(\S+\.go):(\d+)")
_SIGNATURE = re.compile(r"^(?:ok  \t|FAIL\t|\?   \t|--- FAIL: |=== RUN )", re.MULTILINE)
_NO_TESTS = ("[no tests to run]", "[no test files]")


@dataclass(slots=True)
class _Package:
    """What was seen of one package so far; a working value of one reading."""

    results: dict[str, str] = field(default_factory=dict[str, str])
    said: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    loose: list[str] = field(default_factory=list[str])
    current: str = ""


@dataclass(slots=True)
class _Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    errors: int = 0
    failures: list[Failure] = field(default_factory=list[Failure])


def read(output: str) -> CheckReport | None:
    """The report, or None when this is not the output of `go test`."""
    lines = output.splitlines()
    if '{"' in output and '"Action":' in output:
        lines = list(_from_events(lines))
    elif not _SIGNATURE.search(output):
        return None
    tally, package = _Tally(), _Package()
    for line in lines:
        if ended := _PACKAGE.match(line):
            _close(tally, package, ended)
            package = _Package()
        elif compiled := _COMPILER.match(line):
            tally.errors += 1
            tally.failures.append(failure("build", compiled[2], compiled[1]))
        else:
            _note(package, line)
    if package.results:
        _count(tally, package, "")
    return build(
        "go test",
        passed=tally.passed,
        failed=tally.failed,
        skipped=tally.skipped,
        errors=tally.errors,
        failures=tally.failures,
    )


def _from_events(lines: Sequence[str]) -> Iterator[str]:
    """The plain verbose output that the events of `-json` carry, package after package."""
    held: dict[str, list[str]] = {}
    for line in lines:
        try:
            event: object = json.loads(line) if line.startswith("{") else None
        except (ValueError, RecursionError):
            continue
        if not isinstance(event, dict):
            continue
        fields = cast("dict[str, object]", event)
        text = str(fields.get("Output", "")).rstrip("\n")
        if fields.get("Action") == "build-output":
            yield text
        elif fields.get("Action") == "output":
            name = str(fields.get("Package", ""))
            held.setdefault(name, []).append(text)
            if _PACKAGE.match(text):
                yield from held.pop(name)
    for rest in held.values():
        yield from rest


def _note(package: _Package, line: str) -> None:
    if run := _RUN.match(line):
        package.current = run[2]
    elif result := _RESULT.match(line):
        package.results[result[3]] = result[2]
        package.current = result[3]
    elif package.current:
        package.said.setdefault(package.current, []).append(line)
    else:
        package.loose.append(line)


def _close(tally: _Tally, package: _Package, ended: re.Match[str]) -> None:
    name = ended[2] or ended[5] or ended[8]
    rest = ended[3] or ended[6] or ended[9] or ""
    before = len(tally.failures)
    _count(tally, package, name)
    if ended[1] and not package.results and not rest.endswith(_NO_TESTS):
        tally.passed += 1
    if ended[4] and len(tally.failures) == before and not rest.startswith("["):
        # The binary died outside of a test: TestMain, init, a timeout, os.Exit.
        message, place = _explain(package.loose)
        tally.errors += 1
        tally.failures.append(failure(name, message or "the test binary failed", place))
    elif ended[4] and rest.startswith("[") and not any(f.name == "build" for f in tally.failures):
        tally.errors += 1
        tally.failures.append(failure(name, rest.strip("[]"), None))


def _count(tally: _Tally, package: _Package, name: str) -> None:
    """Counts the tests that have no subtests, and the others when they failed by themselves."""
    parents = {test.rpartition("/")[0] for test in package.results}
    for test, result in package.results.items():
        said = package.said.get(test, [])
        if test in parents and not (result == "FAIL" and any(map(_MESSAGE.match, said))):
            continue
        if result == "PASS":
            tally.passed += 1
        elif result == "SKIP":
            tally.skipped += 1
        else:
            message, place = _explain(said)
            tally.failed += 1
            label = f"{test} ({name})" if name else test
            tally.failures.append(failure(label, message or "failed", place))


def _explain(lines: Sequence[str]) -> tuple[str, str | None]:
    """Message and place: a panic's with the first frame of the project, else the first `t.Error`."""
    for at, line in enumerate(lines):
        if not line.startswith(("panic: ", "fatal error: ")):
            continue
        for below in lines[at:]:
            frame = _FRAME.match(below)
            if frame and not is_library(frame[1]):
                return line, f"{frame[1]}:{frame[2]}"
        return line, None
    for at, line in enumerate(lines):
        if spoken := _MESSAGE.match(line):
            more = [below for below in lines[at + 1 :] if below.startswith("        ")]
            return joined([spoken[2], *more], most=3), spoken[1]
    return joined(lines, most=2), None
