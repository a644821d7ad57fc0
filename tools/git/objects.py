"""Reading trees and files back out of a store, every file checked against its id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..errors import PersonError
from .names import joined, printable
from .run import GitResult, Place, run_git
from .store import Store

LINK = 0o120000
EXECUTABLE = 0o100755
_BATCH_BYTES = 32 << 20
"""File contents held in memory at once."""
_ARGUMENT_BYTES = 64 << 10
"""Path arguments given to one child: well below every system's limit."""

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a tree: mode 0o100644, 0o100755 or 0o120000 (a symbolic link), and the id of its content."""

    mode: int
    object_id: str


class Kind(StrEnum):
    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    TYPE_CHANGED = "type changed"
    """A file became a symbolic link, or the other way round."""


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs between two trees, and what it is in each."""

    path: str
    before: Entry | None
    after: Entry | None

    @property
    def kind(self) -> Kind:
        if self.before is None:
            return Kind.ADDED
        if self.after is None:
            return Kind.DELETED
        one_is_link = (self.before.mode == LINK) != (self.after.mode == LINK)
        return Kind.TYPE_CHANGED if one_is_link else Kind.MODIFIED


def checked_id(text: str) -> str:
    """The text, if it is a whole object id; an id from a journal must not be taken for an option."""
    if not _OBJECT_ID.fullmatch(text):
        raise PersonError(f"{printable(text)!r} is not the id of a snapshot.")
    return text


_RAW = ("-r", "-z", "--raw", "--no-renames", "--full-index", "--ignore-submodules=none")


async def tree_changes(
    store: Store, before: str, after: str, *, folders: bool = False
) -> tuple[Change, ...]:
    """What differs between two trees, by path; renames are a deletion and an addition. With `folders` also which
    folders differ, but for the top."""
    flags = (*_RAW, "-t") if folders else _RAW
    return _changes(await run_git(_bare(store), "diff-tree", *flags, before, after, "--"))


async def staged_changes(store: Store, tree: str) -> tuple[Change, ...]:
    """In what the person's index differs from a tree that their repository has; a path with conflicts is in none."""
    asked = ("diff-index", "--cached", *_RAW, tree, "--")
    return _changes(await run_git(store.user, *asked, overrides=store.carried))


def _changes(raw: GitResult) -> tuple[Change, ...]:
    items = iter(raw.items)
    return tuple(_change(facts, next(items)) for facts in items)


def _change(facts: str, path: str) -> Change:
    old_mode, new_mode, old_id, new_id, _ = facts.removeprefix(":").split(" ")
    return Change(path, _entry(old_mode, old_id), _entry(new_mode, new_id))


def _entry(mode: str, object_id: str) -> Entry | None:
    return Entry(int(mode, 8), object_id) if int(mode, 8) else None


async def tree_entries(place: Place, tree: str, paths: Iterable[str]) -> dict[str, Entry]:
    """What those of the paths that are files or links are in a tree; folders and submodules are not named."""
    found: dict[str, Entry] = {}
    wanted = frozenset(paths)
    for group in path_groups(wanted):
        flags = ("-r", "-z", "--full-tree")
        result = await run_git(place, "ls-tree", *flags, tree, "--", *group)
        for item in result.items:
            facts, _, name = item.partition("\t")
            mode, kind, object_id = facts.split(" ")
            if name in wanted and kind == "blob":
                found[name] = Entry(int(mode, 8), object_id)
    return found


async def tree_files(store: Store, tree: str) -> dict[str, tuple[str, int]]:
    """All regular files of a tree by path: the id of the content, and its size in bytes."""
    result = await run_git(_bare(store), "ls-tree", "-r", "-z", "-l", "--full-tree", tree)
    found: dict[str, tuple[str, int]] = {}
    for item in result.items:
        facts, _, name = item.partition("\t")
        mode, kind, object_id, size = facts.split()
        if kind == "blob" and int(mode, 8) != LINK:
            found[name] = object_id, int(size)
    return found


async def stored_entry(store: Store, tree: str, path: str) -> Entry | None:
    """What `path` is in a tree of the store; None for nothing and for a folder."""
    return (await tree_entries(_bare(store), tree, [path])).get(path)


async def tree_patch(store: Store, before: str, after: str, paths: Iterable[str] | None) -> bytes:
    """A patch that `git apply` takes, binary files included; of all paths, or of those given."""
    flags = (
        *("-r", "-p", "--binary", "--full-index", "--no-renames", "--no-color"),
        *("--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/"),
    )
    groups: Iterable[tuple[str, ...]] = [()] if paths is None else path_groups(paths)
    patch: list[bytes] = []
    for group in groups:
        result = await run_git(_bare(store), "diff-tree", *flags, before, after, "--", *group)
        patch.append(result.stdout)
    return b"".join(patch)


def path_groups(paths: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The paths in groups that fit on a command line; none for no paths."""
    group: list[str] = []
    size = 0
    for path in sorted(paths):
        if group and size + len(path) > _ARGUMENT_BYTES:
            yield tuple(group)
            group, size = [], 0
        group.append(path)
        size += len(path) + 8
    if group:
        yield tuple(group)


async def blob_sizes(store: Store, ids: Iterable[str]) -> dict[str, int]:
    """Sizes in bytes of those of the blobs that are there."""
    return {
        name: size
        for name, (kind, size) in (await object_facts(store, ids)).items()
        if kind == "blob"
    }


async def object_facts(store: Store, ids: Iterable[str]) -> dict[str, tuple[str, int]]:
    """What those of the objects that are there are (`blob`, `tree` or `commit`), and their sizes in bytes."""
    asked = sorted(set(ids))
    if not asked:
        return {}
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    lines = "\n".join(asked).encode() + b"\n"
    result = await run_git(_bare(store), "cat-file", form, "--buffer", stdin=lines)
    found: dict[str, tuple[str, int]] = {}
    for line in result.stdout.decode("ascii").splitlines():
        name, kind, *size = line.split(" ")
        if size:
            found[name] = kind, int(size[0])
    return found


def batches(sizes: dict[str, int]) -> Iterator[list[str]]:
    """The ids in groups that fit in memory together; one that does not is alone."""
    group: list[str] = []
    held = 0
    for object_id, size in sizes.items():
        if group and held + size > _BATCH_BYTES:
            yield group
            group, held = [], 0
        group.append(object_id)
        held += size
    if group:
        yield group


async def read_blobs(store: Store, ids: list[str]) -> dict[str, bytes]:
    """The contents. Raises `PersonError` where one is missing or is not what its id says."""
    return await read_objects(store, dict.fromkeys(ids, "blob"))


async def read_objects(store: Store, kinds: Mapping[str, str]) -> dict[str, bytes]:
    """The contents of objects by their ids, of which it is known what they are. Raises as `read_blobs` does."""
    ids = list(kinds)
    lines = "\n".join(ids).encode() + b"\n"
    result = await run_git(_bare(store), "cat-file", "--batch", "--buffer", stdin=lines)
    data, at = result.stdout, 0
    found: dict[str, bytes] = {}
    for object_id in ids:
        end = data.index(b"\n", at)
        facts = data[at:end].split(b" ")
        if len(facts) != 3 or facts[1] != kinds[object_id].encode():
            raise damaged([object_id])
        size = int(facts[2])
        content = data[end + 1 : end + 1 + size]
        if store.object_id(kinds[object_id], content) != object_id:
            raise damaged([object_id])
        found[object_id] = content
        at = end + size + 2
    return found


def damaged(ids: Iterable[str]) -> PersonError:
    """For content that a snapshot names and that is no longer there, or no longer the same."""
    one = min(ids)
    return PersonError(
        f"Stored content is missing or damaged (object {one[:12]}), so nothing was changed. It may have been"
        " removed by `git gc` in the repository it was borrowed from."
    )


async def without_content(store: Store, place: Place) -> list[str]:
    """Paths of an index whose content is no longer stored anywhere."""
    listed = await run_git(place, "ls-files", "-z", "--stage")
    owners: dict[str, list[str]] = {}
    for item in listed.items:
        facts, _, path = item.partition("\t")
        owners.setdefault(facts.split(" ")[1], []).append(path)
    there = await blob_sizes(store, owners)
    return [path for object_id, paths in owners.items() if object_id not in there for path in paths]


def removal_lines(store: Store, paths: Iterable[str]) -> bytes:
    """Input for `update-index -z --index-info` that drops the paths, whatever is on disk."""
    none = "0" * (40 if store.object_format == "sha1" else 64)
    return joined(f"0 {none}\t{path}" for path in paths)


def _bare(store: Store) -> Place:
    """For commands that need no work tree; started in the store, no attribute of the tree is read."""
    return Place(store.path, git_dir=store.path)
