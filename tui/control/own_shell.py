"""The person's own shell in a pane: one line at a time, and what it printed goes with their next text."""

from __future__ import annotations

from pathlib import Path

from textual.worker import Worker

from ..pane import SessionPane
from ..widgets.shell_output import ShellOutput
from .shell_line import ShellRun, run_line


class OwnShell:
    """`output` is the widget that shows it, for whoever composes the pane."""

    def __init__(self, pane: SessionPane, folder: Path) -> None:
        self.output = ShellOutput()
        self._pane = pane
        self._folder = folder
        self._work: Worker[None] | None = None
        self._run: ShellRun | None = None

    def run(self, command: str) -> None:
        """Run it; what ran before is ended or forgotten."""
        self.drop()
        self._work = self._pane.run_worker(self._running(command))

    def with_text(self, text: str) -> str:
        """The person's text with what the last line printed, which is then gone from the screen."""
        if self._run is None or self._run.code is None:
            return text
        told = self._run.told
        self.drop()
        return f"{text}\n\n{told}"

    def drop(self) -> bool:
        """End it, or forget what it printed; whether there was one."""
        if self._run is None:
            return False
        if self._work is not None:
            self._work.cancel()
        self._run, self._work = None, None
        self.output.hide()
        return True

    async def _running(self, command: str) -> None:
        await run_line(command, self._folder, self._show)

    def _show(self, run: ShellRun) -> None:
        self._run = run
        self.output.show(run.command, run.output.text, run.ending, over=run.code is not None)
