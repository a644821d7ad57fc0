"""Errors by who hears of them: the model (as an error result) or the person (as a message and an exit code)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a run of `leadline` ends with; the same numbers everywhere, documented in the README."""

    DONE = 0
    """Done, and verified by checks that Leadline ran itself."""
    NOT_DONE = 1
    USAGE = 2
    """The command line, the configuration or the place it was started in is wrong."""
    UNVERIFIED = 3
    """Done by the model's word; no check could be run."""
    PERMISSION = 4
    """Stopped because something was not allowed."""
    LIMIT = 5
    """The budget, the turns or the minutes ran out."""
    UNAVAILABLE = 6
    """The model or its endpoint; trying again later may work."""
    CONFLICT = 7
    """Left for a person to decide; nothing was overwritten."""
    INTERRUPTED = 130


class ToolError(Exception):
    """A call could not be carried out; `message` goes to the model, which can do better next time."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PersonError(Exception):
    """Something only the person can mend: what happened, why, and what to do next."""

    def __init__(self, message: str, exit_code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
