"""Reads TAP, versions 12 to 14, with subtests and YAML blocks.

A parent of subtests only sums them up, so the leaves are what counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..model import CheckReport, Failure
from .common import build, failure, joined, script_place

_PLAN = re.compile(r"^1\.\.(\d+)(?: *# *(.*))?$", re.MULTILINE)
_VERSION = re.compile(r"^TAP version 1\d$", re.MULTILINE)
_POINT = re.compile(r"^( *)(not )?ok\b(?: +(\d+))?(?: +- | +)?(.*)$")
_DIRECTIVE = re.compile(r"(?<!\\)#\s*(skip|todo)\S*", re.IGNORECASE)
_BAIL = re.compile(r"^ *Bail out!(.*)$")
_LOCATION = re.compile(r"^\s*(?:location|at): ['\"]?([^'\"\s]+?:\d+)(?::\d+)?['\"]?$")
_FILE = re.compile(r"^\s*(?:file|fileName): ['\"]?([^'\"\s]+)['\"]?$")
_LINE = re.compile(r"^\s*(?:line|lineNumber): (\d+)$")
_PERL_AT = re.compile(r"^\s*#\s+(?:in |at )(\S+)(?: at)? line (\d+)\.?$")
_STACK = re.compile(r":\d+:\d+\)?$")
_NOISE = re.compile(r"\s*(?:at |# Subtest: |\d+\.\.\d+$|# Looks like )")
_KEY = re.compile(r"^(\s*)(error|message|diff): ?(.*)$")


@dataclass(slots=True)
class _Point:
    """A test point while it is being read."""

    depth: int
    ok: bool
    name: str
    directive: str
    is_parent: bool
    yaml: list[str] = field(default_factory=list[str])
    plain: list[str] = field(default_factory=list[str])


def read(output: str) -> CheckReport | None:
    """The report, or None when this is not TAP."""
    if not (_PLAN.search(output) or _VERSION.search(output)):
        return None
    lines = output.splitlines()
    points = [point for point in _points(lines) if not point.is_parent]
    bails = [bail[1] for line in lines if (bail := _BAIL.match(line))]
    if not points and not bails and not _PLAN.search(output):
        return None
    real = [point for point in points if not point.directive]
    found = [*failures(lines), *(failure("Bail out!", text, None) for text in bails)]
    return build(
        "TAP",
        passed=sum(point.ok for point in real),
        failed=sum(not point.ok for point in real),
        skipped=len(points) - len(real),
        errors=len(bails),
        failures=found,
    )


def failures(lines: Sequence[str]) -> Iterator[Failure]:
    """The failed leaves that are neither skipped nor to do."""
    for point in _points(lines):
        if not (point.ok or point.directive or point.is_parent):
            message, place = _explain(point)
            yield failure(point.name, message or "not ok", place)


def _points(lines: Sequence[str]) -> list[_Point]:
    points: list[_Point] = []
    deepest: list[int] = []
    in_yaml = False
    for line in lines:
        text = line.strip()
        if text == "---" or text == "...":
            in_yaml = text == "---"
            continue
        match = None if in_yaml else _POINT.match(line)
        if not match:
            if points:
                (points[-1].yaml if in_yaml else points[-1].plain).append(line)
            continue
        depth = len(match[1])
        # Subtests come before the point that sums them up, indented by four.
        is_parent = bool(deepest) and deepest[-1] > depth
        deepest = [d for d in deepest if d <= depth]
        if not deepest or deepest[-1] != depth:
            deepest.append(depth)
        mark = _DIRECTIVE.search(match[4])
        name = match[4][: mark.start()] if mark else match[4]
        name = name.strip().removesuffix(" {") or f"test {match[3] or len(points) + 1}"
        points.append(
            _Point(depth, match[2] is None, name, mark[1].lower() if mark else "", is_parent)
        )
    return points


def _explain(point: _Point) -> tuple[str, str | None]:
    said, place = _from_yaml(point.yaml)
    for line in point.plain:
        if place is None and (perl := _PERL_AT.match(line)):
            place = f"{perl[1]}:{perl[2]}"
    block = [*point.yaml, *point.plain]
    stack = script_place(f"at {line.strip()}" for line in block if _STACK.search(line))
    if not said:
        plain = [line for line in point.plain if line.strip() and not _NOISE.match(line)]
        # Perl's Test::More explains in comments.
        said = [line for line in plain if not line.lstrip().startswith("#")]
        said = said or [line.lstrip(" #") for line in plain if not _PERL_AT.match(line)]
    return joined(said, most=3), stack or place


def _from_yaml(lines: Sequence[str]) -> tuple[list[str], str | None]:
    values: dict[str, list[str]] = {}
    place: str | None = None
    path = ""
    for at, line in enumerate(lines):
        if key := _KEY.match(line):
            values.setdefault(key[2], _value(key, lines[at + 1 : at + 60]))
        elif spot := _LOCATION.match(line):
            place = place or spot[1].removeprefix("file://")
        elif file := _FILE.match(line):
            path = file[1]
        elif (row := _LINE.match(line)) and path:
            place = place or f"{path}:{row[1]}"
    words = ("error", "message", "diff")
    said = [values[word] for word in words if word in values]
    return said[0] if said else [], place


def _value(key: re.Match[str], below: Sequence[str]) -> list[str]:
    """A YAML scalar: on the line itself, or the block indented below it."""
    if not key[3].startswith(("|", ">")):
        return [key[3].strip("'\"")]
    deeper = len(key[1]) + 1
    held: list[str] = []
    for line in below:
        if line.strip() and len(line) - len(line.lstrip()) < deeper:
            break
        held.append(line)
    return held
