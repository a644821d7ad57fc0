"""Three-way merge of trees in a store: no work tree, no merge drivers, no attributes of the repository.

Paths are compared one by one and renames are not followed: a file that one side moved and the other changed is a
conflict of kind `CHANGED_DELETED`. Texts that both sides changed are merged line by line by `git merge-file`.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .names import joined, parents, printable
from .objects import (
    EXECUTABLE,
    Change,
    Entry,
    batches,
    blob_sizes,
    checked_id,
    damaged,
    read_blobs,
    removal_lines,
    tree_changes,
)
from .run import Place, run_git
from .store import OURSELVES, Store

_REGULAR = frozenset((0o100644, EXECUTABLE))
_NOT_MERGED = 255
"""What `git merge-file` ends with for a file that is not text; a lower number counts conflicts."""
_NOTHING = "nothing"


class ConflictKind(StrEnum):
    """Why the two sides cannot both be had at a path."""

    SAME_LINES = "both sides changed the same lines"
    CHANGED_DELETED = "changed on one side, deleted on the other"
    BOTH_ADDED = "added on both sides, differently"
    MODE = "made executable on one side only"
    BINARY = "changed on both sides, and not text"
    TYPE = "a symbolic link or submodule, changed on both sides"
    FILE_FOLDER = "a file on one side, a folder on the other"
    UNKNOWN = "something is there that is in no tree"
    OVERTAKEN = "written while the other side was being written"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One path that a person or a model has to decide. An entry is None where there is no file on that side."""

    path: str
    kind: ConflictKind
    base: Entry | None
    ours: Entry | None
    theirs: Entry | None
    text: bytes | None = None
    """The merged file with conflict markers in diff3 style (ours, base, theirs), where it is text."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge came to.

    The tree holds all that merged. Of a conflict it holds `text` where there is one, else the side that is left
    after a deletion, else ours; a tree with conflicts is for looking at, not for landing.
    """

    tree: str
    conflicts: tuple[Conflict, ...]

    @property
    def clean(self) -> bool:
        return not self.conflicts


@dataclass(frozen=True, slots=True)
class Labels:
    """What the sides are called in conflict markers, one line each."""

    ours: str = "ours"
    base: str = "base"
    theirs: str = "theirs"


@dataclass(frozen=True, slots=True)
class _Both:
    """A path that both sides changed, and not to the same."""

    path: str
    base: Entry | None
    ours: Entry | None
    theirs: Entry | None

    def conflict(self, kind: ConflictKind, text: bytes | None = None) -> Conflict:
        return Conflict(self.path, kind, self.base, self.ours, self.theirs, text)


@dataclass(slots=True)
class _Result:
    """A merge in the making: what becomes of each path that either side changed."""

    entries: dict[str, Entry | None] = field(default_factory=dict[str, "Entry | None"])
    conflicts: dict[str, Conflict] = field(default_factory=dict[str, Conflict])

    def refuse(self, conflict: Conflict, kept: Entry | None) -> None:
        self.conflicts[conflict.path] = conflict
        self.entries[conflict.path] = kept


async def merge_trees(
    store: Store, base: str, ours: str, theirs: str, labels: Labels | None = None
) -> Merged:
    """Merges what `theirs` changed since `base` into `ours`; all three are ids of trees or commits of the store.

    Raises `PersonError` where a content is missing and `GitError` where git fails.
    """
    for one in (base, ours, theirs):
        checked_id(one)
    by_us, by_them = await asyncio.gather(
        tree_changes(store, base, ours), tree_changes(store, base, theirs)
    )
    mine = {change.path: change for change in by_us}
    other = {change.path: change for change in by_them}
    result = _Result()
    texts: list[_Both] = []
    for path in sorted(mine.keys() | other.keys()):
        both = _decide(result, path, mine.get(path), other.get(path))
        if both is not None:
            texts.append(both)
    await _merge_texts(store, texts, result, labels or Labels())
    _part_files_from_folders(result, mine, other)
    tree = await with_entries(store, ours, result.entries)
    return Merged(tree, tuple(result.conflicts[path] for path in sorted(result.conflicts)))


async def commit_tree(
    store: Store, tree: str, parents: Iterable[str], message: str, *, when: str | None = None
) -> str:
    """Makes a commit by Leadline in the store and gives its id; nothing refers to it yet.

    `when` is a date as git writes it (`1700000000 +0000`), by which equal input gives equal ids; else it is now.
    """
    flags = [flag for parent in parents for flag in ("-p", checked_id(parent))]
    dates = {} if when is None else {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    place = Place(store.path, git_dir=store.path)
    made = await run_git(
        place,
        *("commit-tree", *flags, "-F", "-", checked_id(tree)),
        stdin=message.replace("\0", "").encode("utf-8", "replace") or b"\n",
        variables=OURSELVES | dates,
    )
    return made.line


def _decide(result: _Result, path: str, ours: Change | None, theirs: Change | None) -> _Both | None:
    """Settles a path by its entries alone; gives it back where contents have to be merged."""
    if ours is None or theirs is None:
        change = ours or theirs
        result.entries[path] = change.after if change else None
        return None
    both = _Both(path, ours.before, ours.after, theirs.after)
    if both.ours == both.theirs:
        result.entries[path] = both.ours
    elif both.ours is None or both.theirs is None:
        result.refuse(both.conflict(ConflictKind.CHANGED_DELETED), both.ours or both.theirs)
    elif not {both.ours.mode, both.theirs.mode} <= _REGULAR:
        kind = ConflictKind.TYPE if both.base else ConflictKind.BOTH_ADDED
        result.refuse(both.conflict(kind), both.ours)
    elif both.ours.object_id == both.theirs.object_id:
        _settle(result, both, both.ours.object_id)
    elif both.base is not None and both.base.object_id == both.ours.object_id:
        _settle(result, both, both.theirs.object_id)
    elif both.base is not None and both.base.object_id == both.theirs.object_id:
        _settle(result, both, both.ours.object_id)
    else:
        return both
    return None


def _settle(result: _Result, both: _Both, object_id: str) -> None:
    """The content is decided; the mode may still be in doubt, where both sides added the file."""
    mode = _mode(both)
    if mode is None:
        kept = Entry(both.ours.mode, object_id) if both.ours else None
        result.refuse(both.conflict(ConflictKind.MODE), kept)
    else:
        result.entries[both.path] = Entry(mode, object_id)


def _mode(both: _Both) -> int | None:
    ours, theirs = both.ours, both.theirs
    if ours is None or theirs is None:
        return None
    if ours.mode == theirs.mode:
        return ours.mode
    if both.base is None or both.base.mode not in _REGULAR:
        return None
    return theirs.mode if ours.mode == both.base.mode else ours.mode


async def _merge_texts(store: Store, texts: list[_Both], result: _Result, labels: Labels) -> None:
    """Merges line by line; what comes out is stored, conflicts with their markers."""
    if not texts:
        return
    with _scratch_folder(store) as folder:
        await _lay_out(store, folder, texts)
        merged: list[tuple[_Both, Path, bool]] = []
        for number, both in enumerate(texts):
            out = folder / f"{number}.merged"
            clean = await _merge_text(store, folder, both, labels, out)
            if clean is None:
                result.refuse(both.conflict(ConflictKind.BINARY), both.ours)
            else:
                merged.append((both, out, clean))
        ids = await _stored(store, [out for _, out, _ in merged])
        for (both, out, clean), object_id in zip(merged, ids, strict=True):
            if clean:
                _settle(result, both, object_id)
            else:
                await asyncio.to_thread(_refuse_text, result, both, out, object_id)


def _refuse_text(result: _Result, both: _Both, out: Path, object_id: str) -> None:
    kind = ConflictKind.SAME_LINES if both.base else ConflictKind.BOTH_ADDED
    mode = both.ours.mode if both.ours else 0o100644
    result.refuse(both.conflict(kind, out.read_bytes()), Entry(_mode(both) or mode, object_id))


async def _lay_out(store: Store, folder: Path, texts: list[_Both]) -> None:
    """Puts every content that is needed into the folder, in a file named by its id."""
    sides = [side for both in texts for side in (both.base, both.ours, both.theirs)]
    wanted = {_text_of(side) for side in sides} - {_NOTHING}
    sizes = await blob_sizes(store, wanted)
    if wanted - sizes.keys():
        raise damaged(wanted - sizes.keys())
    await asyncio.to_thread((folder / _NOTHING).touch)
    for group in batches(sizes):
        for object_id, content in (await read_blobs(store, group)).items():
            await asyncio.to_thread((folder / object_id).write_bytes, content)


def _text_of(side: Entry | None) -> str:
    """A link that became a file has no earlier version of its text: its target is none."""
    return side.object_id if side is not None and side.mode in _REGULAR else _NOTHING


async def _merge_text(
    store: Store, folder: Path, both: _Both, labels: Labels, out: Path
) -> bool | None:
    """Whether the three contents merged without conflict, the outcome in `out`; None where they are not text."""
    # The label of a marker is one line.
    names = [printable(text) for text in (labels.ours, labels.base, labels.theirs)]
    flags = [flag for name in names for flag in ("-L", name)]
    files = [_text_of(side) for side in (both.ours, both.base, both.theirs)]
    done = await run_git(
        Place(folder, git_dir=store.path),
        *("merge-file", "--quiet", "-p", "--diff3", *flags, *files),
        ok=(*range(128), _NOT_MERGED),
    )
    if done.code == _NOT_MERGED:
        return None
    await asyncio.to_thread(out.write_bytes, done.stdout)
    return done.code == 0


async def _stored(store: Store, files: list[Path]) -> list[str]:
    if not files:
        return []
    lines = "".join(f"{file.name}\n" for file in files).encode()
    place = Place(files[0].parent, git_dir=store.path)
    done = await run_git(place, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=lines)
    return done.line.splitlines()


def _part_files_from_folders(
    result: _Result, mine: Mapping[str, Change], other: Mapping[str, Change]
) -> None:
    """Where one side needs a file and the other a folder of that name, our side stays.

    Only paths that a side changed can meet so: of the rest each side has all, and no tree has both.
    """
    present = {path for path, entry in result.entries.items() if entry is not None}
    for file in sorted({above for path in present for above in parents(path)} & present):
        base = (mine.get(file) or other[file]).before
        ours = mine[file].after if file in mine else None
        theirs = other[file].after if file in other else None
        below = [path for path in present if path.startswith(f"{file}/")]
        for path in below:
            # The side with the file has nothing there: at most a deletion that met a change.
            result.conflicts.pop(path, None)
        for path in below if ours is not None else [file]:
            result.entries[path] = None
        conflict = Conflict(file, ConflictKind.FILE_FOLDER, base, ours, theirs)
        result.conflicts[file] = conflict


async def with_entries(store: Store, tree: str, entries: Mapping[str, Entry | None]) -> str:
    """The tree with these entries put in or, for None, taken out."""
    with _scratch_index(store) as index:
        place = Place(store.path, git_dir=store.path, index=index)
        await run_git(place, "read-tree", tree)
        gone = [path for path, entry in entries.items() if entry is None]
        put = [
            f"{entry.mode:o} {entry.object_id}\t{path}" for path, entry in entries.items() if entry
        ]
        # Removals first: a folder may take the place of a file.
        lines = removal_lines(store, gone) + joined(put)
        if lines:
            await run_git(place, "update-index", "-z", "--index-info", stdin=lines)
        return (await run_git(place, "write-tree")).line


@contextlib.contextmanager
def _scratch_index(store: Store) -> Generator[Path]:
    # With a dot in its name: what a crash leaves is swept when the store is next opened.
    index = store.path / "indexes" / f"merge.{secrets.token_hex(8)}"
    try:
        yield index
    finally:
        for left in (index, index.with_name(index.name + ".lock")):
            left.unlink(missing_ok=True)


@contextlib.contextmanager
def _scratch_folder(store: Store) -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="merge-", dir=store.path))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
