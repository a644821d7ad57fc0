"""The planner of a session, and what else is begun with what it was told."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile

from ..loop import Loop
from ..messages import AssistantMessage, Message, ToolMessage
from ..planning.engine import Prefix
from ..planning.guard import PlanGuard
from ..planning.prefixes import head_of


@dataclass(frozen=True, slots=True)
class Lead:
    """`guard` is what its plans have to get past, and those of the person."""

    loop: Loop
    guard: PlanGuard

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
