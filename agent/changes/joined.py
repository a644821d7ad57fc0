"""Changes of one path one after the other as one change, without what others did to it between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...tools.git.merging import merge_trees, with_entries
from ...tools.git.objects import Change, Entry, tree_entries
from ...tools.git.run import Place
from ...tools.git.store import Store

_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The id of a tree without files; git knows it without storing it."""


@dataclass(frozen=True, slots=True)
class Joined:
    """By path what it was and is; of those in `mixed` also what others did in the same lines."""

    changes: Mapping[str, Change]
    mixed: frozenset[str]


@dataclass(slots=True)
class _Chain:
    """Changes of one path; those that follow on each other are one already."""

    links: list[Change] = field(default_factory=list[Change])

    def add(self, change: Change) -> None:
        last = self.links[-1] if self.links else None
        if last is not None and last.after == change.before:
            self.links[-1] = Change(change.path, last.before, change.after)
        else:
            self.links.append(change)


async def joined(store: Store, changes: Iterable[Change]) -> Joined:
    """What the changes, given in their order, come to."""
    chains: dict[str, _Chain] = {}
    for change in changes:
        chains.setdefault(change.path, _Chain()).add(change)
    gaps = {path: chain for path, chain in chains.items() if len(chain.links) > 1}
    before, mixed = await _befores(store, gaps)
    found: dict[str, Change] = {}
    for path, chain in chains.items():
        first, last = chain.links[0], chain.links[-1]
        start = before.get(path, first.before)
        if start != last.after:
            found[path] = Change(path, start, last.after)
    return Joined(found, frozenset(mixed & found.keys()))


async def _befores(
    store: Store, chains: Mapping[str, _Chain]
) -> tuple[dict[str, Entry | None], set[str]]:
    """What each path would be now without the changes: they are taken back one by one, the last first."""
    now = {path: chain.links[-1].after for path, chain in chains.items()}
    mixed: set[str] = set()
    left = {path: list(chain.links) for path, chain in chains.items()}
    while left:
        links = {path: each.pop() for path, each in left.items()}
        base = await small_tree(store, {path: link.after for path, link in links.items()})
        ours = await small_tree(store, {path: now[path] for path in links})
        theirs = await small_tree(store, {path: link.before for path, link in links.items()})
        merged = await merge_trees(store, base, ours, theirs)
        bad = {conflict.path for conflict in merged.conflicts} & links.keys()
        mixed |= bad
        now |= await _entries(store, merged.tree, links.keys() - bad)
        for path in bad:
            now[path] = left[path][0].before if left[path] else links[path].before
            left[path].clear()
        left = {path: each for path, each in left.items() if each}
    return now, mixed


async def small_tree(store: Store, entries: Mapping[str, Entry | None]) -> str:
    """A tree with these entries alone."""
    return await with_entries(store, _EMPTY_TREE[store.object_format], entries)


async def _entries(store: Store, tree: str, paths: Iterable[str]) -> dict[str, Entry | None]:
    found = await tree_entries(Place(store.path, git_dir=store.path), tree, paths)
    return {path: found.get(path) for path in paths}
