"""The account for people of a run by one agent or many: whose line each line is, and what is shown at the moment."""

from __future__ import annotations

from collections.abc import Iterable

from .board import Board, board_of
from .bus import Published
from .events import Event, Routed, Verified, Warned
from .headless import Progress, Screen, Span
from .headless_plan import labelled, tell_plan
from .history.replay import works_in_place
from .passing import RetryScheduled
from .v4.cost import role_of


class Account:
    """Tells a person what happens, by one agent or many: a listener. `earlier` are a resumed session's events."""

    def __init__(self, screen: Screen, earlier: Iterable[Event] = ()) -> None:
        self._screen = screen
        self._board = board_of(earlier)
        self._tellers: dict[str, Progress] = {}
        self._warnings: set[str] = set()

    @property
    def board(self) -> Board:
        return self._board

    def __call__(self, published: Published) -> None:
        before = self._board
        if isinstance(published, Event):
            self._board = before.after(published)
            tell_plan(self._screen, published, before, self._board)
        if self._is_told(published):
            self._teller(published.agent)(published)
        if self._board.running and _may_write(published):
            self._screen.status(self._board.status)

    def _is_told(self, published: Published) -> bool:
        """Whether it has a line of its own, beside what `tell_plan` says."""
        agent, body = published.agent, published.body
        if isinstance(body, Routed):
            return body.role != "worker"
        if role_of(agent) != "prime" and not (self._board.many and _is_of_the_crowd(published)):
            return True
        if not isinstance(body, Warned) or body.text in self._warnings:
            return False
        self._warnings.add(body.text)
        return True

    def _teller(self, agent: str) -> Progress:
        """One for each agent: ids of calls are only unique within one."""
        if agent not in self._tellers:
            self._tellers[agent] = Progress(_Voice(self._screen, self, agent))
        return self._tellers[agent]


class _Voice:
    """One agent's part of the screen. While others may be at work as well, its lines say whose they are, and what it
    does at the moment is shown nowhere: with many, that would only flicker."""

    def __init__(self, screen: Screen, account: Account, agent: str) -> None:
        self._screen = screen
        self._account = account
        self._agent = agent

    def line(self, *spans: Span) -> None:
        labelled(self._screen, self._label).line(*spans)

    def fitted(self, *spans: Span) -> None:
        labelled(self._screen, self._label).fitted(*spans)

    def paragraph(self, text: str, indent: int = 0, most: int | None = None) -> None:
        labelled(self._screen, self._label).paragraph(text, indent, most)

    def status(self, text: str) -> None:
        if not self._account.board.running:
            self._screen.status(text)

    @property
    def _label(self) -> str:
        return self._account.board.label(self._agent)


def _is_of_the_crowd(published: Published) -> bool:
    """Whether there is one like it for each worker: what they do, and checks of the tree before their changes."""
    return not works_in_place(published.agent) or isinstance(published.body, Verified)


def _may_write(published: Published) -> bool:
    """Whether it may have changed a count or written a line over the status. Parts of answers come by the thousand."""
    return isinstance(published, Event) or isinstance(published.body, RetryScheduled)
