"""Looking at the place a session works in, before the first request: everything that can be asked at once is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..tools.checks.discover import find_checks
from ..tools.checks.discover_checkers import (
    Which,
    find_checkers,
    named,
    which_in,
    why_not,
)
from ..tools.checks.model import Check
from ..tools.code.index.identity import index_folder
from ..tools.commands import SandboxedCommands
from ..tools.errors import PersonError, ToolError
from ..tools.git.commit import require_committable
from ..tools.git.names import printable
from ..tools.git.repository import (
    NotARepositoryError,
    Repository,
    StatusSummary,
    init_repository,
    open_repository,
)
from ..tools.ignore import MOST_PLAIN_FILES, visible_files
from ..tools.paths import is_file, read_bytes
from ..tools.runtimes import find_runtimes
from .codebase import Source
from .context.environment import Environment, card, top_level

if TYPE_CHECKING:
    from ..tools.code.map.history import Kept
    from ..tools.code.map.rank import Hints

T = TypeVar("T")

MOST_READ = 256_000
"""Bytes read of a file that tells how a project is tested; a longer one is not read."""


@dataclass(frozen=True, slots=True)
class Place:
    """`below` is where the person stands, relative to `root`; `repository` is None outside of git.

    `status` is asked of git once, however often it is called.
    """

    root: Path
    below: str
    repository: Repository | None
    status: Callable[[], Awaitable[StatusSummary | None]]


async def find_place(folder: Path, *, init: bool, read_only: bool) -> Place:
    """The work tree around `folder`. Outside of git: made into a repository, or looked at only, as the person said.

    Raises PersonError where neither was said, and where there is no work tree.
    """
    try:
        repository = await open_repository(folder)
    except NotARepositoryError:
        if init:
            repository = await init_repository(folder)
        elif read_only:
            return Place(folder.resolve(), "", None, _no_status)
        else:
            raise
    root = repository.root
    try:
        str(root).encode()
    except UnicodeEncodeError:
        raise PersonError(
            f"The name of {printable(str(root))} is not UTF-8, and neither a journal nor a model can carry it. "
            "Rename the folder, or work in a clone of it elsewhere."
        ) from None
    below = folder.resolve().relative_to(root).as_posix()
    return Place(root, "" if below == "." else below, repository, _once(repository.status_summary))


def _once(ask: Callable[[], Coroutine[Any, Any, T]]) -> Callable[[], Awaitable[T]]:
    """`ask`, but all who call it share one answer."""
    asked: list[asyncio.Task[T]] = []

    async def answer() -> T:
        if not asked:
            asked.append(asyncio.create_task(ask()))
        return await asyncio.shield(asked[0])

    return answer


async def _no_status() -> None:
    return None


async def list_files(place: Place) -> tuple[str, ...]:
    """The files of the place: those git knows or would add; outside of git the top level only."""
    if place.repository is not None:
        return await place.repository.list_files()
    return tuple(sorted(e.name if is_file(e) else f"{e.name}/." for e in place.root.iterdir()))


def code_source(place: Place, home: Path, files: Sequence[str]) -> Source:
    """Where the code of the place is, for its index below `home`; `files` as `list_files` gave them."""
    repository = place.repository

    async def folder() -> Path:
        return await index_folder(home, repository or place.root)

    async def listed() -> Sequence[str]:
        if repository is not None:
            return await repository.list_files()
        return await asyncio.to_thread(_plain_files, place.root)

    async def at_start() -> Sequence[str]:
        return files if repository is not None else await listed()

    async def hints(kept: Kept) -> Hints:
        # Loaded by now, in the thread that opened the index; not by this module, which every run waits for.
        from ..tools.code.map.history import read_history
        from ..tools.code.map.rank import NO_HINTS, Hints

        if repository is None:
            return NO_HINTS
        history, status = await asyncio.gather(read_history(repository, kept), place.status())
        return Hints(history, status.paths if status else ())

    return Source(place.root, folder, at_start, listed, hints)


def _plain_files(root: Path) -> list[str]:
    """The files of a folder outside of git, as far as there is an end to them."""
    return list(islice(visible_files(root, "."), MOST_PLAIN_FILES))


def checks_of(place: Place, files: Sequence[str], given: Sequence[str]) -> tuple[Check, ...]:
    """The person's checks, or those that the files point at where the person named none.

    A checker's bare name stands for the project's own command of it. Raises PersonError where there is none.
    """
    read = _reader(place)
    if not given:
        return find_checks(files, read)
    which = _which(place)
    checkers = find_checkers(files, read, which)
    checks: list[Check] = []
    for command in given:
        checker = named(command, checkers)
        if checker is None and (why := why_not(command, files, read, which)):
            raise PersonError(why)
        checks.append(
            replace(checker, source="given") if checker else Check(command, "given", "given")
        )
    return tuple(checks)


def checkers_of(place: Place, files: Sequence[str]) -> tuple[str, ...]:
    """The commands of the checkers that the project has configured, and that are installed."""
    found = find_checkers(files, _reader(place), _which(place))
    return tuple(checker.command for checker in found)


def _reader(place: Place) -> Callable[[str], str | None]:
    def read(path: str) -> str | None:
        try:
            return read_bytes(place.root, path, MOST_READ).decode("utf-8", "replace")
        except (ToolError, OSError):
            return None

    return read


def _which(place: Place) -> Which:
    return which_in(place.root, os.environ.get("PATH", os.defpath))


async def environment_text(
    place: Place,
    files: Sequence[str],
    checks: Sequence[Check],
    durations: dict[str, float],
    commands: SandboxedCommands,
    command_seconds: int,
) -> str:
    """The environment card of this place."""
    runtimes, repository = await asyncio.gather(
        find_runtimes(files, place.root, commands.probe), _repository_line(place)
    )
    return card(
        Environment(
            root=str(place.root),
            below=place.below,
            repository=repository,
            entries=top_level(files),
            runtimes=[f"{r.name} {r.version}" for r in runtimes if r.version],
            checks=[check.command for check in checks],
            checkers=checkers_of(place, files),
            durations=durations,
            command_seconds=command_seconds,
            sandbox=commands.describe(),
        )
    )


async def _repository_line(place: Place) -> str:
    """Branch and state in one line, for the model."""
    repository = place.repository
    if repository is None:
        return "none (this folder is not under git); nothing may be changed"
    where = f"branch {repository.branch}" if repository.branch else "detached head"
    head = f"at {repository.head[:10]}" if repository.head else "without a commit yet"
    operation = f", {repository.operation.value} in progress" if repository.operation else ""
    return f"git, {where} {head}{operation}; {_differences(await place.status())}"


def _differences(status: StatusSummary | None) -> str:
    if status is None or status.clean:
        return "nothing uncommitted"
    counts = {
        "staged": status.staged,
        "changed": status.changed,
        "unmerged": status.unmerged,
        "untracked": status.untracked,
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


async def refuse_impossible_commit(place: Place, branch: str | None) -> None:
    """Say before any money is spent that the commit asked for can't be made at the end.

    Raises PersonError.
    """
    if place.repository is None:
        raise PersonError("There is no repository to commit to. Leave out --commit, or add --init.")
    await require_committable(place.repository, branch)
