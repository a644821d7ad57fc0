"""A session that begins with what another one has said and was told.

Its journal holds a copy of that, so that it needs the other no more: the folder of the other may go. In the copy are
the conversation of the agent which leads and what plans there were, but no request, cost or step, which are the
other's own. The new session's step 0 is the tree as it is when it begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ...tools.errors import PersonError
from ..events import (
    Durable,
    Event,
    MessageCommitted,
    Packed,
    PlanChanged,
    Rebased,
    RepackWeighed,
    Reported,
    Routed,
    SessionForked,
    SessionStarted,
    ToolFinished,
    ToolStarted,
)
from ..events_plan import PlanProposed, Reviewed, TaskMoved
from ..modes import mode_of
from ..roles import lead_of
from .journal import Journal, read_events, utc_now
from .replay import MAIN, Talk, talk_of
from .sessions import rename
from .store import new_session_id

SPOKEN = (
    Routed,
    MessageCommitted,
    ToolStarted,
    ToolFinished,
    Rebased,
    Packed,
    RepackWeighed,
    Reported,
    PlanChanged,
)
"""What makes up a conversation, and what is known by it."""


def fork_session(folder: Path, more: str) -> Path:
    """Make a new session that begins as the one in `folder` stands now, whether or not that is at work; its folder.

    `more` is what it is for, and so its title. Raises PersonError where there is nothing to begin with.
    """
    if not more.strip():
        raise PersonError("A fork needs to be told what to do.")
    events = read_events(folder)
    begun = events[0].body if events else None
    if not isinstance(begun, SessionStarted):
        raise PersonError(f"Session {folder.name} ended before it began: there is nothing to fork.")
    lead = MAIN if begun.way == "solo" else lead_of(begun.way).name
    new = folder.parent / new_session_id(utc_now())
    journal = Journal.create(new)
    try:
        journal.append(MAIN, 0, replace(begun, mode=mode_of(events)))
        for agent, turn, body in _copied(events, lead):
            journal.append(agent, turn, body)
        talk = talk_of(events, lead)
        journal.append(lead, talk.turn, _origin(folder.name, talk))
    finally:
        journal.close()
    rename(new, more)
    return new


def _copied(events: Sequence[Event], lead: str) -> Iterator[tuple[str, int, Durable]]:
    """Calls that are under way are left out: that nothing came of them here, who goes on says."""
    ended = {
        event.body.call_id
        for event in events
        if event.agent == lead and isinstance(event.body, ToolFinished)
    }
    for event in events:
        body = event.body
        if isinstance(body, ToolStarted) and body.call_id not in ended:
            continue
        spoken = event.agent == lead and isinstance(body, SPOKEN)
        if spoken or isinstance(body, PlanProposed | TaskMoved | Reviewed):
            yield event.agent, event.turn, body


def _origin(parent: str, talk: Talk) -> SessionForked:
    answered = talk.answered
    at = answered.isoformat() if isinstance(answered, datetime) else ""
    return SessionForked(parent, talk.tools_digest, at)
