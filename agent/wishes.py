"""What a person wants of a session while an interface shows it, as values: all that an interface can say to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Scope = Literal["once", "session", "always"]
"""How long a yes holds for the same question: for this call, until the session ends, or in this repository."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Begin a session with this task."""

    task: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with the session that is kept in this folder."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Steer:
    """Say something to an agent, which reads it after the turn it is in."""

    text: str
    agent: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Stop this worker's try at its task; without an `agent`, the session.

    A stopped try counts as refused, so the task is tried again; with `give_up` it is not.
    """

    agent: str | None = None
    give_up: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The person's word on the ApprovalAsked of this agent and call.

    `text` is the answer to a question, or the reason for a no, which the model reads. `scope` is for a yes to a call.
    """

    agent: str
    call_id: str
    allowed: bool = True
    text: str = ""
    scope: Scope = "once"


@dataclass(frozen=True, slots=True)
class Close:
    """Bring the session to a point where it can be resumed, and hear no more."""


Wish = Submit | Resume | Steer | Interrupt | Answer | Close
