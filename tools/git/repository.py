"""The person's repository: where it is, what state it is in, what files it has. Read only, but for `init`.

Nothing here writes inside `.git` (`GIT_OPTIONAL_LOCKS=0`), and linked worktrees and submodule checkouts, where
`.git` is a file, work like any other.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import PersonError
from ..paths import exists, is_folder
from .names import joined, printable, relative
from .run import GitError, GitResult, Place, read_drivers, run_git
from .settings import Settings, read_settings


class NotARepositoryError(PersonError):
    """The folder is not in a git repository."""


class Operation(StrEnum):
    """Something git has begun and not ended, during which no commit of ours may be made."""

    MERGE = "merge"
    REBASE = "rebase"
    CHERRY_PICK = "cherry-pick"
    REVERT = "revert"
    BISECT = "bisect"


_ELSEWHERE = re.compile(r"beyond a symbolic link|in submodule|outside repository")
_MARKS = (
    ("MERGE_HEAD", Operation.MERGE),
    ("rebase-merge", Operation.REBASE),
    ("rebase-apply", Operation.REBASE),
    ("CHERRY_PICK_HEAD", Operation.CHERRY_PICK),
    ("REVERT_HEAD", Operation.REVERT),
    ("BISECT_LOG", Operation.BISECT),
)


_FIELDS = {"1": 8, "u": 10}
"""Before the path, in a line of `git status --porcelain=v2` that begins so."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One commit: full id, author's name, author date (ISO 8601), first line of the message."""

    commit: str
    author: str
    date: str
    subject: str


@dataclass(frozen=True, slots=True)
class StatusSummary:
    """How many paths differ, and which. A new folder, which ends in a slash, counts once, however much is in it;
    submodules are not looked at."""

    staged: int
    changed: int
    unmerged: int
    untracked: int
    paths: tuple[str, ...]

    @property
    def clean(self) -> bool:
        return not (self.staged or self.changed or self.unmerged or self.untracked)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with a work tree, as it was when it was opened; `open_repository(root)` looks anew."""

    root: Path
    """Top of the work tree, absolute, links resolved by git."""
    git_dir: Path
    """Of this work tree: index, HEAD, operations in progress."""
    common_dir: Path
    """Shared by all linked worktrees: objects, branches, configuration."""
    head: str | None
    """The commit that is checked out; None before the first commit."""
    branch: str | None
    """The branch that is checked out, without `refs/heads/`; None when HEAD is detached."""
    operation: Operation | None
    object_format: str
    """`sha1` or `sha256`."""
    settings: Settings

    @property
    def place(self) -> Place:
        return Place(cwd=self.root, git_dir=self.git_dir, work_tree=self.root)

    async def tracked_files(self) -> tuple[str, ...]:
        """Files in the index that are on disk, sorted; no submodules."""
        return await self._listed("--cached")

    async def list_files(self) -> tuple[str, ...]:
        """Tracked and untracked files that are on disk and not ignored, sorted; no submodules or nested
        repositories."""
        return await self._listed("--cached", "--others", "--exclude-standard")

    async def _listed(self, *which: str) -> tuple[str, ...]:
        result = await self._git("ls-files", "-z", "-t", "--stage", "--deleted", *which)
        found: set[str] = set()
        gone: set[str] = set()
        for item in result.items:
            tag, rest = item[0], item[2:]
            if tag == "?":
                path = rest
            else:
                facts, _, path = rest.partition("\t")
                if facts.startswith("160000"):
                    continue
            if not path.endswith("/"):
                (gone if tag == "R" else found).add(path)
        return tuple(sorted(found - gone))

    async def is_ignored(self, paths: Iterable[str]) -> frozenset[str]:
        """Those of the paths that git ignores; a tracked file is never ignored."""
        asked = [relative(path) for path in paths]
        if not asked:
            return frozenset()
        # This command knows no literal path arguments; after "./" none is anything else.
        stdin = joined(f"./{path}" for path in asked)
        command = ("check-ignore", "-z", "--stdin")
        magic = {"GIT_LITERAL_PATHSPECS": "0"}
        carried = self.settings.carried
        result = await run_git(
            self.place, *command, stdin=stdin, ok=(0, 1, 128), overrides=carried, variables=magic
        )
        if result.code != 128:
            return frozenset(item.removeprefix("./") for item in result.items)
        if not _ELSEWHERE.search(result.stderr):
            raise GitError(f"`git check-ignore` failed: {result.reason}", result)
        if len(asked) == 1:
            return frozenset()
        # One that is not this repository's to ignore spoils the answer for all.
        answers = [await self.is_ignored([path]) for path in asked]
        return frozenset[str]().union(*answers)

    async def recent_log(self, count: int) -> tuple[LogEntry, ...]:
        """The last `count` commits of HEAD, newest first."""
        if self.head is None:
            return ()
        form = "--format=%H%x1f%an%x1f%aI%x1f%s"
        plain = ("--no-show-signature", "--no-notes", "--no-mailmap", "--no-color")
        limit = f"--max-count={count}"
        result = await self._git("log", "-z", limit, form, *plain, self.head, "--")
        entries: list[LogEntry] = []
        for item in result.items:
            commit, author, date, subject = item.split("\x1f", 3)
            entries.append(LogEntry(commit, printable(author), date, printable(subject)))
        return tuple(entries)

    async def status_summary(self) -> StatusSummary:
        """What is staged, changed, unmerged and untracked. Filters are not run."""
        flags = ("--porcelain=v2", "-z", "--untracked-files=normal", "--ignore-submodules=all")
        drivers = await read_drivers(self.place)
        every = self.settings.carried + drivers
        result = await run_git(self.place, "status", *flags, "--no-renames", overrides=every)
        staged = changed = unmerged = untracked = 0
        paths: list[str] = []
        for item in result.items:
            paths.append(item.split(" ", _FIELDS.get(item[0], 1))[-1])
            match item[0]:
                case "1":
                    staged += item[2] != "."
                    changed += item[3] != "."
                case "u":
                    unmerged += 1
                case "?":
                    untracked += 1
                case _:
                    pass
        return StatusSummary(staged, changed, unmerged, untracked, tuple(paths))

    async def _git(self, *args: str) -> GitResult:
        """For commands that read no file's content, and so call no driver."""
        return await run_git(self.place, *args, overrides=self.settings.carried)


async def open_repository(path: Path) -> Repository:
    """The repository that `path`, a folder, lies in.

    Raises `PersonError` where there is none, where it is bare, where its work tree is elsewhere, and where git
    cannot read it.
    """
    _require_folder(path)
    here = Place(cwd=path)
    await _refuse_bare(here, path)
    root, git_dir, common, form = await asyncio.gather(
        run_git(here, "rev-parse", "--show-toplevel"),
        run_git(here, "rev-parse", "--absolute-git-dir"),
        run_git(here, "rev-parse", "--path-format=absolute", "--git-common-dir"),
        run_git(here, "rev-parse", "--show-object-format"),
    )
    top = Path(root.line)
    _require_inside(path, top)
    place = Place(cwd=top, git_dir=Path(git_dir.line), work_tree=top)
    head, branch, settings = await asyncio.gather(
        run_git(place, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1)),
        run_git(place, "symbolic-ref", "--quiet", "HEAD", ok=(0, 1)),
        read_settings(top),
    )
    return Repository(
        root=top,
        git_dir=Path(git_dir.line),
        common_dir=Path(common.line),
        head=head.line or None,
        branch=branch.line.removeprefix("refs/heads/") or None,
        operation=_operation(Path(git_dir.line)),
        object_format=form.line,
        settings=settings,
    )


def checked_out(repository: Repository) -> str:
    """The branch, or the commit where it is none, for people."""
    if repository.branch is not None:
        return printable(repository.branch)
    return f"commit {repository.head[:10]}" if repository.head is not None else ""


async def init_repository(path: Path) -> Repository:
    """Makes `path` a repository with the person's default branch and no commit, and opens it.

    One that is there already is only opened. Template folders are not used: they bring hooks.
    """
    if not exists(path / ".git"):
        settings = await read_settings(path)
        branch = f"--initial-branch={settings.default_branch}"
        await run_git(Place(cwd=path), "init", "--quiet", "--template=", branch)
    return await open_repository(path)


async def _refuse_bare(here: Place, path: Path) -> None:
    ask = ("rev-parse", "--is-bare-repository", "--is-inside-git-dir")
    result = await run_git(here, *ask, ok=(0, 128))
    if result.code:
        if "not a git repository" not in result.stderr:
            raise PersonError(f"git cannot read the repository at {path}: {result.reason}.")
        raise NotARepositoryError(
            f"{path} is not in a git repository, so changes could not be undone. Start with `leadline run"
            " --init` to make it one, or with `--read-only` to only look."
        )
    if result.stdout.split() != [b"false", b"false"]:
        raise PersonError(
            f"{path} is a bare repository or the inside of a `.git`: there are no files to work on. Start in"
            " a clone of it (`git clone`)."
        )


def _require_folder(path: Path) -> None:
    if not is_folder(path):
        raise PersonError(f"{path} is not a folder. Start in the folder you want worked on.")


def _require_inside(path: Path, top: Path) -> None:
    real = path.resolve()
    if top.resolve() not in (real, *real.parents):
        raise PersonError(
            f"The repository at {path} says its files are in {top} (core.worktree). Start there"
            " instead."
        )


def _operation(git_dir: Path) -> Operation | None:
    for name, operation in _MARKS:
        if exists(git_dir / name):
            return operation
    return None
