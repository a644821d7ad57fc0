"""Files of a work tree, looked at and written without ever following a symbolic link.

Each path is walked from an open folder down, one name at a time (`O_NOFOLLOW`), so that a link that is put in
the way, before or during the work, leads nowhere. All of it blocks: for a thread.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..paths import is_link, opened, temporary_name
from .objects import EXECUTABLE, LINK, Entry

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Stamp = tuple[int, ...]
"""What tells that a file was touched: device, inode, mode, size and the two times in ns."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is at a path now."""

    entry: Entry | None = None
    """The file or link; None where there is none."""
    blocked_by: str | None = None
    """The part of the path that is not a folder but a link or a file; nothing can be below it."""
    folder: bool = False
    other: bool = False
    """A device, a socket, or something that cannot be read."""
    stamp: Stamp | None = None

    @property
    def nothing(self) -> bool:
        return self.entry is None and not self.folder and not self.other


def is_private(path: Path) -> bool:
    """Whether there is a file that nobody but its owner may touch."""
    with contextlib.suppress(OSError):
        mode = path.lstat().st_mode
        return stat.S_ISREG(mode) and not mode & 0o077
    return False


class BlockedError(Exception):
    """A part of the path is no folder, or a link."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Tree:
    """A work tree held open by its top folder."""

    def __init__(self, root: Path, blob_id: Callable[[bytes], str]) -> None:
        self._blob_id = blob_id
        self._root = root

    @contextlib.contextmanager
    def _parent(self, path: str, *, create: bool = False) -> Generator[int]:
        """The folder `path` is in, open. `FileNotFoundError` or `BlockedError` where it is not there."""
        at = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            walked: list[str] = []
            for name in path.split("/")[:-1]:
                walked.append(name)
                if create:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(name, dir_fd=at)
                try:
                    below = os.open(name, _FOLDER, dir_fd=at)
                except FileNotFoundError:
                    raise
                except OSError as error:
                    raise BlockedError("/".join(walked)) from error
                os.close(at)
                at = below
            yield at
        finally:
            os.close(at)

    def look(self, path: str) -> Found:
        """What is at `path`, read and hashed as git would, no byte changed."""
        name = path.rpartition("/")[2]
        try:
            with self._parent(path) as parent:
                return self._look(parent, name)
        except FileNotFoundError:
            return Found()
        except BlockedError as error:
            return Found(blocked_by=error.path)
        except OSError:  # it became something else between two looks, or nobody may look
            return Found(other=True)

    def _look(self, parent: int, name: str) -> Found:
        """Raises OSError."""
        facts = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(facts.st_mode):
            return Found(folder=True)
        if stat.S_ISLNK(facts.st_mode):
            target = os.fsencode(os.readlink(name, dir_fd=parent))
            return Found(Entry(LINK, self._blob_id(target)), stamp=_stamp(facts))
        if not stat.S_ISREG(facts.st_mode):
            return Found(other=True)
        with opened(os.open(name, _READ, dir_fd=parent)) as file:
            content = file.read()
        mode = EXECUTABLE if facts.st_mode & 0o100 else 0o100644
        return Found(Entry(mode, self._blob_id(content)), stamp=_stamp(facts))

    def same(self, path: str, stamp: Stamp | None) -> bool:
        """Whether nothing touched `path` since it was looked at; None stands for nothing there."""
        try:
            with self._parent(path) as parent:
                name = path.rpartition("/")[2]
                facts = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except (FileNotFoundError, BlockedError):
            return stamp is None
        except OSError:
            return False
        return _stamp(facts) == stamp

    def files_below(self, folder: str) -> Iterator[str]:
        """Everything in a folder that is no folder. Links are named, not followed."""
        for above, folders, files in os.walk(self._root / folder, followlinks=False):
            links = [name for name in folders if is_link(Path(above, name))]
            for name in files + links:
                yield Path(above, name).relative_to(self._root).as_posix()

    def remove(self, path: str) -> None:
        """Removes the file or link, and then each folder that is empty by that. Raises as `write` does."""
        with self._parent(path) as parent:
            os.unlink(path.rpartition("/")[2], dir_fd=parent)
        folder = path.rpartition("/")[0]
        while folder:
            try:
                with self._parent(folder) as parent:
                    os.rmdir(folder.rpartition("/")[2], dir_fd=parent)
            except (OSError, BlockedError):
                return
            folder = folder.rpartition("/")[0]

    def make_way(self, folder: str) -> None:
        """Removes a folder that holds nothing but empty folders; one that holds more stays."""
        with contextlib.suppress(OSError):
            for above, names, _ in os.walk(self._root / folder, topdown=False, followlinks=False):
                for name in names:
                    self._rmdir(Path(above, name).relative_to(self._root).as_posix())
            self._rmdir(folder)

    def _rmdir(self, folder: str) -> None:
        with self._parent(folder) as parent:
            os.rmdir(folder.rpartition("/")[2], dir_fd=parent)

    def write(self, path: str, entry: Entry, content: bytes, *, private: bool = False) -> None:
        """Puts the file or link in place, whole: written beside it and moved over what was there.

        Permissions and owner of a file that is replaced are kept, but for the executable bits. One that is `private`
        is its owner's alone. Raises OSError, and `BlockedError` where a part of the path is no folder any more.
        """
        name = path.rpartition("/")[2]
        aside = temporary_name()
        with self._parent(path, create=True) as parent:
            old = _stat(parent, name)
            try:
                if entry.mode == LINK:
                    os.symlink(content, os.fsencode(aside), dir_fd=parent)
                else:
                    hidden = 0o077 if private else 0
                    _write_file(parent, aside, content, entry.mode == EXECUTABLE, hidden, old)
                os.replace(aside, name, src_dir_fd=parent, dst_dir_fd=parent)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(aside, dir_fd=parent)
                raise


def _write_file(
    parent: int,
    name: str,
    content: bytes,
    executable: bool,
    hidden: int,
    old: os.stat_result | None,
) -> None:
    """`hidden` are the bits of the mode that it must not have."""
    created = (0o777 if executable else 0o666) & ~hidden
    with os.fdopen(os.open(name, _CREATE, created, dir_fd=parent), "wb") as file:
        descriptor = file.fileno()
        file.write(content)
        # The superuser at work in somebody's folder leaves nothing that its owner cannot change.
        owner = old or (os.fstat(parent) if os.geteuid() == 0 else None)
        if owner is not None and (owner.st_uid, owner.st_gid) != _owner(descriptor):
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        if old is not None and stat.S_ISREG(old.st_mode):
            kept = stat.S_IMODE(old.st_mode) & 0o777 & ~hidden
            os.fchmod(descriptor, kept | (kept & 0o444) >> 2 if executable else kept & ~0o111)


def _owner(descriptor: int) -> tuple[int, int]:
    facts = os.fstat(descriptor)
    return facts.st_uid, facts.st_gid


def _stat(parent: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _stamp(facts: os.stat_result) -> Stamp:
    return (
        *(facts.st_dev, facts.st_ino, facts.st_mode, facts.st_size),
        *(facts.st_mtime_ns, facts.st_ctime_ns),
    )
