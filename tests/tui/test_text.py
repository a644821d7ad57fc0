from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tui.text import clean, display_width, first_line, fit, hidden, one_line, pad, wrap

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\x1b\x9b\x9d\x90\x07\r\n\t[]?;m0123PX^_\\\x7f\x85\u202e\u2066\ufeff\ud800"
        ),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain text", "plain text"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mrgb\x1b[m", "rgb"),
        ("\x1b[2J\x1b[1;1Hnew screen", "new screen"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;ZXZpbA==\x1b\\after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mC1\x9d0;t\x9cx", "C1x"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x1b(0lqk\x1b(B", "lqk"),
        ("a\x08b\x07c\x00d\x7f", "abcd"),
        ("50%\r100%", "50%\n100%"),
        ("crlf\r\nlf\n", "crlf\nlf\n"),
        ("a\u202eexe.txt", "aexe.txt"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tags\U000e0041\U000e0042", "tags"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("tab\tstays, 木 and \N{ROCKET} too", "tab\tstays, 木 and \N{ROCKET} too"),
        ("unended \x1b]0;title", "unended "),
        ("cut \x1b[3", "cut "),
        ("cut \x1b", "cut "),
    ],
)
def test_clean_takes_out_what_terminals_obey(text: str, cleaned: str):
    assert clean(text) == cleaned


@given(HOSTILE)
def test_nothing_a_terminal_obeys_is_left(text: str):
    cleaned = clean(text)
    for character in cleaned:
        assert character in "\n\t" or unicodedata.category(character) not in (
            "Cc",
            "Cs",
            "Zl",
            "Zp",
        )
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", cleaned)
    assert clean(cleaned) == cleaned


def test_one_line_and_first_line():
    assert one_line("  two\n\n\x1b[1mlines\x1b[0m\t here ") == "two lines here"
    assert first_line("\n \n\x1b[1m first\x1b[0m \nsecond") == "first"
    assert first_line("\x1b[1m\n") == ""


@given(HOSTILE, st.integers(2, 40))
def test_fit_never_takes_more_columns_than_there_are(text: str, columns: int):
    line = one_line(text)
    fitted = fit(line, columns)
    assert display_width(fitted) <= columns
    assert fitted == line or fitted.endswith("\N{HORIZONTAL ELLIPSIS}")


@given(HOSTILE, st.integers(4, 40))
def test_wrap_keeps_every_letter_and_the_width(text: str, columns: int):
    line = clean(text).replace("\n", " ").replace("\t", " ").rstrip()
    parts = list(wrap(line, columns))
    assert "".join("".join(parts).split()) == "".join(line.split())
    assert all(display_width(part) <= columns for part in parts)


def test_wrap_breaks_at_spaces_and_keeps_the_indent():
    assert list(wrap("    one two three", 11)) == ["    one two", "    three"]


def test_wide_characters_take_two_columns():
    assert display_width("木e\u0301") == 3
    assert pad("木", 4) == "木  "
    assert fit("木木木", 5) == "木木\N{HORIZONTAL ELLIPSIS}"


def test_a_line_of_any_length_is_wrapped_in_no_time():
    for character in ("x", "\N{CJK UNIFIED IDEOGRAPH-4E00}", "x "):
        rows = list(wrap(character * 200_000, 40))
        assert all(display_width(row) <= 40 for row in rows)


@pytest.mark.parametrize("kind", ["Cc", "Cf", "Zs", "Zl", "Zp", "Co", "Cs"])
def test_no_character_that_nobody_sees_is_shown_as_it_is(kind: str):
    seen = re.compile("ARABIC|KAITHI")  # marks with a shape of their own
    found = (chr(number) for number in range(0x110000))
    for character in found:
        if unicodedata.category(character) == kind and character not in " \n\t":
            assert hidden(f"a{character}") or seen.match(unicodedata.name(character, ""))
