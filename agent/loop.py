"""The loop: request, answer, calls, repeat. Everything it needs is handed in; it decides only when to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from ..prompts.render import render
from ..tools.report import ReportParams
from ..tools.update_plan import UpdatePlanParams
from .budget import Budget
from .bus import Recorder
from .context.transcript import Request, Transcript
from .dispatch import Dispatcher, Outcome
from .events import (
    Body,
    BudgetReached,
    MessageCommitted,
    PlanChanged,
    PlanItem,
    Reported,
    TurnEnded,
    TurnStarted,
)
from .messages import AssistantMessage, Origin, UserMessage

REPEATS_BEFORE_NUDGE = 3
REPEATS_BEFORE_END = 5
MOST_NUDGES = 2
"""In a row, without a call in between."""


class Answering(Protocol):
    """An answer, and what the model should be told before the next one, if anything."""

    @property
    def message(self) -> AssistantMessage: ...

    @property
    def nudge(self) -> str | None: ...


class Model(Protocol):
    async def answer(self, request: Request, emit: Callable[[Body], None]) -> Answering: ...


class KeepUp(Protocol):
    """Keeps the transcript in step with the repository.

    Called after each turn that another will follow, when the results are in; `commands` says whether the turn ran any.
    Gives the transcript to go on with: the same one, perhaps with a delta, or a new epoch.
    """

    def __call__(self, transcript: Transcript, *, commands: bool) -> Awaitable[Transcript]: ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """The model says that its work has ended; `denied` if something it wanted was not allowed."""

    claim: Reported
    denied: bool


@dataclass(frozen=True, slots=True)
class Stuck:
    """The same calls had the same results over and over."""

    turns: int


LoopEnd = Claimed | Stuck | BudgetReached


@dataclass(slots=True)
class Loop:
    """What one agent's loop works with. `inbox` holds what a person says while it runs; `changed` is called after
    each turn that changed something. `transcript` may be another one after each turn."""

    transcript: Transcript
    model: Model
    dispatcher: Dispatcher
    recorder: Recorder
    budget: Budget
    inbox: asyncio.Queue[str]
    changed: Callable[[], None]
    keep_up: KeepUp

    def say(self, text: str, origin: Origin) -> None:
        """Add a user message."""
        self._commit(UserMessage(text, origin))

    async def run(self) -> LoopEnd:
        """Turns until the model reports, stops by itself, gets stuck, or a limit is reached."""
        repeats = _Repeats()
        denied = False
        nudges = 0
        while True:
            if limit := self.budget.reached():
                self.recorder.emit(limit)
                return limit
            started = monotonic()
            self.recorder.turn += 1
            self.budget.turns = self.recorder.turn
            self.recorder.emit(TurnStarted())
            try:
                answer = await self.model.answer(self.transcript.request(), self._emit)
                self._commit(answer.message)
                outcome = await self._act(answer.message)
                denied = denied or outcome.denied
                nudges = 0 if outcome.messages else nudges + 1
                claim = self._claim(answer, outcome, last=nudges > MOST_NUDGES)
                if claim is None:
                    commands = outcome.commands
                    self.transcript = await self.keep_up(self.transcript, commands=commands)
                if answer.nudge and claim is None:
                    self.say(answer.nudge, "harness")
                count = repeats.count(answer.message, outcome)
                if claim is None and count == REPEATS_BEFORE_NUDGE:
                    self.say(render("loop_seen", count=str(count)), "harness")
                while not self.inbox.empty():
                    self.say(self.inbox.get_nowait(), "person")
                    claim = None
            finally:
                self.recorder.emit(TurnEnded(round(monotonic() - started, 3)))
            if claim is not None:
                self.recorder.emit(claim)
                return Claimed(claim, denied)
            if count >= REPEATS_BEFORE_END:
                return Stuck(count)

    async def _act(self, message: AssistantMessage) -> Outcome:
        if not message.tool_calls:
            return Outcome((), (), False, False, False)
        outcome = await self.dispatcher.run(message.tool_calls)
        for result in outcome.messages:
            self.transcript.append(result)
        for data in outcome.data:
            if isinstance(data, UpdatePlanParams):
                items = tuple(PlanItem(item.text, item.state) for item in data.items)
                self.recorder.emit(PlanChanged(items))
        if outcome.mutated:
            self.changed()
        return outcome

    @staticmethod
    def _claim(answer: Answering, outcome: Outcome, *, last: bool) -> Reported | None:
        """What the turn ends the work with: a report, or an answer that asks for nothing more.

        An answer that calls for a nudge ends it too when it was the `last` that could get one: as not done.
        """
        for data in outcome.data:
            if isinstance(data, ReportParams):
                return Reported(data.status, data.summary)
        if answer.message.tool_calls or (answer.nudge is not None and not last):
            return None
        text = answer.message.text.strip() or "The model ended without a word."
        return Reported("done" if answer.nudge is None else "not_done", text)

    def _commit(self, message: UserMessage | AssistantMessage) -> None:
        self.recorder.emit(MessageCommitted(message))
        self.transcript.append(message)

    def _emit(self, body: Body) -> None:
        self.budget.note(body)
        self.recorder.emit(body)


class _Repeats:
    """How many turns in a row made the same calls with the same results."""

    def __init__(self) -> None:
        self._last: tuple[object, ...] = ()
        self._count = 0

    def count(self, message: AssistantMessage, outcome: Outcome) -> int:
        this = (
            *((call.name, call.arguments_json) for call in message.tool_calls),
            *(result.text for result in outcome.messages),
        )
        self._count = self._count + 1 if this and this == self._last else 1
        self._last = this
        return self._count
