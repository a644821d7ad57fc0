"""What happened to the person's tree, and to the session's own: steps, what was undone, what landed and came home."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...agent.events import Event, Restored, SnapshotTaken
from ...agent.events_plan import BroughtHome, Landed
from ...agent.history.replay import works_in_place
from ...tools.git.history import Timeline


@dataclass(frozen=True, slots=True)
class Landing:
    """`tasks` whose work is on the session's tree since then, which is `commit`."""

    seq: int
    at: str
    commit: str
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """`first` is the snapshot of the person's own state. `steps` are those of `timeline`, which says how many of them
    the tree has; their `paths` are None where only the snapshots tell them. `left_out` is in no snapshot."""

    first: SnapshotTaken | None = None
    steps: tuple[SnapshotTaken, ...] = ()
    timeline: Timeline = field(default_factory=Timeline)
    left_out: tuple[str, ...] = ()
    landings: tuple[Landing, ...] = ()
    home: BroughtHome | None = None

    @property
    def done(self) -> tuple[SnapshotTaken, ...]:
        """The steps that the tree has; the rest were undone."""
        return self.steps[: self.timeline.at]


def changes_after(changes: Changes, event: Event) -> Changes:
    """The changes after an event, which may be of any kind."""
    match event.body:
        case SnapshotTaken() as body if works_in_place(event.agent):
            return _stepped(changes, body)
        case Restored(step=step) if works_in_place(event.agent):
            return replace(changes, timeline=Timeline(changes.timeline.steps, step))
        case Landed(commit, tasks):
            landing = Landing(event.seq, event.at, commit, tasks)
            return replace(changes, landings=(*changes.landings, landing))
        case BroughtHome() as body:
            return replace(changes, home=body)
        case _:
            return changes


def _stepped(changes: Changes, body: SnapshotTaken) -> Changes:
    left_out = tuple(dict.fromkeys((*changes.left_out, *body.left_out)))
    changes = replace(changes, left_out=left_out)
    if body.step == 0:
        return replace(changes, first=body)
    return replace(
        changes,
        steps=(*changes.done, body),
        timeline=changes.timeline.record(body.before, body.commit, body.paths),
    )
