"""Undo, redo and diff of a session: going from step to step, touching only what Leadline changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ...tools.git.history import Move, Timeline, follow, touched
from ...tools.git.names import printable, some
from ...tools.git.repository import open_repository
from ...tools.git.restore import RestoreReport
from ...tools.git.snapshots import SnapshotStore
from ..bus import Listener, Recorder, told_to
from ..events import Restored
from .journal import Journal, read_events
from .replay import MAIN, Replayed, replay


async def undo(
    folder: Path, to: int | None, force: bool, listeners: Iterable[Listener] = ()
) -> str:
    """Bring the tree back by one step, or to where `to` steps were done; says what was done.

    Only files that the steps changed are touched. Raises PersonError, and changes nothing, when one of them was changed
    by somebody else meanwhile; with `force` it is overwritten after a snapshot.
    """
    return await _travel(folder, lambda timeline: timeline.undo(to), force, listeners)


async def redo(
    folder: Path, force: bool, to: int | None = None, listeners: Iterable[Listener] = ()
) -> str:
    """Bring the step after the present one back, or all up to `to`. Raises PersonError as `undo` does."""
    return await _travel(folder, lambda timeline: timeline.redo(to), force, listeners)


async def diff(folder: Path) -> str:
    """What the steps of the session changed, up to where it is now, as a patch; odd bytes as surrogates."""
    state = replay(read_events(folder))
    if state.first is None or state.timeline.at == 0:
        return ""
    store = await _store(folder, state)
    paths = await touched(store, state.timeline.done)
    here = await store.load(state.timeline.done[-1].after)
    patch = await store.diff(await store.load(state.first.commit), here, paths)
    return patch.decode("utf-8", "surrogateescape")


async def _travel(
    folder: Path,
    go: Callable[[Timeline], tuple[Timeline, tuple[Move, ...]]],
    force: bool,
    listeners: Iterable[Listener],
) -> str:
    journal = Journal.reopen(folder)
    try:
        state = replay(journal.events)
        there, moves = go(state.timeline)
        store = await _store(folder, state)
        reports = await follow(store, moves, force=force)
        label = state.steps[there.at - 1].label if there.at else "before the first change"
        touched = [path for report in reports for path in (*report.written, *report.deleted)]
        target = state.steps[there.at - 1].commit if there.at else ""
        recorder = Recorder(journal, told_to(listeners), MAIN, state.turn)
        recorder.emit(Restored(there.at, target, tuple(map(printable, dict.fromkeys(touched)))))
        return _told(store, there.at, label, reports)
    finally:
        journal.close()


def _told(store: SnapshotStore, step: int, label: str, reports: Sequence[RestoreReport]) -> str:
    parts = [f"At step {step} ({label})."]
    written = [path for report in reports for path in report.written]
    deleted = [path for report in reports for path in report.deleted]
    kept = [path for report in reports for path in report.kept]
    for names, what in (
        (written, "Brought back"),
        (deleted, "Removed"),
        (kept, "Left alone, because it is not known who made it"),
    ):
        if names:
            parts.append(f"{what}: {some(names)}.")
    parts.extend(
        f"What was overwritten is kept: snapshot {report.saved.commit[:12]} in the git store {store.git_dir}."
        for report in reports
        if report.saved is not None
    )
    return " ".join(parts)


async def _store(folder: Path, state: Replayed) -> SnapshotStore:
    home = folder.parents[1]
    repository = await open_repository(Path(state.started.root))
    return await SnapshotStore.open(home, repository, folder.name)
