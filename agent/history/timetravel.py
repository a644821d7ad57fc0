"""Undo, redo and diff of a session: going from step to step, touching only what Leadline changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ...tools.errors import Exit
from ...tools.git.history import Move, Timeline, follow, touched
from ...tools.git.names import printable, some
from ...tools.git.repository import open_repository
from ...tools.git.restore import RestoreReport
from ...tools.git.snapshots import SnapshotStore
from ...tools.paths import remove_abandoned
from ..bus import Listener, Recorder, told_to
from ..events import Restored
from ..gone import require_folder
from .homing import step_of
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
        recorder = Recorder(journal, told_to(listeners), MAIN, state.turn)
        store = None
        if state.homing is not None:
            store = await _store(folder, state)
            step = await step_of(store, state.homing, state.timeline.at + 1)
            if step is not None:
                recorder.emit(step)
                state = replay(journal.events)
        there, moves = go(state.timeline)
        store = store or await _store(folder, state)
        await _tidy(store)
        report = await follow(store, moves, force=force)
        label = state.steps[there.at - 1].label if there.at else "before the first change"
        touched = [*report.written, *report.deleted]
        target = state.steps[there.at - 1].commit if there.at else ""
        recorder.emit(Restored(there.at, target, tuple(map(printable, dict.fromkeys(touched)))))
        told = _told(store, there.at, label, report)
        return " ".join([told, *await _told_of_staged(store, moves)])
    finally:
        journal.close()


def _told(store: SnapshotStore, step: int, label: str, report: RestoreReport) -> str:
    parts = [f"At step {step} ({label})."]
    for names, what in (
        (report.written, "Brought back"),
        (report.deleted, "Removed"),
        (report.kept, "Left alone, because it is not known who made it"),
        (report.overtaken, "Left alone, because somebody changed it meanwhile"),
    ):
        if names:
            parts.append(f"{what}: {some(names)}.")
    if report.saved is not None:
        show = f"git --git-dir={store.git_dir} show {report.saved.commit[:12]}:PATH"
        parts.append(f"What was overwritten is kept, and `{show}` prints it.")
    return " ".join(parts)


async def _tidy(store: SnapshotStore) -> None:
    """Files that an undo before this one was killed over, before they took their places."""
    files = await (await open_repository(store.root)).list_files()
    await asyncio.to_thread(remove_abandoned, store.root, files)


async def _told_of_staged(store: SnapshotStore, moves: Sequence[Move]) -> list[str]:
    """The index is the person's: what it held then is not put back, but it is not lost either."""
    if not moves:
        return []
    there = await store.load(moves[-1].target)
    paths = await store.unstaged(there)
    if not paths or there.staged is None:
        return []
    show = f"git --git-dir={store.git_dir} show {there.staged[:12]}:PATH"
    return [f"Staged then and no longer: {some(paths)}. That is kept, and `{show}` prints it."]


async def _store(folder: Path, state: Replayed) -> SnapshotStore:
    home, root = folder.parents[1], Path(state.started.root)
    require_folder(root, Exit.USAGE)
    repository = await open_repository(root)
    return await SnapshotStore.open(home, repository, folder.name)
