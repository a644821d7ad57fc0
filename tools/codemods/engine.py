"""Has rules applied, and new texts checked, by a process of its own that may crash or hang on a hostile file.

Then that file has no answer, and the others get theirs from another process.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..child import stream
from ..errors import ToolError
from ..git.names import printable
from ..text import clipped
from .model import Rule

SECONDS = 60.0
"""Of one process; a file's share of processor time is bounded besides."""
MOST_LOST = 20
"""Files that may cost a process each before there is no use in going on."""
_MAX_ANSWERS = 64_000_000
_MAX_WORDS = 300
_CHILD = (sys.executable, "-I", "-m", f"{__package__}.child")


@dataclass(frozen=True, slots=True)
class Job:
    """A file's text, with its own line ends, that rules are for; or with `after` a text that is only to be checked."""

    path: str
    language: str | None
    raw: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`after` is the new text, None for no change. `faults` are syntax faults that it adds: line (from 1) and words.

    `error` says why there is no answer: the name of an error, or "lost" for a file that took its process along.
    """

    after: str | None = None
    matches: tuple[int, ...] = ()
    unparsed: bool = False
    faults: tuple[tuple[int, str], ...] = ()
    error: str = ""


_FAULTS = TypeAdapter(list[str])
_ANSWER = TypeAdapter(Answer)


async def work(root: Path, rules: Sequence[Rule], jobs: Sequence[Job]) -> list[Answer]:
    """An answer for each job. Raises ToolError where too many files are lost, and as `require_taken` does."""
    answers: list[Answer] = []
    lost = 0
    while len(answers) < len(jobs):
        found = await _asked(root, rules, jobs[len(answers) :])
        answers += found
        if len(answers) < len(jobs):
            lost += 1
            if lost > MOST_LOST:
                where = printable(jobs[len(answers)].path)
                raise ToolError(
                    f"The parser crashed or took too long on {lost} files, the last one {where}. Narrow `paths`."
                )
            answers.append(Answer(error="lost"))
    return answers


async def require_taken(root: Path, rules: Sequence[Rule]) -> None:
    """Raises ToolError, in ast-grep's own words, where it does not take a rule."""
    await _asked(root, rules, ())


async def _asked(root: Path, rules: Sequence[Rule], jobs: Sequence[Job]) -> list[Answer]:
    """Answers from one process, as far as it came."""
    request = {
        "rules": [dataclasses.asdict(rule) for rule in rules],
        "files": [{"language": j.language, "raw": j.raw, "after": j.after} for j in jobs],
    }
    said = bytearray()

    def take(chunk: bytes) -> bool:
        said.extend(chunk)
        return len(said) < _MAX_ANSWERS

    await stream(_CHILD, root, json.dumps(request).encode(), take, SECONDS)
    head, *lines = said.split(b"\n")[:-1] or [b""]
    try:
        faults = _FAULTS.validate_json(head)
    except ValidationError:
        raise ToolError(
            "ast-grep crashed on the rules themselves. Write them in another way."
        ) from None
    if any(faults):
        raise ToolError(_refused(faults))
    answers: list[Answer] = []
    for line in lines[: len(jobs)]:
        try:
            answers.append(_ANSWER.validate_json(line))
        except ValidationError:
            break
    return answers


def _refused(faults: Sequence[str]) -> str:
    lines = ["ast-grep does not take the codemod, nothing was changed:"]
    for number, fault in enumerate(faults, 1):
        if fault:
            lines.append(f"- rule {number}: {printable(clipped(fault, _MAX_WORDS))}")
    return "\n".join(lines)
