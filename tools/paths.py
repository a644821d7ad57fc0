"""Paths that the model names, kept inside the root; files read and written without following a planted link.

A check of a path and its later use are two moments, and a command that runs beside us can put a symbolic link in
between. So the check (`resolve_inside`) is for good messages, and the use (`read_bytes`, `write_atomic`) walks from the
root's descriptor down, one component at a time, refusing links as it goes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import ToolError

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_TEMPORARY = re.compile(r"\.leadline-(\d{1,10})-[0-9a-f]{16}\.tmp")
_CLOSED_OFF = ".leadline-state"
"""In a folder: no tool may look into it."""
_LOOKS = 100
_LINK_ERRORS = (errno.ELOOP, errno.EMLINK)  # EMLINK is what some BSDs answer
_IGNORED_BY_SOME_SYSTEMS = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF])
"""Code points that HFS+ drops when it compares names, so that they cannot be used to spell `.git` anew."""


def resolve_inside(root: Path, text: str) -> Path:
    """The path that `text` names: relative to `root`, or absolute and inside it. It need not exist.

    The result is `root` joined with the plain relative path; `..` is taken away by spelling, links are left in place.
    ToolError for an empty text, a NUL, whatever leaves the root by `..`, an absolute path or a symbolic link, and for
    what was closed off (`close_off`).
    """
    if not text.strip():
        raise ToolError("The path is empty. Name a file or folder relative to the project root.")
    if "\0" in text:
        raise ToolError("The path holds a NUL character, which no path can have.")
    real_root = os.path.realpath(root)
    plain = os.path.normpath(Path(root, text))
    for base in (os.path.normpath(root), real_root):
        if plain == base or plain.startswith(base.rstrip("/") + "/"):
            relative = os.path.relpath(plain, base)
            break
    else:
        raise ToolError(f"{text} is outside the project root. Only paths inside it can be used.")
    target = real_path(Path(real_root, relative))
    if target != real_root and not target.startswith(real_root.rstrip("/") + "/"):
        raise ToolError(f"{text} leads outside the project root through a symbolic link.")
    if _is_closed_off(real_root, target):
        raise ToolError(f"{text} is Leadline's own state and no part of the project.")
    return root / relative


def real_path(path: Path) -> str:
    """Where `path` leads through all links; it need not exist.

    ToolError where that can't be told because links come and go: `os.path.realpath` fails for one that is gone by the
    time it is read.
    """
    for _ in range(_LOOKS):
        with suppress(OSError):
            return os.path.realpath(path)
    raise ToolError(
        f"{path} changes while it is looked at. Look again when nothing is at work there."
    )


def real_inside(root: Path, text: str) -> str:
    """Where below `root` the file or folder is that `text` names, links followed: `.` is the root, and it need not
    exist. ToolError as of `resolve_inside`, and where it leads outside only just now."""
    plain = resolve_inside(root, text).relative_to(root)
    real_root = os.path.realpath(root)
    target = os.path.relpath(real_path(Path(real_root, plain)), real_root)
    if target.split("/")[0] == "..":
        raise ToolError(f"{text} leads outside the project root through a symbolic link.")
    return target


def leads_into(path: Path, folder: Path) -> bool:
    """Whether `path` leads, through all links, to `folder` or into it: whether a program may be one that the tree there
    has brought. In doubt it does, where links come and go. Nothing is led into a tree that is the whole machine: the
    machine's own programs are all there are."""
    if os.path.realpath(folder) == os.sep:
        return False
    try:
        return Path(real_path(path)).is_relative_to(os.path.realpath(folder))
    except ToolError:
        return True


# Of a path that somebody else may have made, `Path.exists` and its kin raise OSError: for a link to a name that is too
# long, and in a folder that may not be looked into.


def exists(path: Path) -> bool:
    """Whether `path` leads to anything. Links are followed but for `is_link`; what can't be told is False."""
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: Path) -> bool:
    """Whether `path` leads to a regular file."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Whether `path` leads to a folder."""
    return os.path.isdir(path)  # noqa: PTH112


def is_link(path: Path) -> bool:
    """Whether `path` itself is a symbolic link."""
    return os.path.islink(path)  # noqa: PTH114


def close_off(home: Path, root: Path) -> None:
    """Keep Leadline's state `home`, where it lies in the tree `root`, from git and from every tool: keys are in it.

    OSError where that can't be done.
    """
    if Path(os.path.realpath(home)).is_relative_to(os.path.realpath(root)):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (".gitignore", ".ignore", _CLOSED_OFF):
            (home / name).write_text("*\n", encoding="ascii")


def _is_closed_off(real_root: str, target: str) -> bool:
    below = os.path.relpath(target, real_root).split("/")
    folders = ("/".join(below[: count + 1]) for count in range(len(below)))
    return any(os.path.lexists(os.path.join(real_root, each, _CLOSED_OFF)) for each in folders)  # noqa: PTH118


def is_git_internal(relative: str) -> bool:
    """Whether a component of the path is `.git` in any spelling that some file system takes for it."""
    return any(_spells_git(part) for part in relative.replace("\\", "/").split("/"))


def _spells_git(name: str) -> bool:
    bare = name.translate(_IGNORED_BY_SOME_SYSTEMS).split(":")[0].rstrip(" .").casefold()
    return bare in (".git", "git~1")


def open_no_follow(root: Path, relative: str, flags: int = os.O_RDONLY) -> int:
    """A descriptor of `root/relative`, opened without following any symbolic link below `root`.

    ToolError if it is missing, a link stands in the way, or the system refuses.
    """
    parts = _parts(relative)
    with _folder(root, parts[:-1], create=False) as folder, _told(relative):
        return os.open(parts[-1], flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)


def read_bytes(root: Path, relative: str, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes; links that stay inside `root` are followed.

    ToolError for anything else: missing, a folder, a pipe or device, too large, outside, swapped for a link meanwhile.
    """
    real_root = Path(os.path.realpath(root))
    target = real_inside(real_root, relative)
    if target == ".":
        raise ToolError(f"{relative} is a folder, not a file.")
    # O_NONBLOCK: opening a pipe that nobody writes to must not hang.
    descriptor = open_no_follow(real_root, target, os.O_RDONLY | os.O_NONBLOCK)
    with _told(relative), opened(descriptor) as file:
        status = os.fstat(file.fileno())
        _require_regular(status, relative)
        content = file.read(limit + 1)
    if len(content) > limit:
        size = max(status.st_size, len(content))
        raise ToolError(f"{relative} has {size:,} bytes; at most {limit:,} can be read.")
    return content


def head_of(path: Path, most: int, *, follow: bool = True) -> bytes | None:
    """The first `most` bytes of the regular file that `path` leads to, with `follow` through a link at its end.

    None for anything else, and at once: nobody waits for a pipe that nobody writes to.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        with opened(os.open(path, flags)) as file:
            return file.read(most) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except (OSError, ValueError):
        return None


def opened(descriptor: int) -> BinaryIO:
    """The file of a descriptor, for reading. OSError for a folder; closed then too, which `os.fdopen` does not do."""
    try:
        return os.fdopen(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def folder_key(folder: Path) -> str:
    """A short name for a folder's real place, to keep things by: the same whatever the folder is called by."""
    return hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]


def temporary_name() -> str:
    """A name for a file that is about to take another's place. It tells whose it is, see `remove_abandoned`."""
    return f".leadline-{os.getpid()}-{secrets.token_hex(8)}.tmp"


def remove_abandoned(root: Path, files: Iterable[str]) -> frozenset[str]:
    """Removes from `files` those temporary ones whose process was killed before they took their place; which they were.

    Paths are relative to `root`. One that can't be removed stays.
    """
    removed: set[str] = set()
    for path in files:
        found = _TEMPORARY.fullmatch(path.rpartition("/")[2])
        if found is None or _is_alive(int(found[1])):
            continue
        *parents, name = _parts(path)
        with suppress(OSError, ToolError), _folder(root, parents, create=False) as folder:
            os.unlink(name, dir_fd=folder)
            removed.add(path)
    return frozenset(removed)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def write_atomic(root: Path, relative: str, content: bytes, mode: int | None = None) -> None:
    """Puts `content` at `root/relative` in one step: readers see the old file or the new one, also after a crash.

    Folders in between are made. The mode of an existing file is kept unless `mode` is given; a new file gets `mode` or
    what the umask leaves of 0666. ToolError if the path goes through or ends at a symbolic link, ends at something that
    is not a regular file, or lies in `.git`.
    """
    if is_git_internal(relative):
        raise ToolError(f"{relative} lies in .git, which only git itself may write.")
    parts = _parts(relative)
    with _folder(root, parts[:-1], create=True) as folder, _told(relative):
        existing = _status(folder, parts[-1])
        if existing is not None:
            if stat.S_ISLNK(existing.st_mode):
                raise ToolError(f"{relative} is a symbolic link. Write to the file it points to.")
            _require_regular(existing, relative)
        temporary = temporary_name()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o666, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                _keep_attributes(descriptor, existing, mode)
                _show_newer(descriptor, existing)
                os.fsync(descriptor)
            os.rename(temporary, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(temporary, dir_fd=folder)
            raise
        os.fsync(folder)


def _keep_attributes(descriptor: int, existing: os.stat_result | None, mode: int | None) -> None:
    if existing is not None:
        if os.geteuid() == 0:  # only root can write a file and leave it to its owner
            os.fchown(descriptor, existing.st_uid, existing.st_gid)
        mode = stat.S_IMODE(existing.st_mode) if mode is None else mode
    if mode is not None:
        os.fchmod(descriptor, mode)


def _show_newer(descriptor: int, existing: os.stat_result | None) -> None:
    """Let no time stamp be that of the file before: Python takes its compiled code for that of any source with the same
    size and second, so a check could prove what the file said a moment ago."""
    status = os.fstat(descriptor)
    if existing is None or existing.st_size != status.st_size:
        return
    second = 1_000_000_000
    before, now = existing.st_mtime_ns // second, status.st_mtime_ns // second
    # Further ahead is a clock that was wrong, which is not to be followed.
    if now <= before < now + 60:
        os.utime(descriptor, ns=(status.st_atime_ns, (before + 1) * second))


def _parts(relative: str) -> list[str]:
    parts = os.path.normpath(relative).split("/")
    if "\0" in relative or relative.startswith("/") or parts[0] in (".", "..", ""):
        raise ToolError(f"{relative!r} does not name a file below the project root.")
    return parts


@contextmanager
def _folder(root: Path, parts: list[str], *, create: bool) -> Generator[int]:
    """The descriptor of a folder below `root`, reached without following a link; closed at the end."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for depth, name in enumerate(parts):
            with _told("/".join(parts[: depth + 1])):
                deeper = _step(descriptor, name, create=create)
            os.close(descriptor)
            descriptor = deeper
        yield descriptor
    finally:
        os.close(descriptor)


def _step(folder: int, name: str, *, create: bool) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=folder)
    except FileNotFoundError:
        if not create:
            raise
    with suppress(FileExistsError):  # made by somebody else meanwhile: the open says what it is
        os.mkdir(name, dir_fd=folder)
    return os.open(name, _DIRECTORY, dir_fd=folder)


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _require_regular(status: os.stat_result, relative: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise ToolError(f"{relative} is a folder, not a file.")
    if not stat.S_ISREG(status.st_mode):
        raise ToolError(f"{relative} is not a regular file but a pipe, socket or device.")


@contextmanager
def _told(relative: str) -> Generator[None]:
    """Turns what the system says about `relative` into a ToolError."""
    try:
        yield
    except FileNotFoundError as error:
        raise ToolError(f"{relative} does not exist.") from error
    except IsADirectoryError as error:
        raise ToolError(f"{relative} is a folder, not a file.") from error
    except OSError as error:
        # O_NOFOLLOW on a link: ELOOP, or ENOTDIR where a folder is asked for.
        if isinstance(error, NotADirectoryError) or error.errno in _LINK_ERRORS:
            raise ToolError(
                f"{relative} is, or goes through, a symbolic link or a file that is not a folder."
            ) from error
        raise ToolError(f"{relative}: {error.strerror}.") from error
