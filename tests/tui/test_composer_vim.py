from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tui.widgets.composer.vim import Change, Vim, press
from leadline.tui.widgets.composer.vim_motions import Location


class Typist:
    """A text under vim's keys, with an undo of its own, as a text area has it."""

    def __init__(self, text: str, at: Location = (0, 0)) -> None:
        self.lines = text.split("\n")
        self.at: Location = at
        self.vim = Vim(mode="normal")
        self.done: list[tuple[list[str], Location]] = []
        self.undone: list[list[str]] = []

    def press(self, *keys: str) -> Typist:
        for key in keys:
            pressed = press(self.vim, key, self.lines, self.at)
            if pressed is None:
                if self.vim.mode == "insert" and len(key) == 1:
                    self._change(Change(self.at, self.at, key))
                    self.at = (self.at[0], self.at[1] + 1)
                continue
            self.vim = pressed.vim
            if pressed.change is not None:
                self._change(pressed.change)
            self.at = pressed.cursor
            for _ in range(abs(pressed.undo)):
                self._undo() if pressed.undo > 0 else self._redo()
        return self

    def type(self, keys: str) -> Typist:
        return self.press(*keys)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def _change(self, change: Change) -> None:
        (top, left), (bottom, right) = change.start, change.end
        assert change.start <= change.end
        assert left <= len(self.lines[top])
        assert right <= len(self.lines[bottom])
        self.done.append((self.lines, self.at))
        self.undone.clear()
        middle = self.lines[top][:left] + change.text + self.lines[bottom][right:]
        self.lines = [*self.lines[:top], *middle.split("\n"), *self.lines[bottom + 1 :]]

    def _undo(self) -> None:
        if self.done:
            self.undone.append(self.lines)
            self.lines, self.at = self.done.pop()

    def _redo(self) -> None:
        if self.undone:
            self.done.append((self.lines, self.at))
            self.lines = self.undone.pop()
            self.at = (0, 0)


WORDS = "one two.three  four\n\n  five six\nseven"


@pytest.mark.parametrize(
    ("keys", "text", "at"),
    [
        ("x", "ne two.three  four\n\n  five six\nseven", (0, 0)),
        ("3x", " two.three  four\n\n  five six\nseven", (0, 0)),
        ("dw", "two.three  four\n\n  five six\nseven", (0, 0)),
        ("d2w", ".three  four\n\n  five six\nseven", (0, 0)),
        ("2d2w", "four\n\n  five six\nseven", (0, 0)),
        ("dW", "two.three  four\n\n  five six\nseven", (0, 0)),
        ("wdW", "one four\n\n  five six\nseven", (0, 4)),
        ("$bdw", "one two.three  \n\n  five six\nseven", (0, 14)),
        ("de", " two.three  four\n\n  five six\nseven", (0, 0)),
        ("$db", "one two.three  r\n\n  five six\nseven", (0, 15)),
        ("D", "\n\n  five six\nseven", (0, 0)),
        ("wD", "one \n\n  five six\nseven", (0, 3)),
        ("wd0", "two.three  four\n\n  five six\nseven", (0, 0)),
        ("dd", "\n  five six\nseven", (0, 0)),
        ("2dd", "  five six\nseven", (0, 2)),
        ("dG", "", (0, 0)),
        ("Gdd", "one two.three  four\n\n  five six", (2, 2)),
        ("jdgg", "  five six\nseven", (0, 2)),
        ("dj", "  five six\nseven", (0, 2)),
        ("Gdj", WORDS, (3, 0)),
        ("dfw", "o.three  four\n\n  five six\nseven", (0, 0)),
        ("dtw", "wo.three  four\n\n  five six\nseven", (0, 0)),
        ("$dFf", "one two.three  r\n\n  five six\nseven", (0, 15)),
        ("$dTf", "one two.three  fr\n\n  five six\nseven", (0, 16)),
        ("dfz", WORDS, (0, 0)),
        ("fe;", WORDS, (0, 11)),
        ("fe2;", WORDS, (0, 12)),
        ("2fe,", WORDS, (0, 2)),
        ("te;", WORDS, (0, 10)),
        ("4w", WORDS, (0, 15)),
        ("5w", WORDS, (1, 0)),
        ("6w", WORDS, (2, 2)),
        ("6wb", WORDS, (1, 0)),
        ("6w2b", WORDS, (0, 15)),
        ("6wge", WORDS, (2, 2)),
        ("e", WORDS, (0, 2)),
        ("2e", WORDS, (0, 6)),
        ("99l", WORDS, (0, 18)),
        ("G", WORDS, (3, 0)),
        ("3G", WORDS, (2, 2)),
        ("Ggg", WORDS, (0, 0)),
        ("jj0", WORDS, (2, 0)),
        ("jj0^", WORDS, (2, 2)),
        ("yyp", "one two.three  four\none two.three  four\n\n  five six\nseven", (1, 0)),
        ("yyjP", "one two.three  four\none two.three  four\n\n  five six\nseven", (1, 0)),
        ("jjyyGp", f"{WORDS}\n  five six", (4, 2)),
        ("ywP", "one one two.three  four\n\n  five six\nseven", (0, 3)),
        ("xp", "noe two.three  four\n\n  five six\nseven", (0, 1)),
        ("x3p", "noooe two.three  four\n\n  five six\nseven", (0, 3)),
        ("rX", "Xne two.three  four\n\n  five six\nseven", (0, 0)),
        ("3rX", "XXX two.three  four\n\n  five six\nseven", (0, 2)),
        ("99rX", WORDS, (0, 0)),
        ("~", "One two.three  four\n\n  five six\nseven", (0, 1)),
        ("3~", "ONE two.three  four\n\n  five six\nseven", (0, 3)),
        ("J", "one two.three  four\n  five six\nseven", (0, 18)),
        ("jjJ", "one two.three  four\n\n  five six seven", (2, 10)),
        ("vld", "e two.three  four\n\n  five six\nseven", (0, 0)),
        ("wvbd", "wo.three  four\n\n  five six\nseven", (0, 0)),
        ("vjd", "\n  five six\nseven", (0, 0)),
        ("ve~", "ONE two.three  four\n\n  five six\nseven", (0, 0)),
        ("xu", WORDS, (0, 0)),
        ("xxx2u", "ne two.three  four\n\n  five six\nseven", (0, 0)),
        ("dQ", WORDS, (0, 0)),
        ("gx", WORDS, (0, 0)),
        ("d0", WORDS, (0, 0)),
    ],
)
def test_commands(keys: str, text: str, at: Location) -> None:
    typist = Typist(WORDS).type(keys)
    assert (typist.text, typist.vim.mode, typist.vim.typed) == (text, "normal", "")
    if keys != "vjd":
        assert typist.at == at


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("iX", "Xab cd\nef"),
        ("aX", "aXb cd\nef"),
        ("AX", "ab cdX\nef"),
        ("$IX", "Xab cd\nef"),
        ("oX", "ab cd\nX\nef"),
        ("OX", "X\nab cd\nef"),
        ("jOX", "ab cd\nX\nef"),
        ("GoX", "ab cd\nef\nX"),
        ("cwX", "X cd\nef"),
        ("c2wX", "X\nef"),
        ("lcwX", "aX cd\nef"),
        ("wcwX", "ab X\nef"),
        ("wlcwX", "ab cX\nef"),
        ("ccX", "X\nef"),
        ("2ccX", "X"),
        ("SX", "X\nef"),
        ("CX", "X\nef"),
        ("c$X", "X\nef"),
        ("sX", "Xb cd\nef"),
        ("vlcX", "X cd\nef"),
        ("ctcX", "Xcd\nef"),
    ],
)
def test_commands_that_insert(keys: str, text: str) -> None:
    typist = Typist("ab cd\nef").type(keys)
    assert (typist.text, typist.vim.mode) == (text, "insert")
    assert typist.press("escape").vim.mode == "normal"


def test_escape_leaves_off_what_is_begun_and_then_is_none_of_vims() -> None:
    typist = Typist("abc").press("2", "d", "escape", "x")
    assert typist.text == "bc"
    assert press(typist.vim, "escape", typist.lines, typist.at) is None
    assert press(Vim(), "x", ["abc"], (0, 0)) is None


def test_named_keys_do_what_they_say() -> None:
    assert Typist("abc", (0, 2)).press("backspace", "delete").text == "ac"
    assert Typist("abc def").press("v", "right", "d").text == "c def"
    assert Typist("abc").press("x", "u", "ctrl+r").text == "bc"
    assert press(Vim(mode="normal"), "left", ["abc"], (0, 1)) is None


KEYS = st.sampled_from(
    [
        *string.ascii_letters,
        *string.digits,
        *"$^~;, .[]@\u00df\u0130\u00b2\u0663",
        "escape",
        "ctrl+r",
    ]
    + ["backspace", "delete", "left", "up", "end", "enter"] * 2
    + [*"dcyxpPuJwbeGg0$v"] * 4
)
TEXTS = st.text(st.sampled_from("ab_. \t\u00df\u0130\n"), max_size=40)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.lists(KEYS, max_size=40))
def test_any_keys_leave_a_text_with_the_cursor_in_it_and_undo_restores_it(
    text: str, keys: list[str]
) -> None:
    typist = Typist(text)
    for key in keys:
        typist.press(key)
        row, column = typist.at
        assert 0 <= row < len(typist.lines)
        assert 0 <= column <= len(typist.lines[row])
    typist.press("escape", "escape", *"9999u")
    assert typist.text == text
