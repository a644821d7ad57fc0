"""Stand-ins for collaborators that an agent has no use for: nothing of the person's changes by it."""

from __future__ import annotations

from .context.transcript import Transcript


async def nothing_to_keep(paths: tuple[str, ...], *, commands: bool) -> None:
    """A `dispatch.BeforeChange` where no snapshot is needed."""
    del paths, commands


def nothing_changed() -> None:
    """What a loop calls after a turn that changed something no one keeps steps of."""


async def nothing_to_tell(transcript: Transcript, *, commands: bool) -> Transcript:
    """A `loop.KeepUp` where nobody else changes the tree."""
    del commands
    return transcript
