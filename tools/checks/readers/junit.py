"""Reads JUnit XML, which comes from the tree and is therefore parsed with suspicion."""

from __future__ import annotations

import re
from xml.parsers import expat

from ..model import CheckReport, Failure
from .common import build, failure, is_library, joined

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_TEXT = 20_000

_PLACE = re.compile(r'(?:File "([^"\n]+)", line (\d+)|([^\s:()"]+\.\w+)(?::|\()(\d+))')
_BAD = ("failure", "error")


class _RefusedError(Exception):
    """The document holds something that a report of tests has no need of."""


def read_junit(data: bytes) -> CheckReport | None:
    """The report of a JUnit XML document, or None when it is none or not safe to read.

    Refused are documents over `MAX_BYTES`, deeper than `MAX_DEPTH`, and with a document type or an
    entity declaration: those are what makes XML expand, or read other files.
    """
    if len(data) > MAX_BYTES:
        return None
    cases = _Cases()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = cases.start
    parser.EndElementHandler = cases.end
    parser.CharacterDataHandler = cases.text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, _RefusedError, LookupError, ValueError):
        return None
    if not cases.is_junit:
        return None
    return build(
        "JUnit XML",
        passed=cases.passed,
        failed=cases.failed,
        skipped=cases.skipped,
        errors=cases.errors,
        failures=cases.failures,
    )


def _refuse(*_: object) -> None:
    raise _RefusedError


class _Cases:
    """Collects test cases while the parser walks the document."""

    def __init__(self) -> None:
        self.is_junit = False
        self.passed = self.failed = self.skipped = self.errors = 0
        self.failures: list[Failure] = []
        self._depth = 0
        self._case: dict[str, str] | None = None
        self._verdict: str = ""
        self._message = ""
        self._body: list[str] = []
        self._room = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _RefusedError
        if self._depth == 1:
            self.is_junit = name in ("testsuite", "testsuites")
        elif name == "testcase":
            self._case, self._verdict = attributes, ""
        elif self._case is not None and name in _BAD and self._verdict not in _BAD:
            self._verdict = name
            self._message = attributes.get("message", "") or attributes.get("type", "")
            self._body, self._room = [], MAX_TEXT
        elif self._case is not None and name == "skipped":
            self._verdict = self._verdict or name

    def text(self, data: str) -> None:
        if self._room > 0:
            self._body.append(data[: self._room])
            self._room -= len(data)

    def end(self, name: str) -> None:
        self._depth -= 1
        if name in _BAD:
            self._room = 0
        if name != "testcase" or self._case is None:
            return
        self.failed += self._verdict == "failure"
        self.errors += self._verdict == "error"
        self.skipped += self._verdict == "skipped"
        self.passed += not self._verdict
        if self._verdict in _BAD:
            self.failures.append(self._failure(self._case))
        self._case = None

    def _failure(self, case: dict[str, str]) -> Failure:
        body = "".join(self._body)
        owner = case.get("classname", "")
        name = case.get("name", "")
        place: str | None = None
        for spot in _PLACE.finditer(body):
            path, line = spot[1] or spot[3], spot[2] or spot[4]
            if not is_library(path):
                place = f"{path}:{line}"
        if place is None and case.get("file") and case.get("line", "").isdigit():
            place = f"{case['file']}:{case['line']}"
        message = joined((self._message or body).splitlines())
        return failure(f"{owner}.{name}" if owner else name, message, place)
