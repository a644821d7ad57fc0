"""Leadline's own map, of the parent's tree and of the history up to the parent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.map.history import History, read_history
from leadline.tools.code.map.rank import Hints
from leadline.tools.code.map.repomap import repository_map
from leadline.tools.git.repository import open_repository

from .quality_trees import Tree


class Leadline:
    """One index for all trees of a repository, as a person's is."""

    def __init__(self, folder: Path) -> None:
        self._index = CodeIndex.open(folder)

    def maps(self, tree: Tree, budgets: Sequence[int]) -> dict[int, str]:
        code = self._index.refresh(tree.root, tree.files)
        hints = Hints(asyncio.run(self._history(tree)))
        return {
            budget: repository_map(code, tree.fix.text, budget, self._index, hints).text
            for budget in budgets
        }

    async def _history(self, tree: Tree) -> History:
        """The parent is checked out, so nothing later is seen."""
        return await read_history(await open_repository(tree.root), self._index)

    def close(self) -> None:
        self._index.close()
