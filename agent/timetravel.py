"""Undo, redo and diff of a session: going from step to step, touching only what Leadline changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..tools.errors import PersonError
from ..tools.git.repository import open_repository
from ..tools.git.restore import RestoreReport
from ..tools.git.snapshots import SnapshotStore
from .bus import Bus, Recorder
from .events import Restored, SnapshotTaken
from .journal import Journal, read_events
from .kit import MAIN
from .replay import Replayed, replay


@dataclass(frozen=True, slots=True)
class Travelled:
    """From which step to which, and what was done to files on the way."""

    before: int
    after: int
    label: str
    report: RestoreReport


async def undo(home: Path, folder: Path, to: int | None, force: bool) -> Travelled:
    """Bring the tree back to the step before the present one, or to step `to`.

    Only files that differ between the two steps are touched. Raises PersonError, and changes nothing, when one of them
    was changed by somebody else meanwhile; with `force` it is overwritten after a snapshot.
    """
    return await _travel(home, folder, -1, to, force)


async def redo(home: Path, folder: Path, force: bool) -> Travelled:
    """Go forward again to the step after the present one. Raises PersonError as `undo` does."""
    return await _travel(home, folder, 1, None, force)


async def diff(home: Path, folder: Path) -> bytes:
    """What the session changed, up to the step it is at, as a patch."""
    state = replay(read_events(folder))
    if not state.steps:
        return b""
    store = await _store(home, folder.name, state)
    first, here = _step(state, 0), _step(state, state.step)
    return await store.diff(await store.load(first.commit), await store.load(here.commit))


async def _travel(home: Path, folder: Path, by: int, to: int | None, force: bool) -> Travelled:
    journal = Journal.reopen(folder)
    try:
        state = replay(journal.events)
        if not state.steps:
            raise PersonError(f"Session {folder.name} changed nothing.")
        here, target = _step(state, state.step), _step(state, state.step + by if to is None else to)
        store = await _store(home, folder.name, state)
        report = await store.restore(
            await store.load(here.commit), await store.load(target.commit), force=force
        )
        recorder = Recorder(journal, Bus(), MAIN, state.turn)
        recorder.emit(Restored(target.step, target.commit, (*report.written, *report.deleted)))
        return Travelled(here.step, target.step, target.label, report)
    finally:
        journal.close()


def _step(state: Replayed, number: int) -> SnapshotTaken:
    for step in state.steps:
        if step.step == number:
            return step
    if number < 0:
        raise PersonError("This is the state before the session's first change; nothing to undo.")
    newest = state.steps[-1].step
    if number == newest + 1 == state.step + 1:
        raise PersonError("This is the session's newest step; nothing to redo.")
    raise PersonError(f"There is no step {number}; the session has steps 0 to {newest}.")


async def _store(home: Path, session: str, state: Replayed) -> SnapshotStore:
    repository = await open_repository(Path(state.started.root))
    return await SnapshotStore.open(home, repository, session)
