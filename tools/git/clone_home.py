"""Where a clone lies and what is remembered of it, so that it is found again by another process."""

from __future__ import annotations

import contextlib
import json
import stat
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from ..errors import Exit, PersonError
from .survey import LeftOut, Reason


@dataclass(frozen=True, slots=True)
class Clone:
    """A worker's clone. `base` and `tree` are the commit it began from or was last moved to, and its tree."""

    name: str
    root: Path
    """Top of the work tree: the only folder that the worker may write."""
    base: str
    tree: str
    head: str
    """Where the branch of the clone's own `.git` was put; a commit of the store that has `tree`."""
    left_out: tuple[LeftOut, ...]
    """What the snapshot says nothing of, and so is not in the clone: submodules, ignored folders and the like."""
    borrowed: tuple[Path, ...]
    """Folders of objects, as the clone's alternates name them: they have to stay readable for its worker."""

    @property
    def git_dir(self) -> Path:
        """The worker's own; nothing of ours may trust it."""
        return self.root / ".git"


@dataclass(frozen=True, slots=True)
class State:
    """What is kept of a clone. `tip` is its last commit, or its base, and `tip_tree` the tree of that."""

    base: str
    tree: str
    head: str
    left_out: tuple[LeftOut, ...]
    tip: str
    tip_tree: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where one clone lies: `root`, which is the worker's, and beside it what is ours."""

    folder: Path
    root: Path

    @property
    def own(self) -> Path:
        return self.folder / "own"

    @property
    def index(self) -> Path:
        return self.own / "index"

    @property
    def _state(self) -> Path:
        return self.own / "state.json"

    def create(self) -> None:
        """Makes the empty folders."""
        with _room(self.folder):
            self.root.mkdir(parents=True)
            self.own.mkdir()

    def require(self) -> None:
        """Raises `PersonError` where the root is no folder of its own: git would work somewhere else."""
        with contextlib.suppress(OSError):
            if stat.S_ISDIR(self.root.lstat().st_mode) and self.index.is_file():
                return
        raise PersonError(
            f"The clone {self.folder.name} is gone. Make another and start its work again.",
            Exit.NOT_DONE,
        )

    def write(self, state: State) -> None:
        """Keeps the state, whole or not at all."""
        known = {
            **{name: getattr(state, name) for name in ("base", "tree", "head", "tip", "tip_tree")},
            "left_out": [(left.path, left.reason.name) for left in state.left_out],
        }
        aside = self._state.with_suffix(".new")
        with _room(self.folder):
            aside.write_text(json.dumps(known), "utf-8")
            aside.replace(self._state)

    def read(self) -> State:
        """The state kept last. Raises `FileNotFoundError` where there is no clone."""
        known = json.loads(self._state.read_text("utf-8"))
        left = tuple(LeftOut(path, Reason[reason]) for path, reason in known.pop("left_out"))
        return State(left_out=left, **known)


@contextlib.contextmanager
def _room(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise PersonError(
            f"The clone in {folder} cannot be written ({error.strerror}). Make room on the disk and try again.",
            Exit.NOT_DONE,
        ) from error
