"""Laws of what the transcript and the pager stand on: sums of heights, rows of parts, and a place that stays."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tui.paint.part import Part
from leadline.tui.panels.session.heights import Heights
from leadline.tui.panels.session.layout import Layout, Spot
from leadline.tui.panels.session.rows import Row, cuts, laid_out
from leadline.tui.safe import content
from leadline.tui.screens.lines import lines_of
from rich.cells import cell_len
from textual.content import Content

HEIGHTS = st.lists(st.integers(0, 9), max_size=40)
TEXTS = st.text(alphabet="ab  漢é\u0301👍\ufe0f❤\u200d.", max_size=80)


@given(HEIGHTS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=40))
@settings(deadline=None)
def test_heights_are_sums_of_a_list(heights: list[int], changes: list[tuple[int, int]]):
    sums, listed = Heights(heights), list(heights)
    for index, height in changes:
        if index < len(listed):
            sums.put(index, height)
            listed[index] = height
        else:
            sums.append(height)
            listed.append(height)
    assert (len(sums), sums.total) == (len(listed), sum(listed))
    assert [sums.before(index) for index in range(len(listed) + 1)] == [
        sum(listed[:index]) for index in range(len(listed) + 1)
    ]
    rows = [(index, row) for index, height in enumerate(listed) for row in range(height)]
    assert [sums.find(row) for row in range(sums.total)] == rows


@given(TEXTS, st.integers(1, 12), st.booleans())
@settings(deadline=None)
def test_a_line_is_cut_into_rows_that_fit_and_lose_nothing_but_spaces(
    text: str, room: int, at_spaces: bool
):
    rows = list(cuts(text, room, at_spaces))
    assert rows[-1][2] == -1
    assert rows[0][0] == 0
    for start, end, _ in rows:
        assert cell_len(text[start:end]) <= room or end - start == 1 or room < 3
    for (_, end, after), (start, _, _) in pairwise(rows):
        assert after == start >= end
        assert not text[end:after].strip(" ")
    assert not text[rows[-1][1] :].strip(" ")


@given(st.lists(TEXTS, min_size=1, max_size=4), st.integers(4, 30), st.booleans())
@settings(deadline=None)
def test_rows_joined_by_their_glue_are_the_text(texts: list[str], width: int, wrap: bool):
    text = "\n".join(texts)
    rows = laid_out((Part(content(text), Content("> "), Content("> "), wrap),), width)
    joined = "".join(row.text + row.glue for row in rows)
    shown = content(text).plain
    ends = [line.rstrip(" ") for line in joined.removesuffix("\n").split("\n")]
    assert ends == [line.rstrip(" ") for line in shown.split("\n")]
    assert all(row.content.plain.startswith("> ") for row in rows)


class Counted:
    """Items whose heights are known to the test alone; guesses are wrong."""

    def __init__(self, heights: list[int]) -> None:
        self.heights = heights
        self.asked: set[int] = set()
        self.made: dict[tuple[int, int, int], Row] = {}

    def __len__(self) -> int:
        return len(self.heights)

    def guess(self, index: int, width: int) -> int:
        return (self.heights[index] * 7 + index) % 5

    def rows(self, index: int, width: int) -> tuple[Row, ...]:
        self.asked.add(index)
        return tuple(
            Row(Content(f"{index}.{row}"), "", 0, row, 0, "\n")
            for row in range(self.heights[index] * width)
        )

    def all(self, width: int) -> list[Spot]:
        return [
            Spot(item, row)
            for item, height in enumerate(self.heights)
            for row in range(height * width)
        ]


def spots(laid: Layout) -> list[Spot]:
    return [seen.spot for seen in laid.window()]


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["by", "to", "change", "grow", "resize", "follow", "reveal", "look"]),
        st.integers(-30, 60),
    ),
    max_size=30,
)


@given(st.lists(st.integers(0, 6), max_size=30), MOVES)
@settings(deadline=None)
def test_a_window_is_always_full_and_of_neighbours_whatever_was_guessed(
    heights: list[int], moves: list[tuple[str, int]]
):
    items = Counted(heights)
    laid = Layout(items, 1, 5)
    laid.settle()
    for move, number in moves:
        _moved(items, laid, move, number)
        every = items.all(laid.width)
        seen = spots(laid)
        assert len(seen) == min(laid.height, len(every))
        if seen:
            first = every.index(seen[0])
            assert every[first : first + len(seen)] == seen
        if laid.follows:
            assert seen == every[-laid.height :]


def _moved(items: Counted, laid: Layout, move: str, number: int) -> None:
    count = len(items)
    match move:
        case "by":
            every, before = items.all(laid.width), spots(laid)
            laid.scroll_by(number)
            if before:
                last = max(0, len(every) - laid.height)
                place = max(0, min(last, every.index(before[0]) + number))
                assert spots(laid)[0] == every[place]
        case "to":
            laid.scroll_to(min(number % 200, max(0, laid.total - laid.height)))
        case "change" if count:
            items.heights[number % count] = number % 7
            laid.changed(number % count)
        case "grow":
            items.heights += [number % 4]
            laid.grew()
        case "resize":
            laid.resize(1 + number % 3, 1 + number % 9)
        case "follow":
            laid.follow()
        case "reveal" if count:
            laid.reveal(number % count)
            height = items.heights[number % count] * laid.width
            shown = [spot.row for spot in spots(laid) if spot.item == number % count]
            assert len(shown) == min(height, laid.height)
        case "look" if count:
            laid.look_at(Spot(number % count, 0))
        case _:
            pass
    laid.settle()


def test_what_is_above_may_be_of_any_height_and_the_place_stays():
    items = Counted([3] * 200)
    laid = Layout(items, 1, 5)
    laid.look_at(Spot(100, 1))
    for _ in range(20):
        before = spots(laid)
        laid.scroll_by(-1)
        assert spots(laid)[1:] == before[:-1]
    for _ in range(200):
        laid.scroll_by(-4)
    assert (laid.spot, laid.top) == (Spot(0, 0), 0)


def test_only_what_is_looked_at_is_laid_out():
    items = Counted([3] * 100_000)
    laid = Layout(items, 1, 20)
    laid.settle()
    laid.scroll_to(100_000)
    laid.scroll_by(-20)
    laid.look_at(Spot(0, 0))
    laid.resize(2, 30)
    laid.settle()
    assert len(items.asked) < 60


def test_a_resize_keeps_the_text_on_top():
    class Text(Counted):
        def rows(self, index: int, width: int) -> tuple[Row, ...]:
            return laid_out((Part(Content("word " * 400), wrap=True),), width)

    laid = Layout(Text([1] * 9), 50, 10)
    laid.look_at(Spot(4, 20))
    start = laid.window()[0].row.start
    laid.resize(80, 10)
    laid.settle()
    row = laid.window()[0].row
    assert laid.spot.item == 4
    assert row.start <= start < row.start + 80


# --- a long text ---


@given(st.text(max_size=60) | st.integers(0, 3).map(lambda count: "x" * (2048 * count)))
@settings(deadline=None)
def test_lines_of_a_text_are_harmless_and_all_there(text: str):
    lines = lines_of(text)
    laid = Layout(lines, 20, 5)
    rows = [row for index in range(len(lines)) for row in laid.rows(index)]
    joined = "".join(row.text + row.glue for row in rows)
    assert joined.removesuffix("\n") == lines.whole.expandtabs(4).removesuffix("\n")
    assert not any(unicodedata.category(each) == "Cc" for row in rows for each in row.text)
