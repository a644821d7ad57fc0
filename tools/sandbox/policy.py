"""What a command may touch, as a value. Who enforces it, and how, is not said here.

The file system is read-only but for the working tree and a private temporary folder. Of all the places that contain a
path, the deepest decides: a hidden folder may hold the working tree, the working tree holds a read-only `.git`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class Access(IntEnum):
    """From least to most. HIDDEN: content cannot be read; names of files may still show, depending on the sandbox."""

    HIDDEN = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A `folder` of git objects that commands can read at the path `at`, which may be its own."""

    folder: Path
    at: Path


@dataclass(frozen=True, slots=True)
class Policy:
    """Absolute paths without symbolic links; those that do not exist when a command starts are passed over.

    `root` is the working tree and `temp` a folder that nothing but these commands uses; both are writable. `writable`
    are further such places, for instance a build cache. `read_only` are places inside writable or hidden ones that
    can be read and not written; `hidden` those whose content cannot be read. `network`: false means none at all.

    With `shown_at` commands see `root` at that path, where the file system outside has another tree, and nothing of
    that other tree but its folders in `carried`, which are read-only. The places above are paths as commands see them.
    """

    root: Path
    writable: tuple[Path, ...]
    read_only: tuple[Path, ...]
    hidden: tuple[Path, ...]
    temp: Path
    network: bool = False
    shown_at: Path | None = None
    carried: tuple[Path, ...] = ()
    borrowed: tuple[Borrowed, ...] = ()

    @property
    def tree(self) -> Path:
        """Where commands see the working tree."""
        return self.root if self.shown_at is None else self.shown_at

    def places(self) -> list[tuple[Path, Access]]:
        """Each place once, outer ones first. Named twice, a place gets the lesser access."""
        readable = (*self.carried, *(one.at for one in self.borrowed), *self.read_only)
        places = dict.fromkeys((self.tree, self.temp, *self.writable), Access.WRITE)
        places |= dict.fromkeys(readable, Access.READ)
        places |= dict.fromkeys(self.hidden, Access.HIDDEN)
        return sorted(places.items(), key=lambda place: (len(place[0].parts), place[0]))

    def access(self, path: Path) -> Access:
        """What a command may do at an absolute path, links already resolved."""
        found = Access.READ
        for place, access in self.places():
            if path.is_relative_to(place):
                found = access
        return found

    def source(self, path: Path) -> Path:
        """Where the file system outside has what a command sees at `path`."""
        for one in self.borrowed:
            if path.is_relative_to(one.at):
                return one.folder / path.relative_to(one.at)
        if self.shown_at is None or not path.is_relative_to(self.shown_at):
            return path
        if any(path.is_relative_to(folder) for folder in self.carried):
            return path
        return self.root / path.relative_to(self.shown_at)
