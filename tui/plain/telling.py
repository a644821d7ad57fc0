"""What a session tells, as lines: the account that `leadline run` gives, with more for who talks with it."""

from __future__ import annotations

from collections.abc import Sequence

from ...agent.account import Account
from ...agent.bus import Published
from ...agent.events import ApprovalAsked, Event, MessageCommitted, Restored
from ...agent.headless import plural
from ...agent.headless_plan import labelled
from ...agent.history.replay import works_in_place
from ...agent.host.wishes import Steer
from ...agent.messages import AssistantMessage
from ...agent.v4.cost import role_of
from ..control.address import name_of
from ..state.reducer import State
from .lines import Lines


class Teller:
    """A `feed.Listener` whose events become lines as they are heard."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._account = Account(lines)

    def begin(self, known: Sequence[Event]) -> None:
        self._account = Account(self._lines, known)

    def hear(self, published: Published, state: State, read: Sequence[Steer]) -> None:
        self._tell(published)
        for steer in read:
            self._lines.fitted(f"read by {name_of(state, steer.agent)}: ", steer.text)

    def _tell(self, published: Published) -> None:
        match published.body:
            case ApprovalAsked():
                pass  # it is told when its turn to be answered comes
            case MessageCommitted(message=AssistantMessage(text=text)):
                if text.strip() and self._is_followed(published.agent):
                    label = self._account.board.label(published.agent)
                    labelled(self._lines, label).paragraph(f"says: {text.strip()}")
            case Restored(step=step, paths=paths):
                self._account(published)
                where = f"step {step}" if step else "how it was before the first change"
                self._lines.line(f"restored: {where}, {plural(len(paths), 'file')}")
            case _:
                self._account(published)

    def _is_followed(self, agent: str) -> bool:
        """Whether there are so few at work that all their words are told."""
        crowd = self._account.board.many and not works_in_place(agent)
        return role_of(agent) != "prime" and not crowd
