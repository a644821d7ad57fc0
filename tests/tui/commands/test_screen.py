from __future__ import annotations

import errno
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.headless import Span
from leadline.tools.errors import PersonError
from leadline.tui.commands.screen import NO_TERMINAL, Terminal
from leadline.tui.text import display_width


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.tried = 0

    def write(self, s: str, /) -> int:
        self.tried += 1
        raise OSError(self.number, os.strerror(self.number))


def test_colour_is_for_terminals_and_off_with_no_color():
    for stream, environ, expected in (
        (Tty(), {}, "\x1b[32mgood\x1b[0m plain\n"),
        (Tty(), {"NO_COLOR": "1"}, "good plain\n"),
        (Tty(), {"TERM": "dumb"}, "good plain\n"),
        (io.StringIO(), {}, "good plain\n"),
    ):
        Terminal(stream, environ).line(("good", "good"), " plain")
        assert stream.getvalue() == expected


def test_what_is_written_before_an_answer_begins_on_a_line_of_its_own():
    for stream in (Tty(), io.StringIO()):
        screen = Terminal(stream, {"NO_COLOR": "1"})
        screen.ask("Go on?")
        screen.answered()
        screen.line("one")
        screen.ask("Go on?\x1b[2J")
        screen.line("two")
        screen.line("three")
        assert stream.getvalue() == "Go on? one\nGo on? \ntwo\nthree\n"


def test_whatever_is_written_is_cleaned():
    stream = Tty()
    screen = Terminal(stream, {"NO_COLOR": "1", "COLUMNS": "80"})
    screen.line("a\x1b[31m\nb", ("bad", "\x1b]0;t\x07c"))
    screen.fitted("x ", "y\x9b2Jz")
    screen.paragraph("p\x1b[5m\r\nq")
    assert stream.getvalue() == "a bc\nx yz\np\nq\n"


def test_a_status_is_replaced_by_what_follows_and_never_leaves_a_terminal():
    stream = Tty()
    screen = Terminal(stream, {"NO_COLOR": "1", "COLUMNS": "80"})
    screen.status("thinking")
    screen.status("thinking")
    screen.status("writing")
    screen.line("done")
    assert stream.getvalue() == "thinking\r\x1b[2Kwriting\r\x1b[2Kdone\n"
    quiet = io.StringIO()
    Terminal(quiet, {}).status("thinking")
    assert quiet.getvalue() == ""


def test_text_is_folded_to_the_width_and_cut_after_some_lines():
    stream = Tty()
    screen = Terminal(stream, {"NO_COLOR": "1", "COLUMNS": "30"})
    screen.paragraph("one two three four five six seven eight\nnext\nlast", indent=2, most=3)
    assert stream.getvalue() == (
        "  one two three four five six\n  seven eight\n  next\n  ... 1 more line\n"
    )
    assert all(len(line) <= 30 for line in stream.getvalue().splitlines())


def test_a_long_line_is_folded_between_words_on_a_terminal_and_keeps_its_colours():
    spans: tuple[Span, ...] = (("good", "verified"), ": ", ("dim", "one two three four"))
    stream = Tty()
    Terminal(stream, {"COLUMNS": "20"}).line(*spans)
    assert stream.getvalue() == (
        "\x1b[32mverified\x1b[0m: \x1b[2mone two\x1b[0m\n\x1b[2mthree four\x1b[0m\n"
    )
    log = io.StringIO()
    Terminal(log, {"COLUMNS": "20"}).line(*spans)
    assert log.getvalue() == "verified: one two three four\n"


@given(st.lists(st.text("ab \u4e2d\n", max_size=30), max_size=4))
def test_folding_loses_nothing_and_fits(texts: list[str]):
    stream = Tty()
    Terminal(stream, {"NO_COLOR": "1", "COLUMNS": "20"}).line(*texts)
    rows = stream.getvalue().split("\n")
    assert "".join("".join(texts).split()) == "".join("".join(rows).split())
    assert all(display_width(row) <= 20 for row in rows)


def test_the_last_span_is_cut_to_the_width():
    stream = io.StringIO()
    Terminal(stream, {"COLUMNS": "20"}).fitted("fixed ", ("dim", "a long\ntitle that goes on"))
    assert stream.getvalue() == "fixed a long title\N{HORIZONTAL ELLIPSIS}\n"


@pytest.mark.parametrize(("columns", "width"), [("7", 20), ("133", 133), ("x", NO_TERMINAL)])
def test_columns_decide_the_width(columns: str, width: int):
    assert Terminal(io.StringIO(), {"COLUMNS": columns}).width == width


def test_a_reader_that_went_away_is_no_error():
    stream = Broken(errno.EPIPE)
    screen = Terminal(stream, {})
    screen.line("one")
    screen.line("two")
    assert stream.tried == 1


def test_a_full_disk_is_told_unless_the_text_only_goes_along():
    Terminal(Broken(errno.ENOSPC), {}, along=True).line("x")
    with pytest.raises(PersonError, match="No space left"):
        Terminal(Broken(errno.ENOSPC), {}).line("x")
