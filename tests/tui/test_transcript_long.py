"""Long answers: painted in pieces between which keys are heard, and in the end what they are when painted at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.bus import Live
from leadline.agent.events import RequestSent, TurnStarted
from leadline.agent.passing import TextDelta
from leadline.tests.tui.paint.test_live import markdown
from leadline.tests.tui.test_state_shown import mine
from leadline.tests.tui.test_transcript_panel import Running, Shown, answer, more, put, said
from leadline.tui.paint.live import LiveText, paint_text
from leadline.tui.panels.session.long import PIECE, LongText
from leadline.tui.panels.session.rows import Row, laid_out
from leadline.tui.panels.session.settled import SettledRows
from leadline.tui.state.reducer import reduce

WIDTH = 60
ITEMS = "".join(f"- item {number} with **bold** words\n" for number in range(600))
CODE = "```python\n" + "".join(f"x{number} = {number}\n" for number in range(900)) + "```\n"
MIXED = f"# Head\n\n{ITEMS[:6000]}\nIn between.\n\n{CODE}\nlast words"


def told(rows: tuple[Row, ...]) -> list[tuple[str, int, int]]:
    return [(row.content.plain, row.line, row.start) for row in rows]


@given(st.lists(markdown, min_size=1, max_size=12).map("\n\n".join), st.integers(0, 20_000))
@settings(max_examples=60, deadline=None)
def test_in_the_end_it_is_what_it_is_when_painted_at_once(text: str, live: int):
    """Whether it is painted from its beginning or goes on from what was painted while it came."""
    written = SettledRows()
    written.take(LiveText(WIDTH).fed(text[:live]))
    at_once = told(laid_out(paint_text(text, WIDTH), WIDTH))
    for long in (LongText(text, WIDTH), LongText(text, WIDTH, written)):
        long.finish()
        assert told(long.rows()) == at_once


@pytest.mark.parametrize("text", [ITEMS, CODE, MIXED], ids=["items", "code", "mixed"])
def test_a_piece_is_small_and_what_is_painted_stays(text: str):
    long, pieces = LongText(text, WIDTH), 1
    while not long.done:
        rows, painted = long.rows(), long.painted
        assert all(one is other for one, other in zip(rows[:painted], long.rows(), strict=False))
        assert text.rstrip().rpartition("\n")[2] in rows[-1].content.plain
        long.step()
        pieces += 1
        assert long.rows()[:painted] == rows[:painted]
    assert pieces >= len(text) // PIECE


async def shows(pilot: Running, app: Shown, text: str) -> None:
    """A session in which this answer has only just come."""
    state = mine(said("go on"))
    await put(pilot, app, state)
    app.panel.show(more(state, answer(text)))


async def finished(pilot: Running, app: Shown) -> None:
    while app.panel.view.transcript.unfinished is not None:
        await pilot.pause(0.01)


async def test_its_end_is_to_be_seen_at_once_and_keys_are_heard_before_it_is_painted():
    app = Shown()
    async with app.run_test(size=(80, 30)) as pilot:
        await shows(pilot, app, MIXED)
        assert app.panel.view.transcript.unfinished is not None
        assert "last words" in app.text
        await finished(pilot, app)
        await pilot.pause()
        assert "last words" in app.text
        whole = laid_out(paint_text(MIXED, app.panel.view.laid.width), app.panel.view.laid.width)
        laid = app.panel.view.laid.rows(1)
        assert [row.content.plain for row in laid[1:]] == [row.content.plain for row in whole]


async def test_who_reads_in_it_meanwhile_keeps_their_place():
    app = Shown()
    async with app.run_test(size=(80, 30)) as pilot:
        await shows(pilot, app, ITEMS)
        view = app.panel.view
        view.laid.scroll_by(-300)
        view.place()
        top = app.lines[0].strip().split()[2]
        assert view.transcript.unfinished is not None
        await finished(pilot, app)
        await pilot.pause()
        assert app.lines[0].strip().split()[2] == top


async def test_what_was_painted_while_it_came_is_not_painted_again():
    app = Shown()
    async with app.run_test(size=(80, 30)) as pilot:
        state = mine(
            said("go on"),
            TurnStarted(),
            RequestSent(1, "m", "high", (), 2),
            TextDelta(ITEMS[:8000]),
        )
        await put(pilot, app, state)
        while len(ITEMS) > (chars := state.now_of("main").text.chars):
            state = reduce(state, Live("main", 1, TextDelta(ITEMS[chars : chars + 5000])))
            app.panel.show(state)
        app.panel.show(more(state, answer(ITEMS)))
        assert app.panel.view.transcript.unfinished is None


async def test_a_match_in_what_is_not_painted_yet_is_found_where_it_is():
    app = Shown()
    async with app.run_test(size=(80, 30)) as pilot:
        await shows(pilot, app, MIXED)
        app.panel.focus()
        await pilot.press("slash", *"x777", "enter")
        await finished(pilot, app)
        assert "x777 = 777" in app.text
