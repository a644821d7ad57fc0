"""How a served interface paints and hears: textual's driver for browsers, which ends with the server."""

from __future__ import annotations

import os
from typing import Any

from textual.app import App
from textual.drivers.web_driver import WebDriver
from textual.events import AppFocus

from .child import VARIABLES


class BrowserDriver(WebDriver):
    """Takes what it was told in variables out of the environment: what the person starts from here is not served."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        for name in VARIABLES:
            os.environ.pop(name, None)

    def start_application_mode(self) -> None:
        super().start_application_mode()
        # It begins as if another page had focus, and says so only after ours may have told that it has it.
        self._app.call_later(self._app.post_message, AppFocus())

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():  # nobody is at the other end any more
            self.on_meta("quit", {})
