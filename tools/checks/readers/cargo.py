"""Reads what `cargo test` prints: unit, integration and doc tests, and what the compiler says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..model import CheckReport, Failure
from .common import build, failure, joined

_RESULT = re.compile(
    r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;", re.MULTILINE
)
_LINE = re.compile(r"^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)", re.MULTILINE)
_SIGNATURE = re.compile(
    r"^test result: \w+\. \d+ passed;|^running \d+ tests?$|^error(?:\[E\d+\])?: .*\n +--> "
    r"|^error: could not compile `|^error: test failed, to rerun",
    re.MULTILINE,
)
_HEADING = re.compile(r"^---- (.+) stdout ----$")
_PANIC = re.compile(r"^thread '.*'(?: \(\d+\))? panicked at (?:'(.*)', )?(\S+?:\d+):\d+:?$")
_NOTE = re.compile(r"^note: (test did not panic as expected)(?: at (\S+?:\d+):\d+)?")
_COMPILER = re.compile(r"^error(?:\[E\d+\])?: (.+)$")
_ARROW = re.compile(r"^ *--> (\S+?:\d+):\d+$")
_DOCTEST = re.compile(r"^(\S+) - .*\(line (\d+)\)$")
_END = re.compile(r"^(?:failures:|test result: |stack backtrace:|note: )")


def read(output: str) -> CheckReport | None:
    """The report, or None when this is not the output of `cargo test`."""
    if not _SIGNATURE.search(output):
        return None
    lines = output.splitlines()
    compiler = list(_compiler_errors(lines))
    failures = [*compiler, *_failures(lines)]
    rows = [tuple(map(int, row)) for row in _RESULT.findall(output)]
    passed, failed, skipped = (sum(row[column] for row in rows) for column in range(3))
    if not rows:
        words = [word for _, word in _LINE.findall(output)]
        passed, failed = words.count("ok"), words.count("FAILED")
        skipped = words.count("ignored")
    return build(
        "cargo test",
        passed=passed,
        failed=failed,
        skipped=skipped,
        errors=len(compiler),
        failures=failures,
    )


def _compiler_errors(lines: Sequence[str]) -> Iterator[Failure]:
    """Errors that have a place; the closing `could not compile` and `test failed` have none.

    A crate is compiled for several targets, so the same error may be printed more than once.
    """
    seen: set[tuple[str, str]] = set()
    for line, below in pairwise(lines):
        error, arrow = _COMPILER.match(line), _ARROW.match(below)
        if error and arrow and (error[1], arrow[1]) not in seen:
            seen.add((error[1], arrow[1]))
            yield failure("build", error[1], arrow[1])


def _failures(lines: Sequence[str]) -> Iterator[Failure]:
    """The tests of the `---- name stdout ----` blocks, then those that are only listed as failed."""
    named: set[str] = set()
    for at, line in enumerate(lines):
        if heading := _HEADING.match(line):
            named.add(heading[1])
            yield failure(heading[1], *_explain(heading[1], _block(lines[at + 1 : at + 400])))
    for name, word in _LINE.findall("\n".join(lines)):
        if word == "FAILED" and name not in named:
            yield failure(name, "failed", None)


def _block(lines: Sequence[str]) -> list[str]:
    """The lines up to the next block or the list of names."""
    held: list[str] = []
    for line in lines:
        if _HEADING.match(line) or line == "failures:" or line.startswith("test result: "):
            break
        held.append(line)
    return held


def _explain(name: str, block: Sequence[str]) -> tuple[str, str | None]:
    doc = _DOCTEST.match(name)
    for at, line in enumerate(block):
        if panic := _PANIC.match(line):
            said: list[str] = [panic[1]] if panic[1] else []
            for below in block[at + 1 :]:
                if not below or _END.match(below):
                    break
                said.append(below)
            # A panic in a doc test names a line of the example, not of the file.
            return joined(said), f"{doc[1]}:{doc[2]}" if doc else panic[2]
        if note := _NOTE.match(line):
            return note[1], note[2]
    return joined(block, most=2) or "failed", f"{doc[1]}:{doc[2]}" if doc else None
