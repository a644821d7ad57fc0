"""What a person's tree has beside its files and a private clone of it needs: installed dependencies.

They lie in ignored folders, often with the absolute path of the tree written into them (the first lines of scripts,
installs that point back into the tree). A sandbox that can mount shows the clone at the path of the tree and these
folders in their places in it, read-only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from ..errors import ToolError
from ..paths import is_folder, open_no_follow, real_path

_DEPENDENCIES = frozenset(
    {
        "node_modules",
        "bower_components",
        "jspm_packages",
        "__pypackages__",  # PDM
        "vendor",  # Go, PHP, Ruby; in the repository it is no ignored folder
        ".bundle",  # Bundler's settings: without them it does not find vendor/bundle
        "Pods",
        ".direnv",  # its layout for Python: an environment one level down
        ".pixi",
    }
)
"""Folders that hold what was installed, by name.

Not here: what a build makes (target, build, dist, obj, .next, .dart_tool), which belongs to the person's state of the
files and which a build in the clone has to make anew; .tox and .nox, which their tools write into on each run; .gradle
and .terraform, for their locks and because the second can hold keys.
"""

_DEPENDENCIES_BELOW = frozenset({(".yarn", "cache"), (".yarn", "unplugged"), (".yarn", "releases")})

_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")
"""What makes a folder of any name (.venv, venv, env, py311) an environment."""

_METADATA_ENDING = ".egg-info"
"""Beside the code of an editable install by setuptools: without it neither its version nor its scripts are found."""


def carried_folders(root: Path, left_out: Iterable[str]) -> tuple[Path, ...]:
    """The folders of the tree `root` that hold installed dependencies, sorted, none inside another.

    `left_out` are the paths of its ignored folders, relative and ending in `/`, as a snapshot's `left_out` names them;
    others are passed over, and so is what is reached through a symbolic link.
    """
    real = Path(os.path.realpath(root))
    found: list[Path] = []
    for path in sorted({path for path in left_out if path.endswith("/")}):
        folder = real / path
        if (
            not any(folder.is_relative_to(outer) for outer in found)
            and _holds_dependencies(folder)
            and _is_folder_itself(real, folder)
        ):
            found.append(folder)
    return tuple(found)


def _holds_dependencies(folder: Path) -> bool:
    return (
        folder.name in _DEPENDENCIES
        or (folder.parent.name, folder.name) in _DEPENDENCIES_BELOW
        or folder.name.endswith(_METADATA_ENDING)
        or any(os.path.lexists(folder / mark) for mark in _ENVIRONMENT_MARKS)
    )


def _is_folder_itself(root: Path, folder: Path) -> bool:
    inside = folder != root and folder.is_relative_to(root)
    return inside and is_folder(folder) and real_path(folder) == str(folder)


def is_there(root: Path, relative: Path) -> bool:
    """Whether `root` has a file or folder at `relative` that is no symbolic link and not behind one."""
    try:
        descriptor = open_no_follow(root, str(relative), os.O_PATH)
    except ToolError:
        return False
    try:
        return not stat.S_ISLNK(os.fstat(descriptor).st_mode)
    finally:
        os.close(descriptor)


def make_point(root: Path, relative: Path) -> bool:
    """Makes sure of a folder to mount on, in a folder of `root` that exists; whether there is one.

    There is none where a file or a link has the name, or a folder on the way is missing or a link: what the tree has
    there wins. Commands write into these trees, so no link in them is followed to make a folder.
    """
    try:
        with _parent(root, relative) as folder:
            try:
                os.mkdir(relative.name, dir_fd=folder)
            except FileExistsError:
                there = os.stat(relative.name, dir_fd=folder, follow_symlinks=False)
                return stat.S_ISDIR(there.st_mode)
            return True
    except (OSError, ToolError):
        return False


def make_points(root: Path, relative: Path) -> bool:
    """As `make_point`, with all folders on the way."""
    steps = [relative, *relative.parents][-2::-1]
    return all(make_point(root, step) for step in steps)


@contextmanager
def _parent(root: Path, relative: Path) -> Generator[int]:
    parent = str(relative.parent)
    if parent == ".":
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    else:
        descriptor = open_no_follow(root, parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
