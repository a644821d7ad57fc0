"""Laws of what the state is made of: sequences that only grow, and texts that are bounded."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tui.state.pages import PAGE, Pages
from leadline.tui.state.texts import MOST_LIVE, MOST_TEXT, NOTHING, excerpt

CHANGES = st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=60)


def pages(count: int) -> Pages[int]:
    grown: Pages[int] = Pages()
    for number in range(count):
        grown = grown.append(number)
    return grown


@given(st.integers(0, 3 * PAGE), CHANGES)
@settings(deadline=None)
def test_pages_are_a_list_that_is_never_changed(count: int, changes: list[tuple[int, bool]]):
    now, listed = pages(count), list(range(count))
    values = [(now, tuple(listed))]
    for number, (index, appends) in enumerate(changes):
        if appends or index >= len(listed):
            now, listed = now.append(-number), [*listed, -number]
        else:
            now = now.put(index, -number)
            listed[index] = -number
        values.append((now, tuple(listed)))
    for each, expected in values:
        assert tuple(each) == expected
        assert len(each) == len(expected)
        assert [each[place] for place in range(len(each))] == list(expected)
        if expected:
            assert each[-1] == expected[-1]
            assert each[-len(expected)] == expected[0]


@given(st.integers(0, 3 * PAGE), st.sets(st.integers(0, 3 * PAGE)), st.integers(0, PAGE))
@settings(deadline=None)
def test_news_are_exactly_what_is_other_than_before(count: int, places: set[int], more: int):
    older = now = pages(count)
    changed = {place for place in places if place < count}
    for place in changed:
        now = now.put(place, -1 - place)
    for number in range(more):
        now = now.append(number)
    assert list(now.news(older)) == [*sorted(changed), *range(count, count + more)]
    assert not list(now.news(now))


def test_equal_contents_are_equal_however_they_came_about():
    assert pages(PAGE).put(3, 0).put(3, 3) == pages(PAGE)
    assert pages(PAGE) != pages(PAGE - 1)


@pytest.mark.parametrize("index", [PAGE + 1, -PAGE - 2, 10 * PAGE])
def test_what_is_not_there_is_an_error(index: int):
    with pytest.raises(IndexError):
        pages(PAGE + 1)[index]
    with pytest.raises(IndexError):
        pages(PAGE + 1).put(index, 0)


def test_a_change_shares_all_but_its_own_page():
    before = pages(100 * PAGE)
    after = before.put(7, -1).append(0)
    shared = sum(page is other for page, other in zip(before.full, after.full, strict=True))
    assert shared == 99


@given(
    st.lists(st.text(max_size=9) | st.integers(0, MOST_LIVE * 3).map("x\n".__mul__), max_size=20)
)
@settings(deadline=None)
def test_a_tail_is_the_end_of_all_that_came_and_counts_it(parts: list[str]):
    tail, whole = NOTHING, ""
    for part in parts:
        older, tail = tail, tail.more(part)
        whole += part
        new = tail.since(older.chars)
        assert new == (part if len(part) <= len(tail.text) else None)
    assert whole.endswith(tail.text)
    assert (tail.chars, tail.breaks) == (len(whole), whole.count("\n"))
    assert min(len(whole), MOST_LIVE // 2) <= len(tail.text) <= MOST_LIVE
    assert tail.since(tail.chars + 1) is None


@given(st.text() | st.integers(0, 3).map(lambda more: "y" * (MOST_TEXT - 1 + more)))
@settings(deadline=None)
def test_an_excerpt_shares_what_it_can_hold_and_says_what_it_lacks(text: str):
    cut = excerpt(text, 7)
    assert text.startswith(cut.text)
    assert len(cut.text) == min(len(text), MOST_TEXT)
    assert cut.whole == (cut.text == text)
    assert (cut.text is text) == cut.whole
    assert (cut.chars, cut.seq) == (len(text), 7)


def test_five_megabytes_leave_no_more_than_a_bounded_part():
    assert sys.getsizeof(excerpt("z" * 5_000_000, 1).text) < 2 * MOST_TEXT
    assert sys.getsizeof(NOTHING.more("z" * 5_000_000).text) < 2 * MOST_LIVE
