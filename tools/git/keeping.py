"""Content that a snapshot must not only borrow, because nothing in the person's repository holds on to it.

git looks for content before it stores it, and a store of ours sees the objects of the person's repository. What a
commit there has is safe; what was only staged, or lay in a stash that is gone, git collects some day. So that is copied
into the store, and with it what is staged and in no file: it is kept as a commit of its own beside the snapshot's.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from ..errors import PersonError
from ..paths import temporary_name
from .merging import with_entries
from .objects import (
    Change,
    Entry,
    batches,
    blob_sizes,
    object_facts,
    read_objects,
    staged_changes,
    tree_changes,
    tree_entries,
)
from .run import GitError, run_git
from .store import OURSELVES, Store

_ALWAYS_THEN = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
"""What is staged makes the same commit whenever it is looked at."""
_KINDS = ("blob", "tree")


class Keeper:
    """Copies into one store what its snapshots would only borrow."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: set[str] = set()
        self._nothing = store.object_id("tree", b"")
        self._seen: tuple[tuple[int, ...] | None, str] = None, ""
        self._staged: tuple[Change, ...] = ()

    async def base(self) -> str:
        """The tree of the commit that the person has checked out; an empty one where there is none."""
        ask = ("rev-parse", "--verify", "--quiet", "HEAD^{tree}")
        found = await run_git(self._store.user, *ask, ok=(0, 1, 128), overrides=self._store.carried)
        return self._nothing if found.code else found.line

    async def keep(self, base: str, tree: str) -> None:
        """Copies what `tree` has, the tree `base` has not, and the store only borrows.

        What can't be read stays borrowed: it is missed when it is asked for.
        """
        try:
            changes = await tree_changes(self._store, base, tree, folders=True)
        except GitError:  # a repository that has not all of its commit
            changes = await tree_changes(self._store, self._nothing, tree, folders=True)
        wanted = {each.after.object_id for each in changes if each.after is not None}
        wanted |= {tree} - {base}
        missing = await asyncio.to_thread(self._not_ours, wanted - self._kept)
        facts = await object_facts(self._store, missing)
        there = {name: kind for name, (kind, _) in facts.items() if kind in _KINDS}
        for group in batches({name: facts[name][1] for name in there}):
            await self._copy({name: there[name] for name in group})
        self._kept |= wanted

    async def staged(self, base: str, tree: str) -> str | None:
        """A commit with what is staged and neither in `base` nor, at its path, in `tree`; None where nothing is.

        It is held by whatever commit names it as a parent.
        """
        changes = await self._staged_against(base)
        entries = {each.path: each.after for each in changes if each.after is not None}
        if not entries:
            return None
        in_files = await tree_entries(self._store.place(), tree, entries)
        ids = (each.object_id for each in entries.values())
        there = await blob_sizes(self._store, ids)
        alone: dict[str, Entry | None] = {
            path: entry
            for path, entry in entries.items()
            if entry.object_id in there and in_files.get(path) != entry
        }
        if not alone:
            return None
        made = await with_entries(self._store, self._nothing, alone)
        await self.keep(self._nothing, made)
        who = {**OURSELVES, **_ALWAYS_THEN}
        text = ("-m", "staged, and in no file")
        done = await run_git(self._store.place(), "commit-tree", *text, made, variables=who)
        return done.line

    async def unstaged(self, commit: str) -> tuple[str, ...]:
        """Those of the paths in a commit of `staged` that the person's index no longer has so."""
        kept = await tree_changes(self._store, self._nothing, f"{commit}^{{tree}}")
        listed = await run_git(
            self._store.user, "ls-files", "-z", "--stage", overrides=self._store.carried
        )
        now = {item.partition("\t")[2]: item.split(" ")[1] for item in listed.items}
        gone = (e.path for e in kept if e.after and now.get(e.path) != e.after.object_id)
        return tuple(sorted(gone))

    async def _staged_against(self, base: str) -> tuple[Change, ...]:
        """Asked of git only when the index is another one than it was."""
        stamp = await asyncio.to_thread(self._stamp)
        if (stamp, base) != self._seen:
            self._staged = ()
            if stamp is not None:
                # An index that git can't read is no reason to store nothing.
                with suppress(GitError):
                    self._staged = await staged_changes(self._store, base)
            self._seen = stamp, base
        return self._staged

    def _stamp(self) -> tuple[int, ...] | None:
        user = self._store.user
        if user.git_dir is None or user.git_dir == self._store.path:
            return None
        try:
            facts = (user.git_dir / "index").stat()
        except OSError:
            return None
        return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns

    def _not_ours(self, ids: Iterable[str]) -> list[str]:
        return [name for name in ids if not self._path(name).exists()]

    async def _copy(self, kinds: Mapping[str, str]) -> None:
        try:
            contents = await read_objects(self._store, kinds)
        except PersonError:
            if len(kinds) > 1:
                for name, kind in kinds.items():
                    await self._copy({name: kind})
            return
        for name, content in contents.items():
            await asyncio.to_thread(self._write, name, kinds[name], content)

    def _write(self, name: str, kind: str, content: bytes) -> None:
        """As git writes a loose object: whole, and never to be written again."""
        path = self._path(name)
        path.parent.mkdir(exist_ok=True)
        aside = path.with_name(temporary_name())
        head = f"{kind} {len(content)}\0".encode()
        try:
            aside.write_bytes(zlib.compress(head + content, 1))
            aside.chmod(0o444)
            aside.replace(path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise GitError(
                f"The snapshot could not be stored ({os.strerror(error.errno or 0)}). Make room in {self._store.path}."
            ) from error

    def _path(self, name: str) -> Path:
        return self._store.path / "objects" / name[:2] / name[2:]
