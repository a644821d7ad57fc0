"""Putting a changed text in its place, and saying what that broke: what `edit` and `write` share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from .base import Preview, ToolContext
from .broken import Broken, broken_by, syntax_told, told
from .diffs import whole_diff
from .errors import ToolError
from .files import File, load
from .git.names import printable
from .paths import write_atomic
from .text import clipped

_MAX_LINE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Change:
    """`file` is what lay at `path` when the change was worked out, None for nothing. `text` is `data` as the model
    sees it."""

    path: str
    file: File | None
    text: str
    data: bytes

    @property
    def before(self) -> str | None:
        """The text that is to be replaced; None where there is none."""
        return self.file.text.lf if self.file and self.file.text else None


def preview_of(change: Change) -> Preview:
    diff = whole_diff(printable(change.path), change.before, change.text)
    same = ("only the encoding or the line ends would change",) if not diff else ()
    return Preview("diff", diff, same)


async def make(change: Change, context: ToolContext) -> str:
    """Write the file; what the model has to know of it beside that, mostly nothing.

    ToolError, and nothing written, if that adds syntax errors and the person wants no such edit.
    """
    root = context.root
    before = change.before
    if not context.refuse_broken:
        await asyncio.to_thread(write_atomic, root, change.path, change.data)
        broken = await broken_by(root, change.path, before, change.text, context.checker)
    else:
        broken = await broken_by(root, change.path, before, change.text, context.checker)
        if broken.syntax:
            raise ToolError(_refused(change, broken))
        await asyncio.to_thread(_write_unless_changed, root, change)
    said = told(broken, was_there=before is not None)
    return f"\n{said}" if said else ""


def _write_unless_changed(root: Path, change: Change) -> None:
    """Looking for faults took a while, in which somebody else may have written."""
    now = load(root, change.path)
    if (now and now.digest) != (change.file and change.file.digest):
        raise ToolError(f"{change.path} has just changed on disk. Read it again first.")
    write_atomic(root, change.path, change.data)


def _refused(change: Change, broken: Broken) -> str:
    number = broken.syntax[0][0]
    lines = change.text.split("\n")
    line = clipped(lines[number - 1], _MAX_LINE_CHARS) if 0 < number <= len(lines) else ""
    shown = f" Line {number} would be: {line}" if line else ""
    return (
        "Nothing changed: this would add a syntax error, and the person wants no such edit. "
        f"{syntax_told(broken.syntax)}.{shown}"
    )
