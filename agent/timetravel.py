"""Undo, redo and diff of a session: going from step to step, touching only what Leadline changed."""

from __future__ import annotations

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


async def undo(folder: Path, to: int | None, force: bool) -> str:
    """Bring the tree back to the step before the present one, or to step `to`; says what was done.

    Only files that differ between the two steps are touched. Raises PersonError, and changes nothing, when one of them
    was changed by somebody else meanwhile; with `force` it is overwritten after a snapshot.
    """
    return await _travel(folder, -1, to, force)


async def redo(folder: Path, force: bool) -> str:
    """Go forward again to the step after the present one. Raises PersonError as `undo` does."""
    return await _travel(folder, 1, None, force)


async def diff(folder: Path) -> str:
    """What the session changed, up to the step it is at, as a patch; bytes that are no UTF-8 as surrogates."""
    state = replay(read_events(folder))
    if not state.steps:
        return ""
    store = await _store(folder, state)
    first, here = _step(state, 0), _step(state, state.step)
    patch = await store.diff(await store.load(first.commit), await store.load(here.commit))
    return patch.decode("utf-8", "surrogateescape")


async def _travel(folder: Path, by: int, to: int | None, force: bool) -> str:
    journal = Journal.reopen(folder)
    try:
        state = replay(journal.events)
        if not state.steps:
            raise PersonError(f"Session {folder.name} changed nothing.")
        here, target = _step(state, state.step), _step(state, state.step + by if to is None else to)
        store = await _store(folder, state)
        report = await store.restore(
            await store.load(here.commit), await store.load(target.commit), force=force
        )
        recorder = Recorder(journal, Bus(), MAIN, state.turn)
        recorder.emit(Restored(target.step, target.commit, (*report.written, *report.deleted)))
        return _told(here, target, report)
    finally:
        journal.close()


def _told(here: SnapshotTaken, target: SnapshotTaken, report: RestoreReport) -> str:
    parts = [f"At step {target.step} ({target.label}), from step {here.step}."]
    for names, what in ((report.written, "Brought back"), (report.deleted, "Removed")):
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            parts.append(f"{what}: {', '.join(names[:5])}{more}.")
    if report.saved is not None:
        parts.append(f"What was overwritten is kept in snapshot {report.saved.commit[:12]}.")
    return " ".join(parts)


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


async def _store(folder: Path, state: Replayed) -> SnapshotStore:
    home = folder.parents[1]
    repository = await open_repository(Path(state.started.root))
    return await SnapshotStore.open(home, repository, folder.name)
