"""Who answers when a call needs a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from ..events import ApprovalAsked
from ..host.wishes import Scope
from ..planning.plan import Plan
from .allowed import Rule


@dataclass(frozen=True, slots=True)
class Reply:
    """`text` is the person's answer to a question, or the reason for a refusal; both reach the model. `plan` is one
    that the person changed, with a yes to carrying it out. `scope` is how long a yes holds."""

    allowed: bool
    text: str
    by: Literal["person", "rule", "nobody"]
    plan: Plan | None = None
    scope: Scope = "once"


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose calls are approved. `confinement` says what confines its commands; what was allowed for good is kept in
    `project_folder`, and `allowed` is what holds for the session from an earlier run of it."""

    agent: str
    confinement: str
    project_folder: Path
    allowed: frozenset[Rule] = frozenset()


class Approver(Protocol):
    """Is asked what was published in the same step of the event loop."""

    @property
    def confinement(self) -> str:
        """What confines the commands that it is asked about, in the words of the sandbox."""
        ...

    async def approve(self, asked: ApprovalAsked) -> Reply:
        """Whether something may be done."""
        ...

    async def answer(self, asked: ApprovalAsked) -> Reply:
        """The answer to a question of the model's."""
        ...


class Nobody:
    """Headless: nothing is allowed that needs a word, and questions become assumptions."""

    confinement = ""

    async def approve(self, asked: ApprovalAsked) -> Reply:
        del asked
        return Reply(
            False,
            "Nobody is here to allow it: this run asks before changes, and has no person to ask. "
            "Report `not_done` and say what you would do.",
            "nobody",
        )

    async def answer(self, asked: ApprovalAsked) -> Reply:
        del asked
        return Reply(
            True,
            "Nobody is here to answer. Choose what is most likely wanted, go on, and name the "
            "assumption in your report.",
            "nobody",
        )
