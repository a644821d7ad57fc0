"""The `.git` that a worker finds in its clone, written file by file: no template, no hook, no configuration of others.

It is for the worker's own `git status`, `diff`, `log` and `commit`. Nothing of ours ever reads it.
"""

from __future__ import annotations

import ast
import asyncio
import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..errors import PersonError, ToolError
from ..paths import head_of, real_path
from .merging import commit_tree
from .run import GitError, Place, run_git
from .settings import read_settings
from .store import ATTRIBUTES, CORE_CONFIG, Store, quoted

_BRANCH = "leadline"
_MOST_BYTES = 4 << 20
_HEAD_MESSAGE = "The tree as it was when this work began\n\nCommitted and uncommitted work alike.\n"
_CONFIG = f"""{CORE_CONFIG}\tlogAllRefUpdates = true
[user]
\tname = Leadline
\temail = leadline@localhost
[commit]
\tgpgSign = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""


@dataclass(frozen=True, slots=True)
class Head:
    """A commit and its tree."""

    commit: str
    tree: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every clone of a store shares, as it was when it was looked at: the person may go on meanwhile."""

    object_format: str
    head: Head | None
    """What the person has checked out; None before the first commit."""
    borrowed: tuple[Path, ...]
    """Folders of objects, as `objects/info/alternates` of a clone names them."""
    exclude: bytes
    """The person's ignore rules that are in no `.gitignore`."""
    shallow: bytes
    """Where a shallow history ends, as git keeps it."""


def excludes_default() -> Path:
    """The person's ignore file where no configuration names one."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base, "git", "ignore")


async def look_around(store: Store, links: Path, ignore: Path) -> Surroundings:
    """Reads what clones of the store need, once; writes the rules for our own calls to `ignore`.

    Object folders inside the person's tree are named by links in `links`, because commands may see the clone in the
    place of that tree.
    """
    listing = await run_git(store.user, "rev-parse", "--path-format=absolute", "--git-common-dir")
    common = Path(listing.line)
    every, ours, head = await asyncio.gather(
        _object_folders(store), read_settings(store.path), _head(store)
    )
    named = await asyncio.to_thread(_named, every, store.root, links)
    rules = common / "info" / "exclude"
    # Which file the repository's configuration names is no secret to git, but its text is for no worker to read.
    trusted = _plain(_excludes(ours.carried)) + _plain(rules, inside=common)
    all_rules = _plain(_excludes(store.carried)) + _plain(rules)
    await asyncio.to_thread(ignore.write_bytes, all_rules)
    shallow = _plain(common / "shallow", inside=common)
    return Surroundings(store.object_format, head, named, trusted, shallow)


async def _head(store: Store) -> Head | None:
    asked = ("rev-parse", "--quiet", "--verify")
    commit = await run_git(store.user, *asked, "HEAD^{commit}", ok=(0, 1, 128))
    if commit.code or not commit.line:
        return None
    bare = Place(store.path, git_dir=store.path)
    tree = await run_git(bare, *asked, f"{commit.line}^{{tree}}")
    return Head(commit.line, tree.line)


async def head_on_top(store: Store, tree: str, head: Head | None, when: str) -> str:
    """A commit with this tree on top of the person's history, equal each time; of nobody's where that is gone."""
    made = partial(commit_tree, store, tree, message=_HEAD_MESSAGE, when=when)
    if head is None:
        return await made([])
    try:
        return await made([head.commit])
    except GitError:
        # The person may have dropped that commit since and had it collected. It is only there to be looked at.
        return await made([])


def _excludes(carried: tuple[tuple[str, str], ...]) -> Path:
    named = dict(carried).get("core.excludesfile", "")
    return Path(named) if named else excludes_default()


def _plain(path: Path, inside: Path | None = None) -> bytes:
    """A small regular file's text, with a line end; nothing for anything else, or where a link leads out."""
    if inside is not None and not _is_itself(path, inside):
        return b""
    content = head_of(path, _MOST_BYTES) or b""
    return content if content.endswith(b"\n") or not content else content + b"\n"


def _is_itself(path: Path, folder: Path) -> bool:
    """Whether no link lies between the folder and the file in it."""
    try:
        return Path(real_path(path)) == Path(real_path(folder), path.relative_to(folder))
    except ToolError:
        return False


async def _object_folders(store: Store) -> list[Path]:
    """The store's objects and all that it borrows from, however deep."""
    done = await run_git(Place(store.path, git_dir=store.path), "count-objects", "-v")
    found = [store.path / "objects"]
    for line in done.line.splitlines():
        key, _, value = line.partition(": ")
        if key == "alternate":
            # git quotes like C, which for bytes is also how Python does.
            quoted = value.startswith('"')
            raw = ast.literal_eval(f"b{value}") if quoted else os.fsencode(value)
            found.append(Path(os.fsdecode(raw)))
    return found


def _named(folders: list[Path], root: Path, links: Path) -> tuple[Path, ...]:
    links.mkdir(mode=0o700, parents=True, exist_ok=True)
    named: list[Path] = []
    for number, folder in enumerate(folders):
        real = folder.resolve()
        if not real.is_relative_to(root):
            named.append(real)
            continue
        link = links / str(number)
        if not (link.is_symlink() and link.readlink() == real):
            link.unlink(missing_ok=True)
            link.symlink_to(real)
        named.append(link)
    return tuple(named)


def lay_git_dir(git_dir: Path, around: Surroundings, head: str, index: Path) -> None:
    """Writes a `.git` whose branch `leadline` is at `head` and whose index is a copy of `index`. Blocking."""
    try:
        for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
            (git_dir / folder).mkdir(parents=True)
        sha256 = around.object_format == "sha256"
        version = f"\trepositoryFormatVersion = {int(sha256)}\n"
        config = _CONFIG.replace("[core]\n", "[core]\n" + version, 1)
        config += "[extensions]\n\tobjectFormat = sha256\n" if sha256 else ""
        lines = "".join(f"{quoted(folder)}\n" for folder in around.borrowed)
        (git_dir / "objects" / "info" / "alternates").write_text(lines, "ascii")
        (git_dir / "info" / "exclude").write_bytes(around.exclude)
        (git_dir / "info" / "attributes").write_text(ATTRIBUTES, "utf-8")
        (git_dir / "config").write_text(config, "utf-8")
        if around.shallow:
            (git_dir / "shallow").write_bytes(around.shallow)
        (git_dir / "refs" / "heads" / _BRANCH).write_text(f"{head}\n", "ascii")
        (git_dir / "HEAD").write_text(f"ref: refs/heads/{_BRANCH}\n", "ascii")
        # With what it knows of the files on disk, so that the first `git status` reads none of them.
        shutil.copy2(index, git_dir / "index")
    except OSError as error:
        raise PersonError(
            f"A clone's {git_dir} cannot be written ({error.strerror}). Make room on the disk and try again."
        ) from error
