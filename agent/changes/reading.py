"""Looking at what a session did to its tree, also while it runs: nothing of it is changed, and nothing is locked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...tools.errors import PersonError
from ...tools.git.forget import TAKEN_BACK
from ...tools.git.history import Step
from ...tools.git.objects import Change, Entry, blob_sizes, tree_changes
from ...tools.git.repository import open_repository
from ...tools.git.run import Place, run_git
from ...tools.git.snapshot import Snapshot
from ...tools.git.snapshots import SnapshotStore
from .extent import Extent, OfSession, OfStep, OfTask
from .hunks import Hunk, hunks_of
from .joined import Joined, joined, small_tree
from .work import Work, landings_of

_MOST_AT_ONCE = 4
MOST_BYTES = 4 << 20
"""Of a file that is shown line by line."""
MOST_TEXT = 1_000_000
"""Characters of a patch."""
_REGULAR = frozenset((0o100644, 0o100755))


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that an extent changed; one that moved was `old_path` before, which else is the same as `path`.

    `added` and `removed` count lines, and are None for what is not text. With `mixed`, others changed the same lines
    meanwhile, so that it can't be told whose they are.
    """

    path: str
    old_path: str
    before: Entry | None
    after: Entry | None
    added: int | None
    removed: int | None
    mixed: bool = False

    @property
    def kind(self) -> str:
        """In one word or two."""
        if self.moved:
            return "moved"
        return Change(self.path, self.before, self.after).kind.value

    @property
    def moved(self) -> bool:
        return self.path != self.old_path

    @property
    def mode_changed(self) -> bool:
        return bool(self.before and self.after and self.before.mode != self.after.mode)

    @property
    def mark(self) -> str:
        """Tells one change of a file from another."""
        sides = (self.before, self.after)
        told = (f"{side.mode:o}-{side.object_id}" if side else "none" for side in sides)
        return f"{self.old_path}:{':'.join(told)}" if self.moved else ":".join(told)

    def back(self) -> Mapping[str, tuple[Entry | None, Entry | None]]:
        """By path: as the extent left it, and as it was before."""
        if self.moved:
            return {self.path: (self.after, None), self.old_path: (None, self.before)}
        return {self.path: (self.after, self.before)}


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that an extent changed, by path, and the trees that have them alone."""

    extent: Extent
    files: tuple[Changed, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FilePatch:
    """`text` is the patch, odd bytes as surrogates; where there is none to show, `reason` says why. Of a very long one
    it is the first part: `left_out` characters follow.

    `hunks` are those that can be chosen one by one: none where the file is not text before and after.
    """

    text: str
    hunks: tuple[Hunk, ...] = ()
    reason: str = ""
    left_out: int = 0


@dataclass(slots=True)
class Reader:
    """For one session, kept in `folder`, on the work tree at `root`. What was read is kept: snapshots never change."""

    folder: Path
    root: Path
    _store: SnapshotStore | None = None
    _snapshots: dict[str, Snapshot] = field(default_factory=dict[str, Snapshot])
    _steps: dict[tuple[str, str], tuple[Change, ...]] = field(
        default_factory=dict[tuple[str, str], tuple[Change, ...]]
    )

    async def store(self) -> SnapshotStore:
        """Raises PersonError where there is none."""
        if self._store is None:
            repository = await open_repository(self.root)
            home = self.folder.parents[1]
            self._store = await SnapshotStore.open(home, repository, self.folder.name)
        return self._store

    async def beside(self) -> SnapshotStore:
        """Another chain of snapshots of the same tree: what the person takes back is in it."""
        repository = await open_repository(self.root)
        name = self.folder.name + TAKEN_BACK
        return await SnapshotStore.open(self.folder.parents[1], repository, name)

    async def list(self, work: Work, extent: Extent) -> Listing:
        """Raises PersonError for a step or task that there is not, and where a snapshot is gone."""
        if isinstance(extent, OfSession) and not work.steps:
            return Listing(extent, (), "", "")
        store = (await self.store()).store
        found = await joined(store, await self._changes(work, extent))
        before = await small_tree(store, {path: c.before for path, c in found.changes.items()})
        after = await small_tree(store, {path: c.after for path, c in found.changes.items()})
        return Listing(extent, await _files(store.path, found, before, after), before, after)

    async def patch(self, listing: Listing, file: Changed) -> FilePatch:
        """What was changed in a file of the listing."""
        store = (await self.store()).store
        if file.added is None:
            return FilePatch("", reason="it is not text")
        ids = [side.object_id for side in (file.before, file.after) if side is not None]
        sizes = await blob_sizes(store, ids)
        if len(sizes) < len(set(ids)):
            return FilePatch("", reason="what was stored of it is missing")
        if any(size > MOST_BYTES for size in sizes.values()):
            return FilePatch("", reason=f"it is larger than {MOST_BYTES >> 20} MiB")
        paths = dict.fromkeys((file.old_path, file.path))
        flags = ("-r", "-p", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv")
        names = ("-M", "--src-prefix=a/", "--dst-prefix=b/", "--unified=3")
        place = Place(store.path, git_dir=store.path)
        trees = (listing.before, listing.after)
        done = await run_git(place, "diff-tree", *flags, *names, *trees, "--", *paths)
        text = done.stdout.decode("utf-8", "surrogateescape")
        shown = text if len(text) <= MOST_TEXT else text[: text.rindex("\n", 0, MOST_TEXT) + 1]
        sides = {side.mode for side in (file.before, file.after) if side is not None}
        hunks = hunks_of(done.stdout) if sides <= _REGULAR else ()
        return FilePatch(shown, hunks, left_out=len(text) - len(shown))

    async def _changes(self, work: Work, extent: Extent) -> Iterable[Change]:
        match extent:
            case OfSession():
                steps = work.steps
            case OfStep(number):
                steps = tuple(step for step in work.steps if step.step == number)
                if not steps:
                    raise PersonError(f"The tree has no step {number} now.")
            case OfTask(task):
                return await self._of_task(work, task)
        gate = asyncio.Semaphore(_MOST_AT_ONCE)

        async def read(step: Step) -> tuple[Change, ...]:
            async with gate:
                return await self._of_step(step)

        asked = [Step(each.before, each.commit, each.paths) for each in steps]
        every = await asyncio.gather(*map(read, asked))
        return [change for changes in every for change in changes]

    async def _of_step(self, step: Step) -> tuple[Change, ...]:
        key = step.before, step.after
        if key not in self._steps:
            before, after = await self._load(step.before), await self._load(step.after)
            self._steps[key] = await (await self.store()).changed_paths(before, after)
        known = None if step.paths is None else frozenset(step.paths)
        return tuple(c for c in self._steps[key] if known is None or c.path in known)

    async def _load(self, commit: str) -> Snapshot:
        """One step mostly begins where the one before ended."""
        if commit not in self._snapshots:
            self._snapshots[commit] = await (await self.store()).load(commit)
        return self._snapshots[commit]

    async def _of_task(self, work: Work, task: str) -> list[Change]:
        store = (await self.store()).store
        found: list[Change] = []
        landings = await landings_of(store, work, task)
        if not landings:
            raise PersonError(f"No work of the task {task} has landed.")
        for landing in landings:
            found += await tree_changes(store, landing.before, landing.after)
        return found


async def _files(git_dir: Path, found: Joined, before: str, after: str) -> tuple[Changed, ...]:
    """With counts of lines, and moves put together. What is not text can't be told to have moved."""
    flags = ("-r", "-z", "-M", "--numstat", "--no-ext-diff", "--no-textconv")
    place = Place(git_dir, git_dir=git_dir)
    done = await run_git(place, "diff-tree", *flags, before, after, "--")
    items = iter(done.stdout.decode("utf-8", "surrogateescape").split("\0"))
    files: list[Changed] = []
    for item in items:
        if not item:
            continue
        added, removed, path = item.split("\t", 2)
        old = path or next(items)
        path = path or next(items)
        files.append(
            Changed(
                path,
                old,
                found.changes[old].before,
                found.changes[path].after,
                None if added == "-" else int(added),
                None if removed == "-" else int(removed),
                bool({old, path} & found.mixed),
            )
        )
    return tuple(sorted(files, key=lambda file: file.path))
