from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.rehearsal.cache import Domain, PrefixCache, Tail

FLASH: Domain = ("deepseek-flash", "")
PRO: Domain = ("deepseek-v4-pro", "")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tokens(*parts: str | int) -> array[int]:
    """A text part stands for 200 tokens of its own, a number for that many tokens of nothing special."""
    out: array[int] = array("I")
    for part in parts:
        if isinstance(part, int):
            out.extend([7] * part)
        else:
            out.extend(hash_of(part) + i for i in range(200))
    return out


def hash_of(part: str) -> int:
    return sum(ord(c) * 1000 for c in part)


def ask(
    cache: PrefixCache, sent: array[int], out: array[int] | None = None, to: Domain = FLASH
) -> int:
    """One whole request: what it hits, then what it stores."""
    prefix = cache.prefix(sent)
    hit = cache.hit(to, prefix)
    cache.store_input(to, prefix)
    if out is not None:
        cache.store_output(to, prefix, out)
    return hit


def test_what_was_sent_before_and_goes_on_is_a_hit() -> None:
    cache = PrefixCache(Clock())
    assert ask(cache, tokens("A", "B")) == 0
    assert ask(cache, tokens("A", "B", "C")) == 384, "400 tokens, in whole units of 128"


def test_a_branch_point_costs_two_misses() -> None:
    cache = PrefixCache(Clock())
    assert ask(cache, tokens("A", "B")) == 0
    assert ask(cache, tokens("A", "C")) == 0, "A is no unit yet, though it was sent"
    assert ask(cache, tokens("A", "D")) == 128


def test_an_answer_sent_back_is_a_hit_too() -> None:
    cache = PrefixCache(Clock())
    ask(cache, tokens("A"), out=tokens("answer"))
    assert ask(cache, tokens("A", "answer", "B")) == 384


def test_units_show_only_after_the_write_delay() -> None:
    clock = Clock()
    cache = PrefixCache(clock, write_delay=5.0)
    ask(cache, tokens("A", "B"))
    clock.now = 4.9
    assert cache.hit(FLASH, cache.prefix(tokens("A", "B", "C"))) == 0
    clock.now = 5.0
    assert cache.hit(FLASH, cache.prefix(tokens("A", "B", "C"))) == 384


def test_writing_again_does_not_hide_a_visible_unit() -> None:
    clock = Clock()
    cache = PrefixCache(clock, write_delay=5.0)
    ask(cache, tokens("A"))
    clock.now = 6.0
    assert ask(cache, tokens("A")) == 128
    assert ask(cache, tokens("A")) == 128


def test_models_and_user_ids_share_nothing() -> None:
    cache = PrefixCache(Clock())
    ask(cache, tokens("A"))
    assert ask(cache, tokens("A"), to=PRO) == 0
    assert ask(cache, tokens("A"), to=("deepseek-flash", "someone")) == 0
    assert ask(cache, tokens("A")) == 128


@pytest.mark.parametrize(("tail", "hit"), [("whole", 0), ("rounded", 128)])
def test_whether_the_last_partial_block_must_be_met(tail: Tail, hit: int) -> None:
    cache = PrefixCache(Clock(), tail=tail)
    ask(cache, tokens("A"))
    assert ask(cache, tokens("A")[:190] + tokens("B")) == hit


def test_under_one_block_never_hits() -> None:
    cache = PrefixCache(Clock())
    ask(cache, tokens(127))
    assert ask(cache, tokens(127)) == 0
    ask(cache, tokens(128))
    assert ask(cache, tokens(128)) == 128


def test_long_texts_are_stored_at_fixed_distances() -> None:
    cache = PrefixCache(Clock(), interval=1024)
    ask(cache, tokens(2000, "B"), out=tokens(3000, "C"))
    assert ask(cache, tokens(1500, "D")) == 1024
    assert ask(cache, tokens(2000, "B", 2000, "D")) == 4096


def test_requests_at_the_same_time_all_miss() -> None:
    cache = PrefixCache(Clock())
    sent = [cache.prefix(tokens("A", name)) for name in "BCD"]
    assert [cache.hit(FLASH, prefix) for prefix in sent] == [0, 0, 0]
    for prefix in sent:
        cache.store_input(FLASH, prefix)
    assert ask(cache, tokens("A", "E")) == 128, "the second of them showed what they share"


def test_extending_gives_the_digests_of_the_whole() -> None:
    cache = PrefixCache(Clock())
    first, more = tokens("A", 30), tokens("B", 5)
    assert cache.prefix(first).extended(more) == cache.prefix(first + more)


def shared(one: list[int], other: list[int]) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@dataclass
class Plainly:
    """The rules once more, spelled out over lists: slow and easy to believe."""

    block: int
    interval: int
    delay: float
    units: list[tuple[list[int], float]] = field(default_factory=list[tuple[list[int], float]])
    seen: list[list[int]] = field(default_factory=list[list[int]])

    def hit(self, sent: list[int], now: float) -> int:
        met = [u for u, visible in self.units if visible <= now and sent[: len(u)] == u]
        return max((len(u) // self.block * self.block for u in met), default=0)

    def store(self, sent: list[int], out: list[int], now: float) -> None:
        whole = sent + out
        common = max((shared(sent, old) for old in self.seen), default=0)
        ends = [len(sent), len(whole), common // self.block * self.block]
        step = self.interval // self.block * self.block
        ends += range(step, len(whole) + 1, step) if step else []
        self.units += [(whole[:end], now + self.delay) for end in ends]
        self.seen.append(sent)


@dataclass(frozen=True)
class Ask:
    """A request that begins with an older one's input and output, cut to a share of it."""

    base: int
    keep: float
    more: list[int]
    out: list[int]
    wait: float


some_tokens = st.lists(st.integers(0, 1), max_size=14)
asks = st.lists(
    st.builds(
        Ask,
        st.integers(0, 9),
        st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]),
        some_tokens,
        some_tokens,
        st.sampled_from([0.0, 1.0, 3.0]),
    ),
    min_size=2,
    max_size=10,
)


@given(asks, st.sampled_from([0, 4, 12]), st.sampled_from([0.0, 2.0]))
def test_the_cache_follows_the_rules_spelled_out(
    requests: list[Ask], interval: int, delay: float
) -> None:
    clock = Clock()
    cache = PrefixCache(clock, block=4, interval=interval, write_delay=delay)
    plainly = Plainly(4, interval, delay)
    conversations: list[list[int]] = [[]]
    for request in requests:
        clock.now += request.wait
        base = conversations[request.base % len(conversations)]
        sent = base[: int(len(base) * request.keep)] + request.more
        prefix = cache.prefix(array("I", sent))
        hit = cache.hit(FLASH, prefix)
        assert hit == plainly.hit(sent, clock.now)
        assert hit % 4 == 0
        assert hit <= len(sent)
        cache.store_input(FLASH, prefix)
        cache.store_output(FLASH, prefix, array("I", request.out))
        plainly.store(sent, request.out, clock.now)
        conversations.append(sent + request.out)


@given(some_tokens, some_tokens, some_tokens)
def test_a_conversation_that_only_grows_never_loses_more_than_a_block(
    first: list[int], answer: list[int], more: list[int]
) -> None:
    cache = PrefixCache(Clock(), block=4)
    ask(cache, array("I", first), out=array("I", answer))
    known = len(first + answer)
    assert ask(cache, array("I", first + answer + more)) == known // 4 * 4


@given(some_tokens, some_tokens)
def test_a_hit_never_shrinks_as_time_passes(first: list[int], second: list[int]) -> None:
    clock = Clock()
    cache = PrefixCache(clock, block=4, write_delay=2.0)
    ask(cache, array("I", first), out=array("I", second))
    sent = cache.prefix(array("I", first + second))
    early = cache.hit(FLASH, sent)
    clock.now = 10.0
    assert early <= cache.hit(FLASH, sent)
