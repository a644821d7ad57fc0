"""What a session tells beside its events: that it ended or broke, what nobody heard, and that the person is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...agent.events import Status
from ...agent.host.outbox import Broken, Ended, Unheard
from ...agent.host.wishes import Answer, RedoTo, Reject, Resume, Steer, UndoTo, Wish
from ...agent.result import RunResult
from ..feed import LOOKING_ON, Beside, Left
from .fault import why, why_not
from .host import Host
from .key import is_refused

if TYPE_CHECKING:
    from .session import SessionControl

GOES_ON: tuple[Status, ...] = ("done", "unverified", "not_done", "planned")
"""Ends after which a text that nobody has read is what the person wants next."""


class Telling:
    """For the session of one control. `typed` is what the newest run began with: it is given back where that breaks."""

    def __init__(self, control: SessionControl, host: Host) -> None:
        self.typed = ""
        self._control = control
        self._host = host
        self._asked = 0
        self._unread: list[str] = []
        """What was said to agents that ended before they could read it."""

    def hear(self, told: Beside) -> None:
        control = self._control
        match told:
            case Ended(result):
                self._host.called(control.pane, f"ended: {result.status}")
                if is_refused(result):
                    control.ask_key()
                self._go_on_unread(result)
            case Broken(fault):
                said = "\n".join((self.typed, *self._unread)).strip()
                self.failed(why(fault, control.opening), said)
                self._unread.clear()
            case Left():
                self._host.told(
                    "the other process has ended: what you type goes on with this session"
                )
            case Unheard(wish, reason, fault):
                self._unheard(wish, why_not(fault, reason, control.opening))

    def failed(self, message: str, typed: str) -> None:
        """Nothing came of what was typed: say why, and give it back."""
        self._host.told(message, bad=True)
        if typed:
            self._control.pane.composer.restore(typed)

    def refused(self, wish: Wish) -> None:
        """Another process is at work on the session."""
        self._unheard(wish, LOOKING_ON)

    def settle(self) -> None:
        """Once all that was told together is heard: what nobody will read any more is given back."""
        if self._unread and not self._control.feed.running:
            text = "\n\n".join(self._unread)
            self._unread.clear()
            self.failed("the session had ended before it could be read", text)

    def call_person(self) -> None:
        """When more waits for the person than before."""
        control = self._control
        waiting = len(control.asked)
        if waiting > self._asked:
            self._host.called(control.pane, "a question waits for you")
            # Anywhere else a key means something else: `a` keeps a change, and in a search it is a letter.
            composer = control.pane.composer
            if composer.area.has_focus and control.pane.screen.is_current and not composer.text:
                control.approvals.offer_focus()
        self._asked = waiting

    def _unheard(self, wish: Wish, reason: str) -> None:
        match wish:
            case Steer(text):
                if text not in self._unread:  # what went to several is one text
                    self._unread.append(text)
                return
            case Answer():
                self._control.approvals.unheard(wish)
            case Reject() | UndoTo() | RedoTo():
                self._control.changes.unheard(reason)
            case _:
                pass
        self._host.told(reason, bad=True)

    def _go_on_unread(self, result: RunResult) -> None:
        """What was said too late for those at work is what the person wants next, unless they wanted it to end."""
        control, text = self._control, "\n\n".join(self._unread)
        self._unread.clear()
        if text and control.folder is not None and result.status in GOES_ON:
            control.go_on(Resume(control.folder, text), text)
        elif text:
            control.pane.composer.restore(text)
