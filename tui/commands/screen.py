"""A terminal, or whatever stands in for one, as the place where people's text goes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from ...agent.headless import Span, Style, plural
from ...tools.errors import Exit, PersonError
from ..text import clean, display_width, fit, one_line, wrap

NARROWEST = 20
PROSE = 110
"""Columns of running text: longer lines are hard to read."""
NO_TERMINAL = 200
"""Columns where there is no terminal: logs wrap by themselves, but a line should stay a line."""

_CODES: Mapping[Style, str] = {"bold": "1", "dim": "2", "good": "32", "bad": "31", "warn": "33"}


class Terminal:
    """A stream for people. Cleans whatever is written to it; colours only on a terminal, and not with NO_COLOR.

    When nobody reads any more it goes quiet. Other faults (a full disk) are raised where the text is what was asked
    for, and not where it only goes `along` with something that has to go on.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str], *, along: bool = False) -> None:
        self._stream = stream
        self._along = along
        self._gone = False
        self._status = ""
        self._asking = False
        self.live = stream.isatty() and environ.get("TERM") != "dumb"
        self.colour = self.live and not environ.get("NO_COLOR")
        self.width = _columns(stream, environ)

    def line(self, *spans: Span) -> None:
        """Write one line of spans; breaks within a span become spaces. A terminal would break a long one within words,
        so it is folded there."""
        plain = "".join(map(_span_text, spans))
        is_long = self.live and display_width(plain) > self.width
        for row in _folded(spans, plain, self.width) if is_long else (spans,):
            self._write("".join(map(self._paint, row)) + "\n")

    def fitted(self, *spans: Span) -> None:
        """Write one line, its last span cut to what is left of the width."""
        *fixed, last = spans
        style, text = ("plain", last) if isinstance(last, str) else last
        used = sum(display_width(_span_text(span)) for span in fixed)
        self.line(*fixed, (style, fit(one_line(text), max(1, self.width - used))))

    def paragraph(self, text: str, indent: int = 0, most: int | None = None) -> None:
        """Write text of several lines, folded to the width; after `most` lines, how many are left out."""
        room = max(NARROWEST, min(self.width, PROSE if self.live else NO_TERMINAL) - indent)
        lines = [
            part
            for line in clean(text).strip("\n").split("\n")
            for part in wrap(line.expandtabs(4).rstrip(), room)
        ]
        left_out = len(lines) - most if most is not None and len(lines) > most else 0
        shown = lines[: len(lines) - left_out]
        self._write("".join(f"{' ' * indent}{line}".rstrip() + "\n" for line in shown))
        if left_out:
            self.line(" " * indent, ("dim", f"... {plural(left_out, 'more line')}"))

    def status(self, text: str) -> None:
        """What is going on right now: one line that the next replaces. Nothing where the stream is no terminal."""
        text = fit(one_line(text), self.width - 1)
        if self.live and text != self._status:
            self._write(self._paint(("dim", text)))
            self._status = text

    def ask(self, text: str) -> None:
        """Write what an answer follows on the same line; `answered` once it did. What is written before that begins
        on a line of its own."""
        self._write(self._paint(("bold", text)) + " ")
        self._asking = True

    def answered(self) -> None:
        """The person has ended the line."""
        self._asking = False

    def _paint(self, span: Span) -> str:
        text = _span_text(span)
        style: Style = "plain" if isinstance(span, str) else span[0]
        code = _CODES.get(style) if self.colour else None
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text

    def _write(self, text: str) -> None:
        if self._gone:
            return
        try:
            if self._status:
                self._stream.write("\r\x1b[2K")
                self._status = ""
            if self._asking:
                self._stream.write("\n")
                self._asking = False
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            self._gone = True
        except OSError as error:
            self._gone = True
            if not self._along:
                why = f"The output can't be written: {error.strerror}."
                raise PersonError(why, Exit.NOT_DONE) from error


def _span_text(span: Span) -> str:
    """A span's text on one line; unlike `one_line` it keeps the spaces that align it."""
    text = span if isinstance(span, str) else span[1]
    return clean(text).replace("\n", " ").replace("\t", " ")


def _folded(spans: Sequence[Span], plain: str, columns: int) -> Iterator[Sequence[Span]]:
    """The spans, whose text together is `plain`, in rows of at most so many columns."""
    end = 0
    for row in wrap(plain, columns):
        body = row.lstrip(" ")
        start = plain.index(body, end)
        end = start + len(body)
        yield (" " * (len(row) - len(body)), *_part(spans, start, end))


def _part(spans: Sequence[Span], start: int, end: int) -> Iterator[Span]:
    """The characters from `start` to `end` of what the spans are together."""
    at = 0
    for span in spans:
        style: Style = "plain" if isinstance(span, str) else span[0]
        text = _span_text(span)
        part = text[max(0, start - at) : max(0, end - at)]
        if part:
            yield style, part
        at += len(text)


def _columns(stream: TextIO, environ: Mapping[str, str]) -> int:
    said = environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said) > 0:
        return max(NARROWEST, int(said))
    try:
        return max(NARROWEST, os.get_terminal_size(stream.fileno()).columns or NO_TERMINAL)
    except (OSError, ValueError):
        return NO_TERMINAL
