"""Private clones: a work tree for each worker, with the bytes of a snapshot and a `.git` of its own.

A clone borrows its objects; nothing is written in the person's repository or tree. Our own calls work on its files
with the store's git dir and an index of ours beside the clone, so that nothing that a worker does to its `.git` has a
say in them. While one of these calls is at work on a clone, nothing of its worker may run.

A clone that was given back is kept, cleaned, as a spare: bringing it to another base costs only what differs, where
making one anew costs every file. Where the file system can share blocks between files, clones that are made ahead, and
those that follow on them, take room only for what differs from the first of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import stat
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Exit, PersonError
from .clone_ahead import Ahead, or_gone, to_its_end
from .clone_files import clean, folders_of, open_up, remove_tree
from .clone_gitdir import Surroundings, head_on_top, lay_git_dir, look_around
from .clone_home import Clone, Home, State
from .clone_reflinks import Original, Share, reflink
from .clone_staging import Staged, bench, stage
from .merging import commit_tree
from .names import some
from .objects import Change, checked_id, tree_changes
from .run import GitError, Place, run_git
from .snapshot import Snapshot, from_commit
from .store import Store
from .survey import LeftOut, Limits

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_REFS = "refs/leadline-work"
"""Beside `refs/leadline`, below which every name is the number of a snapshot."""
_CHECKOUT_SECONDS = 900.0
_AT_ONCE = 2
"""Clones written at the same time: more only wait for the same disk."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The state of a clone as a commit of the store; what is on disk but could not be stored is in `left_out`."""

    commit: str
    tree: str
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class _Start:
    """A commit to begin from."""

    commit: str
    tree: str
    when: str
    left_out: tuple[LeftOut, ...]


class Clones:
    """The clones of one session. Calls for the same clone wait for each other."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        session: str,
        around: Surroundings,
        limits: Limits,
        share: Share,
    ) -> None:
        self._store = store
        self._folder = folder
        self._session = session
        self._around = around
        self._limits = limits
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._writing = asyncio.Semaphore(_AT_ONCE)
        self._ahead = Ahead()
        self._original = Original(folder / "originals", store.object_format, share)
        self._known: dict[str, _Start] = {}
        self._heads: dict[str, str] = {}
        self._asking = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        store: Store,
        folder: Path,
        session: str,
        limits: Limits | None = None,
        share: Share = reflink,
    ) -> Clones:
        """Opens the clones below `folder`, of Leadline's state and for this store only; made if it is missing.

        `limits.untracked_file` bounds the new files that a commit takes; `share` is how a file gets the blocks of
        another. Raises `PersonError` where the folder lies in the tree and where it cannot be written.
        """
        if not _SESSION.fullmatch(session):
            raise ValueError(f"not a session name: {session!r}")
        real = await asyncio.to_thread(folder.resolve)
        if real.is_relative_to(store.root):
            raise PersonError(
                f"Clones cannot be kept in {real}, inside the project. Set LEADLINE_HOME to a folder outside it."
            )
        try:
            for name in ("clones", "spares", "making", "originals"):
                (real / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            around = await look_around(store, real / "objects", real / "ignore")
        except OSError as error:
            raise PersonError(
                f"Clones cannot be kept in {real} ({error.strerror}). Free the disk or set LEADLINE_HOME to a"
                " folder that can be written."
            ) from error
        return cls(store, real, session, around, limits or Limits(), share)

    async def make(self, base: Snapshot | str, name: str) -> Clone:
        """A clone with exactly the files of a snapshot, or of a commit of the store.

        `name` is made of letters, digits, `-` and `_`. Raises `PersonError` where there is one of that name, where
        content is missing and where the disk is full.
        """
        home = self._home(name)
        start = await self._start(base)
        async with self._turns[name]:
            if os.path.lexists(home.folder):
                raise PersonError(f"There is a clone {name} already. Remove it first.")
            head = await self._head(start)
            with self._ahead.making():
                made = await self._filled(start.tree)
                async with or_gone(made.folder, self._trash):
                    state = await self._furnish(made, start, head)
                    made.folder.rename(home.folder)
            return self._clone(home, state)

    async def prepare(self, base: Snapshot | str, count: int) -> None:
        """Makes sure that `count` spares are there, so that as many clones are made quickly later.

        It can run beside `make`: no spare is begun while a clone is being made, and a `make` that finds none waits for
        the one that is just being written rather than for the disk beside it. Cancelled, it leaves whole spares only.
        """
        start = await self._start(base)
        # Those that are taken meanwhile are not made again: they did what they were for.
        for _ in range(count - len(self._spares())):
            async with self._ahead.preparing():
                if len(self._spares()) < count:
                    source = await self._original.keep(lambda: self._written(start.tree, None))
                    made = await self._written(start.tree, source)
                    made.folder.rename(self._folder / "spares" / made.folder.name)

    def find(self, name: str) -> Clone | None:
        """The clone of this name, also one that an earlier process left."""
        home = self._home(name)
        try:
            return self._clone(home, home.read())
        except FileNotFoundError:
            return None

    def names(self) -> tuple[str, ...]:
        """The clones that are there."""
        return tuple(sorted(path.name for path in (self._folder / "clones").iterdir()))

    async def commit(self, clone: Clone, message: str) -> Committed:
        """Stores the present state: tracked and new files, deletions and modes, but no ignored file that is new.

        The commit follows on the clone's last one, or on its base, and is held by a reference of the store; nothing
        new gives the last one again. It outlives the clone.
        """
        async with self._turns[clone.name]:
            home = self._require(clone)
            staged = await self._stage(home)
            state = home.read()
            commit = state.tip
            if staged.tree != state.tip_tree:
                commit = await commit_tree(self._store, staged.tree, [commit], message)
                home.write(replace(state, tip=commit, tip_tree=staged.tree))
            ref = f"{_REFS}/{self._session}/{clone.name}"
            await run_git(self._bare, "update-ref", ref, commit)
            return Committed(commit, staged.tree, staged.left_out)

    async def changed_paths(self, clone: Clone) -> tuple[Change, ...]:
        """What differs now from the clone's base, committed or not."""
        async with self._turns[clone.name]:
            staged = await self._stage(self._require(clone))
            return await tree_changes(self._store, clone.tree, staged.tree)

    async def list_files(self, clone: Clone) -> tuple[str, ...]:
        """The files of the clone's base and the worker's new ones that are not ignored, sorted; some may be gone.

        The worker may be at work meanwhile.
        """
        home = self._require(clone)
        which = ("--cached", "--others", "--exclude-standard")
        return tuple(sorted(await self._listed(home, *which)))

    async def move_to(self, clone: Clone, commit: Snapshot | str) -> Clone:
        """Brings the clone's files to another commit of the store; its ignored files stay.

        Whatever was not committed is gone, but for what a commit leaves out (`Committed.left_out`) where it is not in
        the way; the clone's own `.git` is a new one. Raises `PersonError` where
        something cannot be moved out of the way; the clone is then to be removed.
        """
        start = await self._start(commit)
        async with self._turns[clone.name]:
            home = self._require(clone)
            head = await self._head(start)
            # What is in the index is what a checkout takes away.
            await self._stage(home)
            known = await self._listed(home)
            await asyncio.to_thread(open_up, home.root, folders_of(known))
            await asyncio.to_thread(remove_tree, home.root / ".git", self._trash)
            await self._checkout(home, start.tree)
            stuck = await self._listed(home, "--modified", "--deleted")
            if stuck:
                raise PersonError(
                    f"The clone {clone.name} could not be moved: {some(stuck)} could not be written. Remove the"
                    " clone and make another.",
                    Exit.NOT_DONE,
                )
            return self._clone(home, await self._furnish(home, start, head))

    async def give_back(self, clone: Clone) -> None:
        """Ends the clone and keeps its files, cleaned, as a spare for the next; removes it where that fails."""
        async with self._turns[clone.name]:
            home = self._require(clone)
            taken = self._aside(home)
            try:
                known = frozenset(await self._listed(taken))
                mode = stat.S_IMODE(taken.own.lstat().st_mode)
                await asyncio.to_thread(clean, taken.root, known, mode, self._trash)
                taken.folder.rename(self._folder / "spares" / taken.folder.name)
            except (OSError, PersonError):
                await asyncio.to_thread(remove_tree, taken.folder, self._trash)

    async def remove(self, clone: Clone) -> None:
        """Deletes the clone, whatever is in it. Its commits stay. Raises `PersonError` for a mounted folder in it."""
        async with self._turns[clone.name]:
            await asyncio.to_thread(remove_tree, self._home(clone.name).folder, self._trash)

    async def clear(self) -> None:
        """Removes the spares, what they were copied from, and what an earlier process left half made or half removed.

        For the beginning or the end of a session: no other process may be making clones here.
        """
        rest = self._folder / "rest"
        self._original.forget()
        for name in ("spares", "making", "originals"):
            for path in list((self._folder / name).iterdir()):
                await asyncio.to_thread(remove_tree, path, self._trash)
        await asyncio.to_thread(remove_tree, rest, self._trash)
        await asyncio.to_thread(remove_tree, self._trash, rest)

    @property
    def _trash(self) -> Path:
        return self._folder / "trash"

    @property
    def _bare(self) -> Place:
        return Place(self._store.path, git_dir=self._store.path)

    def _home(self, name: str) -> Home:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name for a clone: {name!r}")
        return self._at(self._folder / "clones" / name)

    def _at(self, folder: Path) -> Home:
        # Named as the project is: programs and tests may go by the name of their top folder.
        return Home(folder, folder / "tree" / (self._store.root.name or "root"))

    def _require(self, clone: Clone) -> Home:
        home = self._home(clone.name)
        home.require()
        return home

    def _clone(self, home: Home, state: State) -> Clone:
        borrowed = self._around.borrowed
        return Clone(
            home.folder.name,
            home.root,
            state.base,
            state.tree,
            state.head,
            state.left_out,
            borrowed,
        )

    def _spares(self) -> list[Path]:
        return sorted((self._folder / "spares").iterdir())

    def _aside(self, home: Home) -> Home:
        """The home under a name that nobody else knows."""
        aside = self._at(self._folder / "making" / secrets.token_hex(8))
        home.folder.rename(aside.folder)
        return aside

    async def _start(self, base: Snapshot | str) -> _Start:
        """Asked of git once for each base, as many workers begin on the same: a commit never changes."""
        commit = checked_id(base if isinstance(base, str) else base.commit)
        async with self._asking:
            if commit not in self._known:
                self._known[commit] = await self._looked_up(commit)
        return self._known[commit]

    async def _looked_up(self, commit: str) -> _Start:
        content = (await run_git(self._bare, "cat-file", "commit", commit)).stdout
        head = content.partition(b"\n\n")[0].decode("utf-8", "replace").splitlines()
        fields = dict(line.split(" ", 1) for line in head if " " in line)
        when = " ".join(fields["committer"].rsplit(" ", 2)[1:])
        left: tuple[LeftOut, ...] = ()
        with contextlib.suppress(PersonError):
            left = from_commit(commit, content).left_out
        return _Start(commit, fields["tree"], when, left)

    async def _head(self, start: _Start) -> str:
        """A commit with the tree to begin from, on top of the person's history; equal for every clone of a base."""
        head = self._around.head
        if head is not None and head.tree == start.tree:
            return head.commit
        async with self._asking:
            if start.commit not in self._heads:
                self._heads[start.commit] = await head_on_top(
                    self._store, start.tree, head, start.when
                )
        return self._heads[start.commit]

    async def _filled(self, tree: str) -> Home:
        """A work tree with these files under a passing name, by a spare if there is one that can be used."""
        if not self._spares():
            await self._ahead.spare()
        for spare in self._spares():
            taken = self._at(self._folder / "making" / spare.name)
            # Another process may have been first, and a spare may be spoilt by a crash.
            with contextlib.suppress(FileNotFoundError, GitError):
                spare.rename(taken.folder)
                async with or_gone(taken.folder, self._trash):
                    await self._checkout(taken, tree)
                return taken
        return await self._written(tree, await self._original.home())

    async def _written(self, tree: str, source: Home | None) -> Home:
        """A new home with the files of the tree, by shared blocks where there is a source."""
        made = self._at(self._folder / "making" / secrets.token_hex(8))
        async with self._writing:
            made.create()
            async with or_gone(made.folder, self._trash):
                if source is not None:
                    await self._original.copy(source, made)
                await self._checkout(made, tree)
        return made

    async def _checkout(self, home: Home, tree: str) -> None:
        """Makes the files and the index those of the tree; what the index has and the tree has not, goes."""
        home.index.with_name("index.lock").unlink(missing_ok=True)
        every_core = (("checkout.workers", "0"),)
        try:
            await run_git(
                self._bench(home).place(home.index),
                *("read-tree", "--reset", "-u", tree),
                overrides=every_core,
                seconds=_CHECKOUT_SECONDS,
            )
        except GitError as error:
            raise GitError(
                f"A clone's files could not be written: {error.message} Is the disk full, or was content removed by"
                " `git gc`?",
                error.result,
            ) from error

    async def _furnish(self, home: Home, start: _Start, head: str) -> State:
        git_dir = home.root / ".git"
        laying = asyncio.to_thread(lay_git_dir, git_dir, self._around, head, home.index)
        await to_its_end(laying)
        state = State(start.commit, start.tree, head, start.left_out, start.commit, start.tree)
        home.write(state)
        return state

    def _bench(self, home: Home) -> Store:
        return bench(self._store, home.root, home.index, self._folder / "ignore")

    async def _stage(self, home: Home) -> Staged:
        return await stage(self._bench(home), home.index, self._limits)

    async def _listed(self, home: Home, *which: str) -> list[str]:
        at = self._bench(home)
        listed = await run_git(at.place(home.index), "ls-files", "-z", *which, overrides=at.carried)
        return listed.items
