"""Leadline's memory of the working tree: every file of it, byte for byte, outside the person's repository.

A snapshot is a commit in a store of ours (`store`), made with an index of ours: the person's own index holds
contents after line-end conversion and filters, and its stat cache would vouch for bytes that are not on disk.
Snapshots of a session are chained, and each is held by `refs/leadline/<session>/<number>`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ..errors import Exit, PersonError
from .keeping import Keeper
from .names import relative, some
from .objects import (
    Change,
    batches,
    blob_sizes,
    checked_id,
    damaged,
    read_blobs,
    stored_entry,
    tree_changes,
    tree_files,
    tree_patch,
    without_content,
)
from .repository import Repository
from .restore import (
    Plan,
    RestoreReport,
    chosen,
    in_a_row,
    make_plan,
    refuse,
    remove_files,
    write_files,
)
from .run import GitError, run_git
from .snapshot import Snapshot, from_commit, one_line, to_message
from .staging import add, backdated, distrust, drop
from .store import OURSELVES, Store, open_store
from .survey import LeftOut, Limits, Listing, Survey, list_tree, survey
from .worktree import Tree, is_private

_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_ANCHOR_TRIES = 1000

Leg = tuple[Snapshot, Snapshot, Iterable[str] | None]
"""From where to where, and of which paths, or all."""


class SnapshotStore:
    """Snapshots of one work tree in one session. Calls wait for each other; two processes do no harm."""

    def __init__(self, store: Store, session: str, limits: Limits, last: Snapshot | None) -> None:
        self._store = store
        self._session = session
        self._limits = limits
        self._last = last
        self._watched: frozenset[str] = last.watched if last else frozenset()
        self._number = 0
        self._checked = False
        self._turn = asyncio.Lock()
        self._keeper = Keeper(store)
        self._tree = Tree(store.root, store.blob_id)

    @classmethod
    async def open(
        cls, home: Path, at: Repository | Path, session: str, limits: Limits | None = None
    ) -> SnapshotStore:
        """Opens the store under `home` for a repository or a plain folder.

        `session` names the chain that snapshots are added to: letters, digits, `-` and `_`. Raises
        `PersonError` where the store cannot be written.
        """
        if not _SESSION.fullmatch(session):
            raise ValueError(f"not a session name: {session!r}")
        store = await open_store(home, at)
        opened = cls(store, session, limits or Limits(), None)
        await opened._find_last()
        return opened

    @property
    def root(self) -> Path:
        """Top of the tree that is stored."""
        return self._store.root

    @property
    def store(self) -> Store:
        """Where the snapshots are, for merges and clones."""
        return self._store

    @property
    def git_dir(self) -> Path:
        """The store on disk."""
        return self._store.path

    @property
    def last(self) -> Snapshot | None:
        """The newest snapshot of the session."""
        return self._last

    async def take(self, label: str, extra_paths: Iterable[str] = ()) -> Snapshot:
        """Stores the whole working tree as it is now.

        Taken are tracked files, untracked ones and single ignored ones within the limits, and `extra_paths`
        whatever they are: name there what is about to be written. Whole ignored folders, nested repositories
        and what cannot be read are listed in `left_out`. A tree that is the same as the last gives the last
        snapshot again. Raises `PersonError` where it cannot be stored.
        """
        extra = frozenset(relative(path) for path in extra_paths)
        async with self._turn:
            return await self._take(label, extra)

    async def adopt(self, tree: str, like: Snapshot, label: str) -> Snapshot:
        """A tree that was made in the store as a snapshot of the session: what the work tree is about to be.

        It says nothing of what `like` says nothing of.
        """
        async with self._turn:
            await self._keeper.keep(await self._keeper.base(), tree)
            made = await self._commit(replace(like, commit="", tree=tree, label=one_line(label)))
            self._last = made
            return made

    async def unstaged(self, snapshot: Snapshot) -> tuple[str, ...]:
        """What was staged then, in no file and in no commit of the person's, and is no longer staged so: the paths
        in `snapshot.staged`."""
        if snapshot.staged is None:
            return ()
        return await self._keeper.unstaged(checked_id(snapshot.staged))

    async def load(self, commit: str) -> Snapshot:
        """The snapshot of this id, of any session. Raises `PersonError` for any other id."""
        result = await run_git(self._store.place(), "cat-file", "commit", checked_id(commit))
        return from_commit(commit, result.stdout)

    async def changed_paths(self, before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
        """What is known to differ, by path: not what one of the two says nothing of."""
        changes = await tree_changes(self._store, before.tree, after.tree)
        unknown = _unknown(before, after, changes)
        return tuple(change for change in changes if change.path not in unknown)

    async def diff(
        self, before: Snapshot, after: Snapshot, paths: Iterable[str] | None = None
    ) -> bytes:
        """The changes as a patch for `git apply`, binary files included; of `paths` and what is below them."""
        every = await tree_changes(self._store, before.tree, after.tree)
        unknown = _unknown(before, after, every)
        if paths is None and not unknown:
            return await tree_patch(self._store, before.tree, after.tree, None)
        asked = None if paths is None else [relative(path) for path in paths]
        kept = [change.path for change in chosen(every, asked) if change.path not in unknown]
        return await tree_patch(self._store, before.tree, after.tree, kept)

    async def read_file(self, snapshot: Snapshot, path: str) -> bytes | None:
        """A file's content, or a symbolic link's target; None where the snapshot has no such file."""
        entry = await stored_entry(self._store, snapshot.tree, relative(path))
        if entry is None:
            return None
        return (await read_blobs(self._store, [entry.object_id]))[entry.object_id]

    async def files(self, snapshot: Snapshot) -> dict[str, tuple[str, int]]:
        """All regular files of a snapshot by path: the git blob id, and the size in bytes."""
        return await tree_files(self._store, snapshot.tree)

    async def restore(
        self,
        current: Snapshot,
        target: Snapshot,
        paths: Iterable[str] | None = None,
        *,
        force: bool = False,
        begun: Callable[[], None] | None = None,
    ) -> RestoreReport:
        """Brings every path that differs between the two from `current` to `target`, byte for byte.

        `begun` is called when nothing is in the way, before anything is touched.

        With `paths` only those and what is below them. Raises `PersonError` with `Exit.CONFLICT`, nothing
        touched, where a file is neither as in `current` nor as in `target`; with `force` it is overwritten,
        after a snapshot of the tree. A link or a full folder in the way is refused even then. Broken off in the
        middle, the same call goes on where it stopped.
        """
        return await self.restore_along([(current, target, paths)], force=force, begun=begun)

    async def restore_along(
        self, legs: Iterable[Leg], *, force: bool = False, begun: Callable[[], None] | None = None
    ) -> RestoreReport:
        """Several restores, each of which begins where the one before ended, as one: all of them or none.

        What somebody changed in a file between the end of one and the beginning of the next is theirs, as if it had
        been changed since.
        """
        async with self._turn:
            kept: set[str] = set()
            private: set[str] = set()
            done: list[tuple[Change, ...]] = []
            for current, target, paths in legs:
                asked = None if paths is None else [relative(path) for path in paths]
                changes = chosen(await tree_changes(self._store, current.tree, target.tree), asked)
                gone = frozenset(change.path for change in changes if change.after is None)
                hidden = target.hidden_among(gone)
                done.append(tuple(change for change in changes if change.path not in hidden))
                kept |= hidden
                private = (private - {each.path for each in changes}) | target.private
            todo = in_a_row(done)
            plan = await asyncio.to_thread(
                make_plan, self._tree, todo, force=force, private=private
            )
            refuse(plan, force=force)
            sizes = await blob_sizes(self._store, plan.contents)
            if plan.contents - sizes.keys():
                raise damaged(plan.contents - sizes.keys())
            saved = await self._save(plan) if plan.conflicts else None
            if begun is not None:
                begun()
            return await self._carry_out(plan, sizes, tuple(sorted(kept)), saved)

    async def _carry_out(
        self, plan: Plan, sizes: dict[str, int], kept: tuple[str, ...], saved: Snapshot | None
    ) -> RestoreReport:
        written: list[str] = []
        try:
            deleted, overtaken = await asyncio.to_thread(remove_files, self._tree, plan)
            for group in batches(sizes):
                contents = await read_blobs(self._store, group)
                done = await asyncio.to_thread(write_files, self._tree, plan.steps, contents)
                written += done[0]
                overtaken += done[1]
        except OSError as error:
            raise PersonError(
                f"Restoring stopped in the middle ({error.strerror}). Make room or mend permissions, and give"
                " the same command again: it goes on where it stopped.",
                Exit.NOT_DONE,
            ) from error
        return RestoreReport(
            written=tuple(sorted(written)),
            deleted=tuple(sorted(deleted)),
            already=plan.already,
            kept=kept,
            overtaken=tuple(sorted(overtaken)),
            saved=saved,
        )

    async def _save(self, plan: Plan) -> Snapshot:
        paths = frozenset(step.path for step in plan.steps)
        saved = await self._take("before a forced restore", paths)
        unsaved = [left.path for left in saved.left_out if left.path in paths]
        if unsaved:
            raise PersonError(
                f"Nothing was changed: {some(unsaved)} could not be stored first, so overwriting would lose it."
                " Move it aside and try again.",
                Exit.CONFLICT,
            )
        return saved

    async def _take(self, label: str, extra: frozenset[str]) -> Snapshot:
        forced = self._watched | extra
        with self._store.scratch_index() as scratch:
            try:
                return await self._take_with(scratch, label, forced)
            except GitError:
                if not await asyncio.to_thread(scratch.exists):
                    raise
                # An index broken by a crash, or one that names content which is gone: begin without.
                await asyncio.to_thread(scratch.unlink)
                return await self._take_with(scratch, label, forced)

    async def _take_with(self, scratch: Path, label: str, forced: frozenset[str]) -> Snapshot:
        began = time.time_ns()
        place = self._store.place(scratch)
        if not self._checked:
            await drop(self._store, scratch, await without_content(self._store, place))
        listing, base = await asyncio.gather(list_tree(self._store, scratch), self._keeper.base())
        found = await asyncio.to_thread(survey, self._store, listing, forced, self._limits)
        await drop(self._store, scratch, found.remove)
        failed = await add(self._store, scratch, found.add)
        suspects = await asyncio.to_thread(backdated, self.root, found.add, began)
        await distrust(self._store, scratch, suspects)
        tree = (await run_git(place, "write-tree")).line
        left_out = tuple(sorted((*found.left_out, *failed)))
        watched = forced | _seen_to_go(found, left_out)
        if self._last is None or self._last.tree != tree:
            await self._keeper.keep(base, tree)
        staged = await self._keeper.staged(base, tree)
        private = await asyncio.to_thread(_private, self.root, listing, forced)
        drawn = Snapshot("", tree, one_line(label), left_out, watched, staged, private)
        snapshot = await self._commit(drawn)
        await asyncio.to_thread(self._store.publish, scratch, began)
        self._checked = True
        self._last, self._watched = snapshot, watched
        return snapshot

    async def _commit(self, drawn: Snapshot) -> Snapshot:
        """The snapshot with a commit of its own, or the last one, if that says the same."""
        last = self._last
        if last and replace(last, commit="", label=drawn.label) == drawn:
            return last
        parents = [each for each in (last.commit if last else None, drawn.staged) if each]
        parent = [word for each in parents for word in ("-p", each)]
        made = await run_git(
            *(self._store.place(), "commit-tree", *parent, "-F", "-", drawn.tree),
            stdin=to_message(drawn).encode(),
            variables=OURSELVES,
        )
        await self._anchor(made.line)
        return replace(drawn, commit=made.line)

    async def _anchor(self, commit: str) -> None:
        """Holds the commit by the next free reference; another process may be numbering too."""
        none = "0" * len(commit)
        for _ in range(_ANCHOR_TRIES):
            self._number += 1
            name = f"refs/leadline/{self._session}/{self._number}"
            place = self._store.place()
            result = await run_git(place, "update-ref", name, commit, none, ok=(0, 1, 128))
            if result.code == 0:
                return
            if "File exists" not in result.stderr and "already exists" not in result.stderr:
                raise GitError(f"The snapshot could not be recorded: {result.reason}", result)
        raise GitError(f"The snapshot could not be recorded: {self._store.path} is full of locks.")

    async def _find_last(self) -> None:
        prefix = f"refs/leadline/{self._session}/"
        form = "--format=%(refname) %(objectname)"
        result = await run_git(self._store.place(), "for-each-ref", form, prefix)
        anchors = [line.removeprefix(prefix).split(" ") for line in result.line.splitlines()]
        numbered = [(int(number), commit) for number, commit in anchors]
        if numbered:
            self._number, commit = max(numbered)
            self._last = await self.load(commit)
            self._watched = self._last.watched


def _private(root: Path, listing: Listing, forced: frozenset[str]) -> frozenset[str]:
    """Of the files that git would bring back for all to read if it brought them back, those for nobody else to read."""
    others = listing.untracked | listing.ignored | (forced - listing.tracked)
    return frozenset(path for path in others if not path.endswith("/") and is_private(root / path))


def _unknown(before: Snapshot, after: Snapshot, changes: Iterable[Change]) -> frozenset[str]:
    listed = tuple(changes)
    added = frozenset(change.path for change in listed if change.before is None)
    gone = frozenset(change.path for change in listed if change.after is None)
    return before.hidden_among(added) | after.hidden_among(gone)


def _seen_to_go(found: Survey, left_out: tuple[LeftOut, ...]) -> frozenset[str]:
    """Files that were seen to be gone from a folder that is otherwise left out."""
    folders = tuple(left.path for left in left_out if left.path.endswith("/"))
    return frozenset(path for path in found.gone if path.startswith(folders))
