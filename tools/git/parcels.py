"""Commits of a store as bytes, so that work can begin and end in a store that shares no disk with this one.

A parcel is a few lines of text and a pack. It holds the commits it was asked for with all their files, and what lies
between them and what the other side knows; no other history, so a commit may arrive without its parents. Ids stay what
they are. Clones, merges and further parcels need of a base its tree only; walking its history stops where that ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import tempfile
import time
import zlib
from collections.abc import Generator, Iterable
from pathlib import Path

from ..errors import Exit, PersonError
from .objects import checked_id
from .run import GitError, Place, run_git
from .store import Store, quoted

MOST_BYTES = 2 << 30
"""Of one parcel, which is held in memory."""
_MOST_OBJECT = 1 << 30
"""Bytes of one file after unpacking: git holds some of them in memory whole."""
_MOST_CONTENT = 32 << 30
"""Bytes of all of them: a small pack may come to more than any disk holds."""
_FIRST = b"leadline-parcel: 1"
_OPEN = re.compile(rb"open: [0-9a-f]{40}(?:[0-9a-f]{24})?")
"""A commit that may come without its parents."""
_SECONDS = 900.0
_STALE_SECONDS = 3600
_CHUNK = 1 << 16
_DELTA_OFFSET, _DELTA_ID = 6, 7
"""The numbers of the two kinds of objects in a pack that are given as changes of another."""

# What may rightly be in a project: nothing here acts on a submodule or takes an attribute from a file, and old versions
# of git wrote modes with zeros before them.
_ALLOWED = (
    *("gitmodulesBlob", "gitmodulesName", "gitmodulesParse", "gitmodulesPath"),
    *("gitmodulesSymlink", "gitmodulesUrl", "zeroPaddedFilemode"),
)
_ALLOWED_LATER = ("gitattributesBlob", "gitattributesLarge", "gitattributesLineLength")
"""Looked at by git since its security releases of January 2023; one before them does not know the words."""


async def pack_commits(store: Store, commits: Iterable[str], known: Iterable[str] = ()) -> bytes:
    """A parcel of the commits, for a store that has the `known` ones; all are whole ids of commits of this store.

    Also sent are the commits between a known one and one asked for; what a known one's tree has is not sent again.
    Raises `PersonError` where a content is missing and where the parcel would be over `MOST_BYTES`.
    """
    asked = [checked_id(commit) for commit in commits]
    there = [checked_id(commit) for commit in known]
    sent = await _sent(store, asked, there)
    held = sent.keys() | set(there)
    open_ends = sorted(commit for commit, above in sent.items() if not held.issuperset(above))
    # Each commit is named by itself, so none needs its parents to be walked, which may be missing.
    lines = [line for commit in sent for line in (f"--shallow {commit}", commit)]
    lines += [f"^{commit}^{{tree}}" for commit in there]
    # Deltas that are there are used again; to look for more takes longer than it takes to send the little they save.
    packed = await run_git(
        _bare(store),
        *("pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset", "--window=0"),
        stdin="".join(f"{line}\n" for line in lines).encode() or b"\n",
        seconds=_SECONDS,
    )
    head = b"\n".join((_FIRST, *(f"open: {commit}".encode() for commit in open_ends)))
    data = b"\n\n".join((head, packed.stdout))
    if len(data) > MOST_BYTES:
        raise PersonError(
            f"The work to be sent is {len(data) / 1e9:.1f} GB, more than Leadline sends at once. Let this run on one"
            " machine, or keep the large files out of the project.",
            Exit.NOT_DONE,
        )
    return data


async def unpack(store: Store, data: bytes) -> None:
    """Puts the objects of a parcel in the store, all of them or none.

    What is written lies in the store's folder of objects, and nothing refers to it yet. Raises `PersonError` where the
    parcel is damaged, is not complete with what the store has, or is too large.
    """
    if len(data) > MOST_BYTES:
        raise _refused(f"it has {len(data):,} bytes")
    head, _, pack = data.partition(b"\n\n")
    open_ends = _read_head(head)
    try:
        await asyncio.to_thread(_check_sizes, pack, 20 if store.object_format == "sha1" else 32)
    except (IndexError, ValueError, zlib.error) as error:
        raise _refused(str(error)) from error
    objects = store.path / "objects"
    with _aside(objects) as folder:
        (folder / "info").mkdir()
        (folder / "pack").mkdir()
        (folder / "info" / "alternates").write_text(f"{quoted(objects)}\n", "ascii")
        ends = folder / "shallow"
        ends.write_text("".join(f"{commit}\n" for commit in open_ends), "ascii")
        places = {"GIT_OBJECT_DIRECTORY": str(folder), "GIT_SHALLOW_FILE": str(ends)}
        try:
            await _index(store, pack, places)
        except GitError as error:
            if error.result is None:
                raise
            raise _refused(error.result.reason) from error
        _move_packs(folder / "pack", objects / "pack")


async def _index(store: Store, pack: bytes, places: dict[str, str]) -> None:
    """Checks every object, and that all that they name is there."""
    allowed = (*_ALLOWED, *_ALLOWED_LATER)
    while True:
        strict = ",".join(f"{fault}=ignore" for fault in allowed)
        flags = ("--stdin", f"--strict={strict}")
        try:
            await run_git(
                _bare(store),
                *("index-pack", *flags),
                stdin=pack,
                variables=places,
                seconds=_SECONDS,
            )
            return
        except GitError as error:
            unknown = error.result is not None and "Unhandled message id" in error.result.stderr
            if not unknown or allowed == _ALLOWED:
                raise
            allowed = _ALLOWED


async def _sent(store: Store, asked: list[str], known: list[str]) -> dict[str, list[str]]:
    """The commits to be sent, with their parents."""
    wanted = dict.fromkeys(asked)
    if asked and known:
        lines = "".join(f"{line}\n" for line in (*asked, *(f"^{commit}" for commit in known)))
        between = await run_git(
            _bare(store), "rev-list", "--ancestry-path", "--stdin", stdin=lines.encode()
        )
        wanted |= dict.fromkeys(between.line.splitlines())
    lines = "".join(f"{commit}\n" for commit in wanted if commit not in known)
    if not lines:
        return {}
    flags = ("--no-walk=unsorted", "--parents", "--stdin")
    listed = await run_git(_bare(store), "rev-list", *flags, stdin=lines.encode())
    split = (line.split(" ") for line in listed.line.splitlines())
    return {commit: above for commit, *above in split}


def _read_head(head: bytes) -> list[str]:
    """The commits whose parents may be missing."""
    first, *lines = head.split(b"\n")
    if first != _FIRST:
        raise _refused("it does not begin as one of this version does")
    if not all(_OPEN.fullmatch(line) for line in lines):
        raise _refused("its beginning is damaged")
    return [line.removeprefix(b"open: ").decode("ascii") for line in lines]


def _check_sizes(pack: bytes, id_bytes: int) -> None:
    """Unpacks every object of a pack piece by piece, keeping none, and raises ValueError where they are too large.

    Also raises ValueError, IndexError or zlib.error where it is no whole pack. git would take memory first.
    """
    if pack[:4] != b"PACK":
        raise ValueError("it holds no pack")
    view = memoryview(pack)
    at, total = 12, 0
    for _ in range(int.from_bytes(pack[8:12], "big")):
        kind, size, at = _object_head(pack, at)
        if kind == _DELTA_ID:
            at += id_bytes
        elif kind == _DELTA_OFFSET:
            _, at = _number(pack, at)
        start, length, at = _inflated(view, at)
        if length != size:
            raise ValueError("an object has another size than it says")
        if kind in (_DELTA_OFFSET, _DELTA_ID):
            # A change begins with the size of what it starts from and of what comes out.
            _, after = _number(start, 0)
            size, _ = _number(start, after)
        total += size
        if size > _MOST_OBJECT or total > _MOST_CONTENT:
            raise ValueError("unpacked it would be too large")
    # The checksum is the last of it; git leaves unread what comes after.
    if len(pack) - at != id_bytes:
        raise ValueError("it does not end where it says")


def _object_head(pack: bytes, at: int) -> tuple[int, int, int]:
    """The kind of the object at a place of a pack, its size, and where it goes on."""
    kind = pack[at] >> 4 & 7
    if pack[at] < 128:
        return kind, pack[at] & 15, at + 1
    rest, after = _number(pack, at + 1)
    return kind, pack[at] & 15 | rest << 4, after


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends; all numbers in a pack end so."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number in it has no end")


def _inflated(view: memoryview, at: int) -> tuple[bytes, int, int]:
    """The first bytes of a compressed object, its length, and where it ends."""
    inflater = zlib.decompressobj()
    start, length, step = b"", 0, 512
    while not inflater.eof:
        piece = view[at : at + step]
        if not piece:
            raise ValueError("it is cut off")
        out = inflater.decompress(piece)
        start += out[: 32 - len(start)]
        length += len(out)
        if length > _MOST_OBJECT:
            raise ValueError("unpacked it would be too large")
        at += len(piece) - len(inflater.unused_data)
        step = min(step * 4, _CHUNK)
    return start, length, at


@contextlib.contextmanager
def _aside(objects: Path) -> Generator[Path]:
    """A folder of objects beside the store's own, which nothing reads: what fails in it was never there."""
    for left in objects.glob("parcel-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    folder: Path | None = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="parcel-", dir=objects))
        yield folder
    except OSError as error:
        raise PersonError(
            f"Leadline's store {objects.parent} cannot be written ({error.strerror}), so work that was sent could not"
            " be taken in. Free the disk and try again."
        ) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _move_packs(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700, exist_ok=True)
    # A pack is there for others once its index is.
    for file in sorted(source.iterdir(), key=lambda path: (path.suffix == ".idx", path.name)):
        file.rename(target / file.name)


def _refused(why: str) -> PersonError:
    return PersonError(
        f"Work that was sent could not be taken in: {why}. Nothing of it was kept; have it sent again.",
        Exit.NOT_DONE,
    )


def _bare(store: Store) -> Place:
    return Place(store.path, git_dir=store.path)
