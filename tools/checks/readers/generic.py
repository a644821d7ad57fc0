"""Reads what no test runner printed: the exit code, and errors as compilers and linters place them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..model import CheckReport, Failure
from .common import MAX_FAILURES, failure, one_line
from .lint import problems

_PASSING = re.compile(
    r"^\s*(?:ok\b|[\u2713\u2714\u221a]|PASS(?:ED)?\b|--- PASS: )"
    r"|\.\.\. ok$|\bPASSED(?:\s+\[ *\d+%\])?$"
)
_SPOKEN = re.compile(r"\b(?:[Ee]rror|ERROR|FATAL|fatal|FAILED|[Ff]ailed)\b|not found")
_NONE_OF_IT = re.compile(r"\b(?:0|[Nn]o) (?:errors?|fatal|failed)\b")
# What only repeats that a command below it failed.
_WRAPPER = re.compile(r"^(?:npm (?:ERR!|error)|g?make(?:\[\d+\])?: \*\*\*|\W*ELIFECYCLE)")


def read(output: str, exit_code: int) -> CheckReport:
    """A report by the exit code alone, with the errors that name a place."""
    lines = output.splitlines()
    if exit_code == 0:
        return CheckReport(None, 0, 0, 0, 0, (), ran_nothing=False)
    found = problems(lines) or [_ended(lines, exit_code)]
    return CheckReport(None, 0, 0, 0, len(found), tuple(found[:MAX_FAILURES]), ran_nothing=False)


def around_tests(lines: Sequence[str]) -> list[str]:
    """The lines before the first and after the last test that passed: what stands between is the tests' own talk."""
    passing = [at for at, line in enumerate(lines) if _PASSING.search(line)]
    return [*lines[: passing[0]], *lines[passing[-1] + 1 :]] if passing else list(lines)


def _ended(lines: Sequence[str], exit_code: int) -> Failure:
    """The failure of a run that names none: how it ended, and the last line that tells why.

    What passed never does, and a wrapper (`npm`, `make`) only where nothing else speaks of a failure.
    """
    how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
    said = [line for line in lines if line.strip() and not _PASSING.search(line)]
    telling = [line for line in said if _SPOKEN.search(_NONE_OF_IT.sub("", line))]
    causes = [line for line in telling if not _WRAPPER.match(line)]
    return failure(how, one_line((causes or telling or said or [""])[-1]), None)
