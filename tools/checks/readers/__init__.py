"""Reading the output of a check: which runner speaks, what it says, and that both agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

from ..model import CheckReport
from . import cargo, generic, gotest, jest, mocha, nodetest, pytest, tap, unittest, vitest
from .common import MAX_FAILURES
from .junit import read_junit
from .lint import problems

__all__ = ["read_junit", "read_output"]

MAX_OUTPUT = 4_000_000
"""Characters that are read; of more, the head and the tail, where runners say what matters."""
MAX_LINE = 2_000

Reader = Callable[[str], CheckReport | None]

_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (re.compile(r"\b(?:pytest|py\.test)\b"), pytest.read),
    (re.compile(r"\bunittest\b|\bmanage\.py test\b"), unittest.read),
    (re.compile(r"\bjest\b"), jest.read),
    (re.compile(r"\bvitest\b"), vitest.read),
    (re.compile(r"\bnode\b.* --test\b"), nodetest.read),
    (re.compile(r"\bmocha\b"), mocha.read),
    (re.compile(r"\bgo test\b"), gotest.read),
    (re.compile(r"\bcargo\b.* test\b"), cargo.read),
)
_COMPOUND = re.compile(r"[;&|\n]")


def read_output(command: str, output: str, exit_code: int) -> CheckReport:
    """What a check said. `output` is both streams together, free of ANSI codes, perhaps cut short.

    The runner is known by the shape of its output. Its name in the command narrows the choice (the
    output of a failing test may well quote another runner), unless several commands were joined;
    then every runner that speaks is read and the counts are added up. An exit code other than 0
    never gives a green report, and neither does an exit code of 0 below a failure.
    """
    text = _bounded(output)
    reports = _reports(command, text)
    if not reports:
        return generic.read(text, exit_code)
    report = reports[0] if len(reports) == 1 else _sum(reports)
    if exit_code == 0 or report.failed or report.errors:
        return report
    return _with_exit_code(report, text, exit_code)


def _reports(command: str, text: str) -> list[CheckReport]:
    if text.lstrip().startswith(("<?xml", "<testsuite")):
        junit = read_junit(text.strip().encode())
        if junit:
            return [junit]
    if not _COMPOUND.search(command):
        for named, reader in _READERS:
            if named.search(command) and (report := reader(text)):
                return [report]
    spoken = [reader(text) for _, reader in _READERS]
    found = [report for report in spoken if report]
    # TAP is read last and alone: it is what several of the others can print too.
    if not found and (plain := tap.read(text)):
        found = [plain]
    return found


def _bounded(output: str) -> str:
    """The output without what would make reading it slow: endless length and endless lines."""
    text = output.replace("\r\n", "\n")
    if len(text) > MAX_OUTPUT:
        half = MAX_OUTPUT // 2
        text = f"{text[:half]}\n{text[-half:]}"
    if len(max(text.split("\n"), key=len)) <= MAX_LINE:
        return text
    return "\n".join(line[:MAX_LINE] for line in text.split("\n"))


def _sum(reports: Sequence[CheckReport]) -> CheckReport:
    names = [report.framework or "" for report in reports]
    return CheckReport(
        framework=" and ".join(names),
        passed=sum(report.passed for report in reports),
        failed=sum(report.failed for report in reports),
        skipped=sum(report.skipped for report in reports),
        errors=sum(report.errors for report in reports),
        failures=tuple(chain.from_iterable(r.failures for r in reports))[:MAX_FAILURES],
        ran_nothing=all(report.ran_nothing for report in reports),
    )


def _with_exit_code(report: CheckReport, text: str, exit_code: int) -> CheckReport:
    """The runner counted nothing bad, yet the command failed: something beside the tests did.

    What that was is named only where it names its place, as linters do. Otherwise one error is counted and none
    named: any line that was picked from the output would be a guess.
    """
    if report.failures:  # the runner named them, but its counts were cut off
        return replace(report, errors=len(report.failures), ran_nothing=False)
    found = problems(generic.around_tests(text.splitlines()))
    if report.ran_nothing:
        if not found:
            return report
        return replace(
            report, errors=len(found), failures=tuple(found[:MAX_FAILURES]), ran_nothing=False
        )
    return replace(
        report,
        errors=len(found) or 1,
        failures=tuple(found[:MAX_FAILURES]),
        exit_code=exit_code,
    )
