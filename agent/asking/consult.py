"""Who is asked before the work of a plan begins: its questions, and whether to start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from ..bus import Recorder
from ..events import ApprovalAnswered, ApprovalAsked
from ..events_plan import Forecast
from ..planning.plan import Plan
from ..planning.plan_check import CheckedPlan
from .approvals import Reply


@dataclass(frozen=True, slots=True)
class Approved:
    """The plan may be carried out; where the person has changed it, `plan` is to take its place."""

    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """The plan may not be carried out. `reason` is for its planner; without one no other plan is wanted."""

    reason: str = ""


class Consult(Protocol):
    async def answers(self, questions: Sequence[str]) -> Sequence[str] | None:
        """One answer for each question, asked together and once; None where nobody is there to answer."""
        ...

    async def approve(self, checked: CheckedPlan, forecast: Forecast) -> Approved | Declined:
        """Whether the plan may be carried out, and as what."""
        ...


class NoConsult:
    """Headless: questions become assumptions, and what can be run is."""

    async def answers(self, questions: Sequence[str]) -> Sequence[str] | None:
        del questions

    async def approve(self, checked: CheckedPlan, forecast: Forecast) -> Approved | Declined:
        del checked, forecast
        return Approved()


NO_ANSWER = "no answer: go by what you would assume"
CARRY_OUT = "May Leadline carry out this plan?"


@dataclass(frozen=True, slots=True)
class RecordedConsult:
    """Each question is an event, and so is its answer; several wait for theirs at the same time.

    `reply_to` is called in the same step of the event loop in which the question was published.
    """

    recorder: Recorder
    reply_to: Callable[[str], Awaitable[Reply]]
    _numbers: count[int] = field(default_factory=lambda: count(1))

    async def answers(self, questions: Sequence[str]) -> Sequence[str] | None:
        replies = await asyncio.gather(*map(self._asked, questions))
        given = [reply.text if reply.allowed else "" for reply in replies]
        return [text or NO_ANSWER for text in given] if any(given) else None

    async def approve(self, checked: CheckedPlan, forecast: Forecast) -> Approved | Declined:
        del checked, forecast  # events of their own tell of both
        reply = await self._asked(CARRY_OUT)
        return Approved(reply.plan) if reply.allowed else Declined(reply.text)

    async def _asked(self, question: str) -> Reply:
        call_id = f"consult-{next(self._numbers)}"
        self.recorder.emit(ApprovalAsked(call_id, question))
        try:
            reply = await self.reply_to(question)
        except asyncio.CancelledError:
            self.recorder.emit(ApprovalAnswered(call_id, False, "interrupted", "nobody"))
            raise
        self.recorder.emit(ApprovalAnswered(call_id, reply.allowed, reply.text, reply.by))
        return reply
