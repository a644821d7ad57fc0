"""The listing at the head of a map: folders with the names of what else is in them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..model import SourceFile
from ..rules import VENDORED
from .levels import plain_file, shown_path

MOST_FOLDERS = 80
MOST_FILES = 40
"""Folders that are listed, and names in each."""
ETC = " etc"
"""Stands for the names that are left out."""
_LINE_END = 1
"""Tokens of a line end after a letter or digit."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the listing. `opening` begins its line, `names` follow as they are; `cut`: there are others."""

    path: str
    opening: str
    names: tuple[str, ...]
    cut: bool

    def fragments(self) -> list[str]:
        return [self.opening, ETC, *(f" {name}" for name in self.names)]


def listed(files: Mapping[str, SourceFile]) -> list[str]:
    """The paths that a listing is about: all but what others wrote."""
    return [path for path, file in files.items() if not (file.left_out or "").startswith(VENDORED)]


def folders_of(paths: Iterable[str], ranked: Iterable[str]) -> list[Folder]:
    """The folders of `paths` in the order they are to be listed in: those of ranked files first, then from the root."""
    inside = _inside(paths)
    first = dict.fromkeys(path.rpartition("/")[0] for path in ranked)
    order = [folder for folder in first if folder in inside]
    if len(order) < MOST_FOLDERS:
        rest = (folder for folder in inside if folder not in first)
        order += sorted(rest, key=lambda folder: (folder.count("/"), folder))
    return [_folder(path, inside[path]) for path in order[:MOST_FOLDERS]]


def all_folders(paths: Iterable[str]) -> list[Folder]:
    """Every folder that a listing could show."""
    return [_folder(path, names) for path, names in _inside(paths).items()]


def _inside(paths: Iterable[str]) -> dict[str, list[str]]:
    inside: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        inside.setdefault(folder, []).append(name)
    return inside


def _folder(path: str, names: Sequence[str]) -> Folder:
    plain = tuple(name for name in names if plain_file(name))[:MOST_FILES]
    return Folder(path, f"{shown_path(path or '.')}/:", plain, len(plain) < len(names))


def listing(
    folders: Sequence[Folder],
    counts: Mapping[str, Sequence[int]],
    shown: Collection[str],
    budget: int,
) -> tuple[list[str], int]:
    """The lines, sorted by folder, and what they cost: at most `budget`.

    `counts` are those of each folder's fragments; files `shown` elsewhere are not named again.
    """
    lines: list[tuple[str, str]] = []
    left = budget
    for folder in folders:
        opening, etc, *each = counts[folder.path]
        prefix = f"{folder.path}/" if folder.path else ""
        kept = [at for at, name in enumerate(folder.names) if prefix + name not in shown]
        if not kept:
            continue
        cost = opening + sum(each[at] for at in kept) + (etc if folder.cut else 0) + _LINE_END
        if cost <= left:
            left -= cost
            names = "".join(f" {folder.names[at]}" for at in kept)
            lines.append((folder.path, f"{folder.opening}{names}{ETC if folder.cut else ''}\n"))
    return [line for _, line in sorted(lines)], budget - left
