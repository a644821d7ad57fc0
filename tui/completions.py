"""Where the composer's `@` finds files and symbols: those of the work tree, and what the index knows already.

A late module: the composer takes one of these when it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from ..tools.code.api import find_repository, list_code
from ..tools.code.index.identity import index_folder
from ..tools.code.index.names import KnownNames, Name
from ..tools.errors import PersonError
from ..tools.git.repository import Repository
from .haystack import Haystack, Rank
from .widgets.composer.choices import Completion

FRESH_SECONDS = 5.0
"""After which what was listed is listed anew, while the old list answers."""


@dataclass(frozen=True, slots=True)
class _Listing:
    paths: Sequence[str]
    names: Sequence[Name]
    files: Haystack
    symbols: Haystack


class ProjectCompletions:
    """Of the work tree around `folder`, or of `folder` itself outside of git. `home` is where indexes are kept.

    What is chosen goes into the text as a plain path, or as `path:Name` for a symbol: that reads well in a task, and
    needs nothing of whoever reads it. All work is done in threads; nothing is parsed, and of git only files are asked.
    """

    def __init__(self, folder: Path, home: Path | None) -> None:
        self._folder = folder
        self._home = home
        self._listing: _Listing | None = None
        self._names: KnownNames | None = None
        self._place: tuple[Repository | None, Path] | None = None
        self._listed_at = 0.0
        self._making: asyncio.Task[_Listing] | None = None

    async def find(self, query: str, limit: int) -> Sequence[Completion]:
        """What fits the query best, files and symbols by how well they do. In `path:name` the path says where to look
        for the name."""
        listing = self._listing
        making = self._making
        old = monotonic() - self._listed_at > FRESH_SECONDS
        if making is None and (listing is None or old):
            making = self._making = asyncio.create_task(asyncio.to_thread(self._list))
            making.add_done_callback(self._made)
        if listing is None:
            if making is None:
                return ()
            listing = await asyncio.shield(making)
        return await asyncio.to_thread(_found, listing, query, limit)

    def _made(self, making: asyncio.Task[_Listing]) -> None:
        self._making = None
        self._listed_at = monotonic()
        if not making.cancelled() and making.exception() is None:
            self._listing = making.result()

    def _list(self) -> _Listing:
        """In a thread, with a loop of its own: taking apart what git says of 30,000 files would be felt."""
        paths, names = asyncio.run(self._asked())
        old = self._listing
        if old is not None and old.paths == paths and old.names == names:
            return old
        return _Listing(
            paths, names, Haystack(paths, "/"), Haystack([each.qualified for each in names], ".")
        )

    async def _asked(self) -> tuple[Sequence[str], Sequence[Name]]:
        try:
            if self._place is None:
                repository = await find_repository(self._folder)
                root = repository.root if repository else self._folder.resolve()
                self._place = (repository, root)
            repository, root = self._place
            listed = await list_code(repository, root)
            if self._names is None and self._home is not None:
                self._names = KnownNames(await index_folder(self._home, repository or root))
        except (PersonError, OSError):
            return (), ()
        paths = [path for path in listed if path.isprintable()]
        here = frozenset(paths)
        names = self._names.read(root) if self._names is not None else []
        return paths, [each for each in names if each.path in here and each.qualified.isprintable()]


def _found(listing: _Listing, query: str, limit: int) -> Sequence[Completion]:
    where, colon, what = query.partition(":")
    if colon:
        return _of_file(listing, where, what, limit)
    files = listing.files.find(query, limit)
    symbols = listing.symbols.find(query, limit) if query else []
    ranked: list[tuple[Rank, bool, Completion]] = [
        (rank, False, _file(listing.paths[at])) for rank, at in files
    ]
    ranked += [(rank, True, _symbol(listing.names[at])) for rank, at in symbols]
    ranked.sort(key=lambda each: (each[0][:2], each[1], each[0]))
    return [completion for _, _, completion in ranked[:limit]]


def _of_file(listing: _Listing, where: str, what: str, limit: int) -> Sequence[Completion]:
    files = listing.files.find(where, limit)
    best = files[0][0][:2] if files else ()
    near = frozenset(listing.paths[at] for rank, at in files if rank[:2] == best)
    inside = [each for each in listing.names if each.path in near]
    found = Haystack([each.qualified for each in inside], ".").find(what, limit)
    return [_symbol(inside[at]) for _, at in found]


def _file(path: str) -> Completion:
    return Completion(path, f"{_quoted(path)} ")


def _symbol(name: Name) -> Completion:
    return Completion(name.qualified, f"{_quoted(name.path)}:{name.qualified} ", name.path)


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
