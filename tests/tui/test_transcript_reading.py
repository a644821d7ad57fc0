"""A person at a transcript: the cursor, folding, copying, searching, and the pager for whole texts."""

from __future__ import annotations

import unicodedata
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import pytest
from leadline.agent.history.journal import Journal
from leadline.agent.settings.config import load_settings
from leadline.tests.tui.test_state_shown import mine
from leadline.tests.tui.test_transcript_panel import (
    Running,
    Shown,
    answer,
    call,
    more,
    put,
    said,
    talk,
)
from leadline.tui.panels.panel import Place
from leadline.tui.screens.pager import Pager
from leadline.tui.state.reducer import state_of
from textual.selection import SELECT_ALL

# --- the cursor, folding, clicking ---


async def test_the_cursor_goes_from_block_to_block_and_folds_them():
    app = Shown()
    async with app.run_test(size=(80, 40)) as pilot:
        await put(pilot, app, mine(*talk(2), answer("so", "First thought.\nSecond thought.")))
        app.panel.focus()
        await pilot.press("up")
        assert app.panel.view.text().startswith("read file-1.py")
        assert "result of it" not in app.text
        await pilot.press("enter")
        assert "result of it" in app.text
        await pilot.press("space")
        assert "result of it" not in app.text
        await pilot.press("j", "enter")
        assert "Second thought." in app.text
        await pilot.press("o")
        assert app.text.count("result of it") == 10
        await pilot.press("o")
        assert "result of it" not in app.text
        await pilot.press("g")
        assert app.panel.view.text() == "question 0"


async def test_all_of_a_block_higher_than_the_window_is_read_on_the_way():
    app = Shown()
    text = "\n\n".join(f"paragraph {number}" for number in range(60))
    async with app.run_test(size=(80, 12)) as pilot:
        await put(pilot, app, mine(said("first"), answer(text), said("last")))
        app.panel.focus()
        await pilot.press("g")
        seen: set[str] = set()
        for _ in range(40):
            seen |= {line.strip(" ▌|") for line in app.lines}
            await pilot.press("down")
        seen |= {line.strip(" ▌|") for line in app.lines}
        assert {f"paragraph {number}" for number in range(60)} <= seen
        assert any("last" in line for line in seen)


async def test_a_click_unfolds_and_one_on_the_first_row_folds():
    app = Shown()
    async with app.run_test(size=(80, 30)) as pilot:
        await put(pilot, app, mine(*talk(2)))

        def row_of(words: str) -> int:
            return next(y for y, line in enumerate(app.lines) if words in line)

        await pilot.click(app.panel.view, offset=(6, row_of("file-1.py")))
        await pilot.pause()
        assert app.text.count("result of it") == 5
        await pilot.click(app.panel.view, offset=(6, row_of("result of it")))
        await pilot.pause()
        assert app.text.count("result of it") == 5
        await pilot.click(app.panel.view, offset=(6, row_of("file-1.py")))
        await pilot.pause()
        assert "result of it" not in app.text


# --- text ---


async def test_a_block_or_what_is_selected_is_copied():
    app = Shown()
    async with app.run_test(size=(40, 30)) as pilot:
        await put(pilot, app, mine(said("[b]one\x1b[31m two"), answer("alpha " * 20 + "\n\nomega")))
        app.panel.focus()
        await pilot.press("g", "c")
        assert app.copied == "[b]one two"
        await pilot.press("down", "c")
        assert app.copied.startswith("alpha alpha")
        chosen = app.panel.view.get_selection(SELECT_ALL)
        assert chosen is not None
        assert ("alpha " * 20).strip() in chosen[0]
        assert chosen[0].rstrip().endswith("omega")


async def test_a_mouse_selects_across_blocks_and_what_comes_above_moves_nothing():
    app = Shown()
    async with app.run_test(size=(60, 24)) as pilot:
        state = mine(*talk(30), said("first block"), answer("second block"))
        await put(pilot, app, state)
        view = app.panel.view
        rows = {line.strip(" ▌"): y for y, line in enumerate(app.lines)}
        start = app.lines[rows["first block"]].index("first")
        end = app.lines[rows["second block"]].index("block")
        await pilot.mouse_down(view, offset=(start, rows["first block"]))
        await pilot.hover(view, offset=(end - 1, rows["second block"]))
        await pilot.mouse_up(view, offset=(end - 1, rows["second block"]))
        await pilot.pause()
        chosen = app.screen.get_selected_text()
        assert chosen is not None
        assert chosen.split() == ["first", "block", "second"]
        await put(pilot, app, more(state, said("third block")))
        assert app.screen.get_selected_text() == chosen
        app.panel.focus()
        await pilot.press("c")
        assert app.copied == chosen


async def test_words_are_found_also_in_what_is_folded():
    app = Shown()
    bodies = [*talk(30), *call(99, "a needle [b]here[/b]"), *talk(30), answer("Needle again")]
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, mine(*bodies))
        app.panel.focus()
        await pilot.press("g", "slash", *"needle", "enter")
        await pilot.pause()
        assert "a needle [b]here[/b]" in app.text
        await pilot.press("n")
        await pilot.pause()
        assert "Needle again" in app.text
        await pilot.press("N")
        await pilot.pause()
        assert "a needle" in app.text
        await pilot.press("n", "n")
        await pilot.pause()
        assert "a needle" in app.text
        await pilot.press("slash", *"nowhere", "enter")
        await pilot.pause()
        assert app.panel.view.has_focus


# --- whole texts ---


async def reading(pilot: Running, app: Shown) -> Pager:
    """The pager, once its text is there."""
    await pilot.pause()
    pager = app.screen
    assert isinstance(pager, Pager)
    while not pager.view.lines.count:
        await pilot.pause(0.02)
    await pilot.pause()
    return pager


async def test_the_pager_has_all_of_a_text_of_which_the_state_has_the_beginning(tmp_path: Path):
    journal = Journal.create(tmp_path / "s1")
    text = "".join(f"line {number} \x1b[31mred\n" for number in range(100_000))
    events = [journal.append("main", 1, body) for body in (said("go"), answer(text))]
    journal.close()
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.place = Place(tmp_path, load_settings({}, {}, None, None), tmp_path / "s1")
        await put(pilot, app, state_of(events))
        app.panel.focus()
        await pilot.press("end", "v")
        pager = await reading(pilot, app)
        assert "100,000 lines" in app.all_text
        assert "line 0 red" in app.all_text
        await pilot.press("G")
        await pilot.pause()
        assert "line 99999 red" in app.all_text
        await pilot.press("slash", *"line 77777", "enter")
        await pilot.pause()
        assert "line 77777 red" in app.all_text
        await pilot.press("c")
        assert app.copied.startswith("line 0 red")
        assert app.copied.count("\n") >= 100_000 - 1
        await pilot.press("q")
        await pilot.pause()
        assert app.screen is not pager


async def test_a_pager_takes_one_endless_line_and_binary():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        for text in ("x" * 5_000_000, bytes(range(256)).decode("latin-1") * 500, "", "\n\n\n"):
            pager = Pager("[b]title", lambda text=text: text)
            await app.push_screen(pager)
            await reading(pilot, app)
            await pilot.press("pagedown", "G", "k", "b", "g", "n")
            await pilot.resize_terminal(20, 5)
            await pilot.resize_terminal(80, 24)
            await pilot.pause()
            assert "[b]title" in app.all_text
            bad = {each for each in app.all_text if unicodedata.category(each) == "Cc"} - {"\n"}
            assert not bad
            await pilot.press("escape")
            await pilot.pause()


@pytest.mark.parametrize("pager", [" ", "less 'x", "/nowhere/less"])
async def test_a_pager_of_ones_own_that_there_is_not(
    pager: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", pager)
    monkeypatch.setenv("PATH", "/nowhere")
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(Pager("title", lambda: "one \N{SNOWMAN}\n"))
        await reading(pilot, app)
        with patch.object(app, "suspend", nullcontext):
            await pilot.press("e")
            await pilot.pause()
        assert app.is_running
