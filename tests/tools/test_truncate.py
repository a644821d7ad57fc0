from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.truncate import Limits, clean, clip, clip_ends

SMALL = Limits(lines=8, characters=400, line_characters=100)

TERMINAL = st.text(
    alphabet=st.one_of(
        st.sampled_from("\x1b[]0;31mKP\\\x07\r\n\b\t\x9b\x9d ab"), st.characters(codec="utf-8")
    ),
    max_size=120,
)
LINES = st.lists(st.text(alphabet="abc é漢\t", max_size=260), max_size=40).map("\n".join)


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (b"\x1b[31;1mred\x1b[0m plain", "red plain"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://host\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b[2J\x1b[1;1Htop", "top"),
        (b"\x1b(Bset\x1b=", "set"),
        (b"\x1bPdevice string\x1b\\after", "after"),
        (b"\x1b]52;c;unfinished\nnext", "\nnext"),
        ("\x9b31mC1".encode(), "C1"),
        (b"10%\r50%\r100%\ndone\n", "100%\ndone\n"),
        (b"10%\r50%\r", "50%"),
        (b"dos\r\nlines\r\r\n", "dos\nlines\n"),
        (b"-\b\\\b|\b/\bok", "ok"),
        (b"bo\bold", "bold"),
        (b"\b\bx", "x"),
        (b"a\x00b\x07c\x7fd", "abcd"),
        (b"tab\tstays", "tab\tstays"),
        (b"bad \xff\xfe end", "bad �� end"),
        ("漢字".encode()[:-1], "漢�"),
        ("lone \udc80 surrogate", "lone ? surrogate"),
    ],
)
def test_clean_leaves_what_a_screen_would_show(raw: bytes | str, seen: str) -> None:
    assert clean(raw) == seen


@given(TERMINAL)
def test_clean_twice_is_clean_once_and_no_control_is_left(raw: str) -> None:
    once = clean(raw)
    assert clean(once) == once
    assert all(c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160) for c in once)


@given(st.binary(max_size=200))
def test_clean_takes_any_bytes(raw: bytes) -> None:
    assert clean(raw).encode("utf-8").decode("utf-8") == clean(raw)


def test_many_backspaces_take_linear_time() -> None:
    assert clean(b"a" * 200_000 + b"\b" * 200_000 + b"z") == "z"


@given(LINES, st.integers(400, 700), st.integers(100, 900), st.text("f", max_size=300))
def test_any_limits_and_sources_are_kept_to(
    text: str, characters: int, line: int, source: str
) -> None:
    limits = Limits(9, characters, line)
    once = clip(text, limits, source)
    assert len(once) <= characters
    assert clip(once, limits, source) == once


@given(LINES)
def test_clip_keeps_to_its_limits_and_changes_nothing_the_second_time(text: str) -> None:
    once = clip(text, SMALL, "out.txt")
    assert len(once) <= SMALL.characters
    assert once.count("\n") < SMALL.lines
    assert all(len(line) <= SMALL.line_characters for line in once.split("\n"))
    assert clip(once, SMALL, "out.txt") == once


@given(LINES)
def test_clip_keeps_both_ends(text: str) -> None:
    once = clip(text, SMALL)
    assert once[:20].split("\n")[0] == text[:20].split("\n")[0]
    assert once.endswith(text.split("\n")[-1][-20:])


@given(st.lists(st.text(alphabet="ab", max_size=60), max_size=6).map("\n".join))
def test_what_fits_is_left_alone(text: str) -> None:
    assert clip(text, SMALL) == text


def test_marker_counts_lines_and_bytes_and_names_the_file() -> None:
    text = "\n".join(f"line {n}" for n in range(100))
    short = clip(text, SMALL, "out.txt")
    marker = next(line for line in short.split("\n") if line.startswith("[..."))
    kept = [line for line in short.split("\n") if line != marker]
    assert marker.startswith(f"[... {100 - len(kept)} lines, ")
    assert f"{len(text) - len(chr(10).join(kept))} bytes" in marker
    assert "out.txt" in marker
    assert kept[0] == "line 0"
    assert kept[-1] == "line 99"


def test_a_long_source_is_dropped_before_a_line_grows_too_long() -> None:
    short = clip("x\n" * 50, SMALL, "f" * 500)
    assert "fff" not in short
    assert max(map(len, short.split("\n"))) <= SMALL.line_characters


def test_one_long_line_loses_its_middle() -> None:
    line = "start" + "é" * 5_000 + "end"
    short = clip(line, SMALL)
    assert short.startswith("start")
    assert short.endswith("end")
    assert len(short) <= 100
    left_out = int(short.split("[... ")[1].split(" ")[0].replace(",", ""))
    assert left_out + short.count("é") + len("startend") == len(line)


def test_ends_of_a_text_that_is_not_at_hand() -> None:
    short = clip_ends("first\nsecond", "last but one\nlast", 1_000_000, 9_000_000, SMALL, "out.txt")
    assert short.split("\n")[:2] == ["first", "second"]
    assert short.split("\n")[-2:] == ["last but one", "last"]
    assert "999,996 lines" in short


@pytest.mark.parametrize("limits", [(2, 400, 100), (3, 399, 100), (3, 400, 99)])
def test_limits_too_small_for_both_ends_are_refused(limits: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        Limits(*limits)
