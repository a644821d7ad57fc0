"""What is sent to a terminal: never more than it can take or show, and no failure when it is gone."""

from __future__ import annotations

import os
import threading

from hypothesis import given
from hypothesis import strategies as st
from leadline.tui.output import MOST, Output
from leadline.tui.twins import GLYPHS, for_console, for_encoding, in_utf8
from rich.cells import cell_len, get_character_cell_size


def read_all(descriptor: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += os.read(descriptor, 65_536)
    return data


def test_what_can_wait_is_left_out_and_told_of() -> None:
    reader, writer = os.pipe()
    caught_up, lost = threading.Event(), threading.Event()
    output = Output(writer, in_utf8, lost.set, caught_up.set)
    filling = 1_000_000  # more than a pipe takes, so that it waits
    output.write("x" * filling)
    output.offer("not this")
    output.write("but this")
    assert read_all(reader, filling + 8) == b"x" * filling + b"but this"
    assert caught_up.wait(10)
    output.offer("and this")
    assert read_all(reader, 8) == b"and this"
    output.wait(0, 10)
    assert not lost.is_set()


def test_that_nobody_reads_is_told_once_and_is_no_failure() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    told: list[str] = []
    lost = threading.Event()

    def gone() -> None:
        told.append("gone")
        lost.set()

    output = Output(writer, in_utf8, gone, lambda: None)
    for _ in range(3):
        output.write("y" * MOST)
        assert lost.wait(10)
    output.end()
    output.wait(0, 10)
    assert told == ["gone"]


def test_twins_have_one_column() -> None:
    assert {len(twin) for twin in GLYPHS.values()} == {1}
    wide = {chr(code) for code in GLYPHS if get_character_cell_size(chr(code)) != 1}
    assert wide == set()


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "M")), max_size=40))
def test_in_ascii_all_columns_stay(text: str) -> None:
    shown = for_encoding("ascii")(text)
    assert shown.isascii()
    if all(get_character_cell_size(character) == cell_len(character) for character in text):
        assert len(shown) == sum(map(get_character_cell_size, text))


def test_what_an_encoding_has_is_shown() -> None:
    assert for_encoding("iso8859-1")("größer ─ 中 ✓").decode("iso8859-1") == "größer - ?? +"
    assert for_console("größer ─ ✓").decode() == "größer - +"
