"""A codemod's script on files: run confined like any command, its answers believed as far as they can be checked."""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..base import CommandOutcome, CommandRunner
from ..errors import ToolError
from ..git.names import printable
from ..text import clipped

SECONDS = 120.0
"""For one batch of files."""
_MAX_ANSWERS = 48_000_000
_MAX_WORDS = 500
_NOT_FOUND = 127
_RUNNER = Path(__file__).with_name("runner.py")


@dataclass(frozen=True, slots=True)
class _Said:
    """A line of the runner's. `at` counts files from 0, -1 is the script as a whole; `text` None is no change."""

    at: int
    text: str | None = None
    fault: str = ""
    done: bool = False


_SAID = TypeAdapter(_Said)


async def run_script(
    script: str,
    files: Sequence[tuple[str, str]],
    commands: CommandRunner,
    outputs: Path,
    seconds: float = SECONDS,
) -> list[str | None]:
    """What the script makes of each file's path and text (lines end in LF); None for one that it leaves as it is.

    `outputs` is a folder that commands can read. Raises ToolError, which names the file, for a script that fails, takes
    too long or says what is no answer.
    """
    folder = Path(tempfile.mkdtemp(prefix="codemod-", dir=outputs))
    try:
        request = json.dumps({"script": script, "files": files})
        await asyncio.to_thread(_prepare, folder, request)
        # Away from the tree, so that a relative path leads nowhere in it. -I: what lies there is not imported.
        names = [shlex.quote(str(folder / name)) for name in ("runner.py", "request.json")]
        command = f'cd "${{TMPDIR:-/tmp}}" && exec python3 -I -B {" ".join(names)}'
        outcome = await commands.run(command, seconds, _unheard)
        return await asyncio.to_thread(_answers, outcome, [path for path, _ in files], seconds)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _prepare(folder: Path, request: str) -> None:
    shutil.copyfile(_RUNNER, folder / "runner.py")
    (folder / "request.json").write_text(request, encoding="utf-8")


def _unheard(_text: str) -> None:
    pass


def _answers(outcome: CommandOutcome, paths: Sequence[str], seconds: float) -> list[str | None]:
    if outcome.exit_code == _NOT_FOUND:
        raise ToolError("Commands have no python3 here, so a script can't run. Use `rules`.")
    with outcome.output_file.open("rb") as file:
        said = file.read(_MAX_ANSWERS + 1)
    if len(said) > _MAX_ANSWERS:
        raise ToolError(f"The script gave more than {_MAX_ANSWERS:,} bytes. Nothing was written.")
    found: list[str | None] = []
    lines = [_line(line) for line in said.split(b"\n")[:-1]]
    if not lines or lines[0] is None:
        raise ToolError(
            f"The script could not be run: {_words(outcome.text)}. Nothing was written."
        )
    for each in lines:
        at = len(found)
        if each is not None and each.fault:
            where = "" if each.at < 0 else f" at {_named(paths, at)}"
            raise ToolError(f"The script failed{where}: {_words(each.fault)}. Nothing was written.")
        if each is None or each.at != at or at == len(paths):
            raise ToolError(
                f"The script said no answer at {_named(paths, at)}. Nothing was written."
            )
        if each.done:
            found.append(each.text)
    if outcome.timed_out:
        where = _named(paths, len(found))
        raise ToolError(
            f"The script took longer than {seconds:g} s; it was at {where}. Nothing was written."
        )
    if len(found) < len(paths) or outcome.exit_code != 0:
        where = _named(paths, len(found))
        raise ToolError(f"The script ended without an answer for {where}. Nothing was written.")
    return found


def _line(line: bytes) -> _Said | None:
    try:
        return _SAID.validate_json(line)
    except ValidationError:
        return None


def _named(paths: Sequence[str], at: int) -> str:
    return printable(paths[at]) if at < len(paths) else "the end"


def _words(text: str) -> str:
    return printable(clipped(text, _MAX_WORDS)).rstrip(".") or "it said nothing"
