"""A session's state, computed from its journal: what resume, undo and the projections start from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..tools.git.history import Timeline
from ..tools.report import REPORT, ReportParams
from .context.repacking import forget, repacked
from .context.transcript import Lane
from .events import (
    Durable,
    Event,
    MessageCommitted,
    Packed,
    Rebased,
    RepackWeighed,
    Reported,
    RequestSent,
    Restored,
    Routed,
    SessionEnded,
    SessionResumed,
    SessionStarted,
    SnapshotTaken,
    ToolFinished,
    ToolStarted,
    UsageReported,
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

    `steps` are those of the timeline, without step 0, which is `first`. `unsettled` says that a call which may change
    files began after the newest snapshot.

    `claim` is what the model reported last, when nothing was said to it since and the session has not ended.

    `pack` is the newest one, `weighed` the last decision on another since; `answered` is when the last answer came.
    """

    started: SessionStarted
    lane: Lane | None
    messages: tuple[Message, ...]
    unanswered: tuple[Unanswered, ...]
    seen: dict[str, str]
    first: SnapshotTaken | None
    steps: tuple[SnapshotTaken, ...]
    timeline: Timeline
    unsettled: bool
    turn: int
    epoch: int
    tools_digest: str | None
    ended: SessionEnded | None
    claim: Reported | None
    pack: Packed | None
    weighed: RepackWeighed | None
    answered: datetime | None


def replay(events: Sequence[Event]) -> Replayed:
    """The state after the last of `events`. Raises JournalError when they hold no start."""
    first = events[0].body if events else None
    if not isinstance(first, SessionStarted):
        raise JournalError("The session ended before it began: there is nothing to go on with.")
    talk, tree = _Talk(), _Tree()
    lane: Lane | None = None
    digest: str | None = None
    ended: SessionEnded | None = None
    answered: datetime | None = None
    for event in events:
        talk.take(event.body)
        tree.take(event.body)
        match event.body:
            case Routed(_, model, effort):
                lane = Lane(model, effort)
            case RequestSent(segments=segments):
                digest = next((s.digest for s in segments if s.name == "tools"), digest)
            case UsageReported():
                answered = datetime.fromisoformat(event.at)
            case SessionEnded() as body:
                ended = body
            case SessionResumed():
                ended = None
            case _:
                pass
    unanswered = talk.unanswered()
    return Replayed(
        started=first,
        lane=lane,
        messages=tuple(talk.messages),
        unanswered=unanswered,
        seen=talk.seen,
        first=tree.first,
        steps=tuple(tree.steps),
        timeline=tree.timeline,
        unsettled=tree.unsettled,
        turn=max(event.turn for event in events),
        epoch=talk.epoch,
        tools_digest=digest,
        ended=ended,
        claim=None if ended or unanswered else _claim(talk.messages),
        pack=talk.pack,
        weighed=talk.weighed,
        answered=answered,
    )


class _Talk:
    """The conversation so far, and the calls of its last answer."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.seen: dict[str, str] = {}
        self.epoch = 0
        self.pack: Packed | None = None
        self.weighed: RepackWeighed | None = None
        self._results: dict[str, ToolFinished] = {}
        self._started: dict[str, ToolStarted] = {}

    def take(self, body: Durable) -> None:
        match body:
            case MessageCommitted(message):
                self._answer()
                self.messages.append(message)
                self._results.clear()
                self._started.clear()
            case ToolStarted():
                self._started[body.call_id] = body
            case ToolFinished():
                self._results[body.call_id] = body
                self.seen.update(body.seen or {})
            case Rebased():
                self._answer()
                self._rebase(body)
            case Packed():
                self.pack = body
                self.seen.update(body.seen)
            case RepackWeighed():
                self.weighed = body
            case _:
                pass

    def _rebase(self, body: Rebased) -> None:
        self.epoch = body.epoch
        if body.pack is not None:
            self.messages = [self.messages[0], *repacked(self.messages, body.pack)]
            self.weighed = None
            if self.pack is not None:
                forget(self.seen, self.pack.seen)
        elif not body.keeps_messages:
            self.messages = self.messages[:1]

    def unanswered(self) -> tuple[Unanswered, ...]:
        return tuple(
            Unanswered(
                call,
                started=call.id in self._started,
                mutates=call.id in self._started and self._started[call.id].mutates,
                finished=self._results.get(call.id),
            )
            for call in self._answer()
        )

    def _answer(self) -> list[ToolCall]:
        """Add the results of the last answer's calls, in call order; what is left over has none."""
        answered = 0
        while self.messages and isinstance(self.messages[-1 - answered], ToolMessage):
            answered += 1
        last = self.messages[-1 - answered] if self.messages else None
        if not isinstance(last, AssistantMessage):
            return []
        left = list(last.tool_calls[answered:])
        while left and left[0].id in self._results:
            result = self._results[left.pop(0).id]
            self.messages.append(ToolMessage(result.call_id, result.text, result.ok))
        return left


class _Tree:
    """The snapshots so far, and which of their steps the tree has."""

    def __init__(self) -> None:
        self.first: SnapshotTaken | None = None
        self.steps: list[SnapshotTaken] = []
        self.timeline = Timeline()
        self.unsettled = False

    def take(self, body: Durable) -> None:
        match body:
            case SnapshotTaken(step=0):
                self.first = body
            case SnapshotTaken():
                self.steps = [*self.steps[: self.timeline.at], body]
                self.timeline = self.timeline.record(body.before, body.commit, body.paths)
                self.unsettled = False
            case Restored():
                self.timeline = Timeline(self.timeline.steps, body.step)
                self.unsettled = False
            case ToolStarted(mutates=True):
                self.unsettled = True
            case _:
                pass


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
