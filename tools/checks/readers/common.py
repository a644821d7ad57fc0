"""What the readers share: single lines, places, tracebacks, and how counts become a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..model import CheckReport, Failure

MAX_FAILURES = 200
"""Failures kept of one run: enough for any brief, bounded against hostile output."""
MAX_MESSAGE = 300

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_LIBRARY = re.compile(
    r"site-packages/|dist-packages/|node_modules/|^node:|^internal/|/rustc/|/\.cargo/registry/"
    r"|/lib/python\d|^<|/go/src/(?:testing|runtime)/|\(native"
)
_DIFF_HEAD = re.compile(
    r"^(?:[-+] (?:Expected|Received)\b.*|\+ (?:actual - expected|expected - actual)"
    r"|--- (?:expected|actual)|\+\+\+ (?:expected|actual))$"
)
_PYTHON_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+)')


def one_line(text: str, limit: int = MAX_MESSAGE) -> str:
    """`text` as one printable line of at most `limit` characters."""
    flat = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return flat if len(flat) <= limit else flat[: limit - 3] + "..."


def joined(lines: Iterable[str], most: int = 4) -> str:
    """The first `most` lines that say something, as one; of a diff only what differs."""
    said = [line.strip() for line in lines if line.strip()]
    head = next((at for at, line in enumerate(said) if _DIFF_HEAD.match(line)), None)
    if head is not None:
        said[head:] = [x for x in said[head:] if x[0] in "+-" and not _DIFF_HEAD.match(x)]
    text = ""
    for line in said[:most]:
        text += f"{'' if not text else ' ' if text.endswith(':') else '; '}{line}"
    return one_line(text)


def failure(name: str, message: str, place: str | None) -> Failure:
    """A failure whose fields are single printable lines."""
    return Failure(one_line(name), one_line(message), one_line(place) if place else None)


def number(pattern: str, text: str) -> int:
    """The last number that group 1 of `pattern` finds in `text`, line by line; 0 if there is none."""
    found: list[str] = re.findall(pattern, text, re.MULTILINE)
    return int(found[-1]) if found else 0


def is_library(path: str) -> bool:
    """Whether a frame lies in somebody else's code: a library, the runner, the language."""
    return _LIBRARY.search(path) is not None


def build(
    framework: str,
    *,
    passed: int = 0,
    failed: int = 0,
    skipped: int = 0,
    errors: int = 0,
    failures: Sequence[Failure] = (),
) -> CheckReport:
    """A report in which `ran_nothing` follows from the counts."""
    return CheckReport(
        framework=framework,
        passed=passed,
        failed=failed,
        skipped=skipped,
        errors=errors,
        failures=tuple(failures[:MAX_FAILURES]),
        ran_nothing=passed + failed + errors == 0,
    )


def python_traceback(lines: Sequence[str]) -> tuple[str, str | None]:
    """Message and place of the last exception in a plain Python traceback."""
    place: str | None = None
    nearest: str | None = None
    said: list[str] = []
    in_frames = False
    for line in lines:
        if frame := _PYTHON_FRAME.match(line):
            nearest = f"{frame[1]}:{frame[2]}"
            place = place if is_library(frame[1]) else nearest
            in_frames, said = True, []
        elif line.startswith("Traceback (most recent call last)"):
            place = nearest = None
        elif said or (in_frames and line and not line[0].isspace()):
            # The message starts at the first line of the margin below the last frame.
            said.append(line)
    return joined(said, most=3), place or nearest


def script_place(lines: Iterable[str]) -> str | None:
    """The first frame of a JavaScript stack that is the project's own, as `path:line`."""
    for line in lines:
        text = line.strip()
        if not text.startswith(("at ", "\u276f")) and "(" not in text:
            continue
        frame = text.rpartition("(")[2] if "(" in text else text.rpartition(" ")[2]
        path, _, spot = frame.rstrip(") {").removeprefix("file://").partition(":")
        row, _, column = spot.partition(":")
        if row.isdigit() and column.isdigit() and not is_library(path):
            return f"{path}:{row}"
    return None
