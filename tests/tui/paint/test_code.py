"""Colours of code, and the styles that painters use, in every theme."""

from __future__ import annotations

import pytest
from leadline.agent.events import CheckStarted, MessageCommitted, Verified, Warned
from leadline.agent.messages import UserMessage
from leadline.tests.tui.paint.test_block import ANSWER, answer, blocks, edit
from leadline.tests.tui.test_state_shown import GREEN, RED, mine
from leadline.tui.paint.block import paint
from leadline.tui.paint.code import MOST_LINE, code_lines, language_named, language_of
from textual.app import App
from textual.style import Style


@pytest.mark.parametrize(
    ("path", "language"),
    [("a/b.py", "python"), ("Makefile", "make"), ("x.unheard", ""), ("", ""), ("a.txt", "")],
)
def test_a_file_tells_its_language_by_its_name(path: str, language: str):
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("name", "language"),
    [("py", "python"), ("Python title=x", "python"), ("unheard", ""), ("", ""), ("text", "")],
)
def test_a_fence_names_its_language(name: str, language: str):
    assert language_named(name) == language


def test_code_is_coloured_line_by_line_within_bounds():
    first, second = code_lines('"""a\nb"""', "python")
    assert (first.plain, second.plain) == ('"""a', 'b"""')
    assert first.spans
    assert second.spans
    (long,) = code_lines("x" * (MOST_LINE + 7), "python")
    assert long.plain.endswith("(7 more characters)")
    assert not long.spans
    assert not any(line.spans for line in code_lines("x = 1\n" * 10_000, "python"))


async def test_every_style_is_known_in_every_theme():
    state = mine(
        MessageCommitted(UserMessage("x", "task")),
        MessageCommitted(UserMessage("x", "pack")),
        MessageCommitted(answer(ANSWER, "hm")),
        CheckStarted("make", False),
        Verified(GREEN, False),
        CheckStarted("make", False),
        Verified(RED, False),
        Warned("x"),
    )
    parts = [
        part
        for block in [*blocks(state), edit("a = 1\n", "a = 2\n")]
        for part in paint(block, True, 60)
    ]
    styles = {part.fill for part in parts} | {
        str(style)
        for part in parts
        for content in (part.first, part.content)
        for _, _, style in content.spans
    }
    app = App[None]()
    async with app.run_test():
        for theme in app.available_themes:
            app.theme = theme
            for style in styles - {""}:
                assert app.stylesheet.parse_style(style) != Style(), (theme, style)
