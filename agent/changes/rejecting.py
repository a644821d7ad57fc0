"""Taking back a part of what a session did, as a step of its own: undo brings it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ...tools.errors import Exit, PersonError
from ...tools.git.merging import Labels, merge_trees, with_entries
from ...tools.git.names import printable, some
from ...tools.git.objects import Entry, read_blobs
from ...tools.git.run import Place, run_git
from ...tools.git.snapshot import Snapshot
from ...tools.git.snapshots import SnapshotStore
from ...tools.git.store import Store
from ..bus import Listener, Recorder, told_to
from ..dispatch import sendable
from ..events import SnapshotTaken
from ..history.journal import Journal
from ..history.replay import MAIN, replay
from .extent import Chosen, Extent, OfSession, OfStep, OfTask
from .hunks import without
from .reading import Changed, Listing, Reader
from .work import Work, work_of

LABELS = Labels(ours="your tree", base="with the change", theirs="without it")
_TRIES = 3
"""The person may write a file between the look at it and the merge, but hardly every time."""

Sides = Mapping[str, tuple[Entry | None, Entry | None]]
"""By path: the file with the change, and without it."""


async def reject(
    folder: Path, extent: Extent, chosen: Sequence[Chosen] = (), listeners: Sequence[Listener] = ()
) -> str:
    """Make the tree as if these parts of the extent, or all of it, had not been done; says what was done.

    All else stays, what the person did since included. Raises PersonError, and changes nothing, where that can't be
    had, where the session is at work, and where a part is no longer what the person saw.
    """
    journal = Journal.reopen(folder)
    try:
        state = replay(journal.events)
        reader = Reader(folder, Path(state.started.root))
        work = work_of(journal.events, state)
        _possible(work, extent)
        listing = await reader.list(work, extent)
        sides = await _sides(reader, listing, chosen)
        label = f"you took back {_named(extent, listing, chosen)}"
        before, after = await _brought(reader, sides, label)
        if before.tree == after.tree:
            return "Nothing was changed: the tree is without it already."
        recorder = Recorder(journal, told_to(listeners), MAIN, state.turn)
        recorder.emit(
            SnapshotTaken(
                state.timeline.at + 1,
                after.commit,
                after.tree,
                label,
                before=before.commit,
                paths=_writable(sides),
                by="person",
            )
        )
        return f"{label[0].upper()}{label[1:]}. Undo brings it back."
    finally:
        journal.close()


def _writable(paths: Iterable[str]) -> tuple[str, ...] | None:
    """As a journal can hold them: None where a name has odd bytes. The snapshots alone tell them as well."""
    named = tuple(sorted(paths))
    return None if any(name != sendable(name) for name in named) else named


def _possible(work: Work, extent: Extent) -> None:
    if isinstance(extent, OfTask) and not work.home:
        raise PersonError(
            f"Nothing was changed: the work of {printable(extent.task)} is not in your tree yet."
        )


def _named(extent: Extent, listing: Listing, chosen: Sequence[Chosen]) -> str:
    """What is taken back, for people."""
    hunks = sum(len(each.hunks) for each in chosen)
    match extent:
        case OfStep(step):
            origin = f" of step {step}"
        case OfTask(task):
            origin = f" of the task {printable(task)}"
        case OfSession():
            origin = ""
    if not chosen:
        return f"all{origin or ' of the session'}"
    parts = f"{hunks} {'hunk' if hunks == 1 else 'hunks'} of " if hunks else ""
    known = {file.path for file in listing.files}
    return f"{parts}{some(each.path for each in chosen if each.path in known)}{origin}"


async def _sides(reader: Reader, listing: Listing, chosen: Sequence[Chosen]) -> Sides:
    files = {file.path: file for file in listing.files}
    parts = chosen or tuple(Chosen(file.path, file.mark) for file in listing.files)
    if not parts:
        raise PersonError("Nothing was changed: there is nothing to take back.")
    sides: dict[str, tuple[Entry | None, Entry | None]] = {}
    for part in parts:
        file = files.get(part.path)
        if file is None or file.mark != part.shown:
            raise PersonError(
                f"Nothing was changed: {printable(part.path)} is not as it was shown. Look at it again.",
                Exit.CONFLICT,
            )
        if file.mixed:
            raise PersonError(
                f"Nothing was changed: you and the session changed the same lines of {printable(file.path)}, so that"
                " it can't be told whose they are. Mend it in your editor.",
                Exit.CONFLICT,
            )
        sides |= await _sides_of(reader, listing, file, part.hunks)
    return sides


async def _sides_of(
    reader: Reader, listing: Listing, file: Changed, chosen: Sequence[int]
) -> Sides:
    if not chosen:
        return file.back()
    hunks = (await reader.patch(listing, file)).hunks
    numbers = frozenset(chosen)
    if not numbers <= frozenset(range(len(hunks))):
        raise PersonError(
            f"Nothing was changed: {printable(file.path)} has no such hunk.", Exit.CONFLICT
        )
    if len(numbers) == len(hunks):
        # With the last of its lines a change of mode, a move, the file itself goes too.
        return file.back()
    assert file.after is not None
    store = (await reader.store()).store
    content = (await read_blobs(store, [file.after.object_id]))[file.after.object_id]
    made = await _stored(store, without(content, hunks, numbers))
    return {file.path: (file.after, Entry(file.after.mode, made))}


async def _stored(store: Store, content: bytes) -> str:
    place = Place(store.path, git_dir=store.path)
    done = await run_git(place, "hash-object", "-w", "--no-filters", "--stdin", stdin=content)
    return done.line


async def _brought(reader: Reader, sides: Sides, label: str) -> tuple[Snapshot, Snapshot]:
    """The tree as it was found, and as it is without the changes."""
    # A chain of its own: the session's own ends where the agents left the tree, and what they find changed when they
    # go on is told against that.
    snapshots, last = await reader.beside(), (await reader.store()).last
    watched = frozenset(sides).union(last.watched if last else ())
    for _ in range(_TRIES - 1):
        try:
            return await _bring(snapshots, sides, watched, label)
        except _MovingError:
            pass
    return await _bring(snapshots, sides, watched, label)


class _MovingError(PersonError):
    """A file changed while it was looked at."""


async def _bring(
    snapshots: SnapshotStore, sides: Sides, watched: frozenset[str], label: str
) -> tuple[Snapshot, Snapshot]:
    store = snapshots.store
    before = await snapshots.take(f"before {label}", watched)
    base = await with_entries(store, before.tree, {path: side[0] for path, side in sides.items()})
    theirs = await with_entries(store, before.tree, {path: side[1] for path, side in sides.items()})
    merged = await merge_trees(store, base, before.tree, theirs, LABELS)
    if not merged.clean:
        names = some(conflict.path for conflict in merged.conflicts)
        raise PersonError(
            f"Nothing was changed: later changes are in the same lines of {names}. Take those back first, or mend it"
            " in your editor.",
            Exit.CONFLICT,
        )
    if merged.tree == before.tree:
        return before, before
    after = await snapshots.adopt(merged.tree, before, label)
    try:
        await snapshots.restore(before, after)
    except PersonError as error:
        if error.exit_code is Exit.CONFLICT:
            raise _MovingError(error.message, Exit.CONFLICT) from error
        raise
    return before, after
