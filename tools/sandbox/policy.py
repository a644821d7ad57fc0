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
class Policy:
    """Absolute paths without symbolic links; those that do not exist when a command starts are passed over.

    `root` is the working tree and `temp` a folder that nothing but these commands uses; both are writable. `writable`
    are further such places, for instance a build cache. `read_only` are places inside writable or hidden ones that
    can be read and not written; `hidden` those whose content cannot be read. `network`: false means none at all.
    """

    root: Path
    writable: tuple[Path, ...]
    read_only: tuple[Path, ...]
    hidden: tuple[Path, ...]
    temp: Path
    network: bool = False

    def places(self) -> list[tuple[Path, Access]]:
        """Each place once, outer ones first. Named twice, a place gets the lesser access."""
        places = dict.fromkeys((self.root, self.temp, *self.writable), Access.WRITE)
        places |= dict.fromkeys(self.read_only, Access.READ)
        places |= dict.fromkeys(self.hidden, Access.HIDDEN)
        return sorted(places.items(), key=lambda place: (len(place[0].parts), place[0]))

    def access(self, path: Path) -> Access:
        """What a command may do at an absolute path, links already resolved."""
        found = Access.READ
        for place, access in self.places():
            if path.is_relative_to(place):
                found = access
        return found
