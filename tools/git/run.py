"""Runs git children: hardened, with a time limit, and dead when the caller is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import Exit, PersonError, ToolError
from ..paths import real_path
from ..starting import started_whole
from .hardening import USUAL_PATH, Override, driver_overrides, environment

DEFAULT_SECONDS = 120.0
"""Long enough for a first look at a very large tree on a slow disk; a hang is still noticed."""


_BACK = "If you moved it, move it back and try again; else start where there is a repository."
_LOST = re.compile(
    r"not a valid object|unable to read (?:tree|[0-9a-f]{40})|bad object|invalid object|missing blob"
)
"""Complaints of git about objects that it does not find."""
CONTENT_GONE = (
    "Content that the work began with is gone, probably removed by `git gc --prune` in the project after it was no"
    " longer part of it. Start a new run from the tree as it is now."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a git child works. Without `git_dir` git finds the repository from `cwd`."""

    cwd: Path
    git_dir: Path | None = None
    work_tree: Path | None = None
    index: Path | None = None

    def variables(self) -> dict[str, str]:
        """The GIT_* variables that say so."""
        named = {
            "GIT_DIR": self.git_dir,
            "GIT_WORK_TREE": self.work_tree,
            "GIT_INDEX_FILE": self.index,
        }
        return {name: str(path) for name, path in named.items() if path is not None}


@dataclass(frozen=True, slots=True)
class GitResult:
    """How a git child ended. `stderr` is for people: control characters may be in it until `reason`."""

    args: tuple[str, ...]
    code: int
    stdout: bytes
    stderr: str

    @property
    def line(self) -> str:
        """The output without its last line end, bytes that are not UTF-8 kept as surrogate escapes."""
        return os.fsdecode(self.stdout.removesuffix(b"\n"))

    @property
    def items(self) -> list[str]:
        """The NUL-separated strings of the output."""
        return [item for item in os.fsdecode(self.stdout).split("\0") if item]

    @property
    def reason(self) -> str:
        """The last thing git complained of, in one printable line."""
        lines = [line for line in self.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("fatal:", "error:"))]
        text = (errors or lines or [f"exit code {self.code}"])[-1]
        return "".join(char if char.isprintable() else "?" for char in text)[:300]


class GitError(PersonError):
    """git could not do what was asked of it; `result` tells how it ended, if it did."""

    def __init__(self, message: str, result: GitResult | None = None) -> None:
        super().__init__(message, Exit.NOT_DONE)
        self.result = result


async def run_git(
    place: Place,
    *args: str,
    stdin: bytes = b"",
    ok: tuple[int, ...] = (0,),
    overrides: tuple[Override, ...] = (),
    variables: Mapping[str, str] | None = None,
    outside_config: bool = False,
    seconds: float = DEFAULT_SECONDS,
) -> GitResult:
    """Runs one of git's own commands and returns how it ended.

    Commands that may call a driver (`status`, `diff`, `update-index`, `ls-files -m`) in a repository that is
    not ours need the `overrides` of `read_drivers`. Paths go after `--` or through `stdin`, with NULs.
    Raises `GitError` for an exit code not in `ok`, for a time-out, and where git is not installed.
    """
    search = _search(place, os.environ.get("PATH", USUAL_PATH))
    env = environment(os.environ, overrides, outside_config=outside_config, search=search)
    env |= place.variables()
    env |= variables or {}
    try:
        process, cancelled = await started_whole(
            asyncio.create_subprocess_exec(
                "git",
                "--no-pager",
                *args,
                cwd=place.cwd,
                env=env,
                stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                # Its own session: no terminal to ask on, and one group to kill.
                start_new_session=True,
            )
        )
    except FileNotFoundError:
        if place.cwd.is_dir():
            raise GitError(
                "git was not found on PATH, where folders of the repository are left out. Install git 2.34 or newer."
            ) from None
        raise GitError(f"{place.cwd} is gone. {_BACK}") from None
    except OSError as error:
        raise GitError(f"git could not be started: {error.strerror}.") from error
    if cancelled is not None:
        await _end(process)
        raise cancelled
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate(stdin or None)
    except TimeoutError:
        message = f"`git {args[0]}` was stopped after {seconds:g} s. Is the disk or network slow?"
        raise GitError(message) from None
    finally:
        if process.returncode is None:
            await _end(process)
    code = process.returncode
    result = GitResult(args, -1 if code is None else code, out, err.decode("utf-8", "replace"))
    if result.code not in ok:
        raise GitError(_why(place, result), result)
    return result


def _why(place: Place, result: GitResult) -> str:
    """What went wrong, for people; where a cause is known, with what can be done about it."""
    if place.git_dir is not None and not place.git_dir.exists():
        return f"{place.git_dir} is gone. {_BACK}"
    text = f"`git {result.args[0]}` failed: {result.reason}"
    return f"{text}. {CONTENT_GONE}" if _LOST.search(result.stderr) else text


def _search(place: Place, search: str) -> str:
    """PATH without the folders that a repository could have put a `git` in: its own, such as `node_modules/.bin`.

    What is within a tree by its name or by where it leads is left out, so that no link can lead elsewhere later.
    """
    # The root folder is no tree that could have brought one: the machine's own git is in it.
    around = {_tree(folder) for folder in (place.cwd, place.work_tree, _here()) if folder}
    trees = tuple(around - {os.sep})
    return ":".join(
        folder
        for folder, named, led_to in _folders(search)
        if not (named.startswith(trees) or led_to.startswith(trees))
    )


# Both are asked for by each call of git, of which there are some twenty for each task.


@lru_cache(maxsize=16)
def _folders(search: str) -> tuple[tuple[str, str, str], ...]:
    """Each absolute folder as it is written, then its path by name and where that leads."""
    found: list[tuple[str, str, str]] = []
    for folder in filter(os.path.isabs, search.split(":")):
        with contextlib.suppress(ToolError):  # where it leads can't be told: left out
            led_to = f"{real_path(Path(folder))}/"
            found.append((folder, f"{os.path.normpath(folder)}/", led_to))
    return tuple(found)


@lru_cache(maxsize=1024)
def _tree(folder: Path) -> str:
    """The top of the work tree that a folder is in, with a slash; the folder itself where it is in none."""
    real = Path(os.path.realpath(folder))
    top = next((each for each in (real, *real.parents) if os.path.lexists(each / ".git")), real)
    return f"{str(top).rstrip('/')}/"


def _here() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def read_drivers(place: Place) -> tuple[Override, ...]:
    """What switches off the drivers that the repository at `place` configures just now.

    Read before each call that needs it and not kept: an include may point at a file in the work tree.
    """
    return driver_overrides((await run_git(place, "config", "--null", "--list")).stdout)
