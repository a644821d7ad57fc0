"""Wishes about a session's changes, carried out while no agent is at work."""

from __future__ import annotations

from collections.abc import Sequence

from ...tools.errors import PersonError, ToolError
from ..bus import Listener
from ..history.timetravel import redo, undo
from ..host.wishes import RedoTo, Reject, UndoTo
from .rejecting import reject

AT_WORK = "agents are at work on these files; wait until they have ended, or stop them first"


async def carry_out(wish: Reject | UndoTo | RedoTo, listeners: Sequence[Listener]) -> str | None:
    """What comes of it are events; why it came to nothing, if it did."""
    try:
        match wish:
            case Reject(folder, extent, chosen):
                await reject(folder, extent, chosen, listeners)
            case UndoTo(folder, step):
                await undo(folder, step, False, listeners)
            case RedoTo(folder, step):
                await redo(folder, False, step, listeners)
    except (PersonError, ToolError) as error:
        return error.message
    except OSError as error:
        return f"files could not be read or written ({error.strerror or error})"
    return None
