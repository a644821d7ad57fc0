"""What a person is asked before a call may run: all that it would run or change, and where."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path

from ...tools.base import Preview
from ...tools.errors import ToolError
from ...tools.permissions import Ask
from ..events import ApprovalAsked

PREVIEW_SECONDS = 10.0
MOST_LINES = 2_000
MOST_CHARS = 60_000
"""Of a diff. A command is never cut: what is allowed is what was shown."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a call would do its work: `folder` as commands see it. `seconds` is how long a command may take that names
    no limit itself, `confinement` what confines it; `command` tells whether the call says that it runs one."""

    folder: Path
    seconds: float | None
    confinement: str
    command: bool


async def question_of(
    call_id: str, ask: Ask, making: Awaitable[Preview] | None, standing: Standing
) -> ApprovalAsked:
    """The question whether a call may run. Where nothing can be shown of it, it says why; it stands all the same.

    Raises ToolError for a call that could do nothing as things are.
    """
    preview, why = None, ""
    try:
        if making is not None:
            async with asyncio.timeout(PREVIEW_SECONDS):
                preview = await making
    except ToolError:
        raise
    except TimeoutError:
        why = "working it out takes too long"
    except (OSError, ValueError, RecursionError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    # What a codemod by rules calls its command is nothing that runs in a sandbox: its preview knows.
    runs = preview.shows == "command" if preview else standing.command
    terms = _terms(preview, standing, runs=runs)
    if preview is None:
        hidden = f"can't be shown: {why}" if why else "can't be shown"
        terms = (f"what it would do {hidden}", *terms)
    detail, left_out = _bounded(preview) if preview else ("", 0)
    if preview and not left_out and len(detail) < len(preview.text):
        more = len(preview.text) - len(detail)
        terms = (f"its last line goes on for {more:,} more characters", *terms)
    return ApprovalAsked(
        call_id,
        ask.question,
        ask.rule,
        preview.shows if preview else "",
        detail,
        left_out,
        terms,
        standing.confinement if runs else "",
    )


def _terms(preview: Preview | None, standing: Standing, *, runs: bool) -> tuple[str, ...]:
    """What the preview says, then where."""
    own = preview.terms if preview else ()
    if not runs:
        return (*own, f"Leadline writes it itself, in {standing.folder}")
    if not own and standing.seconds is not None:
        own = (f"at most {standing.seconds:g} s",)
    return (*own, f"in {standing.folder}")


def _bounded(preview: Preview) -> tuple[str, int]:
    """The text, and how many lines of it are left out."""
    text = preview.text
    if preview.shows == "command" or (len(text) <= MOST_CHARS and text.count("\n") < MOST_LINES):
        return text, 0
    kept = text[:MOST_CHARS].split("\n")[:MOST_LINES]
    if len(text) > MOST_CHARS and len(kept) < MOST_LINES and len(kept) > 1:
        kept.pop()  # the end of it is missing
    return "\n".join(kept), text.count("\n") + 1 - len(kept)
