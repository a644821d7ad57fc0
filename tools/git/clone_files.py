"""Folders that a worker had in its hands: taken away, made clean again, or made accessible.

Nothing here follows a symbolic link or trusts a name twice: folders are opened with `O_NOFOLLOW` and worked on by
descriptor. Depth costs nothing, because what is removed is flattened first. All of it blocks: for a thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Generator, Iterable
from pathlib import Path

from ..errors import Exit, PersonError
from .names import parents, printable

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_HANDLE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_SPECIAL_BITS = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX
_ROUNDS = 50
"""How often a folder is emptied that somebody fills again meanwhile."""
_NO_FOLDER = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP))
_MOUNT_TABLE = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def remove_tree(path: Path, trash: Path) -> None:
    """Removes whatever is at `path`; nothing there is fine. `trash` is a folder of ours on the same file system.

    Read-only folders are opened up, links are removed and not followed. Raises `PersonError`, nothing removed, where
    something is mounted in it, and where something cannot be removed.
    """
    if not os.path.lexists(path):
        return
    _refuse_mounts(path)
    try:
        with _own_folder(trash) as bin_:
            first = secrets.token_hex(8)
            parent = os.open(path.parent, _FOLDER)
            try:
                _move(parent, path.name, bin_, first)
            finally:
                os.close(parent)
            _empty(bin_, first)
    except OSError as error:
        raise PersonError(
            f"{printable(str(path))} could not be removed ({error.strerror}). End what still uses it, unmount what is"
            f" mounted in it, and delete {printable(str(trash))} by hand.",
            Exit.NOT_DONE,
        ) from error


def _refuse_mounts(path: Path) -> None:
    inside = sorted(mount for mount in _mounts() if mount.is_relative_to(path))
    if inside:
        raise PersonError(
            f"{printable(str(inside[0]))} is a mounted file system, so {printable(str(path))} was not removed. Unmount"
            " it and try again.",
            Exit.NOT_DONE,
        )


def _mounts() -> list[Path]:
    try:
        table = _MOUNT_TABLE.read_text("utf-8", "surrogateescape")
    except OSError:
        # Moving a mounted folder fails, so one that is met later is still not entered.
        return []
    points = (line.split(" ")[4] for line in table.splitlines() if line.count(" ") >= 5)
    return [Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), point)) for point in points]


@contextlib.contextmanager
def _own_folder(folder: Path) -> Generator[int]:
    """The folder, made if it is missing, as a descriptor."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _move(parent: int, name: str, bin_: int, new: str) -> None:
    try:
        os.rename(name, new, src_dir_fd=parent, dst_dir_fd=bin_)
    except PermissionError:
        # A folder that moves has to be writable, for its `..`.
        _allow(parent, name)
        os.rename(name, new, src_dir_fd=parent, dst_dir_fd=bin_)


def _empty(bin_: int, first: str) -> None:
    """Removes `first`, in the folder `bin_`; folders in it are moved beside it first, so that none is deep."""
    waiting = [first]
    rounds: dict[str, int] = {}
    while waiting:
        name = waiting.pop()
        if not stat.S_ISDIR(os.stat(name, dir_fd=bin_, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=bin_)
            continue
        _allow(bin_, name)
        waiting += _flatten(bin_, name)
        try:
            os.rmdir(name, dir_fd=bin_)
        except OSError:
            rounds[name] = rounds.get(name, 0) + 1
            if rounds[name] > _ROUNDS:
                raise
            waiting.append(name)


def _flatten(bin_: int, name: str) -> list[str]:
    moved: list[str] = []
    folder = os.open(name, _FOLDER, dir_fd=bin_)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    moved.append(secrets.token_hex(8))
                    _move(folder, entry.name, bin_, moved[-1])
                else:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(entry.name, dir_fd=folder)
    finally:
        os.close(folder)
    return moved


def _allow(parent: int, name: str, bits: int = 0o700) -> None:
    """Gives the owner these rights to a file or folder; a link is left alone."""
    handle = os.open(name, _HANDLE, dir_fd=parent)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISLNK(mode) and mode & bits != bits:
            # By the descriptor: `chmod` by name would follow a link put there since.
            Path(f"/proc/self/fd/{handle}").chmod(stat.S_IMODE(mode) | bits)
    finally:
        os.close(handle)


def open_up(root: Path, paths: Iterable[str]) -> None:
    """Makes these files readable for us, and the folders they lie in usable; a path with `/` at its end is a folder.

    What is not there, is a link, or is not ours stays as it is.
    """
    done: set[str] = set()
    for path in paths:
        plain = path.rstrip("/")
        folders = [*parents(plain), plain] if path.endswith("/") else parents(plain)
        # A folder can be made usable only when the one it lies in is.
        for folder in folders:
            if folder not in done:
                done.add(folder)
                _open_one(root, folder, 0o700)
        if not path.endswith("/"):
            _open_one(root, plain, 0o400)


def _open_one(root: Path, path: str, bits: int) -> None:
    with contextlib.suppress(OSError), _walked(root, parents(path)[-1:]) as parent:
        _allow(parent, path.rpartition("/")[2], bits)


@contextlib.contextmanager
def _walked(root: Path, folder: list[str]) -> Generator[int]:
    """The folder below root as a descriptor, reached without a link on the way; root itself for none."""
    at = os.open(root, _FOLDER)
    try:
        for name in folder[0].split("/") if folder else ():
            below = os.open(name, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
        yield at
    finally:
        os.close(at)


def folders_of(paths: Iterable[str]) -> list[str]:
    """Every folder that one of the paths lies in, outer ones first, each with `/` at its end."""
    direct = {path.rpartition("/")[0] for path in paths} - {""}
    every = direct | {above for folder in direct for above in parents(folder)}
    return sorted(f"{folder}/" for folder in every)


def clean(root: Path, known: frozenset[str], mode: int, trash: Path) -> None:
    """Leaves nothing in `root` but the known files and the folders they need; folders get the rights `mode`.

    A known file that has another name somewhere (a hard link), that is no plain file or link, or whose permissions
    are not those git gives is removed too: the next checkout writes it anew.
    """
    needed = folders_of(known)
    open_up(root, needed)
    folders = frozenset(folder.rstrip("/") for folder in needed)
    away: list[str] = []
    for folder in ("", *sorted(folders)):
        try:
            away += _strange(root, folder, folders, known, mode)
        except OSError as error:
            # A link or file where a folder was is found when the folder above is looked at.
            if error.errno not in _NO_FOLDER:
                raise
    for path in away:
        remove_tree(root / path, trash)


def _strange(
    root: Path, folder: str, folders: frozenset[str], known: frozenset[str], mode: int
) -> list[str]:
    found: list[str] = []
    with _walked(root, [folder] if folder else []) as at:
        if stat.S_IMODE(os.fstat(at).st_mode) != mode:
            os.fchmod(at, mode)
        with os.scandir(at) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    keep = path in folders
                else:
                    keep = path in known and _as_written(entry.stat(follow_symlinks=False), mode)
                if not keep:
                    found.append(path)
    return found


def _as_written(facts: os.stat_result, folder_mode: int) -> bool:
    if stat.S_ISLNK(facts.st_mode):
        return facts.st_nlink == 1
    # As the umask left it: a folder's rights with or without the executable bits.
    allowed = (folder_mode & 0o777, folder_mode & 0o666)
    plain = stat.S_ISREG(facts.st_mode) and not facts.st_mode & _SPECIAL_BITS
    return plain and facts.st_nlink == 1 and stat.S_IMODE(facts.st_mode) in allowed
