"""Reads what no test runner printed: the exit code, and errors as compilers and linters place them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..model import CheckReport, Failure
from .common import MAX_FAILURES, failure, one_line

_PLACED = re.compile(
    r"^ *(?P<path>[^\s:()]+\.\w+)(?::(?P<line>\d+)(?::\d+)?(?::| -)|\((?P<row>\d+)(?:,\d+)?\):)"
    r" *(?P<text>.*\b(?:[Ee]rror|fatal)\b.*|[A-Z]{1,5}\d{2,5} .+)$"
)
_SPOKEN = re.compile(r"^(?:.*\b(?:[Ee]rror|ERROR|FATAL|fatal|FAILED|[Ff]ailed)\b.*|.*not found.*)$")


def read(output: str, exit_code: int) -> CheckReport:
    """A report by the exit code alone, with the errors that name a place."""
    lines = output.splitlines()
    if exit_code == 0:
        return CheckReport(None, 0, 0, 0, 0, (), ran_nothing=False)
    found = list(placed_errors(lines)) or [ended(lines, exit_code)]
    return CheckReport(None, 0, 0, 0, len(found), tuple(found), ran_nothing=False)


def placed_errors(lines: Sequence[str]) -> Iterator[Failure]:
    """`path:line: error: text` and its kin (gcc, mypy, ruff, tsc, eslint's unix form), bounded."""
    seen: set[tuple[str, str]] = set()
    for line in lines:
        match = _PLACED.match(line)
        if not match or len(seen) >= MAX_FAILURES:
            continue
        place = f"{match['path']}:{match['line'] or match['row']}"
        text = match["text"]
        if (place, text) not in seen:
            seen.add((place, text))
            yield failure(re.sub(r"^(?:fatal )?error: *", "", text), "", place)


def ended(lines: Sequence[str], exit_code: int) -> Failure:
    """The failure of a run that names none: how it ended, and the last line that tells why."""
    how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
    telling = [line for line in lines if _SPOKEN.match(line)]
    last = next((line for line in reversed(lines) if line.strip()), "")
    return failure(how, one_line(telling[-1] if telling else last), None)
