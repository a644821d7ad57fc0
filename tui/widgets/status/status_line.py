"""The row that is always there: what goes on, model, mode, sandbox, branch, money, cache share, context used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from ... import amounts
from ...branch import branch_of
from .facts import Configured, Facts, facts_before, facts_of
from .fitting import row

if TYPE_CHECKING:
    from ...state.reducer import State

_BRANCH_SECONDS = 3.0


class StatusLine(Widget):
    """Says what it knows in one row, and less of it where there is less room; it never wraps.

    `agent` is whose model, effort and context are told: the lead's with "". `windows` are the tokens that models take
    at most, by their ids, for who knows them. `root` is the work tree whose branch is told. All may be set at any time.
    """

    DEFAULT_CSS = """
    StatusLine { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $foreground; text-wrap: nowrap; }
    """

    class BranchRead(Message):
        """What is checked out now, for itself alone."""

        def __init__(self, branch: str) -> None:
            super().__init__()
            self.branch = branch

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = amounts.now,
        id: str | None = None,  # noqa: A002 -- Textual's name for it
    ) -> None:
        super().__init__(id=id)
        self.agent = ""
        self.windows: Mapping[str, int] = {}
        self.root: Path | None = None
        self._clock = clock
        self._branch = ""
        self._settings: Configured | None = None
        self._state: State | None = None
        self._facts = Facts()

    def before(self, settings: Configured, root: Path | None = None) -> None:
        """Tell of the settings, until there is a state of a session that has begun."""
        self._settings = settings
        if root is not None:
            self.root = root
            self._look()
        self._tell()

    def show(self, state: State) -> None:
        self._state = state
        self._tell()

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tell)
        self.set_interval(_BRANCH_SECONDS, self._look)
        self._look()

    def render(self) -> Content:
        return row(self._facts, self.content_size.width)

    def _tell(self) -> None:
        facts = self._known()
        if facts != self._facts:
            self._facts = facts
            self.refresh()

    def _known(self) -> Facts:
        state = self._state
        if state is not None and state.header.status != "new":
            return facts_of(state, self.agent, self._branch, self.windows, self._clock())
        if self._settings is not None:
            return facts_before(self._settings, self._branch)
        return replace(Facts(), branch=self._branch)

    def _look(self) -> None:
        if self.root is not None and self.is_attached:
            self._read_branch(self.root)

    @work(thread=True, exclusive=True, group="branch")
    def _read_branch(self, root: Path) -> None:
        """In a thread: a work tree may lie where reading takes long."""
        self.post_message(self.BranchRead(branch_of(root)))

    def on_status_line_branch_read(self, message: BranchRead) -> None:
        message.stop()
        self._branch = message.branch
        self._tell()
