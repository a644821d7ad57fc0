"""An answer that grows: the pieces it comes in do not show, and what is finished is not painted again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tests.tui.paint.harmless import is_harmless, plain
from leadline.tui.paint.live import MOST_KEPT, QUICK, LiveText, paint_text, paint_thinking
from leadline.tui.state.texts import MOST_LIVE, Tail

PIECES = (
    "# Head", "text", " ", "\n", "\n\n", "- ", "* ", "1. ", "2) ", "> ", "    ", "```", "```py\n", "~~~", "`",
    "**", "*", "_", "[a](b)", "[a]: http://b\n", "| a | b |\n", "|---|---|\n", "---", "===", "<b>", "&amp;",
    "&#13;", "&#x202e;", "\t", "\r", "\r\n", "\x1b[31m", "\x1b]8;;http://x\x07", "\\", "![i](s)", "[ ] ", "[x] ", "--",
    "~~", "|", "+", "#", "word\n" * 90, "x" * 9000, "long line of words " * 30 + "\n",
)  # fmt: skip
markdown = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40).map("".join)
WIDTH = 40


def fed(pieces: Sequence[str], width: int = WIDTH) -> LiveText:
    live = LiveText(width)
    for piece in pieces:
        live = live.fed(piece)
    return live


def cut(text: str, places: Sequence[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places})
    return [text[begin:end] for begin, end in zip([0, *ends], [*ends, len(text)], strict=True)]


@given(markdown, st.lists(st.integers(0, 10**6), max_size=30))
@settings(max_examples=150, deadline=None)
def test_the_pieces_that_a_text_comes_in_do_not_show(text: str, places: list[int]):
    live = fed(cut(text, places))
    assert live.text == text
    assert plain(live.finished) == plain(paint_text(text, WIDTH))
    if len(live.rest + live.line) <= QUICK:
        assert plain(live.parts) == plain(fed([text]).parts)
    assert is_harmless(live.parts)


@given(markdown)
@settings(max_examples=60, deadline=None)
def test_what_is_settled_stays(text: str):
    live = LiveText(WIDTH)
    for begin in range(0, min(len(text), 3000), 37):
        more = live.fed(text[begin : begin + 37])
        assert more.settled[: len(live.settled)] == live.settled
        if len(more.settled) == len(live.settled):
            assert more.settled is live.settled
        live = more


def test_what_is_finished_is_not_painted_again():
    live = fed(["# One\n\ntwo\n\n- a\n- b\n- c"])
    more = live.fed(" goes on")
    assert plain(more.settled) == "One\n\ntwo\n\n• a"
    assert plain(more.growing) == "• b\n• c goes on"
    assert more.settled is live.settled


def test_long_code_is_settled_in_pieces_and_looks_like_one():
    lines = [f"x{number} = {number}" for number in range(500)]
    text = "```python\n" + "\n".join(lines)
    live = fed([text])
    assert len(live.settled) > 450
    rows = plain(live.parts).split("\n")
    assert rows == ["  python", *(f"  {line}" for line in lines)]
    assert plain(fed([text, "\n```\n\nafter"]).parts).endswith("x499 = 499\n\nafter")


@pytest.mark.parametrize(
    ("text", "grown", "whole"),
    [
        ("some **bo", "some bo", "some **bo"),
        ("some `co", "some co", "some `co"),
        ("some **bold**", "some bold", "some bold"),
        ("a * b", "a * b", "a * b"),
        ("```\na ** b", "  a ** b", "  a ** b"),
    ],
)
def test_what_is_open_looks_closed_while_it_grows(text: str, grown: str, whole: str):
    assert plain(fed([text]).parts) == grown
    assert plain(fed([text]).finished) == whole


def test_a_table_grows_by_rows():
    live = fed(["| a | b |\n|---|--:|\n| 1 | 2 |\n| 3"])
    assert plain(live.parts).split("\n") == ["a │ b", "─────", "1 │ 2", "3 │"]


def test_another_width_paints_the_same_text_anew():
    live = fed(["| a | b |\n|---|---|\n| one two three | four five six |\n"])
    assert plain(live.at(80).parts) != plain(live.at(18).parts)
    assert live.at(WIDTH) is live


def test_a_text_without_end_is_bounded():
    live = LiveText(WIDTH)
    for _ in range(60):
        live = live.fed("word " * 1000 + "\n\n")
    assert live.chars == 60 * 5002
    assert len(live.text) <= MOST_KEPT
    assert live.began > 0
    assert "characters before this" in live.settled[0].content.plain
    assert len(plain(fed(["x" * 200_000]).parts)) <= MOST_KEPT + 100


def test_a_tail_is_followed_and_a_gap_in_it_told():
    tail = Tail().more("one\n\n")
    live = LiveText(WIDTH).followed(tail)
    tail = tail.more("two")
    live = live.followed(tail)
    assert plain(live.parts) == "one\n\ntwo"
    for _ in range(10):
        tail = tail.more("z" * (MOST_LIVE // 3) + "\n\n")
    behind = live.followed(tail)
    assert behind.chars == tail.chars
    assert behind.began != live.began
    assert "characters before this" in plain(behind.parts)


def test_thinking_shows_its_last_rows_or_all():
    tail = Tail().more("\n".join(f"line {number} " + "w " * 12 for number in range(20)))
    rows = paint_thinking(tail, False, 20)
    assert len(rows) == 3
    assert all(part.content.cell_length <= 20 for part in rows)
    assert "line 0" in plain(paint_thinking(tail, True, 20))
    assert paint_thinking(Tail(), False, 20) == paint_thinking(Tail(), True, 20) == ()


def test_a_long_block_grows_with_what_came_last_still_plain():
    live = fed(["word " * 500, "*and"])
    assert plain(live.parts).endswith("word *and")
    assert plain(live.fed("* so").finished).endswith("word and so")
    for _ in range(100):
        live = live.fed("* it *goes")
    assert plain(live.parts).count("*") < 20


def test_marks_without_end_are_shown_as_they_are():
    (first, _, last) = paint_text("*one*\n\n" + "![" * 3000, WIDTH)
    assert first.content.plain == "one"
    assert last.content.plain == "![" * 3000
