"""What a change to a file broke, found by parsing it again in a process of its own, forked where there is a `Checker`.

That may crash, hang or talk nonsense on a hostile file. Then there is no verdict, which is no fault of the change.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from .child import stream
from .code.check import MODULES, Request
from .code.checker import Checker
from .code.languages import language_of
from .code.syntax import TRUSTED
from .text import clipped

MAX_CHARS = 512 * 1024
"""Of the text before and after; more takes longer than anybody should wait for."""
SECONDS = 3.0
_MAX_ANSWER = 1_000_000
_MAX_NAMED = 3
_MAX_WORDS = 150
_CHECK = (sys.executable, "-I", "-m", f"{__package__}.code.check")
_CHECK_PYTHON = (*_CHECK[:-1], f"{_CHECK[-1]}_python")
_FAULTS = TypeAdapter(list[tuple[int, int, str]])
_NAMES = TypeAdapter(list[tuple[int, str]])


@dataclass(frozen=True, slots=True)
class Broken:
    """What a change added: syntax faults as (line, column, words), undefined names as (line, name). Lines from 1."""

    syntax: tuple[tuple[int, int, str], ...] = ()
    names: tuple[tuple[int, str], ...] = ()


NOTHING = Broken()
"""Nothing is broken, or there is no telling."""


async def broken_by(
    root: Path, path: str, before: str | None, after: str, checker: Checker | None = None
) -> Broken:
    """What the change of `path` from `before` (None: no text was there) to `after` broke."""
    language = language_of(path, after[:512].encode("utf-8", "replace"))
    if language not in TRUSTED or max(len(before or ""), len(after)) > MAX_CHARS:
        return NOTHING
    sent: Request = {"path": path, "language": language, "before": before, "after": after}
    request = json.dumps(sent).encode()
    said = None
    if checker is not None:
        said = await checker.ask(root, language, request, _MAX_ANSWER, SECONDS)
    if said is None:
        said = await _started(root, _CHECK_PYTHON if path.endswith(MODULES) else _CHECK, request)
    return _read(said)


async def _started(root: Path, check: Sequence[str], request: bytes) -> bytes:
    """What a process that is started for this says to the request; nothing if none can be started."""
    said = bytearray()

    def take(chunk: bytes) -> bool:
        said.extend(chunk)
        return len(said) < _MAX_ANSWER

    with suppress(OSError):
        await stream(check, root, request, take, SECONDS)
    return bytes(said)


def _read(said: bytes) -> Broken:
    """The answer, as far as it came and makes sense."""
    lines = [line for line in said.split(b"\n")[:-1] if line]
    try:
        syntax = _FAULTS.validate_json(lines[0]) if lines else []
        names = _NAMES.validate_json(lines[1]) if len(lines) > 1 else []
    except ValidationError:
        return NOTHING
    return Broken(tuple(syntax), tuple(names))


def told(broken: Broken, was_there: bool) -> str:
    """What the model is told of a change that was made; empty if all is well."""
    said: list[str] = []
    if broken.syntax:
        how = "that adds a syntax error" if was_there else "it does not parse"
        said.append(f"but {how}: {syntax_told(broken.syntax)}")
    if broken.names:
        named = [f"{clipped(name, 80)} (line {line})" for line, name in broken.names[:_MAX_NAMED]]
        said.append(f"undefined: {', '.join(named)}{_more(broken.names)}")
    return "\n".join(said)


def syntax_told(faults: Sequence[tuple[int, int, str]]) -> str:
    """The first syntax faults by place."""
    named = [
        f"line {line}, column {column}: {clipped(text, _MAX_WORDS)}"
        for line, column, text in faults[:_MAX_NAMED]
    ]
    return f"{'; '.join(named)}{_more(faults)}"


def _more(faults: Sequence[object]) -> str:
    left = len(faults) - _MAX_NAMED
    return f" and {left} more" if left > 0 else ""
