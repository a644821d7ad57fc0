"""Plain mode from its first line to its last: what is typed, what is told, and the signals between them.

All of it happens on the main thread, so that two lines are never mixed and the line editor is only asked where that is
safe. While a line is read, a timer's signal has what happened told; the session's own thread only sets the timer.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ...tools.errors import Exit, PersonError, ToolError
from ...tools.paths import folder_key
from ...tools.sandbox.environment import holds_secret
from ..control.key import is_key_missing
from ..control.opening import Opening
from ..preferences import read_preferences
from ..text import one_line
from ..widgets.composer.history import History
from . import key
from .commands import carry_out
from .keyboard import Keyboard, UnreadableError
from .lines import Lines
from .talk import Talk

SOON = 0.15
"""Seconds until what happened is told: events that come together make one burst of lines."""
BEAT = 1.0
"""Seconds between two looks at whether long work needs a word, while a session runs."""
TWICE = 2.0
"""Seconds within which a second Ctrl-C means to leave."""


class GoneError(Exception):
    """Nobody is there any more: the terminal was closed, or Leadline is told to end."""


def run(opening: Opening, lines: Lines, look_at: Path | None = None) -> int:
    """Until the person leaves. Returns the exit code; where no terminal is read, that of the last session.

    Takes the signals of the process for so long.
    """
    conversation = Conversation(opening, lines)
    handlers = (
        (signal.SIGALRM, conversation.on_alarm),
        (signal.SIGINT, conversation.on_interrupt),
        (signal.SIGHUP, conversation.on_end),
        (signal.SIGTERM, conversation.on_end),
    )
    before = [(number, signal.signal(number, handler)) for number, handler in handlers]
    try:
        return conversation.hold(look_at)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before:
            signal.signal(number, handler)
        # By default it ends the process, and a session that was broken off may still set the timer.
        signal.signal(signal.SIGALRM, signal.SIG_IGN)


class Conversation:
    """Its methods `on_...` are signal handlers. They raise only where a line is read or something else is waited for,
    and are remembered anywhere else."""

    def __init__(self, opening: Opening, lines: Lines) -> None:
        settings = opening.settings()
        history = History(settings.home / "projects" / folder_key(opening.root), holds_secret)
        self._lines = lines
        self._keyboard = Keyboard(lines, history, editing=opening.environ.get("TERM") != "dumb")
        self._talk = Talk(
            opening,
            lines,
            wake=_soon,
            ask_key=self._ask_key,
            is_typing=self._keyboard.is_typing,
            rings=_rings(opening),
        )
        self._breakable = False
        self._telling = False
        self._interrupted = False
        self._ended = False
        self._leaving = False
        self._stopped_at = 0.0

    def hold(self, look_at: Path | None) -> int:
        try:
            self._greet(look_at)
            while self._heard():
                pass
        except GoneError:
            self._leave()
            return int(Exit.INTERRUPTED)
        except BaseException:
            self._leave()
            raise
        self._leave()
        return int(Exit.DONE) if self._keyboard.is_terminal else self._talk.code

    # --- what is typed ---

    def _greet(self, look_at: Path | None) -> None:
        opening = self._talk.opening
        settings = opening.settings()
        self._lines.line(f"folder: {opening.root}, mode {settings.mode}.")
        self._lines.line("Type a task and press Enter. /help lists what there is.")
        if is_key_missing(settings, opening.environ):
            self._ask_key()
        if look_at is not None:
            self._try(lambda: self._talk.look_at(look_at))

    def _heard(self) -> bool:
        """Hear one entry of the person's; False when they want to leave."""
        if self._ended or self._lines.gone:
            raise GoneError
        if self._interrupted:
            self._interrupted = False
            return self._stop()
        try:
            text = self._keyboard.entry(working=self._is_working())
        except KeyboardInterrupt:
            return self._stop()
        except UnreadableError as error:
            self._lines.line(f"unclear: {error}. Nothing was done.")
            return True
        except EOFError:
            return self._at_end()
        except OSError as error:
            raise GoneError from error
        self._stopped_at = 0.0
        try:
            self._try(lambda: self._do(text))
        except EOFError:
            return False
        return True

    def _do(self, text: str) -> None:
        unread, self._talk.came_midway = self._talk.came_midway, False
        if text.startswith("!"):
            with self._may_break():
                self._talk.run_line(text[1:].strip())
        elif text.startswith("//"):
            self._talk.heard(text[1:], unread=unread)
        elif text.startswith("/"):
            carry_out(text, self._talk)
        elif text.strip():
            self._talk.heard(text, unread=unread)

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
        except (PersonError, ToolError) as error:
            self._lines.paragraph(f"error: {one_line(error.message)}")

    def _stop(self) -> bool:
        """Ctrl-C."""
        if self._keyboard.is_midway:
            self._lines.line("dropped: what was typed of it.")
            return True
        again = time.monotonic() - self._stopped_at < TWICE
        self._stopped_at = time.monotonic()
        if again:
            return False
        if not self._talk.interrupt():
            self._lines.line("Nothing runs. Ctrl-C once more leaves.")
        return True

    def _at_end(self) -> bool:
        """Ctrl-D, or the end of a pipe: then what runs is waited for, as long as nobody is asked."""
        if self._keyboard.is_midway:
            self._lines.line("dropped: what was typed of it, as it has no end.")
        if self._keyboard.is_terminal:
            return self._keyboard.is_midway
        with self._may_break():
            try:
                while self._is_working():
                    time.sleep(SOON)
                    self._tell()
            except KeyboardInterrupt:
                self._talk.interrupt()
        return False

    def _leave(self) -> None:
        self._leaving = True
        if self._talk.feed.running:
            self._lines.line("leaving: what runs comes to a safe point. Ctrl-C ends it at once.")
        with self._may_break():
            self._talk.close()

    def _ask_key(self) -> None:
        settings = self._talk.opening.settings()
        key.tell_how(settings, self._lines)
        if self._keyboard.is_terminal:
            with self._may_break():
                key.ask(settings, self._lines)

    # --- what is told ---

    def _is_working(self) -> bool:
        """Whether agents are at work and wait for nobody."""
        return self._talk.feed.running and self._talk.asked is None

    def _tell(self) -> None:
        """Tell what happened, and show the prompt again behind it."""
        # Set before all is taken: what comes then sets it anew.
        signal.setitimer(signal.ITIMER_REAL, BEAT if self._talk.feed.running else 0, BEAT)
        before = self._lines.written
        if self._talk.take():
            _soon()
        if self._is_working():
            self._lines.tick()
        if self._lines.written != before and self._keyboard.waiting:
            self._keyboard.again(working=self._is_working())

    # --- signals ---

    @contextmanager
    def _may_break(self) -> Generator[None]:
        """While this holds, Ctrl-C and the end of the terminal break off what is waited for."""
        self._breakable = True
        try:
            yield
        finally:
            self._breakable = False

    def on_alarm(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        # What was typed before it is told is heard before it is told: so no line answers what its writer had not read.
        if not self._keyboard.waiting or self._telling or self._keyboard.is_ready():
            _soon()
            return
        self._telling = True
        try:
            self._tell()
        finally:
            self._telling = False
        if self._ended or self._lines.gone:
            raise GoneError
        if self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt

    def on_interrupt(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._is_free():
            raise KeyboardInterrupt
        self._interrupted = True

    def on_end(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._ended = True
        if self._is_free() and not self._leaving:
            raise GoneError

    def _is_free(self) -> bool:
        return not self._telling and (self._keyboard.waiting or self._breakable)


def _soon() -> None:
    signal.setitimer(signal.ITIMER_REAL, SOON, BEAT)


def _rings(opening: Opening) -> bool:
    """Whether a question may ring the bell."""
    return read_preferences(opening.environ).notify != "off"
