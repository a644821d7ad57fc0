"""What the interface's state costs: events reduced a second with 64 agents that stream, and memory for each message.

Against appending the same events to a journal in the same run, because the interface must not be what holds up the
rest. Parts of answers are never journaled; theirs is the share of a core.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from leadline.agent.bus import Bus, Live, Published, Recorder
from leadline.agent.events import (
    Body,
    MessageCommitted,
    RequestSent,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
    UsageReported,
)
from leadline.agent.history.journal import Journal
from leadline.agent.messages import AssistantMessage, ToolCall, Usage, UserMessage
from leadline.agent.passing import Passing, ReasoningDelta, TextDelta
from leadline.tui.state.reducer import State, reduce, state_of

AGENTS = 64
PARTS = 200
"""Of an answer: reasoning first, then text, a token each."""
TURNS = 3
TOKENS_A_SECOND = 100
MESSAGES = 10_000
ROUNDS = 5

Said = tuple[str, Body]


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a round: all reduced; the durable events journaled, reduced; the rest reduced."""

    reduced: float
    journaled: float
    durable: float
    passing: float


async def measure() -> str:
    said = list(_session())
    rounds = [_round(said) for _ in range(ROUNDS)]
    passing = sum(isinstance(body, Passing) for _, body in said)
    durable = len(said) - passing
    events = len(said) / _median(rounds, lambda took: took.reduced)
    journaled = _median(rounds, lambda took: took.journaled) / durable
    reduced = _median(rounds, lambda took: took.durable) / durable
    each_part = _median(rounds, lambda took: took.passing) / passing
    core = each_part * AGENTS * TOKENS_A_SECOND
    short, long, memory = _growth()
    return "\n".join(
        [
            f"{len(said):,} events of {AGENTS} agents   {events:>9,.0f} reduced a second",
            f"a durable event, journaled    {journaled * 1e6:>9.1f} us   1.00",
            f"a durable event, reduced      {reduced * 1e6:>9.1f} us   {reduced / journaled:.2f}",
            f"a part of an answer, reduced  {each_part * 1e6:>9.1f} us   {each_part / journaled:.2f}",
            f"{AGENTS} agents, {TOKENS_A_SECOND} parts a second {core:>7.1%} of a core",
            f"a turn after {MESSAGES:,} messages {long / short:>8.2f} of one at the beginning",
            f"a message held                {memory:>9,.0f} bytes beside its event",
        ]
    )


def _session() -> Iterator[Said]:
    """All agents in step: each has a turn with a streamed answer and a call."""
    yield "main", SessionStarted("0.1", "/w", "mend it", "auto", "Confined.", {})
    for turn in range(1, TURNS + 1):
        yield from _all(lambda _: TurnStarted())
        yield from _all(lambda _, turn=turn: RequestSent(turn, "m", "high", (), 2 * turn))
        for part in range(PARTS):
            kind = ReasoningDelta if part < PARTS // 2 else TextDelta
            yield from _all(lambda _, kind=kind, part=part: kind(f"token{part} "))
        yield from _all(lambda _, turn=turn: _usage(turn))
        yield from _all(lambda name, turn=turn: _answer(f"{name}-{turn}"))
        yield from _all(lambda _, turn=turn: ToolStarted(f"c{turn}", "read", "read a.py", False))
        yield from _all(lambda _, turn=turn: ToolFinished(f"c{turn}", True, "line\n" * 50, 0.1, ""))
        yield from _all(lambda _: TurnEnded(1.0))


def _all(body: Callable[[str], Body]) -> Iterator[Said]:
    for number in range(AGENTS):
        name = f"task-t{number}-{number}"
        yield name, body(name)


def _usage(request: int) -> UsageReported:
    used = Usage(100_000, 500, PARTS)
    return UsageReported(request, "m", used, 0.001, 0.02, False, 100_000, "none", "", 0.5, 2.0)


def _answer(call: str) -> MessageCommitted:
    calls = (ToolCall(call, "read", '{"path": "a.py"}'),)
    words = "".join(f"token{part} " for part in range(PARTS // 2))
    used = Usage(100_000, 500, PARTS)
    return MessageCommitted(AssistantMessage(words, words, calls, "tool_calls", used, "m"))


def _round(said: Sequence[Said]) -> Took:
    """The session emitted as a run does, and what was published reduced."""
    published: list[Published] = []
    with tempfile.TemporaryDirectory() as folder:
        journal, bus = Journal.create(Path(folder) / "s"), Bus()
        bus.subscribe(published.append)
        recorders = {name: Recorder(journal, bus, name, 1) for name, _ in said}
        journaled = 0.0
        for name, body in said:
            began = time.perf_counter()
            recorders[name].emit(body)
            journaled += 0.0 if isinstance(body, Passing) else time.perf_counter() - began
        journal.close()
    began = time.perf_counter()
    state_of(published)
    reduced = time.perf_counter() - began
    return Took(reduced, journaled, *_apart(published))


def _apart(published: Sequence[Published]) -> tuple[float, float]:
    """Seconds for the durable events, and for the rest."""
    state, seconds = State(), {True: 0.0, False: 0.0}
    start = 0
    for place in range(1, len(published) + 1):
        passing = isinstance(published[start], Live)
        if place < len(published) and isinstance(published[place], Live) == passing:
            continue
        began = time.perf_counter()
        for each in published[start:place]:
            state = reduce(state, each)
        seconds[passing] += time.perf_counter() - began
        start = place
    return seconds[False], seconds[True]


def _growth() -> tuple[float, float, float]:
    """Seconds for a hundred turns at the beginning of one long transcript and at its end, and bytes for a message."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.create(Path(folder) / "s")
        bodies: list[Body] = [SessionStarted("0.1", "/w", "mend it", "auto", "Confined.", {})]
        for turn in range(MESSAGES // 2):
            bodies += [
                MessageCommitted(UserMessage(f"say {turn}", "person")),
                TurnStarted(),
                _answer(f"c{turn}"),
                TurnEnded(1.0),
            ]
        recorder = Recorder(journal, Bus(), "main", 1)
        for body in bodies:
            recorder.emit(body)
        events = journal.events
        journal.close()
    part = 400  # events, a hundred turns
    begun, grown = state_of(events[:part]), state_of(events[:-part])
    short = _fastest(begun, events[part : 2 * part])
    long = _fastest(grown, events[-part:])
    return short, long, _memory(events)


def _fastest(state: State, events: Sequence[Published]) -> float:
    times: list[float] = []
    for _ in range(ROUNDS * 4):
        began = time.perf_counter()
        now = state
        for event in events:
            now = reduce(now, event)
        times.append(time.perf_counter() - began)
    return min(times)


def _memory(events: Sequence[Published]) -> float:
    """Bytes for a message that the state takes, beside the events that the journal has in memory anyway."""
    gc.collect()
    tracemalloc.start()
    state = state_of(events)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(state.agents["main"].transcript) == MESSAGES
    return taken / MESSAGES


def _median(rounds: Sequence[Took], part: Callable[[Took], float]) -> float:
    return statistics.median(map(part, rounds))
