"""The planner of a session, and what else is begun with what it was told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import dropwhile

from ...tools.code.model import CodeTree
from ..loop import Loop
from ..messages import AssistantMessage, Message, ToolMessage
from ..planning.engine import Prefix
from ..planning.prefixes import head_of


@dataclass(frozen=True, slots=True)
class Lead:
    """`known_checks` are commands that the project or the person gave; `find_tree` gives the tree that plans are held
    against."""

    loop: Loop
    find_tree: Callable[[], Awaitable[CodeTree]]
    known_checks: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.loop.transcript.name

    @property
    def head(self) -> tuple[Message, ...]:
        """What agents of any role can begin with."""
        return head_of(self.loop.transcript.messages)

    def prefix(self) -> Prefix | None:
        """All that it was told and said, up to its last answer; None before the first one."""
        transcript = self.loop.transcript
        backwards = dropwhile(
            lambda said: not isinstance(said, AssistantMessage | ToolMessage),
            reversed(transcript.messages),
        )
        messages = tuple(backwards)[::-1]
        if not messages:
            return None
        return Prefix(transcript.name, transcript.lane, messages, transcript.tools.digest)
