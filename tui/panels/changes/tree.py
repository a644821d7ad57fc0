"""Changed files as the rows of a tree. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from textual.content import Content

from ....agent.changes.reading import Changed
from ...columns import left
from ...safe import named
from ...signs import sign
from ...text import spelled

_LETTERS = {"added": "A", "modified": "M", "deleted": "D", "moved": "R", "type changed": "T"}
_STYLES = {"A": "$text-success", "D": "$text-error", "M": "$text-warning"}


@dataclass(frozen=True, slots=True)
class Row:
    """A file, or a folder with so many of them; `key` is its path, which for a folder ends with a slash."""

    key: str
    name: str
    depth: int
    file: Changed | None
    count: int = 0


def rows_of(files: Iterable[Changed], folded: Collection[str]) -> tuple[Row, ...]:
    """Folders above what is in them; those that hold nothing but one folder are one row with it."""
    top = _Folder("")
    for file in files:
        here = top
        for name in file.path.split("/")[:-1]:
            here = here.folders.setdefault(name, _Folder(f"{here.key}{name}/"))
        here.files.append(file)
    return tuple(top.rows(0, folded))


class _Folder:
    def __init__(self, key: str) -> None:
        self.key = key
        self.folders: dict[str, _Folder] = {}
        self.files: list[Changed] = []

    def count(self) -> int:
        return len(self.files) + sum(folder.count() for folder in self.folders.values())

    def rows(self, depth: int, folded: Collection[str]) -> Iterator[Row]:
        for first, found in self.folders.items():
            name, folder = first, found
            while not folder.files and len(folder.folders) == 1:
                (below,) = folder.folders
                name, folder = f"{name}/{below}", folder.folders[below]
            yield Row(folder.key, f"{name}/", depth, None, folder.count())
            if folder.key not in folded:
                yield from folder.rows(depth + 1, folded)
        for file in self.files:
            yield Row(file.path, file.path.rpartition("/")[2], depth, file)


def painted(row: Row, width: int, *, folded: bool, kept: str) -> Content:
    """The row in so many columns. `kept` says how much of a file was accepted: "all", "some" or ""."""
    indent = "  " * min(row.depth, max(0, width // 8))
    if row.file is None:
        mark = sign("folded" if folded else "open")
        count = f" ({row.count})" if folded else ""
        text = Content.assemble(f"{indent}{mark} ", named(row.name, "bold"), (count, "$text-muted"))
        return left(text, width)
    file = row.file
    letter = _LETTERS[file.kind]
    counts = _counts(file)
    seen = {"all": sign("ok"), "some": "~"}.get(kept, " ")
    room = max(1, width - len(counts) - 1)
    style = "$text-muted" if kept == "all" else ""
    name = Content.assemble(
        f"{indent}",
        (letter, _STYLES.get(letter, "$text-accent")),
        (f"{seen} ", "$text-success"),
        named(row.name, style),
        _also(file),
    )
    return Content.assemble(left(name, room), " ", counts)


def _also(file: Changed) -> Content:
    """What the letter and the counts don't say."""
    said = [f"from {spelled(file.old_path)}"] if file.moved else []
    if file.mode_changed:
        said.append("mode")
    if file.mixed:
        said.append("with changes of yours")
    return Content.styled(f" ({', '.join(said)})", "$text-muted") if said else Content("")


def _counts(file: Changed) -> Content:
    if file.added is None or file.removed is None:
        return Content.styled("binary", "$text-muted")
    pieces: list[tuple[str, str]] = []
    if file.added:
        pieces.append((f"+{file.added}", "$text-success"))
    if file.removed:
        pieces.append((f"-{file.removed}", "$text-error"))
    return Content(" ").join(Content.styled(text, style) for text, style in pieces)
