"""What a draft means when it is sent. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .draft import Draft, expand

EntryKind = Literal["text", "command", "shell"]

_COMMAND = re.compile(r"/([A-Za-z][\w-]*)(?:\s+(.*))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """`text` is what is said, the rest of the command `name`, or the shell line."""

    kind: EntryKind
    text: str
    name: str = ""


def read_entry(draft: Draft) -> Entry | None:
    """None for a draft that says nothing.

    What a line is is told by what was typed: a chip at its start never makes it a command or a shell line. `//` and
    `\\!` at the start stand for `/` and `!` themselves, and a path such as /etc/hosts is no command.
    """
    text = draft.text.strip("\n").rstrip()
    if not text.strip():
        return None
    if text.startswith(("//", "\\!", "\\/")):
        return Entry("text", expand(text[1:], draft.chips))
    if text.startswith("!"):
        line = expand(text[1:], draft.chips).strip()
        return Entry("shell", line) if line else None
    command = _COMMAND.match(text)
    if command is not None:
        return Entry("command", expand(command[2] or "", draft.chips).strip(), command[1])
    return Entry("text", expand(text, draft.chips))


def kind_of(line: str) -> EntryKind:
    """What a draft that begins with this line is going to be; told while it is typed."""
    if line.startswith("!"):
        return "shell"
    if line.startswith("/") and not line.startswith("//") and "/" not in line[1:].split(" ", 1)[0]:
        return "command"
    return "text"
