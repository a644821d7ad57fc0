"""What may be completed at the cursor, and what with. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from textual.fuzzy import FuzzySearch

from .draft import Draft

MOST_CHOICES = 8

_MENTION = re.compile(r"(?:^|[\s(\[{<\"'`,;=])(@([^\s@]*))$")
_COMMAND = re.compile(r"/([A-Za-z][\w-]*)?$")
_LONGEST = 200
"""Characters before the cursor in which a mention may begin."""


@dataclass(frozen=True, slots=True)
class Completion:
    """`insert` takes the place of what was typed; `detail` stands beside `label`."""

    label: str
    insert: str
    detail: str = ""


class Completions(Protocol):
    """Where files and symbols are found. What it costs must not be the interface's: the work is done in a thread."""

    async def find(self, query: str, limit: int) -> Sequence[Completion]:
        """The best first."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the interface, called as `/name`; `needs` tells that it does nothing without more behind it."""

    name: str
    help: str
    needs: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is being typed at the cursor: from `column` of the line on."""

    kind: Literal["command", "mention"]
    column: int
    query: str


def asked_at(row: int, line: str, column: int) -> Asked | None:
    """What could be completed behind these columns of a line."""
    if row == 0 and line.startswith("/") and column <= _LONGEST:
        command = _COMMAND.fullmatch(line[:column])
        if command is not None:
            return Asked("command", 0, command[1] or "")
    from_column = max(0, column - _LONGEST)
    mention = _MENTION.search(line[from_column:column])
    if mention is None:
        return None
    return Asked("mention", from_column + mention.start(1), mention[2])


def commands_for(query: str, commands: Iterable[Command]) -> list[Completion]:
    """Those that the query may mean: first those that begin with it."""
    # Names of commands are ours and short; on long texts this search tries every way to read them.
    search = FuzzySearch()
    ranked: list[tuple[bool, float, Command]] = []
    for command in commands:
        score = search.match(query, command.name)[0] if query else 1.0
        if score > 0:
            ranked.append((not command.name.startswith(query), -score, command))
    ranked.sort(key=lambda each: each[:2])
    return [
        Completion(f"/{command.name}", f"/{command.name} ", command.help)
        for _, _, command in ranked[:MOST_CHOICES]
    ]


def typed_before(query: str, entries: Sequence[Draft]) -> list[Draft]:
    """What was typed before and begins with the query, then what has it elsewhere; the newest first."""
    wanted = query.strip().lower()
    first: list[Draft] = []
    second: list[Draft] = []
    for draft in reversed(entries):
        text = draft.text.lower()
        if text.startswith(wanted):
            first.append(draft)
        elif wanted in text:
            second.append(draft)
        if len(first) == MOST_CHOICES:
            break
    return [*first, *second][:MOST_CHOICES]
