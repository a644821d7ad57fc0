"""Reads what mocha prints with its spec, dot and similar reporters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..model import CheckReport, Failure
from .common import build, failure, joined, number, script_place

_PASSING = re.compile(r"^  (\d+) passing \(\d", re.MULTILINE)
_CRASH = re.compile(r"^ ?Exception during run: (.+)$", re.MULTILINE)
_HEADING = re.compile(r"^  (\d+)\) (.+)$")
_FAILING = re.compile(r"^  \d+ failing$")


def read(output: str) -> CheckReport | None:
    """The report, or None when this is not mocha's output."""
    crash = _CRASH.search(output)
    if not (_PASSING.search(output) or crash):
        return None
    lines = output.splitlines()
    failures = list(_failures(lines))
    if crash:
        failures.append(failure("loading the tests", crash[1], _crash_place(lines)))
    # A hook that fails is listed with the tests but is none.
    hooks = sum(" hook " in f.name and '"' in f.name for f in failures)
    return build(
        "mocha",
        passed=number(r"^  (\d+) passing", output),
        failed=max(0, number(r"^  (\d+) failing", output) - hooks),
        skipped=number(r"^  (\d+) pending", output),
        errors=hooks + (crash is not None),
        failures=failures,
    )


def _crash_place(lines: Sequence[str]) -> str | None:
    at = next((n for n, line in enumerate(lines) if "Exception during run: " in line), 0)
    return script_place(lines[at:])


def _failures(lines: Sequence[str]) -> Iterator[Failure]:
    """The numbered blocks below `N failing`; the title runs over several lines up to a colon."""
    start = next((at for at, line in enumerate(lines) if _FAILING.match(line)), None)
    block: list[str] = []
    wanted = 1
    for line in lines[start + 1 :] if start is not None else ():
        heading = _HEADING.match(line)
        if heading and int(heading[1]) == wanted:
            if wanted > 1:
                yield _failure(block)
            block, wanted = [heading[2]], wanted + 1
        elif wanted > 1:
            block.append(line)
    if block:
        yield _failure(block)


def _failure(block: Sequence[str]) -> Failure:
    # A title longer than this is not one; the text of a failure may hold colons too.
    ends = next((at for at, line in enumerate(block[:12]) if line.rstrip().endswith(":")), 0)
    title = " > ".join(line.strip() for line in block[: ends + 1]).removesuffix(":")
    said: list[str] = []
    for line in block[ends + 1 :]:
        if line.strip().startswith("at "):
            break
        said.append(line)
    return failure(title, joined(said), script_place(block))
