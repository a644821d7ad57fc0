"""What a session tells, as lines: the account that `leadline run` gives, with more for who talks with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ...agent.account import Account
from ...agent.bus import Live, Published
from ...agent.events import ApprovalAsked, Event, MessageCommitted, Restored
from ...agent.headless import plural
from ...agent.headless_plan import labelled
from ...agent.history.replay import works_in_place
from ...agent.host.outbox import Told
from ...agent.messages import AssistantMessage
from ...agent.session import Start
from ...agent.v4.cost import role_of
from ..control.address import name_of
from ..feed import Beside, Feed
from ..state.reducer import State
from .lines import Lines


class ToldFeed(Feed):
    """A session whose events become lines as they are taken."""

    def __init__(self, home: Path, wake: Callable[[], None], lines: Lines) -> None:
        super().__init__(home, wake)
        self.account = Account(lines)
        self.home = home
        self._lines = lines

    def submit(self, start: Start) -> None:
        self.account = Account(self._lines)
        super().submit(start)

    def forget(self) -> None:
        """Nothing is shown any more."""
        self.state, self.queue = State(), ()
        self.account = Account(self._lines)

    def show(self, events: Iterable[Event], *, at_rest: bool) -> None:
        known = tuple(events)
        super().show(known, at_rest=at_rest)
        self.account = Account(self._lines, known)

    def _heard(self, told: Told) -> Beside | None:
        before = self.queue
        beside = super()._heard(told)
        if isinstance(told, Event | Live):
            self._tell(told)
        if isinstance(told, Event):
            for steer in before:
                if steer not in self.queue:
                    name = name_of(self.state, steer.agent)
                    self._lines.fitted(f"read by {name}: ", steer.text)
        return beside

    def _tell(self, published: Published) -> None:
        match published.body:
            case ApprovalAsked():
                pass  # it is told when its turn to be answered comes
            case MessageCommitted(message=AssistantMessage(text=text)):
                if text.strip() and self._is_followed(published.agent):
                    label = self.account.board.label(published.agent)
                    labelled(self._lines, label).paragraph(f"says: {text.strip()}")
            case Restored(step=step, paths=paths):
                self.account(published)
                where = f"step {step}" if step else "how it was before the first change"
                self._lines.line(f"restored: {where}, {plural(len(paths), 'file')}")
            case _:
                self.account(published)

    def _is_followed(self, agent: str) -> bool:
        """Whether there are so few at work that all their words are told."""
        crowd = self.account.board.many and not works_in_place(agent)
        return role_of(agent) != "prime" and not crowd
