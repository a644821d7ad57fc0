"""The `read` tool: the text of files, and nothing around it but one header line for each."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path

from .base import Effects, Tool, ToolContext, ToolResult
from .errors import ToolError
from .files import File, count_lines, declared_path, load, plural, relative_path
from .filetypes import kind_of
from .params import Params
from .paths import is_folder, open_no_follow, real_inside
from .suggest import missing
from .text import Text

MAX_FILES = 50
MAX_LINES = 2_000
MAX_CHARS = 60_000
"""Of one file that is asked for without a range."""
MAX_CALL_CHARS = 150_000
MAX_LINE_CHARS = 2_000
MAX_ENTRIES = 200


class FileRange(Params):
    path: str
    start: int | None = None
    end: int | None = None


class ReadParams(Params):
    files: list[FileRange]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one entry of a call came to. `digest` is None where the model got to know no content."""

    path: str
    note: str
    body: str = ""
    ok: bool = True
    digest: str | None = None

    @property
    def text(self) -> str:
        line_end = "" if not self.body or self.body.endswith("\n") else "\n"
        return f"== {self.path} ({self.note})\n{self.body}{line_end}"


def _effects(params: ReadParams) -> Effects:
    return Effects(reads=tuple(declared_path(item.path) for item in params.files))


def _title(params: ReadParams) -> str:
    names = ", ".join(item.path for item in params.files[:3])
    more = len(params.files) - 3
    return f"read {names} and {more} more" if more > 0 else f"read {names}"


async def _run(params: ReadParams, context: ToolContext) -> ToolResult:
    if not params.files:
        raise ToolError("`files` is empty: name at least one path.")
    if len(params.files) > MAX_FILES:
        raise ToolError(f"At most {MAX_FILES} files in one call.")
    return await asyncio.to_thread(_read, params, context.root, context.outputs)


def _read(params: ReadParams, root: Path, outputs: Path | None) -> ToolResult:
    parts: list[_Part] = []
    room = MAX_CALL_CHARS
    for item in params.files:
        try:
            if outputs is not None and Path(item.path).is_relative_to(outputs):
                # The full output of a command: no file of the tree, so nothing that an edit could need to know.
                part = replace(_part(outputs, item, room), path=item.path, digest=None)
            else:
                part = _part(root, item, room)
        except ToolError as error:
            part = _Part(item.path, f"not read: {error.message}", ok=False)
        except OSError as error:
            part = _Part(item.path, f"not read: {error.strerror or error}", ok=False)
        parts.append(part)
        room -= len(part.body)
    seen = {part.path: part.digest for part in parts if part.digest is not None}
    text = "".join(part.text for part in parts).removesuffix("\n")
    return ToolResult(text, ok=any(part.ok for part in parts), seen=seen)


def _part(root: Path, item: FileRange, room: int) -> _Part:
    path = relative_path(root, item.path)
    if is_folder(root / path):
        return _listing(root, path)
    file = load(root, path)
    if file is None:
        raise ToolError(missing(root, path))
    if file.text is None:
        kind = kind_of(file.data)
        return _Part(path, ", ".join(filter(None, ("binary", _size(file), kind))))
    return _lines(file, file.text, item, room)


def _size(file: File) -> str:
    return plural(len(file.data), "byte")


def _lines(file: File, text: Text, item: FileRange, room: int) -> _Part:
    """The asked lines, as many as there is room for."""
    lf = text.lf
    total = count_lines(lf)
    if total == 0:
        return _Part(file.path, "empty", digest=file.digest)
    first, last = _range(item, total)
    ranged = item.start is not None or item.end is not None
    wanted = lf.split("\n")[first - 1 : last]
    shown, clipped = _fitting(wanted, room if ranged else min(room, MAX_CHARS), not ranged)
    if not shown:
        raise ToolError("this answer is full; read it in a call of its own")
    cut = len(shown) < len(wanted)
    last = first + len(shown) - 1
    whole = first == 1 and last == total
    notes = [plural(total, "line") if whole else f"lines {first}-{last} of {total}"]
    if text.newline != "LF":
        notes.append(f"{text.newline} line ends")
    if text.encoding != "utf-8":
        notes.append(text.encoding)
    if last == total and not lf.endswith("\n"):
        notes.append("no line end at the end")
    if clipped:
        notes.append("long lines cut")
    if cut:
        notes.append(f"read on with start {last + 1}")
    body = "\n".join(shown) + "\n"
    return _Part(file.path, ", ".join(notes), body, digest=file.digest)


def _range(item: FileRange, total: int) -> tuple[int, int]:
    first = 1 if item.start is None else item.start
    last = total if item.end is None else item.end
    if first < 1 or (item.end is not None and last < first):
        raise ToolError("lines count from 1, and `end` is not before `start`")
    if first > total:
        raise ToolError(f"it has only {plural(total, 'line')}")
    return first, min(last, total)


def _fitting(lines: list[str], room: int, limit_lines: bool) -> tuple[list[str], bool]:
    """The lines from the first on that there is room for, and whether a long one was clipped."""
    shown: list[str] = []
    clipped = False
    for line in lines[:MAX_LINES] if limit_lines else lines:
        left = len(line) - MAX_LINE_CHARS
        part = f"{line[:MAX_LINE_CHARS]}[... {left:,} more characters]" if left > 0 else line
        room -= len(part) + 1
        if room < 0:
            break
        clipped = clipped or left > 0
        shown.append(part)
    return shown, clipped


def _listing(root: Path, path: str) -> _Part:
    """The names in a folder, those of folders with a slash; `.git` is left out."""
    target = real_inside(root, path)
    flags = os.O_RDONLY | os.O_DIRECTORY
    folder = os.open(root, flags) if target == "." else open_no_follow(root, target, flags)
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
                for entry in entries
                if entry.name != ".git"
            )
    finally:
        os.close(folder)
    note = f"folder of {len(names)}"
    if len(names) > MAX_ENTRIES:
        note += f", first {MAX_ENTRIES} shown"
    return _Part(path, note, "".join(f"{name}\n" for name in names[:MAX_ENTRIES]))


READ = Tool("read", ReadParams, _effects, _title, _run)
