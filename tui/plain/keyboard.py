"""What a person types: entries of one line or several, from a terminal or from a pipe."""

from __future__ import annotations

import importlib
import select
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from ..text import visible
from ..widgets.composer.draft import Draft
from ..widgets.composer.history import History
from .lines import Lines

PROMPT = "leadline> "
WORKING = "> "
"""The prompt while agents are at work: it comes after each burst of lines, so it is short."""
MORE = "more> "
BLOCK = '"""'
REMEMBERED = 500
LONGEST = 4095
"""Bytes that a terminal hands over as one line; of a longer one the end is lost."""


class _Readline(Protocol):
    """The part of the module `readline` that is used here."""

    def add_history(self, line: str, /) -> None: ...
    def get_line_buffer(self) -> str: ...
    def set_auto_history(self, enabled: bool, /) -> None: ...


class UnreadableError(Exception):
    """A line can't be taken as it was meant; the message says why."""


class Keyboard:
    """Reads on the main thread. With `editing` a terminal's lines are edited by readline; without, by the terminal
    itself, which moves no cursor and redraws nothing."""

    def __init__(self, lines: Lines, history: History | None, *, editing: bool) -> None:
        self.waiting = False
        """Whether a line is read at this moment."""
        self._lines = lines
        self._history = history
        self._terminal = sys.stdin.isatty()
        self._readline = _load() if editing and self._terminal else None
        self._prompt = PROMPT
        if self._readline is not None and history is not None:
            for entry in history.entries[-REMEMBERED:]:
                if "\n" not in entry.text:
                    self._readline.add_history(entry.text)

    @property
    def is_terminal(self) -> bool:
        return self._terminal

    @property
    def is_midway(self) -> bool:
        """Whether the entry that is read, or was broken off, had begun on an earlier line."""
        return self._prompt == MORE

    def entry(self, *, working: bool) -> str:
        """What the person enters next: a line; with `\\` at its end the next one too; all between two lines of three
        quotes. Raises EOFError where nothing comes any more, and UnreadableError.

        `working` is whether agents are at work."""
        line = self._line(WORKING if working and not self._readline else PROMPT)
        if line.strip().startswith(BLOCK):
            text = "\n".join(self._block(line.strip()[len(BLOCK) :]))
        else:
            parts = [line]
            while parts[-1].endswith("\\"):
                parts[-1] = parts[-1][:-1]
                parts.append(self._line(MORE))
            text = "\n".join(parts)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise UnreadableError("it is no text in this terminal's encoding")
        self._remember(text)
        return text

    def begun(self) -> str:
        """What of a line is typed already, as far as that is known."""
        return self._readline.get_line_buffer() if self._readline is not None else ""

    def is_typing(self) -> bool:
        """Whether an entry is begun and not ended, as far as that is known."""
        return self.waiting and bool(self.is_midway or self.begun())

    def is_ready(self) -> bool:
        """Whether something was typed that is not read yet."""
        try:
            return bool(select.select([sys.stdin], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def again(self, *, working: bool) -> None:
        """Show the prompt once more, with what stands behind it. readline goes on as if the old one was there."""
        if self._readline is not None or self.is_midway:
            begun = self.begun().replace("\n", " ")
            self._lines.ask(f"{self._prompt}{visible(begun)}")
        elif self._terminal:
            self._lines.ask(WORKING if working else PROMPT)

    def _block(self, first: str) -> list[str]:
        """A block that ends on the line it begins on is one, too."""
        found: list[str] = []
        line = first
        while not line.rstrip().endswith(BLOCK):
            if found or line:
                found.append(line)
            line = self._line(MORE)
        last = line.rstrip()[: -len(BLOCK)]
        return [*found, last] if last.strip() else found

    def _line(self, prompt: str) -> str:
        self._prompt = prompt
        try:
            line = self._edited(prompt) if self._readline else self._plain(prompt)
        except UnicodeDecodeError as error:
            raise UnreadableError("it is no text in this terminal's encoding") from error
        self._lines.answered()
        if self._terminal and not self._readline and len(line.encode(errors="replace")) >= LONGEST:
            raise UnreadableError(
                "it is as long as a terminal hands over at most, so its end may be lost; end lines with \\"
            )
        return line

    @contextmanager
    def _reading(self) -> Generator[None]:
        self.waiting = True
        try:
            yield
        finally:
            self.waiting = False

    def _edited(self, prompt: str) -> str:
        self._lines.asked()
        with self._reading():
            return input(prompt)

    def _plain(self, prompt: str) -> str:
        if self._terminal:
            self._lines.ask(prompt)
        with self._reading():
            line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.removesuffix("\n")

    def _remember(self, text: str) -> None:
        if self._history is None or not text.strip():
            return
        self._history.add(Draft(text))
        newest = self._history.entries[-1:]
        kept = bool(newest) and newest[0].text == text.strip()  # a secret is not
        if self._readline is not None and kept and "\n" not in text.strip():
            self._readline.add_history(text.strip())


def _load() -> _Readline | None:
    """readline, with which Python edits from then on what `input` reads; None where there is none."""
    try:
        found: _Readline = importlib.import_module("readline")  # pyright: ignore[reportAssignmentType] -- no stub for all systems
    except ImportError:
        return None
    found.set_auto_history(False)
    return found
