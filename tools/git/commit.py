"""Commits in the person's repository, by explicit paths; the one writer of their `.git`.

Made of git's plumbing by the hardened runner, not by GitPython: its commits run hooks and its children are not
hardened, its references have no compare-and-swap (a commit the person makes meanwhile would be lost) and it
knows neither SHA-256 nor line-end conversion of single files. Importing it costs 0.3 s as well.

Line ends, `ident` and `working-tree-encoding` are converted as the person's configuration says: git does that
itself, running nothing. Filters are programs: a file with an active one is refused. Hooks are not run.
"""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Exit, PersonError
from ..paths import exists, is_link
from .hardening import Override
from .indexlock import IndexLock
from .message import commit_message
from .names import joined, parents, relative, some
from .objects import path_groups, tree_entries
from .repository import Repository, open_repository
from .run import GitError, GitResult, read_drivers, run_git
from .target import Target, find_target

_UPDATE = ("update-index", "-z")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that was made. `branch` is None on a detached HEAD."""

    commit: str
    branch: str | None
    paths: tuple[str, ...]
    ignored: tuple[str, ...]
    """Paths that were asked for but are ignored by git and not tracked: not in the commit."""
    unsigned: bool
    """The person's configuration wants commits signed; this one is not: Leadline cannot use their key."""


@dataclass(frozen=True, slots=True)
class _Bench:
    """What the steps of one commit share."""

    repository: Repository
    overrides: tuple[Override, ...]
    who: Mapping[str, str]

    async def git(self, index: Path, *args: str, stdin: bytes = b"") -> GitResult:
        """With an index other than the person's. Writing one may compare files, and so call filters."""
        place = replace(self.repository.place, index=index)
        return await run_git(place, *args, stdin=stdin, overrides=self.overrides)


async def commit_paths(
    repository: Repository,
    paths: Iterable[str],
    message: str,
    *,
    branch: str | None = None,
    trailer: str | None = None,
    allow_detached: bool = False,
) -> Commit:
    """Commits the files at `paths` as they are in the work tree (those gone are removed), and nothing else.

    On the current branch, or on `branch`, new or there already, without checking it out. What else is staged
    or changed stays as it was. Raises `PersonError`: `Exit.CONFLICT` during a merge or rebase, where the branch
    moved meanwhile, or where `branch` has other changes to a path; `Exit.NOT_DONE` where there is nothing to
    commit; `Exit.USAGE` for a missing identity, a detached HEAD, a filtered file.
    """
    asked = sorted({relative(path) for path in paths})
    now = await open_repository(repository.root)
    _refuse_operation(now)
    who = _identity(now)
    text = commit_message(message, trailer)
    target = await find_target(now, branch, allow_detached=allow_detached)
    ignored = await now.is_ignored(asked)
    wanted = [path for path in asked if path not in ignored]
    drivers = await read_drivers(now.place)
    bench = _Bench(now, now.settings.carried + drivers, who)
    await _refuse_filtered(bench, wanted)
    await _refuse_unmerged(bench, wanted)
    with tempfile.TemporaryDirectory(prefix="leadline-") as folder:
        scratch = Path(folder) / "index"
        tree = await _build_tree(bench, scratch, target, wanted)
        await _refuse_nothing(bench, target, tree)
        await _refuse_other_changes(bench, target, tree, wanted)
        commit = await _make_commit(bench, target, tree, text)
        if target.checked_out:
            await _land(bench, scratch, target, commit, text, wanted)
        else:
            await _move_ref(bench, target, commit, text)
    return Commit(commit, target.branch, tuple(wanted), tuple(sorted(ignored)), now.settings.signs)


async def require_committable(repository: Repository, branch: str | None) -> None:
    """Says before the work is done that `commit_paths` could not commit it, as far as that can be known by then.

    Raises `PersonError` as that does: for an operation in progress, a missing identity, a branch that can't be used.
    """
    _refuse_operation(repository)
    _identity(repository)
    await find_target(repository, branch, allow_detached=False)


def _refuse_operation(now: Repository) -> None:
    if now.operation is not None:
        raise PersonError(
            f"A {now.operation} is in progress in {now.root}, so nothing was committed. End it and"
            " try again, or run without --commit.",
            Exit.CONFLICT,
        )


def _identity(now: Repository) -> dict[str, str]:
    """Who commits: what git's own variables say, as in containers and CI, else the configuration."""
    settings = {"NAME": now.settings.name, "EMAIL": now.settings.email}
    who = {
        f"GIT_{role}_{part}": os.environ.get(f"GIT_{role}_{part}") or settings[part]
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    known = {name: value for name, value in who.items() if value}
    if len(known) < len(who):
        raise PersonError(
            "git does not know who you are, so nothing can be committed. Set it with `git config --global"
            " user.name NAME` and `git config --global user.email ADDRESS`."
        )
    return known


async def _refuse_filtered(bench: _Bench, paths: list[str]) -> None:
    active = bench.repository.settings.filters
    if not active or not paths:
        return
    flags = ("-z", "--stdin", "filter")
    place, carried = bench.repository.place, bench.overrides
    result = await run_git(place, "check-attr", *flags, stdin=joined(paths), overrides=carried)
    items = result.items
    filtered = [
        path for path, value in zip(items[::3], items[2::3], strict=True) if value in active
    ]
    if filtered:
        raise PersonError(
            f"Nothing was committed: {some(filtered)} must go through a filter (such as Git LFS), and Leadline"
            " runs no program that a repository names. Commit it yourself with `git add` and `git commit`."
        )


async def _refuse_unmerged(bench: _Bench, paths: list[str]) -> None:
    result = await run_git(bench.repository.place, "ls-files", "-z", "--unmerged")
    unmerged = {item.partition("\t")[2] for item in result.items} & set(paths)
    if unmerged:
        raise PersonError(
            f"Nothing was committed: {some(unmerged)} has conflicts. Resolve them, `git add` it and try again.",
            Exit.CONFLICT,
        )


async def _build_tree(bench: _Bench, scratch: Path, target: Target, paths: list[str]) -> str:
    """The target's tree with the paths as they are in the work tree."""
    if target.parent is not None:
        await bench.git(scratch, "read-tree", "--no-sparse-checkout", target.parent)
    there, gone = await asyncio.to_thread(_sort_out, bench.repository.root, paths)
    try:
        if gone:
            await bench.git(scratch, *_UPDATE, "--force-remove", "--stdin", stdin=joined(gone))
        if there:
            await bench.git(scratch, *_UPDATE, "--add", "--stdin", stdin=joined(there))
    except GitError as error:
        reason = error.result.reason if error.result else error.message
        raise PersonError(f"Nothing was committed: {reason}", Exit.NOT_DONE) from error
    # In a partial clone contents of other files may be missing here; they need not be fetched.
    return (await bench.git(scratch, "write-tree", "--missing-ok")).line


def _sort_out(root: Path, paths: list[str]) -> tuple[list[str], list[str]]:
    """Files and links that are there, and paths where none is. Raises `PersonError` for anything else."""
    there: list[str] = []
    gone: list[str] = []
    for path in paths:
        if any(is_link(root / folder) for folder in parents(path)):
            raise PersonError(f"Nothing was committed: {some([path])} is behind a symbolic link.")
        if any(exists(root / folder / ".git") for folder in parents(path)):
            raise PersonError(
                f"Nothing was committed: {some([path])} is in a repository of its own."
            )
        try:
            mode = os.lstat(root / path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            gone.append(path)
            continue
        except OSError as error:
            raise PersonError(
                f"Nothing was committed: {some([path])} cannot be looked at ({error.strerror})."
            ) from error
        if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
            there.append(path)
        elif stat.S_ISDIR(mode):
            # A file that became a folder: its files are paths of their own.
            gone.append(path)
        else:
            raise PersonError(
                f"Nothing was committed: {some([path])} is neither a file nor a link."
            )
    return there, gone


async def _refuse_nothing(bench: _Bench, target: Target, tree: str) -> None:
    place = bench.repository.place
    if target.parent is None:
        before = await run_git(place, "hash-object", "-t", "tree", "--stdin")
    else:
        before = await run_git(place, "rev-parse", "--verify", f"{target.parent}^{{tree}}")
    if tree == before.line:
        raise PersonError("There is nothing to commit: the files are as committed.", Exit.NOT_DONE)


async def _refuse_other_changes(bench: _Bench, target: Target, tree: str, paths: list[str]) -> None:
    """On another branch whole files are set: refuse to undo what that branch did to them since."""
    head, parent = bench.repository.head, target.parent
    if target.checked_out or parent is None or head is None or parent == head:
        return
    place = bench.repository.place
    theirs = await tree_entries(place, parent, paths)
    base = await tree_entries(place, head, paths)
    ours = await tree_entries(place, tree, paths)
    lost = [
        path
        for path in paths
        if theirs.get(path) != base.get(path) and theirs.get(path) != ours.get(path)
    ]
    if lost:
        raise PersonError(
            f"Nothing was committed: {target.branch} has other changes to {some(lost)}. Give a new branch name,"
            " or commit here and merge.",
            Exit.CONFLICT,
        )


async def _make_commit(bench: _Bench, target: Target, tree: str, text: str) -> str:
    parent = ("-p", target.parent) if target.parent else ()
    stdin = text.encode("utf-8", "replace")
    place, who = bench.repository.place, bench.who
    made = await run_git(place, "commit-tree", *parent, "-F", "-", tree, stdin=stdin, variables=who)
    return made.line


async def _land(
    bench: _Bench, scratch: Path, target: Target, commit: str, text: str, paths: list[str]
) -> None:
    """Moves the branch and sets the paths in the person's index, which is locked meanwhile as git does."""
    lines = await _index_lines(bench, scratch, paths)
    with IndexLock(bench.repository.git_dir) as lock:
        await bench.git(lock.scratch, *_UPDATE, "--add", "--index-info", stdin=lines)
        lock.prepare()
        await _move_ref(bench, target, commit, text)
        lock.publish()


async def _index_lines(bench: _Bench, scratch: Path, paths: list[str]) -> bytes:
    """Input for `update-index --index-info`: removals first, so that a file can give way to a folder."""
    kept: dict[str, str] = {}
    for group in path_groups(paths):
        listed = await bench.git(scratch, "ls-files", "-z", "--stage", "--", *group)
        kept |= {item.partition("\t")[2]: item for item in listed.items}
    none = "0" * (40 if bench.repository.object_format == "sha1" else 64)
    removed = [f"0 {none}\t{path}" for path in paths if path not in kept]
    return joined([*removed, *(kept[path] for path in paths if path in kept)])


async def _move_ref(bench: _Bench, target: Target, commit: str, text: str) -> None:
    kind = "commit (initial)" if target.parent is None else "commit"
    note = f"{kind}: {text.partition(chr(10))[0]}"
    old = target.parent if target.exists and target.parent else "0" * len(commit)
    flags = ("--no-deref",) if target.branch is None else ()
    args = ("-m", note, *flags, target.ref, commit, old)
    try:
        await run_git(bench.repository.place, "update-ref", *args, variables=bench.who)
    except GitError as error:
        reason = error.result.reason if error.result else error.message
        raise PersonError(
            f"Nothing was committed: {target.branch or 'HEAD'} could not be moved ({reason}). If it was changed"
            " meanwhile, try again.",
            Exit.CONFLICT,
        ) from error
