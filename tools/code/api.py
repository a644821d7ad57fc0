"""The map of a repository as a library: which files and symbols matter for a task, in so many tokens of text.

    from pathlib import Path
    from leadline.tools.code.api import map_repository

    found = map_repository(Path("."), "the cache is never emptied", tokens=8_000)
    print(found.map.text)

Nothing in the repository is run or changed, and nothing is asked of the network.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..git.repository import NotARepositoryError, Repository, open_repository
from ..ignore import MOST_PLAIN_FILES, visible_files
from .index import why as index_why
from .index.code_index import CodeIndex
from .index.identity import index_folder
from .map.history import read_history
from .map.rank import NO_HINTS, Hints
from .map.repomap import RepoMap, repository_map
from .model import CodeTree

DEFAULT_TOKENS = 32_768


@dataclass(frozen=True, slots=True)
class Mapped:
    """A map, the tree that it is of, and lines about what went wrong on the way, if anything did."""

    map: RepoMap
    tree: CodeTree
    notes: tuple[str, ...]


def map_repository(
    folder: Path,
    task: str = "",
    tokens: int = DEFAULT_TOKENS,
    *,
    home: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Mapped:
    """The map of the work tree around `folder`, or of `folder` itself outside of git, in at most `tokens` tokens.

    `home` is where indexes are kept between calls; without it everything is parsed anew. `on_progress` gets how many
    files are done, and of how many. Not to be called on a running event loop's thread. Raises PersonError where there
    is no such folder or git can't read it.
    """
    return asyncio.run(_map(folder, task, tokens, home, on_progress))


async def _map(
    folder: Path,
    task: str,
    tokens: int,
    home: Path | None,
    on_progress: Callable[[int, int], None] | None,
) -> Mapped:
    repository = await find_repository(folder)
    root = repository.root if repository else folder.resolve()
    paths = await list_code(repository, root)
    where = await index_folder(home, repository or root) if home is not None else None
    index = await asyncio.to_thread(CodeIndex.open, where)
    try:
        tree = await asyncio.to_thread(index.refresh, root, paths, on_progress)
        hints = NO_HINTS
        notes = list(tree.notes)
        if repository is not None:
            history, status = await asyncio.gather(
                read_history(repository, index.counts), repository.status_summary()
            )
            hints = Hints(history, status.paths)
            notes += [history.note] if history.note else []
        made = await asyncio.to_thread(repository_map, tree, task, tokens, index.counts, hints)
    finally:
        await asyncio.to_thread(index.close)
    return Mapped(made, tree, tuple(notes))


def why(folder: Path, path: str) -> str:
    """Why the file at `path`, absolute or relative to `folder`, is in the reach of the map or not, in a few words.

    Any path has an answer. Raises PersonError as `map_repository` does.
    """
    return asyncio.run(_why(folder, path))


async def _why(folder: Path, path: str) -> str:
    repository = await find_repository(folder)
    root = repository.root if repository else folder.resolve()
    asked = os.path.relpath(folder.resolve() / path, root)
    return await index_why.why(repository or root, asked)


async def find_repository(folder: Path) -> Repository | None:
    """The repository around `folder`; None outside of git. Raises PersonError as `open_repository` does."""
    try:
        return await open_repository(folder)
    except NotARepositoryError:
        return None


async def list_code(repository: Repository | None, root: Path) -> Sequence[str]:
    """The files that a map of `root` may be of: all that git knows or would add, or all that no ignore file names."""
    if repository is not None:
        return await repository.list_files()
    return await asyncio.to_thread(lambda: list(islice(visible_files(root, "."), MOST_PLAIN_FILES)))
