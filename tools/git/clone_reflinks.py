"""Clones that share their blocks on disk with one that nobody works in, where the file system can do that.

Such a copy takes an inode for each file and no block until somebody writes. The checkout on top makes it exact: a file
is vouched for in the index only if the original's is still as git left it and the kernel gave its blocks as a whole;
every other one is written anew. All but `Original` blocks: for a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import fcntl
import hashlib
import itertools
import os
import secrets
import struct
from collections.abc import Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import Exit, PersonError
from .clone_ahead import to_its_end
from .clone_home import Home
from .objects import EXECUTABLE, LINK

Share = Callable[[int, int], None]
"""Gives the empty file open as the second descriptor the content of the first; `OSError` where that is refused."""

_FICLONE = 0x40049409
_REFUSED = frozenset((errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY))
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PLAIN = 0o100644
_PROBE_BYTES = 1 << 16
"""More than a file system keeps beside the inode."""

_HEADER = struct.Struct(">4s2I")
_STAT = struct.Struct(">10I")
"""Seconds and ns of change and of writing, device, inode, git's mode, owner, group and size, as an index has them."""
_MODE_AT = 24
_LOW = 0xFFFFFFFF


def reflink(source: int, target: int) -> None:
    """Lets the file `target` have the blocks of `source`, each until it writes; `OSError` where that is refused."""
    fcntl.ioctl(target, _FICLONE, source)


def can_share(folder: Path, share: Share = reflink) -> bool:
    """Whether files in `folder` can share blocks, found out by two files that are removed again."""
    one, two = (folder / f"probe-{secrets.token_hex(8)}" for _ in range(2))
    try:
        one.write_bytes(bytes(_PROBE_BYTES))
        with one.open("rb") as source, two.open("xb") as target:
            share(source.fileno(), target.fileno())
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        return False
    finally:
        one.unlink(missing_ok=True)
        two.unlink(missing_ok=True)
    return True


def _settle(folder: Path) -> None:
    """Has what was just written put on disk in one go: sharing would wait for each file that is not there yet.

    For speed alone, so a fault is not told here: it shows where the file is read.
    """
    descriptor = os.open(folder, _FOLDER)
    try:
        ctypes.CDLL(None).syncfs(descriptor)
    finally:
        os.close(descriptor)


class Original:
    """The clone that nobody works in and that others are copied from. For one event loop."""

    def __init__(self, folder: Path, object_format: str, share: Share) -> None:
        """`folder` is where it is kept, and nothing else is."""
        self._folder = folder
        self._form = object_format
        self._share = share
        self._turn = asyncio.Lock()
        self._able: bool | None = None
        self._kept: Home | None = None

    async def keep(self, write: Callable[[], Awaitable[Home]]) -> Home | None:
        """The one that is kept, made by `write` where there is none yet; None where blocks cannot be shared.

        Nobody else may know of what `write` makes.
        """
        async with self._turn:
            if self._able is None:
                with self._room():
                    self._able = await asyncio.to_thread(can_share, self._folder, self._share)
            if self._able and self._kept is None:
                made = await write()
                folder = made.folder.rename(self._folder / made.folder.name)
                self._kept = Home(folder, folder / made.root.relative_to(made.folder))
                await to_its_end(asyncio.to_thread(_settle, folder))
            return self._kept

    async def home(self) -> Home | None:
        """The one that is kept, if there is one; waits for one that is just being written."""
        async with self._turn:
            return self._kept

    async def copy(self, source: Home, target: Home) -> None:
        """Fills the empty home, see `copy_shared`. Raises `PersonError` where the disk is full."""
        with self._room():
            work = asyncio.to_thread(copy_shared, source, target, self._form, self._share)
            await to_its_end(work)

    def forget(self) -> None:
        """It is about to be removed."""
        self._kept = None

    @contextlib.contextmanager
    def _room(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise PersonError(
                f"A clone cannot be written beside {self._folder} ({error.strerror}). Make room on the disk and try"
                " again.",
                Exit.NOT_DONE,
            ) from error


def copy_shared(source: Home, target: Home, object_format: str, share: Share = reflink) -> None:
    """Gives the empty `target` the files of `source`, by shared blocks, and an index that a checkout must follow on.

    A file that is not as the index of `source` says, or that may not be shared, is left to that checkout, and so is
    everything where the source is gone or its index is of a kind that is not known here. Nobody may be at work in
    either. Raises `OSError` where the target cannot be written.
    """
    try:
        index = bytearray(source.index.read_bytes())
    except FileNotFoundError:
        return
    latest = 0
    entries = index_entries(index, object_format)
    for folder, group in itertools.groupby(entries, key=lambda entry: entry.folder):
        with _opened(source.root, target.root, folder) as ends:
            for entry in group:
                facts = _copied(entry, *ends, share) if ends else None
                index[entry.at : entry.at + _STAT.size] = _known(facts, entry.mode)
                latest = max(latest, facts.st_ctime_ns, facts.st_mtime_ns) if facts else latest
    if not latest:
        return
    sum_at = len(index) - hashlib.new(object_format).digest_size
    index[sum_at:] = hashlib.new(object_format, index[:sum_at], usedforsecurity=False).digest()
    target.index.write_bytes(index)
    # git reads a file anew that was written in the second of its index. While none but us knows of these files there
    # is nothing to find; the checkout dates the index as it is.
    after = (latest // 10**9 + 1) * 10**9
    os.utime(target.index, ns=(after, after))


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A file in an index: where in the index its stat data are, and what they are."""

    at: int
    stat: bytes
    folder: bytes
    name: bytes

    @property
    def mode(self) -> int:
        """As git has it: plain, executable, link or another repository."""
        return int.from_bytes(self.stat[_MODE_AT : _MODE_AT + 4], "big")


def index_entries(index: bytes | bytearray, object_format: str) -> Iterator[IndexEntry]:
    """The entries of an index of version 2, which is what git writes for a plain checkout; of another none."""
    magic, version, count = _HEADER.unpack_from(index)
    if (magic, version) != (b"DIRC", 2):
        return
    # Stat data, the object's id and two bytes of flags; then the path, and NULs up to a multiple of eight.
    fixed = _STAT.size + hashlib.new(object_format).digest_size + 2
    at = _HEADER.size
    for _ in range(count):
        end = index.index(0, at + fixed)
        folder, _, name = bytes(index[at + fixed : end]).rpartition(b"/")
        yield IndexEntry(at, bytes(index[at : at + _STAT.size]), folder, name)
        at += (end - at) // 8 * 8 + 8


@contextlib.contextmanager
def _opened(source: Path, target: Path, folder: bytes) -> Generator[tuple[int, int] | None]:
    """The folder in both trees, made in the second; None where the first has no such folder."""
    with contextlib.ExitStack() as stack:
        try:
            here = _walked(source, folder)
        except OSError:
            yield None
            return
        stack.callback(os.close, here)
        there = _walked(target, folder, os.mkdir)
        stack.callback(os.close, there)
        yield here, there


def _walked(root: Path, folder: bytes, missing: Callable[..., None] | None = None) -> int:
    """The folder below the root as a descriptor, reached without a link on the way; `missing` makes folders."""
    at = os.open(root, _FOLDER)
    try:
        for name in folder.split(b"/") if folder else ():
            if missing is not None:
                with contextlib.suppress(FileExistsError):
                    missing(name, dir_fd=at)
            below = os.open(name, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
    except BaseException:
        os.close(at)
        raise
    return at


def _copied(entry: IndexEntry, here: int, there: int, share: Share) -> os.stat_result | None:
    """What the copy's stat data are; None for what the checkout is to write."""
    if entry.mode == LINK:
        return _copied_link(entry, here, there)
    if entry.mode not in (_PLAIN, EXECUTABLE):
        return None
    try:
        source = os.open(entry.name, _READ, dir_fd=here)
    except OSError:
        return None
    try:
        if _known(os.fstat(source), entry.mode) != entry.stat:
            return None
        # The umask takes its part, as from files that git writes.
        rights = 0o777 if entry.mode == EXECUTABLE else 0o666
        target = os.open(entry.name, _CREATE, rights, dir_fd=there)
        try:
            share(source, target)
            return os.fstat(target)
        except OSError as error:
            if error.errno not in _REFUSED:
                raise
            os.unlink(entry.name, dir_fd=there)
            return None
        finally:
            os.close(target)
    finally:
        os.close(source)


def _copied_link(entry: IndexEntry, here: int, there: int) -> os.stat_result | None:
    try:
        facts = os.stat(entry.name, dir_fd=here, follow_symlinks=False)
        leads_to = os.readlink(entry.name, dir_fd=here)
    except OSError:
        return None
    if _known(facts, LINK) != entry.stat:
        return None
    os.symlink(leads_to, entry.name, dir_fd=there)
    return os.stat(entry.name, dir_fd=there, follow_symlinks=False)


def _known(facts: os.stat_result | None, mode: int) -> bytes:
    """Stat data as git keeps them, of 32 bits each; all but the mode 0 for what is not known."""
    if facts is None:
        return _STAT.pack(0, 0, 0, 0, 0, 0, mode, 0, 0, 0)
    changed, written = divmod(facts.st_ctime_ns, 10**9), divmod(facts.st_mtime_ns, 10**9)
    numbers = (*changed, *written, facts.st_dev, facts.st_ino)
    owner = (facts.st_uid, facts.st_gid, facts.st_size)
    return _STAT.pack(
        *(number & _LOW for number in numbers), mode, *(number & _LOW for number in owner)
    )
