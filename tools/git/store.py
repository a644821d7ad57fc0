"""Leadline's own git directory for one repository or folder: where snapshots are kept.

It borrows the person's objects (alternates) and has a configuration and attributes of its own, so that git,
working with it, opens no configuration of the repository and changes no byte of a file. It is readable for its
owner only: ignored files such as `.env` are in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from ..errors import PersonError
from .hardening import Override
from .repository import Repository
from .run import Place, run_git

OURSELVES = {
    "GIT_AUTHOR_NAME": "Leadline",
    "GIT_AUTHOR_EMAIL": "leadline@localhost",
    "GIT_COMMITTER_NAME": "Leadline",
    "GIT_COMMITTER_EMAIL": "leadline@localhost",
}
"""The variables by which a commit is by Leadline, not by the person."""

# Highest in precedence of all attributes. `!` where "set" and "unset" both have a meaning of their own.
ATTRIBUTES = (
    "* -text -crlf -ident -filter !eol !working-tree-encoding !diff !merge !whitespace"
    " !conflict-marker-size\n"
)

CORE_CONFIG = """[core]
\tbare = false
\tautocrlf = false
\tsafecrlf = false
\tfileMode = true
\tsymlinks = true
\tignoreCase = false
\tprecomposeUnicode = false
\tprotectNTFS = false
\tprotectHFS = false
"""
"""No byte of a file is changed on its way, and no name taken for another."""

_CONFIG = f"""{CORE_CONFIG}\tattributesFile = /dev/null
\tlogAllRefUpdates = false
\tuntrackedCache = false
\tsplitIndex = false
[index]
\tsparse = false
"""

_SHA256 = "[extensions]\n\tobjectFormat = sha256\n"
_STALE_SECONDS = 3600
MARGIN_NS = 20_000_000
"""More than one tick of the clock that file times are taken from."""


@dataclass(frozen=True, slots=True)
class Store:
    """One store on disk and the tree it is for; how git is called with it."""

    path: Path
    root: Path
    own_folder: str | None
    """Leadline's state, where it lies inside the tree: never part of a snapshot."""
    user: Place
    """The person's repository, or for a plain folder this store with no index: what git lists there."""
    carried: tuple[Override, ...]
    object_format: str

    @property
    def index(self) -> Path:
        """Our index of this work tree: linked work trees share a store, not an index."""
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return self.path / "indexes" / name

    def place(self, index: Path | None = None) -> Place:
        """For git with this store's configuration and objects on the tree."""
        none = self.path / "indexes" / "none"
        return Place(self.root, git_dir=self.path, work_tree=self.root, index=index or none)

    def blob_id(self, content: bytes) -> str:
        """The object id git gives a file of this content."""
        return self.object_id("blob", content)

    def object_id(self, kind: str, content: bytes) -> str:
        """The id git gives an object of this kind (`blob`, `tree` or `commit`) and content."""
        head = b"%s %d\0" % (kind.encode(), len(content))
        digest = hashlib.new(self.object_format, head, usedforsecurity=False)
        digest.update(content)
        return digest.hexdigest()

    @contextlib.contextmanager
    def scratch_index(self) -> Generator[Path]:
        """A copy of our index to work on; `publish` makes it the index, else it is dropped."""
        scratch = self.path / "indexes" / f"{self.index.name}.{os.getpid()}-{secrets.token_hex(4)}"
        with contextlib.suppress(FileNotFoundError):
            # With its time: git compares it with the times of files to know which of them to read again.
            shutil.copy2(self.index, scratch)
        try:
            yield scratch
        finally:
            for left in (scratch, scratch.with_name(scratch.name + ".lock")):
                left.unlink(missing_ok=True)

    def publish(self, scratch: Path, began_ns: int) -> None:
        """Makes the scratch index ours.

        Its time is set to when the snapshot began: git then reads every file again that changed since, also
        one that was written twice while it looked and kept its size.
        """
        before = began_ns - MARGIN_NS
        if scratch.exists():
            os.utime(scratch, ns=(before, before))
            scratch.replace(self.index)


def store_key(folder: Path) -> str:
    """The name of the store for a common git dir or a plain folder."""
    return hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:20]


def store_of(home: Path, repository: Repository) -> Path:
    """Where the store under `home` is for a repository, whether or not there is one yet."""
    return _resolved(home) / "objects" / store_key(repository.common_dir)


async def open_store(home: Path, at: Repository | Path) -> Store:
    """The store under `<home>/objects/` for a repository, or for a plain folder, made if it is missing.

    Safe for two processes at once, and after a crash: a new store is made aside and moved into place.
    """
    folder = at if isinstance(at, Path) else at.common_dir
    form = "sha1" if isinstance(at, Path) else at.object_format
    root = _resolved(at if isinstance(at, Path) else at.root)
    own = _own_folder(_resolved(home), root)
    path = _resolved(home) / "objects" / store_key(folder)
    try:
        await _make(path, form)
        _furnish(path, form, None if isinstance(at, Path) else at)
    except OSError as error:
        raise PersonError(
            f"Leadline's store {path} cannot be written ({error.strerror}), so nothing could be undone."
            " Free the disk or set LEADLINE_HOME to a folder that can be written."
        ) from error
    if isinstance(at, Repository):
        return Store(path, root, own, at.place, at.settings.carried, form)
    nothing = Place(root, git_dir=path, work_tree=root, index=path / "indexes" / "none")
    return Store(path, root, own, nothing, (), form)


async def _make(path: Path, form: str) -> None:
    if _exists(path / "HEAD"):
        return
    objects = _folder(path.parent)
    with tempfile.TemporaryDirectory(dir=objects, prefix="new-") as aside:
        flags = ("--quiet", "--bare", "--template=", f"--object-format={form}")
        await run_git(Place(cwd=Path(aside)), "init", *flags, "store")
        _move(Path(aside) / "store", path)


def _exists(path: Path) -> bool:
    return path.exists()


def _resolved(path: Path) -> Path:
    return path.resolve()


def _own_folder(home: Path, root: Path) -> str | None:
    if home == root:
        raise PersonError(
            f"LEADLINE_HOME is {home}, the folder to be worked on. Set it to another folder."
        )
    return home.relative_to(root).as_posix() if home.is_relative_to(root) else None


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _move(made: Path, path: Path) -> None:
    made.chmod(0o700)
    try:
        made.rename(path)
    except OSError:
        # Another process was first; its store is as good.
        if not _exists(path / "HEAD"):
            raise


def _furnish(path: Path, form: str, repository: Repository | None) -> None:
    version = f"\trepositoryFormatVersion = {int(form == 'sha256')}\n"
    config = _CONFIG.replace("[core]\n", "[core]\n" + version, 1)
    _write(path / "config", config + (_SHA256 if form == "sha256" else ""))
    _write(path / "info" / "attributes", ATTRIBUTES)
    if repository is not None:
        borrowed = quoted(repository.common_dir / "objects")
        _write(path / "objects" / "info" / "alternates", f"{borrowed}\n")
    indexes = _folder(path / "indexes")
    for left in indexes.glob("*.*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink()


def quoted(path: Path) -> str:
    """A path as git's alternates file holds it, any byte in it allowed."""
    safe = b"".join(
        bytes((byte,)) if 32 <= byte < 127 and byte not in b'"\\' else b"\\%03o" % byte
        for byte in os.fsencode(path)
    )
    return f'"{safe.decode("ascii")}"'


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and only where it differs."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_text("utf-8") == text:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    aside.write_text(text, "utf-8")
    aside.replace(path)
