"""Looks at the machine and makes the policy for one working tree."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..errors import PersonError
from ..paths import head_of, is_file, is_folder, is_link, real_path
from . import tables
from .policy import Access, Borrowed, Policy

SHARED_TEMPORARY = Path("/tmp")
"""Where everybody's temporary files lie, and sockets among them (tmux, X11); a sandbox may put a private one there."""

_MOST_READ = 1_000_000
_NESTED_DEPTH = 3
_NESTED_FOLDERS = 2_000
_NOT_SEARCHED = frozenset({".git", "node_modules", ".venv", "venv", "target", "__pycache__"})


def make_policy(
    root: Path,
    *,
    temp: Path,
    home: Path,
    environ: Mapping[str, str],
    leadline_home: Path | None = None,
    caches: Iterable[Path] = (),
    readable: Iterable[Path] = (),
    network: bool = False,
    shown_at: Path | None = None,
    carried: Iterable[Path] = (),
    borrowed: Iterable[Path] = (),
    git_writable: bool = False,
) -> Policy:
    """The policy for commands in `root`. `temp` and `caches` are folders of ours that must exist; they become writable.

    Hidden: what the tables name, and Leadline's own state. `readable` are places that can be read and not written,
    inside hidden ones, such as the folder with the full output of commands; not inside `temp`, where Landlock could
    then allow nothing new beside them. Read-only: git's folders. A tree without `.git` may get one from a command, and
    a `.git` that is a symbolic link may be replaced; our own git calls take no orders from a repository's
    configuration, which makes both harmless to us. PersonError if the root is the whole file system.

    For a private clone: `shown_at` is the tree whose place it takes for commands, `carried` the folders of that tree
    that they still see (see `carried_folders`), `git_writable` lets them write the clone's `.git`, which nothing of
    ours may trust from then on. `borrowed` are the folders with git objects that the clone's `objects/info/alternates`
    names, spelled as there: absolute. One in the tree at `shown_at`, where commands see the clone instead, needs
    another name, which holds inside as well as outside: a symbolic link to it in a hidden folder, for instance beside
    the clone. PersonError if Leadline's own folders lie in the tree at `shown_at`.
    """
    root, temp, home = (Path(os.path.realpath(path)) for path in (root, temp, home))
    if root == Path(root.anchor):
        raise PersonError("The working tree is the whole file system. Start in a project folder.")
    tree = root if shown_at is None else Path(os.path.realpath(shown_at))
    writable = _existing(caches)
    ours = (root, tree, temp, *writable)
    hidden = tuple(
        path
        for path in _existing(_secrets(home, environ, leadline_home))
        if path not in ours and not _is_needed(path, home)
    )
    programs = [path for path in _toolchains(environ, home) if not _is_below(path, ours)]
    needed = _existing([*readable, *(() if leadline_home is None else (leadline_home,))])
    read_only = _existing([*map(Path, tables.NEEDED_IN_RUN), *readable, *programs])
    policy = Policy(root, writable, read_only, hidden, temp, network)
    if tree == root:
        stores = _existing(borrowed)
        policy = replace(policy, read_only=(*read_only, *stores))
    else:
        _require_apart(tree, (root, temp, *writable, *needed))
        policy = _shown(policy, tree, carried, borrowed)
    if git_writable:
        return policy
    # A repository can name any place as git's own, so what it names never opens a hidden one.
    git = [_as_seen(path, policy) for path in _existing(git_places(root))]
    kept = [path for path in git if policy.access(path) != Access.HIDDEN]
    return replace(policy, read_only=(*policy.read_only, *kept))


def _require_apart(tree: Path, ours: Iterable[Path]) -> None:
    for path in ours:
        if path.is_relative_to(tree) or tree.is_relative_to(path):
            raise PersonError(
                f"{path} and the project {tree} lie one inside the other, so a clone cannot be shown in the place of "
                "the project. Set LEADLINE_HOME to a folder outside it, or go on without parallel work."
            )


def _shown(policy: Policy, tree: Path, carried: Iterable[Path], borrowed: Iterable[Path]) -> Policy:
    """`policy` with its root shown at `tree`."""
    folders = (path for path in _existing(carried) if is_folder(path))
    stores = tuple(
        Borrowed(real, _name_inside(path)) for path in borrowed for real in _existing([path])
    )
    for store in stores:
        elsewhere = store.at != store.folder
        if (elsewhere and policy.access(store.at) != Access.HIDDEN) or store.at.is_relative_to(
            tree
        ):
            raise ValueError(
                f"borrowed objects must be named by their own path, outside {tree}, or by a link in a hidden folder: "
                f"{store.at}"
            )
    below = tuple(path for path in folders if path != tree and path.is_relative_to(tree))
    return replace(policy, shown_at=tree, carried=below, borrowed=stores)


def _name_inside(path: Path) -> Path:
    """`path` without links on the way to it; a link at its end is the name that counts."""
    return Path(real_path(path.parent), path.name)


def _as_seen(path: Path, policy: Policy) -> Path:
    """The path under which commands see `path`, which lies in the root or is the same for them."""
    inside = path.is_relative_to(policy.root)
    return policy.tree / path.relative_to(policy.root) if inside else path


def _is_below(path: Path, places: Iterable[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _secrets(home: Path, environ: Mapping[str, str], leadline_home: Path | None) -> list[Path]:
    found = [home / name for name in tables.SECRETS_AT_HOME]
    found += [Path(name) for name in tables.SECRETS_OF_THE_SYSTEM]
    for name in tables.SECRETS_BY_VARIABLE:
        found += [Path(one) for one in environ.get(name, "").split(":") if one.startswith("/")]
    docker = environ.get("DOCKER_HOST", "").removeprefix("unix://")
    found += [Path(docker)] if docker.startswith("/") else []
    return found if leadline_home is None else [*found, leadline_home]


def _is_needed(path: Path, home: Path) -> bool:
    """A variable may name anything: devices, the home folder as a whole, and /tmp are not hidden for it."""
    device = _is_below(path, map(Path, ("/dev", "/proc", "/sys")))
    return device or path == SHARED_TEMPORARY or home.is_relative_to(path)


def git_places(root: Path) -> list[Path]:
    """What must not change below and beside `root` for git to be trusted there.

    `.git` of the tree or of the folder it lies in; the folders that a `.git` file points to (linked worktrees,
    submodules) with their common folder; object stores borrowed from; `.git` of nested repositories, searched to a
    small depth and where .gitmodules names them. Places that do not look like git's own are left out.
    """
    found: list[Path] = []
    for folder in (root, *root.parents):
        if os.path.lexists(folder / ".git"):
            found += _repository(folder / ".git")
            break
    for nested in _nested(root):
        found += _repository(nested)
    return list(dict.fromkeys(found))


def _repository(entry: Path) -> list[Path]:
    """`entry` is named `.git`; itself unless it is a link, which cannot be protected, and all that it leads to."""
    found = [] if is_link(entry) else [entry]
    folder = Path(real_path(entry))
    if is_file(folder):
        pointer = _first_line(folder).removeprefix("gitdir:").strip()
        folder = Path(real_path(folder.parent / pointer)) if pointer else folder
    if not is_file(folder / "HEAD"):
        return found
    common = folder
    if is_file(folder / "commondir"):
        common = Path(real_path(folder / _first_line(folder / "commondir")))
    found += [place for place in (folder, common) if is_file(place / "HEAD")]
    borrowed = _text(common / "objects/info/alternates").split()
    stores = [Path(os.path.normpath(common / "objects" / line)) for line in borrowed]
    return [*found, *(store for store in stores if is_file(store.parent / "HEAD"))]


def _first_line(file: Path) -> str:
    line = _text(file, 4096).partition("\n")[0].strip()
    return "" if "\0" in line else line


def _text(file: Path, most: int = _MOST_READ) -> str:
    """Of a regular file as much as there should be in it, else nothing: commands can put a pipe there, or a device."""
    return (head_of(file, most) or b"").decode("utf-8", "surrogateescape")


def _nested(root: Path) -> Iterator[Path]:
    for line in _text(root / ".gitmodules").split("\n"):
        name, _, value = line.partition("=")
        entry = root / value.strip() / ".git"
        if name.strip() == "path" and os.path.lexists(entry):
            yield entry
    folders = [(root, 0)]
    seen = 0
    while folders and seen < _NESTED_FOLDERS:
        folder, depth = folders.pop(0)
        seen += 1
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name == ".git" and depth:
                    yield Path(entry.path)
                elif depth < _NESTED_DEPTH and _is_searched(entry):
                    folders.append((Path(entry.path), depth + 1))


def _is_searched(entry: os.DirEntry[str]) -> bool:
    return entry.name not in _NOT_SEARCHED and entry.is_dir(follow_symlinks=False)


def _toolchains(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Programs, and the home folder, that lie in /tmp: a private /tmp must not take them away."""
    named = [Path(one) for one in environ.get("PATH", "").split(os.pathsep) if one.startswith("/")]
    named += [Path(sys.prefix, "bin"), Path(sys.base_prefix, "bin")]
    for path in (*named, home):
        real = Path(real_path(path))
        if real.name in ("bin", "sbin") and real.parent != SHARED_TEMPORARY:
            real = real.parent
        if real.is_relative_to(SHARED_TEMPORARY) and real != SHARED_TEMPORARY:
            yield real


def _existing(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Without links, each once. A link that leads nowhere, or to what cannot be reached, is left out."""
    real = (Path(real_path(path)) for path in paths if os.path.exists(path))  # noqa: PTH110
    return tuple(dict.fromkeys(real))
