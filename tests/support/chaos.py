"""A tree that does not hold still: names in it are files, folders, links, pipes and nothing in turn.

In a process of its own, so that it gets in between any two looks of who is at work in the tree. It follows no link
itself: what is outside stays as it is, unless somebody else writes there.
"""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

SECRET = "the secret outside"
"""What every file in the folder outside says: nobody who works in the tree gets to see it."""

NAMES = (
    "a.py",
    "b.txt",
    "pkg",
    "pkg/mod.py",
    "pkg/sub",
    "pkg/sub/deep.py",
    "pkg/.gitignore",
    ".gitignore",
    ".gitmodules",
    "nested",
    "nested/.git",
    "nested/.git/HEAD",
    "nested/.git/commondir",
    "nested/.git/objects/info/alternates",
    ".venv",
    ".venv/bin/python",
    ".venv/pyvenv.cfg",
    "pyproject.toml",
    "package.json",
    "AGENTS.md",
    "caf\udce9.py",
    "line\nend.py",
)
STATES = (
    "file",
    "file",
    "folder",
    "inside",
    "outside file",
    "outside folder",
    "dangling",
    "loop",
    "too long",
    "closed",
    "absent",
)
"""What a name can be. `inside` and `outside` are links, as are those that dangle, loop, or lead to a name that no file
system takes; `closed` is a file that nobody may read."""
PIPE = "pipe"
"""One state more, for where git does not look: it waits for a pipe, and says so after two minutes."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_TEXTS = {
    "pyproject.toml": "[tool.pytest.ini_options]\n[tool.ruff]\n",
    "package.json": '{"scripts": {"test": "vitest"}}\n',
    ".gitignore": "*.log\nb.txt\n",
    ".gitmodules": '[submodule "n"]\n\tpath = nested\n\turl = x\n',
    "nested/.git": "gitdir: ../pkg\n",
    "nested/.git/HEAD": "ref: refs/heads/main\n",
    "nested/.git/commondir": "../..\n",
    "nested/.git/objects/info/alternates": "/nowhere/objects\n",
}
_PYTHON = "def name_{}(value):\n    return old(value)\n"


def lay(root: Path, outside: Path) -> None:
    """The folder outside, and the tree as it is before anything moves."""
    outside.mkdir(exist_ok=True)
    for name in ("secret.py", "mod.py", "deep.py", "HEAD", "python", ".gitignore"):
        (outside / name).write_text(f"# {SECRET}\n")
    for name in NAMES:
        if not any(other.startswith(f"{name}/") for other in NAMES):
            _put(root, outside, name, "file", "0")


@contextmanager
def chaos(
    root: Path,
    outside: Path,
    seed: int,
    names: Sequence[str] = NAMES,
    states: Sequence[str] = STATES,
) -> Generator[None]:
    """While these names below `root` change all the time. In the end they are whatever they just were."""
    words = "\0".join((str(root), str(outside), "\1".join(names), "\1".join(states)))
    argv = [sys.executable, "-I", __file__, str(seed)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(os.fsencode(words))
        process.stdin.close()
        process.stdout.readline()  # it is at work
        try:
            yield
        finally:
            process.kill()


def clear(root: Path) -> None:
    """Takes all of the names away."""
    for name in sorted(NAMES):
        with suppress(OSError):
            _put(root, root, name, "absent", "")


def _flip(root: Path, outside: Path, names: list[str], states: list[str], seed: int) -> None:
    """Never ends; the process is killed."""
    chance = random.Random(seed)
    sys.stdout.write("\n")
    sys.stdout.flush()
    for turn in range(10**9):
        with suppress(OSError):
            _put(root, outside, chance.choice(names), chance.choice(states), str(turn))


def _put(root: Path, outside: Path, name: str, state: str, mark: str) -> None:
    """Makes `name` that. Raises OSError where something else is in the way by now."""
    *parents, last = name.split("/")
    folder = os.open(root, _FOLDER)
    try:
        for part in parents:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=folder)
            below = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        _remove(folder, last)
        links = {
            "inside": "b.txt" if not parents else "../a.py",
            "outside file": str(outside / "secret.py"),
            "outside folder": str(outside),
            "dangling": "nowhere/at/all",
            "loop": last,
            "too long": "x" * 300,
        }
        if state in links:
            os.symlink(links[state], last, dir_fd=folder)
        elif state == "folder":
            os.mkdir(last, dir_fd=folder)
        elif state == PIPE:
            os.mkfifo(last, dir_fd=folder)
        elif state != "absent":
            rights = 0 if state == "closed" else 0o644
            with os.fdopen(os.open(last, _CREATE, rights, dir_fd=folder), "w") as file:
                file.write(_TEXTS.get(name, _PYTHON.format(mark)))
    finally:
        os.close(folder)


def _remove(folder: int, name: str) -> None:
    """Removes whatever is there, if anything is. Raises OSError."""
    try:
        is_folder = stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return
    if not is_folder:
        os.unlink(name, dir_fd=folder)
        return
    inner = os.open(name, _FOLDER, dir_fd=folder)
    try:
        with os.scandir(inner) as entries:
            names = [entry.name for entry in entries]
        for each in names:
            _remove(inner, each)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=folder)


if __name__ == "__main__":
    at, away, which, kinds = os.fsdecode(sys.stdin.buffer.read()).split("\0")
    _flip(Path(at), Path(away), which.split("\1"), kinds.split("\1"), int(sys.argv[1]))
