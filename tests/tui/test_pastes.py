"""What is pasted comes whole and is never taken for keys, however the bytes are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from leadline.tui.pastes import END, START, Pastes
from textual.events import Paste

EVIL = "\x1b[31mred\x1b[0m\r\x1b\x1b[20\x1b[200~ and \x1bOP"


def pieces(text: str, cuts: list[int]) -> tuple[str, list[str]]:
    """What was typed, and each paste, where `text` comes in parts of these lengths."""
    pastes, typed, at = Pastes(), "", 0
    pasted: list[str] = []
    for length in [*cuts, len(text)]:
        for piece in pastes.feed(text[at : at + length]):
            if isinstance(piece, Paste):
                pasted.append(piece.text)
            else:
                typed += piece
        at += length
    return typed + pastes.rest(), pasted


@given(st.lists(st.integers(2, 9), max_size=30))
def test_a_paste_is_one_text(cuts: list[int]) -> None:
    assert pieces(f"before{START}{EVIL}{END}after", [6, *cuts]) == ("beforeafter", [EVIL])


def test_two_pastes() -> None:
    assert pieces(f"{START}one{END}{START}two\x00{END}x", []) == ("x", ["one", "two"])


def test_what_only_begins_like_a_mark_is_typed() -> None:
    assert pieces("a\x1b[20", []) == ("a\x1b[20", [])
    assert pieces("\x1b", []) == ("\x1b", [])
    assert pieces("\x1b[2~x", [4]) == ("\x1b[2~x", [])
