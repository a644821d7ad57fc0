"""Reads what `node --test` prints, as its spec reporter or as TAP.

Node counts a file as a test when nothing else can stand for it. A file that ran without defining
any test thus "passes"; it is taken off the count, for it proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..model import CheckReport, Failure
from . import tap
from .common import build, failure, joined, number, script_place

_TOTALS = re.compile(
    r"^(?:\u2139|#) tests \d+\n(?:\u2139|#) suites \d+\n(?:\u2139|#) pass \d+", re.MULTILINE
)
_RESULT = re.compile(r"^( *)✖ (.+?) \(\d[\d.]*ms\)(.*)$")
_EMPTY_FILE = re.compile(
    r"^(?:✔ (?:\S*/)?[\w.-]+\.[cm]?[jt]s \(\d[\d.]*ms\)|ok \d+ - (?:\S*/)?[\w.-]+\.[cm]?[jt]s)$",
    re.MULTILINE,
)
_AT = re.compile(r"^test at (\S+?:\d+):\d+$")
_FILE_NAME = re.compile(r"^\S+\.[cm]?[jt]s$")
_ERROR = re.compile(r"^(?:# )?((?:\w*Error|Error)(?: \[\w+\])?: .+)$", re.MULTILINE)


def read(output: str) -> CheckReport | None:
    """The report, or None when this is not the output of `node --test`."""
    if not _TOTALS.search(output):
        return None
    failures = list(_spec(output.splitlines())) or list(tap.failures(output.splitlines()))
    thrown = _ERROR.findall(output)
    if thrown:
        failures = [_with_cause(f, thrown[0]) for f in failures]
    cancelled = _total("cancelled", output)
    return build(
        "node --test",
        passed=max(0, _total("pass", output) - len(_EMPTY_FILE.findall(output))),
        failed=_total("fail", output),
        skipped=_total("skipped", output) + _total("todo", output),
        errors=cancelled,
        failures=failures,
    )


def _total(word: str, output: str) -> int:
    return number(rf"^(?:\u2139|#) {word} (\d+)$", output)


def _with_cause(found: Failure, thrown: str) -> Failure:
    """A file that could not be loaded says `test failed`; the reason stands above all results."""
    if _FILE_NAME.match(found.name) and found.message in ("test failed", "'test failed'", ""):
        return Failure(found.name, joined([thrown]), found.place)
    return found


def _spec(lines: Sequence[str]) -> Iterator[Failure]:
    """From the closing list, or, when that was cut off, from the tree above it."""
    start = next((at for at, line in enumerate(lines) if line == "✖ failing tests:"), None)
    blocks = list(_blocks(lines[start + 1 :] if start is not None else lines))
    for at, (depth, title, rest, block, spot) in enumerate(blocks):
        # In the tree a suite is printed after its failing tests, one level up and without a text.
        closes = not any(line.strip() for line in block) and at and blocks[at - 1][0] > depth
        if "# TODO" in rest or closes:
            continue
        said: list[str] = []
        for line in block:
            if line.lstrip().startswith("at "):
                break
            said.append(line)
        yield failure(title, joined(said), script_place(block) or spot)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, str, str, list[str], str | None]]:
    """(depth, name, directive, text, place) of each failed result."""
    current: tuple[int, str, str] | None = None
    held: list[str] = []
    spot: str | None = None
    upcoming: str | None = None
    for line in lines:
        result, at = _RESULT.match(line), _AT.match(line)
        ends = result or at or line.lstrip().startswith(("✔ ", "▶ ", "﹣ ", "\u2139 "))
        if ends and current:
            yield (*current, held, spot)
            current, held = None, []
        if at:
            upcoming = at[1]
        elif result:
            current = (len(result[1]), result[2], result[3])
            spot, upcoming = upcoming, None
        elif not ends:
            held.append(line)
    if current:
        yield (*current, held, spot)
