"""Who answers when a call needs a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """`text` is the person's answer to a question, or the reason for a refusal; both reach the model."""

    allowed: bool
    text: str
    by: Literal["person", "rule", "nobody"]


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose calls are approved. `confinement` says what confines its commands; what was allowed for good is kept in
    `project_folder`."""

    agent: str
    confinement: str
    project_folder: Path


class Approver(Protocol):
    async def approve(self, question: str) -> Reply:
        """Whether something may be done."""
        ...

    async def answer(self, question: str) -> Reply:
        """The answer to a question of the model's."""
        ...


class Nobody:
    """Headless: nothing is allowed that needs a word, and questions become assumptions."""

    async def approve(self, question: str) -> Reply:
        del question
        return Reply(
            False,
            "Nobody is here to allow it: this run asks before changes, and has no person to ask. "
            "Report `not_done` and say what you would do.",
            "nobody",
        )

    async def answer(self, question: str) -> Reply:
        del question
        return Reply(
            True,
            "Nobody is here to answer. Choose what is most likely wanted, go on, and name the "
            "assumption in your report.",
            "nobody",
        )
