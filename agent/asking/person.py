"""The person at an interface, as a session sees them."""

from __future__ import annotations

from typing import Protocol

from ..bus import Published, Recorder
from .approvals import Approver, Asker
from .consult import Consult


class Person(Protocol):
    """Hears all that happens in the session, so that it knows which call a question is about."""

    def listen(self, published: Published) -> None: ...

    def approver(self, asker: Asker) -> Approver:
        """Who answers this agent. Raises PersonError where it can't be known what was allowed before."""
        ...

    def consult(self, recorder: Recorder) -> Consult:
        """Who is asked before the work of a plan begins; `recorder` records what."""
        ...
