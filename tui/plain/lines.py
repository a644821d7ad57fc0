"""Where plain mode writes: lines, one after another, without colour, cursor or redraw."""

from __future__ import annotations

import locale
import os
import sys
import time
from collections.abc import Callable
from typing import TextIO

from ...agent.headless import Span, plural
from ..text import clean, fit, one_line, visible, wrap
from ..twins import GLYPHS, is_utf8

NARROWEST = 20
FREE = 200
"""Columns where there is no terminal: who reads a pipe folds by themselves."""
LONGEST = 400
"""Characters of a line that is told in short."""
PATIENCE = 10.0
"""Seconds without a line after which it is said what goes on; each time the same does, twice as many."""
SLOWEST = 80.0


class Lines:
    """A `headless.Screen` on a stream. With `twins`, signs that a terminal without UTF-8 may lack are written as
    others; not so in what is `exact`. A write that fails ends the writing, as nobody reads any more: `gone`."""

    def __init__(
        self,
        stream: TextIO,
        *,
        twins: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.gone = False
        self.written = 0
        """How many writes there were, for who wants to know whether anything was said."""
        self._stream = stream
        self._twins = twins
        self._clock = clock
        self._open = False
        self._doing = ""
        self._said = ""
        self._wait = PATIENCE
        self._newest = clock()

    def line(self, *spans: Span) -> None:
        """One line of spans, folded at words where the terminal would fold it within them."""
        text = "".join(span if isinstance(span, str) else span[1] for span in spans)
        text = self._shown(clean(text).replace("\n", " ").replace("\t", " "))
        self._write("".join(f"{row}\n" for row in wrap(text.rstrip(), self.columns)))

    def fitted(self, *spans: Span) -> None:
        """One line whose last span is told in short, over several rows where it needs them."""
        *fixed, last = spans
        style, text = ("plain", last) if isinstance(last, str) else last
        self.line(*fixed, (style, fit(one_line(text), LONGEST)))

    def paragraph(self, text: str, indent: int = 0, most: int | None = None) -> None:
        """Text of several lines; after `most` rows, how many are left out."""
        room = max(NARROWEST // 2, self.columns - indent)
        rows = [
            row
            for each in self._shown(clean(text)).strip("\n").split("\n")
            for row in wrap(each.expandtabs(4).rstrip(), room)
        ]
        left_out = len(rows) - most if most is not None and len(rows) > most else 0
        shown = rows[: len(rows) - left_out]
        self._write("".join(f"{' ' * indent}{row}".rstrip() + "\n" for row in shown))
        if left_out:
            self.line(" " * indent, f"and {plural(left_out, 'more line')}")

    def exact(self, word: str, text: str) -> None:
        """One line to the letter behind a word: never folded, and what can't be seen is there as an escape."""
        self._write(f"{word}{visible(text)}\n")

    def status(self, text: str) -> None:
        """What goes on. It is a line only when it goes on for long, see `tick`."""
        self._doing = one_line(text)

    def rest(self) -> None:
        """Nothing goes on any more."""
        self._doing = self._said = ""

    def tick(self) -> None:
        """Say what goes on if nothing was said for long."""
        if not self._doing:
            return
        if self._doing != self._said:
            wait, word = PATIENCE, "now"
        else:
            wait, word = self._wait, "still"
        if self._clock() - self._newest < wait:
            return
        self._wait = min(wait * 2, SLOWEST)
        self._said = self._doing
        self.fitted(f"{word}: ", self._doing)

    def ask(self, prompt: str) -> None:
        """Write what the person's typing follows; what is written before they ended the line begins on a new one."""
        self._write(prompt)
        self._open = True

    def asked(self) -> None:
        """Something else wrote such a prompt."""
        self._open = True

    def answered(self) -> None:
        """The person has ended the line."""
        self._open = False

    def ring(self) -> None:
        """Call the person, where a terminal can."""
        if self._stream.isatty():
            self._put("\a")

    @property
    def columns(self) -> int:
        """As it is at this moment: a window may have another size by now."""
        try:
            found = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            return FREE
        return max(NARROWEST, found or FREE)

    def _shown(self, text: str) -> str:
        return text.translate(GLYPHS) if self._twins else text

    def _write(self, text: str) -> None:
        self._newest = self._clock()
        self.written += 1
        self._put(f"\n{text}" if self._open else text)
        self._open = False

    def _put(self, text: str) -> None:
        if self.gone:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self.gone = True


def lines_on_stdout() -> Lines:
    """stdout for people, with characters that the terminal's locale has."""
    encoding = locale.getencoding()
    if is_utf8(encoding):
        return Lines(sys.stdout)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding=encoding, errors="backslashreplace")
    return Lines(sys.stdout, twins=True)
