"""A session's state, computed from its journal: what resume, undo and the projections start from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ...tools.git.history import Timeline
from ...tools.report import REPORT, ReportParams
from ..context.repacking import forget, repacked
from ..context.transcript import Lane
from ..events import (
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
    SessionForked,
    SessionResumed,
    SessionStarted,
    SnapshotTaken,
    ToolFinished,
    ToolStarted,
    UsageReported,
)
from ..events_plan import BroughtHome, Forked, HomecomingBegan
from ..messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from .journal import JournalError

MAIN = "main"
"""The agent that works on the person's tree itself, and in whose name the session's own events are."""


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
    files began after the newest snapshot; `homing` is a homecoming that was cut off before its step.

    `claim` is what the model reported last, when nothing was said to it since and the session has not ended.

    `pack` is the newest one, `weighed` the last decision on another since; `answered` is when the last answer came.

    `unsaid` is what the person wanted next and the agent was not told yet; `restored` the newest undo or redo with
    the files of all, or of what the person took back, since the agent was told anything. `forked` says that the
    transcript began in another session.
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
    unsaid: tuple[str, ...] = ()
    restored: Restored | None = None
    forked: bool = False
    homing: HomecomingBegan | None = None


def replay(events: Sequence[Event], agent: str = MAIN) -> Replayed:
    """The state after the last of `events`: of the session, and of what this agent said and was told.

    Raises JournalError when they hold no start.
    """
    first = events[0].body if events else None
    if not isinstance(first, SessionStarted):
        raise JournalError("The session ended before it began: there is nothing to go on with.")
    tree = _Tree()
    news = _News(agent)
    ended: SessionEnded | None = None
    for event in events:
        if works_in_place(event.agent):
            tree.take(event.body)
        news.take(event)
        match event.body:
            case SessionEnded() as body:
                ended = body
            case SessionResumed():
                ended = None
            case _:
                pass
    talk = talk_of(events, agent)
    unanswered = talk.unanswered()
    claims = not (ended or unanswered or news.unsaid)
    return Replayed(
        started=first,
        lane=talk.lane,
        messages=tuple(talk.messages),
        unanswered=unanswered,
        seen=talk.seen,
        first=tree.first,
        steps=tuple(tree.steps),
        timeline=tree.timeline,
        unsettled=tree.unsettled,
        turn=talk.turn,
        epoch=talk.epoch,
        tools_digest=talk.tools_digest,
        ended=ended,
        claim=claim_of(talk.messages) if claims else None,
        pack=talk.pack,
        weighed=talk.weighed,
        answered=talk.answered,
        unsaid=news.unsaid,
        restored=news.restored,
        forked=talk.forked,
        homing=tree.homing,
    )


def works_in_place(agent: str) -> bool:
    """Whether the agent works on the person's tree itself: MAIN, or who took over from it. Others work in clones."""
    return agent == MAIN or agent.startswith(f"{MAIN}-")


def talk_of(events: Sequence[Event], agent: str) -> Talk:
    """What one agent said and was told so far."""
    talk = Talk()
    for number, event in enumerate(events):
        if event.agent != agent:
            continue
        if isinstance(event.body, Forked):
            above = talk_of(events[:number], event.body.parent)
            talk.begin_like(above, event.body.messages)
        talk.take(event)
    return talk


class Talk:
    """One agent's conversation so far, and the calls of its last answer."""

    def __init__(self) -> None:
        self.lane: Lane | None = None
        self.tools_digest: str | None = None
        self.answered: datetime | None = None
        self.turn = 0
        self.messages: list[Message] = []
        self.seen: dict[str, str] = {}
        self.epoch = 0
        self.pack: Packed | None = None
        self.weighed: RepackWeighed | None = None
        self.forked = False
        self._results: dict[str, ToolFinished] = {}
        self._started: dict[str, ToolStarted] = {}

    def begin_like(self, other: Talk, messages: int) -> None:
        """The first messages are another's, and so is what is known by them."""
        other.unanswered()  # results that are there become messages by it
        self.messages = other.messages[:messages]
        self.pack, self.epoch = other.pack, other.epoch
        self.seen = dict(other.pack.seen) if other.pack else {}

    def take(self, event: Event) -> None:
        self.turn = max(self.turn, event.turn)
        match event.body:
            case Routed(_, model, effort):
                self.lane = Lane(model, effort)
            case RequestSent(segments=segments):
                digests = (part.digest for part in segments if part.name == "tools")
                self.tools_digest = next(digests, self.tools_digest)
            case UsageReported():
                self.answered = datetime.fromisoformat(event.at)
            case SessionForked(tools_digest=digest, answered=at):
                self.forked, self.tools_digest = True, digest
                self.answered = datetime.fromisoformat(at) if at else None
            case body:
                self._take_message(body)

    def _take_message(self, body: Durable) -> None:
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


class _News:
    """What happened beside an agent's conversation that it has to be told of."""

    def __init__(self, agent: str) -> None:
        self._agent = agent
        self.unsaid: tuple[str, ...] = ()
        self.restored: Restored | None = None

    def take(self, event: Event) -> None:
        match event.body:
            case SessionResumed(more=more) if more:
                self.unsaid = (*self.unsaid, more)
            case Restored() as body:
                self._went(body.step, body.commit, body.paths)
            case SnapshotTaken(by="person") as body:
                self._went(body.step, body.commit, body.paths or ("some with odd names",))
            case MessageCommitted(message) if event.agent == self._agent:
                self.restored = None
                if isinstance(message, UserMessage) and message.origin == "person":
                    self.unsaid = tuple(text for text in self.unsaid if text != message.text)
            case _:
                pass

    def _went(self, step: int, commit: str, paths: tuple[str, ...]) -> None:
        before = self.restored.paths if self.restored is not None else ()
        self.restored = Restored(step, commit, tuple(dict.fromkeys((*before, *paths))))


class _Tree:
    """The snapshots so far, and which of their steps the tree has."""

    def __init__(self) -> None:
        self.first: SnapshotTaken | None = None
        self.steps: list[SnapshotTaken] = []
        self.timeline = Timeline()
        self.unsettled = False
        self.homing: HomecomingBegan | None = None

    def take(self, body: Durable) -> None:
        match body:
            case SnapshotTaken(step=0):
                self.first = body
            case SnapshotTaken():
                self.steps = [*self.steps[: self.timeline.at], body]
                self.timeline = self.timeline.record(body.before, body.commit, body.paths)
                self.unsettled = False
                self.homing = None
            case HomecomingBegan() as body:
                self.homing = body
            case Restored():
                self.timeline = Timeline(self.timeline.steps, body.step)
                self.unsettled = False
            case ToolStarted(mutates=True):
                self.unsettled = True
            case BroughtHome():
                self.homing = None
            case SessionForked():  # what was called before was called in another session
                self.unsettled = False
                self.homing = None
            case _:
                pass


def claim_of(messages: Sequence[Message]) -> Reported | None:
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
