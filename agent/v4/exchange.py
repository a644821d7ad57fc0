"""One request until it has an answer: attempts, waits, verdicts, each of them an event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...tools.errors import PersonError
from ..context.transcript import Request
from ..events import Body, Repaired, RequestFailed, RequestSent, UsageReported, Warned
from ..messages import AssistantMessage, Usage
from ..passing import RetryScheduled
from .body import max_tokens_for, request_body
from .catalog import Catalog
from .failures import RepetitionError, TransientError, UnavailableError, without_key
from .ledger import Ledger
from .link import Connection
from .profiles import Endpoint
from .receive import Received, receive
from .repair import Accept, Again, Caps, Fault, judge
from .retry import Limits, Patience
from .stream import Counted
from .throttle import Slot, Throttle
from .values import Tree, as_list, as_tree

Emit = Callable[[Body], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A message to commit. `nudge`, if any, is to be sent as a user message after the results of its calls, once."""

    message: AssistantMessage
    nudge: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What all exchanges of a session share. `said` holds the warnings given so far."""

    endpoint: Endpoint
    catalog: Catalog
    throttle: Throttle
    ledger: Ledger
    limits: Limits
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    jitter: Callable[[], float]
    said: set[str] = field(default_factory=set[str])


class Exchange:
    """Sends one request until there is an answer worth keeping, or no use in going on."""

    def __init__(self, parts: Parts, connection: Connection, request: Request, emit: Emit) -> None:
        self._parts = parts
        self._connection = connection
        self._request = request
        self._emit = emit
        self._patience = Patience(parts.limits, parts.jitter)
        self._schemas = tool_schemas(request.tools.json)
        model = parts.catalog.resolve(request.lane.model, parts.now())
        self._max_tokens = max_tokens_for(model, *parts.ledger.prompt_parts(request))
        self._body = request_body(request, parts.endpoint.profile, model, self._max_tokens)

    async def run(self) -> Answer:
        while True:
            async with self._parts.throttle.slot(self._request.lane.model) as slot:
                outcome = await self._attempt(slot)
            match outcome:
                case Answer():
                    return outcome
                case TransientError():
                    await self._wait(outcome)
                case Again(fault, note):
                    self._emit(Repaired(fault, f"asked again: {note}"))

    async def _attempt(self, slot: Slot) -> Answer | TransientError | Again:
        """One request sent and its end recorded. Raises when there is no use in sending another."""
        request = self._request
        number = self._parts.ledger.next_number(request.transcript)
        lane = request.lane
        sent = RequestSent(number, lane.model, lane.effort, request.segments, len(request.messages))
        self._emit(sent)
        at = self._parts.now()
        started = asyncio.get_running_loop().time()
        profile = self._parts.endpoint.profile
        limits = self._parts.limits
        try:
            received = await receive(self._connection, self._body, profile, limits, self._emit)
        except TransientError as failure:
            shown = without_key(failure, self._parts.endpoint)
            return self._after_failure(number, shown, slot)
        except RepetitionError as error:
            return self._after_repetition(number, str(error))
        except BaseException as error:
            self._emit(RequestFailed(number, _reason(error), retry=False))
            raise
        slot.served()
        seconds = asyncio.get_running_loop().time() - started
        usage = self._account(number, received, at, seconds)
        return self._judged(received, usage)

    def _after_failure(self, number: int, failure: TransientError, slot: Slot) -> TransientError:
        if failure.busy:
            slot.refused()
        if failure.retry_after:
            slot.pause(self._patience.asked_pause(failure))
        retry = self._patience.more_tries
        self._emit(RequestFailed(number, failure.reason, retry=retry))
        if not retry:
            raise UnavailableError(
                f"{self._parts.endpoint.base_url} gave no whole answer in {self._patience.failures + 1} "
                f"tries; the last one: {failure.reason}. Nothing is lost: go on later with "
                "`leadline resume`."
            )
        return failure

    def _after_repetition(self, number: int, reason: str) -> Again:
        retry = "repetition" not in self._patience.settled
        self._emit(RequestFailed(number, reason, retry=retry))
        return self._asked_again(Again("repetition", reason))

    async def _wait(self, failure: TransientError) -> None:
        seconds = self._patience.wait_after(failure)
        self._emit(RetryScheduled(failure.reason, seconds, self._patience.failures))
        await self._parts.sleep(seconds)

    def _account(self, number: int, received: Received, at: datetime, seconds: float) -> Usage:
        """Record what the answer cost, and say what is odd about it."""
        parts = self._parts
        model = received.draft.model or self._request.lane.model
        counted = received.draft.usage
        usage = _usage(counted)
        known = counted is not None and counted.cached is not None
        account = parts.ledger.record(
            self._request, usage, self._billed(model, at), at, cache_known=known
        )
        self._emit(
            UsageReported(
                request=number,
                model=model,
                usage=usage,
                cost=account.cost,
                cost_uncached=account.cost_uncached,
                peak=account.peak,
                expected_hit=account.expected_hit,
                cause=account.cause,
                detail=account.detail,
                first_token_seconds=received.first_token_seconds,
                seconds=seconds,
            )
        )
        self._warn(account.note)
        if counted is None:
            self._warn("the endpoint does not report token counts: costs and limits are not known")
        if not self._is_asked(model, at):
            asked = self._request.lane.model
            self._warn(f"{asked} was asked for, but {model} answered")
        return usage

    def _judged(self, received: Received, usage: Usage) -> Answer | Again:
        turn = len(self._request.messages)
        caps = Caps(self._max_tokens, turn, self._patience.settled)
        verdict = judge(received.draft, self._schemas, caps)
        if isinstance(verdict, Again):
            return self._asked_again(verdict)
        for fault, action in verdict.repairs:
            self._emit(Repaired(fault, action))
        message = self._message(received, verdict, usage)
        self._parts.ledger.kept(self._request, message, verbatim=verdict.verbatim)
        return Answer(message, verdict.nudge)

    def _asked_again(self, again: Again) -> Again:
        if not self._patience.ask_again(again.fault):
            raise UnavailableError(_gave_up(again.fault, again.note))
        return again

    def _message(self, received: Received, verdict: Accept, usage: Usage) -> AssistantMessage:
        return AssistantMessage(
            text=verdict.text,
            reasoning=verdict.reasoning if self._request.lane.thinking else None,
            tool_calls=verdict.calls,
            finish=verdict.finish,
            usage=usage,
            model=received.draft.model or self._request.lane.model,
        )

    def _billed(self, model: str, at: datetime) -> str:
        """The name to look the price up by: an endpoint's own name for the asked model is that model."""
        return self._request.lane.model if self._is_asked(model, at) else model

    def _is_asked(self, model: str, at: datetime) -> bool:
        asked = self._request.lane.model
        if model in (asked, self._parts.endpoint.profile.served_name(asked)):
            return True
        resolve = self._parts.catalog.resolve
        return resolve(model, at).id == resolve(asked, at).id

    def _warn(self, text: str) -> None:
        if text and text not in self._parts.said:
            self._parts.said.add(text)
            self._emit(Warned(text))


def tool_schemas(tools_json: str) -> dict[str, Tree]:
    """Names of the tools and the JSON schemas of their parameters, from the form the API takes."""
    tools: Any = json.loads(tools_json)
    functions = [as_tree(as_tree(tool).get("function")) for tool in as_list(tools)]
    return {str(tool["name"]): as_tree(tool.get("parameters")) for tool in functions}


def _usage(counted: Counted | None) -> Usage:
    if counted is None:
        return Usage(0, 0, 0)
    hit = counted.cached or 0
    return Usage(hit, counted.prompt - hit, counted.output, counted.reasoning)


def _reason(error: BaseException) -> str:
    if isinstance(error, PersonError):
        return error.message
    return "interrupted" if isinstance(error, asyncio.CancelledError) else type(error).__name__


def _gave_up(fault: Fault, note: str) -> str:
    if fault == "filtered":
        return f"No answer could be had: {note}. Say the task in other words."
    return (
        f"The model gave no usable answer, however often it was asked: {note}. "
        "Go on later with `leadline resume`, or with another model."
    )
