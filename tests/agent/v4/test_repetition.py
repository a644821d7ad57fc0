from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.v4.repetition import RepeatDetector

WORDS = [f"word{number}" for number in range(400)]


def prose(words: int, seed: int = 0) -> str:
    chance = random.Random(seed)
    return " ".join(chance.choice(WORDS) for _ in range(words))


def found_after(text: str, step: int = 50) -> int | None:
    """Characters until the detector speaks, None if it never does."""
    detector = RepeatDetector()
    for at in range(0, len(text), step):
        if detector.feed(text[at : at + step]):
            return at + step
    return None


def test_a_short_phrase_over_and_over_is_found_soon():
    end = found_after("Wait, I should check the file again. " * 5_000)
    assert end is not None
    assert end < 12_000


def test_chinese_without_spaces_is_found_too():
    assert (
        found_after("\u8ba9\u6211\u518d\u68c0\u67e5\u4e00\u6b21\u6587\u4ef6\u3002" * 2_000)
        is not None
    )


def test_a_block_of_thousands_of_characters_is_found():
    block = prose(3_000)
    end = found_after((block + "\n") * 8)
    assert end is not None
    assert end < 5 * len(block)


def test_a_loop_with_a_counter_in_it_is_found():
    text = "".join(
        f"Attempt {number}: I read the file, I look at the function, I see that the sign in the third line is wrong, "
        "and then I decide to read the file once more before I change anything at all in it. "
        for number in range(3_000)
    )
    end = found_after(text)
    assert end is not None
    assert end < 15_000


def test_ordinary_thinking_is_not():
    assert found_after(prose(20_000)) is None


def test_drafting_a_long_file_three_times_is_not():
    draft = prose(2_000)
    assert found_after("\nAgain:\n".join([draft] * 3) + prose(2_000, seed=1)) is None


def test_a_word_without_end_is_found():
    assert found_after("a" * 40_000) is not None
    assert found_after(prose(20_000).replace(" ", "")) is None


def test_white_space_without_end_is_found():
    assert found_after("answer" + "\n " * 3_000) is not None
    assert found_after("answer " * 10 + " " * 3_000) is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=200), st.booleans())
def test_how_it_is_cut_makes_no_difference(steps: list[int], loops: bool):
    text = "one two three, four_and_five_and_more. " * 600 if loops else prose(2_500)
    detector = RepeatDetector()
    at = 0
    for index in range(100_000):
        if at >= len(text):
            break
        step = steps[index % len(steps)]
        detector.feed(text[at : at + step])
        at += step
    assert detector.feed(" ") is loops
