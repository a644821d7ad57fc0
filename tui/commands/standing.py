"""Where the person stands. A module of its own, as the interface's first frame waits for nothing heavier."""

from __future__ import annotations

from pathlib import Path

from ...tools.errors import PersonError


def here() -> Path:
    """The folder the person stands in."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise PersonError(
            "The folder you are in does not exist any more. Go to another one."
        ) from error
