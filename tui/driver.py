"""How the interface paints on a terminal and hears keys: Textual's drivers, for terminals that are slow, can show
little, send what is no text, or are gone."""

from __future__ import annotations

import os
import selectors
import sys
import threading
from asyncio import AbstractEventLoop
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, cast

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.drivers.linux_inline_driver import LinuxInlineDriver
from textual.events import CursorPosition, Paste
from textual.message import Message

from ..tools.errors import Exit
from .output import MOST, Output
from .pastes import Pastes
from .twins import input_encoding, output_coding

SHORT = 64
"""Characters of what changes how a terminal works: that is never left out, where a painting may be."""
STRINGS = ("\x1b]", "\x1bP")
"""How begins what is no painting either, whatever its length: a text for the clipboard, a call for the person."""
ALIVE = 0.1
"""Seconds after which an escape that nothing has followed is a key."""
PATIENCE = 2.0
"""Seconds that a terminal has to take what is left when it is given back."""


def soon(loop: AbstractEventLoop, act: Callable[[], object]) -> Callable[[], None]:
    """`act` as any thread can call it: done by the loop, in the context of now, in which Textual knows its app."""
    context = copy_context()

    def call() -> None:
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(act, context=context)

    return call


def output_for(app: App[Any], loop: AbstractEventLoop) -> Output:
    """To the terminal. Where that is gone, the app ends."""
    return Output(
        2 if sys.__stderr__ is None else sys.__stderr__.fileno(),
        output_coding(),
        lost=soon(loop, lambda: app.exit(int(Exit.INTERRUPTED))),
        caught_up=soon(loop, app.refresh),
    )


def hear(
    descriptor: int, over: threading.Event, parser: XTermParser, heard: Callable[[Message], None]
) -> bool:
    """Tell of what is typed, until it is `over`; whether the terminal was there all the time.

    What is there already was typed while the terminal still made a new line of each Enter.
    """
    decode = getincrementaldecoder(input_encoding())("replace").decode

    pastes = Pastes()

    def tell(found: Iterable[Message]) -> None:
        for message in found:
            heard(message)

    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        is_early = bool(selector.select(0))
        while not over.is_set():
            if selector.select(ALIVE):
                try:
                    typed = os.read(descriptor, 4096)
                except OSError:
                    typed = b""
                if not typed:
                    return False
                if is_early:
                    typed, is_early = typed.replace(b"\n", b"\r"), False
                for piece in pastes.feed(decode(typed)):
                    tell((piece,) if isinstance(piece, Paste) else parser.feed(piece))
            elif rest := pastes.rest():
                tell(parser.feed(rest))
            tell(parser.tick())
    return True


class TerminalDriver(LinuxDriver):
    """For the whole screen. What is painted is left out where the terminal does not keep up, and all is painted anew
    once it has."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)  # pyright: ignore[reportUnknownMemberType]
        self._repaint = soon(self._loop, app.refresh)
        self._output = output_for(app, self._loop)
        self._file = cast(Any, self._output)
        self._is_away = False

    def write(self, data: str) -> None:
        if len(data) <= SHORT or data.startswith(STRINGS):
            self._output.write(data)
        else:
            self._output.offer(data)

    def run_input_thread(self) -> None:
        if not hear(self.fileno, self.exit_event, XTermParser(self._debug), self.process_message):
            self._output.end()

    def start_application_mode(self) -> None:
        was_away, self._is_away = self._is_away, False
        super().start_application_mode()
        if was_away:
            self._repaint()

    def suspend_application_mode(self) -> None:
        self._is_away = True
        super().suspend_application_mode()

    def _sigcont_application(self, *_: object) -> None:
        if self._auto_restart and not self._is_away:  # stopped by somebody, without a word before
            self.suspend_application_mode()
        super()._sigcont_application()  # pyright: ignore[reportUnknownMemberType]

    def close(self) -> None:
        super().close()
        self._output.wait(0, PATIENCE)


class InlineDriver(LinuxInlineDriver):
    """For some rows below the prompt. What is painted there says how to get from one row to another, so that all of it
    is needed: the app waits for a slow terminal."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)  # pyright: ignore[reportUnknownMemberType]
        self._output = output_for(app, self._loop)
        self._file = cast(Any, self._output)

    def write(self, data: str) -> None:
        self._output.wait(MOST, PATIENCE)
        self._output.write(data)

    def run_input_thread(self) -> None:
        if not hear(self.fileno, self.exit_event, XTermParser(self._debug), self._heard):
            self._output.end()

    def _heard(self, message: Message) -> None:
        if isinstance(message, CursorPosition):
            self.cursor_origin = (message.x, message.y)
        else:
            self.process_message(message)

    def close(self) -> None:
        super().close()
        self._output.wait(0, PATIENCE)


class TerminalApp(App[int]):
    """An app that paints by these drivers, wherever it would by Textual's own."""

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    def _build_driver(
        self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None
    ) -> Driver:
        if headless or not inline:
            return super()._build_driver(headless, inline, mouse, size)
        self._driver = driver = InlineDriver(self, mouse=mouse, size=size)
        return driver
