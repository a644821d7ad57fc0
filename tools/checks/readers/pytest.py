"""Reads what pytest prints, quiet or verbose, with any style of traceback, alone or under xdist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..model import CheckReport, Failure
from .common import build, failure, is_library, joined, number, python_traceback

_WORDS = r"failed|passed|skipped|deselected|xfailed|xpassed|warnings?|errors?|rerun|subtests \w+"
_COUNTS = re.compile(
    rf"^(?:=+ )?(\d+ (?:{_WORDS})(?:, \d+ (?:{_WORDS}))*) in \d[\d.]*s[^=\n]*=*$", re.MULTILINE
)
_NOTHING = re.compile(r"^(?:=+ )?no tests (?:ran|collected)\b.* in \d", re.MULTILINE)
_SIGNATURE = re.compile(
    r"^=+ (?:test session starts|short test summary info|FAILURES|ERRORS) =+$|^INTERNALERROR>",
    re.MULTILINE,
)
_PROGRESS = re.compile(r"^(?:\S+\.py )?([.FEsxXR]+) +\[ *\d+%\]$", re.MULTILINE)
_USAGE = re.compile(r"^(?:ERROR|\S+: error): (?!usage: )(.+)$", re.MULTILINE)
_BANNER = re.compile(r"^=+ (.+?) =+$")
_TITLE = re.compile(r"^_{3,} (.+?) _{3,}$")
_SUMMARY = re.compile(r"^(FAILED|ERROR) (\S.*)$")
_PLACE = re.compile(r"^(?:E\s+)?(\S[^:\n]*\.\w+|<\w+>):(\d+): ?(.*)$")
_FILE_LINE = re.compile(r'^E\s+File "([^"]+)", line (\d+)')
_STAGE = re.compile(r"^ERROR (?:at \w+ of|collecting) ")


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    lines: tuple[str, ...]


def read(output: str) -> CheckReport | None:
    """The report, or None when this is not pytest's output."""
    counted = _COUNTS.findall(output)
    nothing = _NOTHING.search(output) is not None
    dots = "".join(_PROGRESS.findall(output))
    usage = _USAGE.search(output) if nothing or "ERROR: usage: " in output else None
    if not (counted or nothing or dots or usage or _SIGNATURE.search(output)):
        return None
    lines = output.splitlines()
    failures = _failures(lines)
    if not failures and usage:
        failures = [failure("pytest", usage[1], None)]
    if counted:
        passed, failed, skipped, errors = _from_line(counted[-1])
    elif nothing or usage:
        passed = failed = skipped = errors = 0
    else:
        passed, failed, skipped, errors = _from_words(output, dots, lines)
    return build(
        "pytest", passed=passed, failed=failed, skipped=skipped, errors=errors, failures=failures
    )


def _from_line(line: str) -> tuple[int, int, int, int]:
    passed = number(r"(\d+) passed", line) + number(r"(\d+) xpassed", line)
    skipped = number(r"(\d+) skipped", line) + number(r"(\d+) xfailed", line)
    return passed, number(r"(\d+) failed", line), skipped, number(r"(\d+) errors?\b", line)


def _from_words(output: str, dots: str, lines: Sequence[str]) -> tuple[int, int, int, int]:
    """Counts when the closing line is missing (`-qq`, or a run that was killed)."""
    if not dots:
        dots = "".join(
            {"PASSED": ".", "FAILED": "F", "ERROR": "E", "SKIPPED": "s", "XFAIL": "x"}[word]
            for word in re.findall(
                r"^\S+::.* (PASSED|FAILED|ERROR|SKIPPED|XFAIL)\b.*\[ *\d+%\]$", output, re.MULTILINE
            )
        )
    listed = [word for word, _, _ in _summary(lines)]
    return (
        dots.count(".") + dots.count("X"),
        max(dots.count("F"), listed.count("FAILED")),
        dots.count("s") + dots.count("x"),
        max(dots.count("E"), listed.count("ERROR")) + ("INTERNALERROR>" in output),
    )


def _failures(lines: Sequence[str]) -> list[Failure]:
    sections = list(_sections(lines))
    summary = list(_summary(lines))
    if not summary:
        return [failure(_STAGE.sub("", s.title), *_explain(s)) for s in sections]
    rows = list(_tb_line(lines))
    # `--tb=line` gives one row per failed test, in the order of the list, and no title.
    short = iter(rows if len(rows) == sum(word == "FAILED" for word, _, _ in summary) else ())
    found: list[Failure] = []
    for word, name, text in summary:
        message, place = "", None
        if section := _take(sections, name):
            message, place = _explain(section)
        elif word == "FAILED":
            place, message = next(short, (None, ""))
        found.append(failure(name, message or text, place))
    return found


def _summary(lines: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(FAILED or ERROR, node id, what pytest says about it, often cut) of the closing list."""
    for line in lines:
        if row := _SUMMARY.match(line):
            name, text = _split(row[2])
            if "::" in name or (name.endswith(".py") and " " not in name):
                yield row[1], name, text


def _split(row: str) -> tuple[str, str]:
    """Node id and message; the id of a parametrized test may hold ` - ` and spaces itself."""
    name, _, text = row.partition(" - ")
    if "[" in name and not name.endswith("]"):
        head, bracket, tail = row.partition("] - ")
        return (head + "]", tail) if bracket else (row, "")
    return name, text


def _sections(lines: Sequence[str]) -> Iterator[_Section]:
    """The titled tracebacks below the ERRORS and FAILURES banners."""
    inside = False
    title: str | None = None
    held: list[str] = []
    for line in lines:
        banner = _BANNER.match(line)
        heading = None if banner else _TITLE.match(line)
        if banner or (inside and heading):
            if title is not None:
                yield _Section(title, tuple(held))
            title, held = (heading[1] if heading else None), []
            if banner:
                inside = banner[1] in ("ERRORS", "FAILURES")
        elif title is not None:
            held.append(line)
    if title is not None:
        yield _Section(title, tuple(held))


def _take(sections: list[_Section], name: str) -> _Section | None:
    """The section of the node id `name`; taken out, for two files may hold tests of one name."""
    path, _, inner = name.partition("::")
    wanted = inner.replace("::", ".") or path
    same = [s for s in sections if _STAGE.sub("", s.title) == wanted]
    sure = [s for s in same if any(path in line for line in s.lines)]
    chosen = next(iter(sure or same), None)
    if chosen:
        sections.remove(chosen)
    return chosen


def _explain(section: _Section) -> tuple[str, str | None]:
    """Message and place of the exception that ended a test: the last one of a chain."""
    groups: list[list[str]] = [[]]
    place: str | None = None
    library: str | None = None
    for line in section.lines:
        if line.startswith("E  "):
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
        inner = _FILE_LINE.match(line)
        spot = inner or (None if line.startswith("E ") else _PLACE.match(line))
        if spot and is_library(spot[1]):
            library = f"{spot[1]}:{spot[2]}"
        elif spot:
            place = f"{spot[1]}:{spot[2]}"
    said = groups[-1] or groups[-2] if len(groups) > 1 else groups[0]
    if not said:
        message, frame = python_traceback(section.lines)
        return message, frame or place or library
    if _FILE_LINE.match(said[0]):
        said = said[-1:]
    return joined(line[1:].replace("  +  where", "  where") for line in said), place or library


def _tb_line(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(place, message) rows of `--tb=line`."""
    inside = False
    for line in lines:
        if banner := _BANNER.match(line):
            inside = banner[1] == "FAILURES"
        elif inside and (row := _PLACE.match(line)):
            yield f"{row[1]}:{row[2]}", row[3]
