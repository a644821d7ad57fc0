"""The law of the cache: in any session, each request's rendered prompt begins with the whole of the one before."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.agent.context.transcript import Lane, Tools, Transcript, TranscriptError
from leadline.agent.events import (
    Durable,
    Event,
    MessageCommitted,
    Rebased,
    Routed,
    SessionStarted,
    ToolFinished,
    ToolStarted,
)
from leadline.agent.events_requests import Segment
from leadline.agent.history.journal import decode, encode
from leadline.agent.history.replay import replay
from leadline.agent.messages import (
    AssistantMessage,
    Origin,
    SystemMessage,
    ToolCall,
    ToolMessage,
    Usage,
    UserMessage,
)
from leadline.agent.rehearsal.prompt import render as render_prompt
from leadline.agent.v4.wire import wire_messages
from leadline.prompts.render import render
from leadline.tools.registry import schemas_json

OPENING = "<\N{FULLWIDTH VERTICAL LINE}Assistant\N{FULLWIDTH VERTICAL LINE}><think>"
TOOLS = Tools.of(schemas_json())
SYSTEM = SystemMessage(render("system"))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


def spelled(value: dict[str, Any], compact: bool) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":") if compact else None)


arguments = st.builds(
    spelled,
    st.dictionaries(st.sampled_from(["path", "text", "edits"]), json_values, max_size=3),
    st.booleans(),
)


@dataclass(frozen=True)
class Answer:
    text: str
    reasoning: str
    calls: list[str]
    results: list[tuple[str, bool]]


answers = st.builds(
    Answer,
    texts,
    texts,
    st.lists(arguments, max_size=3),
    st.lists(st.tuples(texts, st.booleans()), min_size=3, max_size=3),
)
operations = st.one_of(
    answers,
    texts.map(lambda text: ("say", text)),
    st.sampled_from([("retry", ""), ("resume", ""), ("fork", ""), ("rebase", "")]),
)


def wire_body(transcript: Transcript) -> dict[str, Any]:
    request = transcript.request()
    return {
        "model": request.lane.model,
        "messages": wire_messages(request.messages),
        "tools": json.loads(request.tools.json),
        "thinking": {"type": "enabled"},
        "reasoning_effort": request.lane.effort,
    }


@dataclass
class Session:
    """A session as the harness keeps it: a transcript, and the journal it can be rebuilt from."""

    transcript: Transcript
    events: list[Event] = field(default_factory=list[Event])
    calls: int = 0

    def record(self, body: Durable) -> None:
        event = Event(len(self.events) + 1, "2026-11-22T00:00:00.000Z", "s", "main", 0, body)
        self.events.append(decode(encode(event)))

    def say(self, text: str) -> None:
        message = UserMessage(text, "harness")
        self.record(MessageCommitted(message))
        self.transcript.append(message)

    def answer(self, answer: Answer) -> None:
        calls = [ToolCall(f"call_{self.calls + i}", "edit", a) for i, a in enumerate(answer.calls)]
        self.calls += len(calls)
        message = AssistantMessage(
            answer.text,
            answer.reasoning,
            tuple(calls),
            "tool_calls" if calls else "stop",
            Usage(0, 1, 1),
            self.transcript.lane.model,
        )
        self.record(MessageCommitted(message))
        self.transcript.append(message)
        for call in calls:
            self.record(ToolStarted(call.id, call.name, "", True))
        finished = [
            ToolFinished(call.id, ok, text, 0.0, "")
            for call, (text, ok) in zip(calls, answer.results, strict=False)
        ]
        for body in reversed(finished):  # results may come in any order; they join in call order
            self.record(body)
        for body in finished:
            self.transcript.append(ToolMessage(body.call_id, body.text, body.ok))

    def resume(self) -> None:
        state = replay(self.events)
        assert not state.unanswered
        assert state.lane is not None
        rebuilt = Transcript("main", state.lane, TOOLS, SYSTEM, epoch=state.epoch)
        for message in state.messages[1:]:
            rebuilt.append(message)
        assert rebuilt.messages == self.transcript.messages
        self.transcript = rebuilt

    def rebase(self) -> None:
        kept = UserMessage("What happened so far: nothing worth keeping.", "harness")
        self.transcript = self.transcript.rebase("a test wants it", (kept,))
        self.record(Rebased("a test wants it", self.transcript.epoch))
        self.record(MessageCommitted(kept))


def started(lane: Lane) -> Session:
    session = Session(Transcript("main", lane, TOOLS, SYSTEM))
    session.record(SessionStarted("0", "/repo", "task", "auto", "none", {}))
    session.record(Routed("solo", lane.model, lane.effort, "a test"))
    session.record(MessageCommitted(SYSTEM))
    session.say("the task")
    return session


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    model=st.sampled_from(["deepseek-flash", "deepseek-v4-pro"]),
    effort=st.sampled_from(["low", "high", "max"]),
    steps=st.lists(operations, max_size=12),
)
def test_each_request_extends_the_one_before(
    model: str, effort: str, steps: Sequence[Answer | tuple[str, str]]
) -> None:
    session = started(Lane(model, effort))
    before = render_prompt(wire_body(session.transcript))
    answered = False
    for step in steps:
        match step:
            case Answer():
                session.answer(step)
            case ("say", text):
                session.say(text)
            case ("resume", _):
                session.resume()
            case ("fork", _):
                session.transcript = session.transcript.fork("child")
            case ("rebase", _):
                session.rebase()
                before = ""
            case _:
                pass
        answered = answered or isinstance(step, Answer)
        if isinstance(session.transcript.messages[-1], AssistantMessage):
            continue  # a request is only made after something new was said
        prompt = render_prompt(wire_body(session.transcript))
        # A request that failed has no answer to extend: then all but the tag that opens one is kept.
        assert prompt.startswith(before if answered else before.removesuffix(OPENING))
        before, answered = prompt, False


def assistant(*ids: str, reasoning: str | None = "why") -> AssistantMessage:
    calls = tuple(ToolCall(i, "read", "{}") for i in ids)
    return AssistantMessage("", reasoning, calls, "tool_calls", Usage(0, 1, 1), "deepseek-flash")


BREAKING: list[Callable[[Transcript], object]] = [
    lambda t: t.append(SystemMessage("another")),
    lambda t: t.append(ToolMessage("b", "out of order", True)),
    lambda t: t.append(UserMessage("too early", "person")),
    lambda t: t.append(assistant("c")),
    lambda t: t.request(),
    lambda t: t.fork("child"),
]


@pytest.mark.parametrize("break_it", BREAKING)
def test_what_the_api_would_refuse_cannot_be_built(
    break_it: Callable[[Transcript], object],
) -> None:
    transcript = Transcript("main", Lane("deepseek-flash", "high"), TOOLS, SYSTEM)
    transcript.append(UserMessage("go", "task"))
    transcript.append(assistant("a", "b"))
    with pytest.raises(TranscriptError):
        break_it(transcript)


def test_an_answer_of_another_thinking_mode_does_not_fit() -> None:
    transcript = Transcript("main", Lane("deepseek-flash", "high"), TOOLS, SYSTEM)
    with pytest.raises(TranscriptError):
        transcript.append(assistant(reasoning=None))
    with pytest.raises(TranscriptError):
        transcript.rebase(" ", ())


def test_segments_name_what_changed() -> None:
    one = Transcript("main", Lane("deepseek-flash", "high"), TOOLS, SYSTEM)
    other = Transcript("main", Lane("deepseek-flash", "high"), TOOLS, SYSTEM)
    for transcript, card in ((one, "here"), (other, "there")):
        transcript.append(UserMessage("the pack", "pack"))
        transcript.append(UserMessage(card, "environment"))
    same = {s.name for s in one.request().segments if s in other.request().segments}
    assert [s.name for s in one.request().segments] == ["system", "tools", "pack", "history"]
    assert same == {"system", "tools", "pack"}


@given(
    said=st.lists(st.tuples(texts, st.sampled_from(["pack", "instructions", "task"])), max_size=8),
    asked=st.sets(st.integers(0, 8)),
    forked=st.integers(0, 8),
)
def test_segments_are_those_of_the_messages_however_often_they_are_asked_for(
    said: list[tuple[str, Origin]], asked: set[int], forked: int
) -> None:
    lane = Lane("deepseek-flash", "high")
    grown, parent = Transcript("main", lane, TOOLS, SYSTEM), None
    before: tuple[Segment, ...] = ()
    for number, (text, origin) in enumerate(said):
        if number in asked:
            grown.request()
        if number == forked:
            parent, before = grown, grown.request().segments
            grown = parent.fork("child")
        grown.append(UserMessage(text, origin))
    at_once = Transcript("main", lane, TOOLS, SYSTEM)
    for text, origin in said:
        at_once.append(UserMessage(text, origin))
    assert grown.request().segments == at_once.request().segments
    assert parent is None or parent.request().segments == before


def test_a_prompt_and_its_values_cannot_drift_apart(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        render("task")
    with pytest.raises(ValueError, match="no placeholder for extra"):
        render("task", task="x", extra="y")
