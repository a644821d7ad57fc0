"""What a person is told of a session that could not begin or go on."""

from __future__ import annotations

from ...tools.errors import PersonError
from ...tools.git.repository import NotARepositoryError
from ..commands.failure import gone_wrong
from ..text import one_line
from .opening import Opening


def why(fault: Exception, opening: Opening) -> str:
    """In a few sentences. Of a fault of Leadline's its type, and the file that has the rest."""
    if isinstance(fault, NotARepositoryError):
        return "This folder is in no git repository, so changes could not be undone. !git init makes it one."
    if isinstance(fault, PersonError):
        return fault.message
    return f"{gone_wrong(fault, opening.environ, opening.last_settings().home)} The session can be resumed."


def why_not(fault: Exception | None, reason: str, opening: Opening) -> str:
    """The same of a wish that came to nothing."""
    if fault is None:
        return one_line(reason)
    return gone_wrong(fault, opening.environ, opening.last_settings().home)
