"""The mode of a session that goes on: as it was, or as the person says now; what its agents are told of that. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..prompts.render import render
from ..tools.errors import PersonError
from .dispatch import sendable
from .events import Event, Mode, SessionResumed, SessionStarted, Way
from .messages import Message, UserMessage
from .settings.config import Settings

FLAG = "--mode"
"""Where a mode comes from that the person says for this run. Files and variables are for sessions that begin."""

NOT_APPROVED: tuple[Mode, ...] = ("plan", "ask")
"""Modes without workers: nobody could approve what they want to do."""

_MEANS: Mapping[Mode, str] = {
    "plan": "Nothing may be changed, by commands neither.",
    "ask": "The person is asked before each change and each command.",
    "auto": "The work tree may be changed, and confined commands run.",
    "full": "The work tree may be changed, and commands are not confined.",
}


def mode_of(events: Sequence[Event]) -> Mode:
    """That of the newest run."""
    mode: Mode | None = None
    for event in events:
        if isinstance(event.body, SessionStarted | SessionResumed):
            mode = event.body.mode or mode
    assert mode is not None
    return mode


def mode_to_go_on_in(before: Mode, way: Way, settings: Settings) -> Mode:
    """The one that the person says by a flag, else that of the run before.

    Raises PersonError where nobody could approve what the session's workers do.
    """
    if settings.origin("mode") != FLAG:
        return before
    mode = settings.mode
    if way != "solo" and mode in NOT_APPROVED:
        raise PersonError(
            f"This session has a planner and workers, and nobody could approve what they do in mode {mode} "
            f"({FLAG}). Go on in mode auto, or begin another session in mode {mode}."
        )
    return mode


def mode_to_tell(events: Sequence[Event], messages: Sequence[Message]) -> str:
    """What an agent with these messages has to be told of the session's mode; "" where it knows, or nothing changed."""
    told = _changes(events)
    if not told:
        return ""
    said = (
        message.text
        for message in reversed(messages)
        if isinstance(message, UserMessage) and message.text in told
    )
    return "" if next(said, None) == told[-1] else told[-1]


def _changes(events: Sequence[Event]) -> list[str]:
    """Each change of the mode, as agents are told of it."""
    mode: Mode | None = None
    found: list[str] = []
    for event in events:
        match event.body:
            case SessionStarted():
                mode = event.body.mode
            case SessionResumed(sandbox=sandbox, mode=new) if new is not None and new != mode:
                mode = new
                text = render("mode_changed", mode=new, means=_MEANS[new], sandbox=sandbox)
                found.append(sendable(text))
            case _:
                pass
    return found
