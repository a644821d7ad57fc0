"""Finding the checkers that a project has configured and installed, so that a person can name one by a word.

None of them runs unless it is named: a project may well be full of what its linter would say.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from .checkers import CHECKERS, Checker, configuration
from .folders import Read, below, moved_to, project_folders, reader_in
from .model import Check

Which = Callable[[str], str | None]
"""Where a program is, for its name or its path from the root of the tree; None where there is none to run."""

_HOMES = {
    "python": (".venv/bin", "venv/bin"),
    "node": ("node_modules/.bin",),
    "path": (),
}


def find_checkers(files: Sequence[str], read: Read, which: Which) -> tuple[Check, ...]:
    """The checkers that are configured and installed; pure over `files` (relative, with `/`), `read` and `which`.

    One that the root configures is run there; else where the folders of nested projects do, all of them in one command.
    """
    folders = project_folders(files)
    found = (_check(checker, folders, files, read, which) for checker in CHECKERS)
    return tuple(check for check in found if check is not None)


def named(check: str, checkers: Sequence[Check]) -> Check | None:
    """The checker that a person's check means, if it is no more than a checker's name."""
    checker = _by_word(check)
    if checker is None:
        return None
    return next((item for item in checkers if item.kind == checker.name), None)


def why_not(check: str, files: Sequence[str], read: Read, which: Which) -> str | None:
    """Why a check that is a checker's bare name can't be run by it, for a person; None for anything else."""
    checker = _by_word(check)
    if checker is None or _check(checker, project_folders(files), files, read, which):
        return None
    homes = [
        (folder, source)
        for folder in project_folders(files)
        if (source := _configured(checker, folder, files, read))
    ]
    whole = f"Or give the whole command: --verify '{checker.command(checker.program, '')}'."
    if not homes:
        return f"{checker.name} is not configured in this project. {whole}"
    places = ", ".join((*_HOMES[checker.home], "PATH"))
    source = moved_to(homes[0][0], Check("", "", homes[0][1])).source
    return (
        f"{checker.name} is configured in {source}, but {checker.program} is not installed "
        f"(looked in {places}). Install it. {whole}"
    )


def which_in(root: Path, path: str = os.defpath) -> Which:
    """A `Which` for the tree at `root` and the search path `path`, the tree itself not being part of it."""

    def which(program: str) -> str | None:
        return shutil.which(str(root / program) if "/" in program else program, path=path)

    return which


def _by_word(text: str) -> Checker | None:
    word = " ".join(text.split())
    return next((checker for checker in CHECKERS if word in checker.words), None)


def _check(
    checker: Checker, folders: Sequence[str], files: Sequence[str], read: Read, which: Which
) -> Check | None:
    places = {folder: _in_folder(checker, folder, files, read, which) for folder in folders}
    if at_root := places.pop("."):
        return at_root  # it reaches what is below
    found = [check for check in places.values() if check is not None]
    if len(found) < 2:
        return found[0] if found else None
    command = " && ".join(f"({check.command})" for check in found)
    return Check(command, checker.name, found[0].source)


def _in_folder(
    checker: Checker, folder: str, files: Sequence[str], read: Read, which: Which
) -> Check | None:
    source = _configured(checker, folder, files, read)
    program = _program(checker, folder, which) if source else None
    if source is None or program is None:
        return None
    text = reader_in(folder, read)(source) or ""
    return moved_to(folder, Check(checker.command(program, text), checker.name, source))


def _configured(checker: Checker, folder: str, files: Sequence[str], read: Read) -> str | None:
    listing = files if folder == "." else below(files, folder)
    return configuration(checker, frozenset(listing), reader_in(folder, read))


def _program(checker: Checker, folder: str, which: Which) -> str | None:
    """How the checker is called from `folder`: the folder's own, the root's, or by name from PATH."""
    up = "" if folder == "." else "../" * (folder.count("/") + 1)
    inside = "" if folder == "." else f"{folder}/"
    for home in _HOMES[checker.home]:
        path = f"{home}/{checker.program}"
        if which(f"{inside}{path}"):
            return path
        if which(path):
            return f"{up}{path}"
    return checker.program if which(checker.program) else None
