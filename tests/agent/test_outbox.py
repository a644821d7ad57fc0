"""What is taken is what was put, whoever is slow."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.bus import Live
from leadline.agent.events import (
    Event,
    MessageCommitted,
    ToolFinished,
    TurnEnded,
    TurnStarted,
    Warned,
)
from leadline.agent.host.outbox import MOST_TEXT, Closed, Outbox, Told
from leadline.agent.messages import AssistantMessage, Usage
from leadline.agent.passing import (
    CommandWaits,
    IndexProgress,
    Passing,
    ReasoningDelta,
    RetryScheduled,
    TextDelta,
    ToolOutput,
)

AGENTS = st.sampled_from(["main", "task-a-1", "task-b-2"])
TEXTS = st.text(max_size=5)
PASSING: st.SearchStrategy[Passing] = st.one_of(
    st.builds(TextDelta, TEXTS),
    st.builds(ReasoningDelta, TEXTS),
    st.builds(ToolOutput, st.sampled_from(["c1", "c2"]), TEXTS),
    st.builds(RetryScheduled, TEXTS, st.just(1.0), st.just(1)),
    st.builds(IndexProgress, st.integers(0, 9), st.just(9)),
    st.builds(CommandWaits, st.sampled_from(["make", "true"]), st.none()),
)


def event(seq: int, agent: str, body: object) -> Event:
    return Event(seq, "2026-01-01T00:00:00.000Z", "s", agent, 1, body)  # type: ignore[arg-type]


def answer(text: str) -> MessageCommitted:
    return MessageCommitted(AssistantMessage(text, "", (), "stop", Usage(0, 0, 0), "m"))


def nothing() -> None:
    pass


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("live"), AGENTS, PASSING),
        st.tuples(st.just("event"), AGENTS, st.sampled_from([TurnStarted(), Warned("w")])),
        st.tuples(st.just("end"), AGENTS, st.just(TurnEnded(1.0))),
        st.tuples(st.just("take"), AGENTS, st.integers(1, 4)),
    ),
    max_size=60,
)


@given(STEPS)
def test_durable_events_come_in_order_and_texts_whole(
    steps: Sequence[tuple[str, str, object]],
) -> None:
    """Each stream's text between two durable events of its agent is what was put there, until an end makes it needless:
    then it is a beginning of it."""
    box = Outbox(nothing)
    put: list[Told] = []
    taken: list[Told] = []
    for number, (what, agent, value) in enumerate(steps):
        if what == "take":
            assert isinstance(value, int)
            taken += box.take(value, 0)
            continue
        if what == "live":
            item: Told = Live(agent, 1, value)  # type: ignore[arg-type]
        else:
            item = event(number, agent, value)
        put.append(item)
        box.put(item)
    while new := box.take(7, 0):
        taken += new
    assert [each for each in taken if isinstance(each, Event)] == [
        each for each in put if isinstance(each, Event)
    ]
    for agent in ("main", "task-a-1", "task-b-2"):
        for given_text, taken_text in zip(texts(put, agent), texts(taken, agent), strict=True):
            for stream, (text, needless) in given_text.items():
                got = taken_text.get(stream, ("", False))[0]
                assert got == text or (needless and text.startswith(got))


def texts(told: Sequence[Told], agent: str) -> list[dict[tuple[str, str], tuple[str, bool]]]:
    """By the durable events of the agent between which they came: each stream's text, and whether the turn ended
    after it."""
    found: list[dict[tuple[str, str], tuple[str, bool]]] = [defaultdict(lambda: ("", False))]
    for item in told:
        if not isinstance(item, Event | Live) or item.agent != agent:
            continue
        if isinstance(item, Event):
            if isinstance(item.body, TurnEnded):
                for part in found:
                    part.update({stream: (text, True) for stream, (text, _) in part.items()})
            found.append(defaultdict(lambda: ("", False)))
        elif isinstance(item.body, TextDelta | ReasoningDelta | ToolOutput):
            call = item.body.call_id if isinstance(item.body, ToolOutput) else ""
            stream = item.body.kind, call
            found[-1][stream] = found[-1][stream][0] + item.body.text, False
    return found


@given(st.lists(st.tuples(AGENTS, PASSING), max_size=30))
def test_a_prompt_reader_sees_each_as_it_was(items: Sequence[tuple[str, Passing]]) -> None:
    box = Outbox(nothing)
    for agent, body in items:
        box.put(Live(agent, 3, body))
        assert box.take(9, 0) == [Live(agent, 3, body)]
    assert box.take(9, 0) == []


def test_the_deltas_of_64_agents_become_one_for_each() -> None:
    box = Outbox(nothing)
    for number in range(1000):
        for agent in range(64):
            box.put(Live(f"task-{agent}", 1, TextDelta(f"{number};")))
    taken = box.take(10_000, 0)
    whole = "".join(f"{number};" for number in range(1000))
    assert taken == [Live(f"task-{agent}", 1, TextDelta(whole)) for agent in range(64)]


def test_what_a_durable_event_says_falls_away() -> None:
    box = Outbox(nothing)
    for body in (ReasoningDelta("r"), TextDelta("t"), RetryScheduled("slow", 1.0, 1)):
        box.put(Live("main", 1, body))
    box.put(event(1, "other", answer("x")))
    box.put(event(2, "main", Warned("w")))
    box.put(Live("main", 1, TextDelta("u")))
    box.put(Live("main", 1, ToolOutput("c1", "out")))
    box.put(Live("main", 1, ToolOutput("c2", "out")))
    box.put(event(3, "main", answer("tu")))
    box.put(event(4, "main", ToolFinished("c1", True, "out", 1.0, "t")))
    assert box.take(99, 0) == [
        event(1, "other", answer("x")),
        event(2, "main", Warned("w")),
        Live("main", 1, ToolOutput("c2", "out")),
        event(3, "main", answer("tu")),
        event(4, "main", ToolFinished("c1", True, "out", 1.0, "t")),
    ]


@given(st.lists(st.integers(0, 3 * MOST_TEXT), min_size=1, max_size=20))
def test_of_a_long_text_the_end_is_kept_and_what_is_missing_told(sizes: Sequence[int]) -> None:
    box = Outbox(nothing)
    whole = ""
    for number, size in enumerate(sizes):
        text = str(number % 10) * size
        whole += text
        box.put(Live("main", 1, TextDelta(text)))
    (item,) = box.take(9, 0)
    assert isinstance(item, Live)
    assert isinstance(item.body, TextDelta)
    got = item.body.text
    if got != whole:
        note, _, kept = got.partition("\n")
        assert whole.endswith(kept)
        assert MOST_TEXT <= len(kept) < 3 * MOST_TEXT
        assert note == f"[{len(whole) - len(kept)} characters left out]"


def test_a_reader_in_another_thread_gets_all_and_is_woken() -> None:
    woken = threading.Semaphore(0)
    box = Outbox(woken.release)
    taken: list[Told] = []

    def read() -> None:
        while Closed() not in taken:
            taken.extend(box.take(3, 10))

    reader = threading.Thread(target=read)
    reader.start()
    events = [event(number, "main", Warned(str(number))) for number in range(3000)]
    for each in events:
        box.put(each)
    box.put(Closed())
    reader.join()
    assert taken == [*events, Closed()]
    assert woken.acquire(blocking=False)
