"""A session's state, computed from its journal: what resume, undo and the projections start from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..tools.report import REPORT, ReportParams
from .context.transcript import Lane
from .events import (
    Event,
    MessageCommitted,
    Rebased,
    Reported,
    RequestSent,
    Restored,
    Routed,
    SessionEnded,
    SessionStarted,
    SnapshotTaken,
    ToolFinished,
    ToolStarted,
)
from .journal import JournalError
from .messages import AssistantMessage, Message, ToolCall, ToolMessage


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A call of the last answer whose result is not in the messages yet.

    `finished` is its result where only an earlier call of the same answer held it up; without one, `started` and
    `mutates` tell what may have happened already.
    """

    call: ToolCall
    started: bool
    mutates: bool
    finished: ToolFinished | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """`messages` begin with the system message and end before the first unanswered call's result.

    `claim` is what the model reported last, when nothing was said to it since and the session has not ended.
    """

    started: SessionStarted
    lane: Lane | None
    messages: tuple[Message, ...]
    unanswered: tuple[Unanswered, ...]
    seen: dict[str, str]
    steps: tuple[SnapshotTaken, ...]
    step: int
    turn: int
    epoch: int
    tools_digest: str | None
    ended: SessionEnded | None
    claim: Reported | None


def replay(events: Sequence[Event]) -> Replayed:
    """The state after the last of `events`. Raises JournalError when they hold no start."""
    if not events or not isinstance(events[0].body, SessionStarted):
        raise JournalError("The session ended before it began: there is nothing to go on with.")
    messages: list[Message] = []
    results: dict[str, ToolFinished] = {}
    started: dict[str, ToolStarted] = {}
    seen: dict[str, str] = {}
    steps: list[SnapshotTaken] = []
    lane: Lane | None = None
    step = epoch = 0
    digest: str | None = None
    ended: SessionEnded | None = None
    for event in events:
        ended = None
        match event.body:
            case MessageCommitted(message):
                _answer(messages, results)
                messages.append(message)
                results.clear()
                started.clear()
            case ToolStarted() as body:
                started[body.call_id] = body
            case ToolFinished() as body:
                results[body.call_id] = body
                seen.update(body.seen or {})
            case Routed(_, model, effort):
                lane = Lane(model, effort)
            case RequestSent(segments=segments):
                digest = next((s.digest for s in segments if s.name == "tools"), digest)
            case Rebased() as body:
                _answer(messages, results)
                messages = messages if body.keeps_messages else messages[:1]
                epoch = body.epoch
            case SnapshotTaken() as body:
                steps = [*(old for old in steps if old.step < body.step), body]
                step = body.step
            case Restored():
                step = event.body.step
            case SessionEnded() as body:
                ended = body
            case _:
                pass
    open_calls = _answer(messages, results)
    first = events[0].body
    return Replayed(
        started=first,
        lane=lane,
        messages=tuple(messages),
        unanswered=tuple(
            Unanswered(
                call,
                call.id in started,
                call.id in started and started[call.id].mutates,
                results.get(call.id),
            )
            for call in open_calls
        ),
        seen=seen,
        steps=tuple(steps),
        step=step,
        turn=events[-1].turn,
        epoch=epoch,
        tools_digest=digest,
        ended=ended,
        claim=None if ended or open_calls else _claim(messages),
    )


def _claim(messages: Sequence[Message]) -> Reported | None:
    """What the newest answer claims: by a report that got through, or by asking for nothing more."""
    passed: set[str] = set()
    for message in reversed(messages):
        match message:
            case ToolMessage(call_id, ok=True):
                passed.add(call_id)
            case AssistantMessage(text, tool_calls=()):
                return Reported("done", text)
            case AssistantMessage(tool_calls=calls):
                reports = [call for call in calls if call.name == REPORT.name and call.id in passed]
                if not reports:
                    return None
                report = ReportParams.model_validate_json(reports[-1].arguments_json)
                return Reported(report.status, report.summary)
            case ToolMessage():
                pass
            case _:
                return None
    return None


def _answer(messages: list[Message], results: dict[str, ToolFinished]) -> list[ToolCall]:
    """Add the results of the last answer's calls, in call order; what is left over has none."""
    answered = 0
    while messages and isinstance(messages[-1 - answered], ToolMessage):
        answered += 1
    last = messages[-1 - answered] if messages else None
    if not isinstance(last, AssistantMessage):
        return []
    left = list(last.tool_calls[answered:])
    while left and left[0].id in results:
        result = results[left.pop(0).id]
        messages.append(ToolMessage(result.call_id, result.text, result.ok))
    return left
