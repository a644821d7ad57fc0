"""The sum that decides on a new pack, and what a new pack does to a conversation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.context.repacking import (
    COLD_AFTER,
    LEAST_DELTAS,
    Prices,
    Sizes,
    is_cold,
    is_due,
    repacked,
    turns_to_come,
    weigh,
)
from leadline.agent.context.transcript import Lane, Tools, Transcript
from leadline.agent.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    Usage,
    UserMessage,
)

FLASH = Prices(hit=0.003, miss=0.15, peak=False)

parts = st.integers(0, 200_000)
prices = st.floats(0.001, 5)


@st.composite
def sizes(draw: st.DrawFn) -> Sizes:
    pack, deltas, rest = draw(parts), draw(parts), draw(parts)
    return Sizes(pack + deltas + rest, pack, deltas, draw(parts))


@given(sizes(), prices, prices, st.integers(1, 200), st.booleans())
def test_the_sum_is_what_the_requests_cost(
    given_sizes: Sizes, hit: float, miss: float, turns: int, cold: bool
) -> None:
    """Counted request by request, as the service bills them."""
    found = weigh("deltas", given_sizes, Prices(hit, miss, peak=False), turns, cold=cold)
    carry_on = sum(
        given_sizes.context * (miss if cold and turn == 0 else hit) for turn in range(turns)
    )
    repack = sum(given_sizes.repacked * (miss if turn == 0 else hit) for turn in range(turns))
    assert abs(found.carry_on_usd - carry_on / 1e6) < 1e-9 * max(1, carry_on)
    assert abs(found.repack_usd - repack / 1e6) < 1e-9 * max(1, repack)
    assert found.repack == (found.repack_usd < found.carry_on_usd)


@given(sizes(), prices, prices, st.floats(1, 50), st.integers(1, 200))
def test_dearer_misses_never_make_it_repack(
    given_sizes: Sizes, hit: float, miss: float, times: float, turns: int
) -> None:
    cheap = weigh("deltas", given_sizes, Prices(hit, miss, False), turns, cold=False)
    dear = weigh("deltas", given_sizes, Prices(hit, miss * times, False), turns, cold=False)
    assert cheap.repack or not dear.repack


@given(sizes(), prices, prices, st.integers(1, 200), st.integers(0, 200), st.booleans())
def test_more_turns_never_speak_against_a_smaller_prompt(
    given_sizes: Sizes, hit: float, miss: float, turns: int, more: int, cold: bool
) -> None:
    given_prices = Prices(hit, miss, peak=False)
    few = weigh("deltas", given_sizes, given_prices, turns, cold=cold)
    many = weigh("deltas", given_sizes, given_prices, turns + more, cold=cold)
    assert many.repack or not few.repack or given_sizes.repacked >= given_sizes.context


@given(sizes(), prices, prices, st.integers(1, 200))
def test_a_cold_cache_never_speaks_against_it(
    given_sizes: Sizes, hit: float, more: float, turns: int
) -> None:
    """Misses never cost less than hits."""
    given_prices = Prices(hit, hit + more, peak=False)
    warm = weigh("resumed", given_sizes, given_prices, turns, cold=False)
    cold = weigh("resumed", given_sizes, given_prices, turns, cold=True)
    assert cold.repack or not warm.repack


@given(sizes(), st.integers(1, 200), st.booleans())
def test_no_price_is_no_reason(given_sizes: Sizes, turns: int, cold: bool) -> None:
    assert not weigh("deltas", given_sizes, Prices(0, 0, False), turns, cold=cold).repack


def test_at_the_prices_of_today() -> None:
    """Warm, 6,000 tokens of deltas are read 200 times before one fresh read of the rest would have paid."""
    now = Sizes(context=90_000, pack=30_000, deltas=6_000, new_pack=30_000)
    assert not weigh("deltas", now, FLASH, 60, cold=False).repack
    assert weigh("resumed", now, FLASH, 60, cold=True).repack
    assert not weigh("resumed", replace(now, deltas=0, context=84_000), FLASH, 60, cold=True).repack


@given(st.integers(0, 500), st.integers(1, 500))
def test_turns_to_come(done: int, limit: int) -> None:
    turns = turns_to_come(done, limit)
    assert 1 <= turns <= max(1, limit - done)
    assert turns <= max(1, done)


@given(st.lists(st.integers(0, 50_000), max_size=30))
def test_weighed_at_each_doubling(grown: list[int]) -> None:
    """However the deltas grow, it is weighed no more often than they double."""
    deltas, last, times = 0, None, 0
    for more in grown:
        deltas += more
        if is_due(deltas, last):
            last = weigh("deltas", Sizes(deltas, 0, deltas, 0), FLASH, 1, cold=False)
            times += 1
    assert 2 ** max(0, times - 1) * LEAST_DELTAS <= max(deltas, LEAST_DELTAS)
    assert (times > 0) == (deltas >= LEAST_DELTAS)


def test_cold_after_some_hours() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert is_cold(None, now)
    assert is_cold(now - COLD_AFTER, now)
    assert not is_cold(now - COLD_AFTER + timedelta(seconds=1), now)


def _conversation() -> list[Message]:
    call = ToolCall("c1", "shell", "{}")
    said = AssistantMessage("", "", (call,), "tool_calls", Usage(0, 1, 1), "m")
    return [
        SystemMessage("s"),
        UserMessage("old pack", "pack"),
        UserMessage("ways", "instructions"),
        UserMessage("go", "task"),
        said,
        ToolMessage("c1", "out", ok=True),
        UserMessage("changed", "delta"),
        UserMessage("hm", "person"),
    ]


def test_a_new_pack_keeps_everything_else_in_order() -> None:
    kept = repacked(_conversation(), "new pack")
    assert kept[0] == UserMessage("new pack", "pack")
    expected = [m for m in _conversation()[2:] if m != UserMessage("changed", "delta")]
    assert list(kept[1:]) == expected
    transcript = Transcript("main", Lane("m", "high"), Tools.of("[]"), SystemMessage("s"))
    again = transcript.rebase("a new pack", kept)
    assert again.messages == (SystemMessage("s"), *kept)
    assert again.request().start == "rebase"


def test_a_conversation_without_a_pack_gets_one_first() -> None:
    messages = [m for m in _conversation() if m != UserMessage("old pack", "pack")]
    assert repacked(messages, "new pack") == repacked(_conversation(), "new pack")
