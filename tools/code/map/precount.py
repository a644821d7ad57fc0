"""Counts all that maps of a tree are made of, ahead of time, so that the next map is warm whatever its task."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..model import CodeTree, CountStore, SourceFile
from .counted import count_lists, count_wholes
from .levels import file_forms
from .listing import all_folders, listed
from .repomap import BYTES_A_TOKEN, FIXED, WHOLE_SHARE

BATCH_BYTES = 400_000
"""Of texts that are counted in one go: about a quarter of a second, after which somebody may want to stop."""


def precount(
    tree: CodeTree, tokens: int, counts: CountStore, go_on: Callable[[], bool] = lambda: True
) -> bool:
    """Fills `counts` for maps of at most `tokens` tokens; whether it came to the end before `go_on` said no.

    What was counted before is not counted again. Meant for a thread of its own: the tokenizer lets others run.
    """
    count_lists({"": FIXED}, counts)
    folders = {one.path: one.fragments() for one in all_folders(listed(tree.files))}
    count_lists(folders, counts)
    largest = tokens // WHOLE_SHARE * BYTES_A_TOKEN
    everything = _fits(tree, tokens)
    batch: list[SourceFile] = []
    size = 0
    for file in tree.files.values():
        if file.left_out is not None:
            continue
        batch.append(file)
        size += file.size
        if size >= BATCH_BYTES:
            if not go_on():
                return False
            _count(tree, batch, largest, everything, counts)
            batch, size = [], 0
    _count(tree, batch, largest, everything, counts)
    return True


def _fits(tree: CodeTree, tokens: int) -> bool:
    """Whether the whole tree may go in, so that all of its texts have to be counted."""
    total = sum(file.size for file in tree.files.values() if file.left_out is None)
    return total <= tokens * BYTES_A_TOKEN


def _count(
    tree: CodeTree, files: Sequence[SourceFile], largest: int, everything: bool, counts: CountStore
) -> None:
    lists = {
        file.path: file_forms(file.path, tree.symbols(file.path)).fragments() for file in files
    }
    count_lists(lists, counts)
    wanted = [file for file in files if everything or file.size <= largest]
    count_wholes(tree, wanted, counts)
