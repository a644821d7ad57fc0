"""What a person wants of a session while an interface shows it, as values: all that an interface can say to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..changes.extent import Chosen, Extent
from ..planning.plan import Plan

Scope = Literal["once", "session", "always"]
"""How long a yes holds for the same question: for this call, until the session ends, or in this repository."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Begin a session with this task."""

    task: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with the session that is kept in this folder. `more` is what the person wants next; without it, a session
    that came to its end can't go on."""

    folder: Path
    more: str = ""


@dataclass(frozen=True, slots=True)
class Fork:
    """Begin a session with all that the one in this folder has said and was told, and with `more`; the tree is as it is
    now. The other stays as it was, and may be at work."""

    folder: Path
    more: str


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

    `text` is the answer to a question, or the reason for a no, which the model reads. `scope` is for a yes to a call;
    `plan` for a yes to `consult.CARRY_OUT`: the plan as the person changed it. If that can't be run, the question is
    asked again after an `EditRefused`. A no to CARRY_OUT with a reason asks the planner for another plan.
    """

    agent: str
    call_id: str
    allowed: bool = True
    text: str = ""
    scope: Scope = "once"
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Take back a part of what the session in this folder did, or with nothing `chosen` all of it, as a step of its
    own. Heard while no agent is at work."""

    folder: Path
    extent: Extent
    chosen: tuple[Chosen, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoTo:
    """Bring the tree back to where so many steps were done, or by one. Heard while no agent is at work."""

    folder: Path
    step: int | None = None


@dataclass(frozen=True, slots=True)
class RedoTo:
    """Bring back what was undone up to this step, or one step of it. Heard while no agent is at work."""

    folder: Path
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Bring the session to a point where it can be resumed, and hear no more."""


Wish = Submit | Resume | Fork | Steer | Interrupt | Answer | Reject | UndoTo | RedoTo | Close
