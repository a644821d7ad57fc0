"""Making a pack of a tree as it is now: the map, its message, and which files the model knows by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from ..tools.code.index.content import blob_id
from ..tools.code.map.counted import count_lists
from ..tools.code.map.rank import Hints
from ..tools.code.map.repomap import RepoMap, repository_map
from ..tools.code.model import CodeTree, CountStore
from ..tools.code.tokens import count_tokens
from ..tools.errors import ToolError
from ..tools.files import load
from .context.packing import pack_text, wrapper
from .dispatch import sendable
from .events_code import Packed


@dataclass(frozen=True, slots=True)
class Pack:
    """The message and its event."""

    text: str
    event: Packed


def make_pack(
    tree: CodeTree, task: str, budget: int, counts: CountStore, hints: Hints
) -> Pack | None:
    """The pack of `tree` for `task` in at most `budget` tokens, None where they are too few for anything.

    Takes its time: not for the loop's thread.
    """
    started = monotonic()
    around = sum(count_lists({"": wrapper()}, counts)[""])
    made = repository_map(tree, task, budget - around, counts, hints)
    if not made.text:
        return None
    event = Packed(
        tokens=made.tokens + around,
        budget=budget,
        files=len(tree.files),
        levels=dict(Counter(shown.level for shown in made.files)),
        complete=_is_complete(tree, made),
        tree=tree.digest,
        seconds=round(monotonic() - started, 3),
        seen=seen_by(tree.root, made.whole),
    )
    return Pack(sendable(pack_text(made.text)), event)


def _is_complete(tree: CodeTree, made: RepoMap) -> bool:
    """Whether all text went in whole; an empty file has none."""
    return all(
        path in made.whole or file.left_out is not None or not file.size
        for path, file in tree.files.items()
    )


def seen_by(root: Path, whole: Mapping[str, str]) -> dict[str, str]:
    """Digests of the files that were given whole, by path, where the bytes on disk are still those with this blob id.

    What has changed since has to be read again before it is changed.
    """
    seen: dict[str, str] = {}
    for path, blob in whole.items():
        try:
            file = load(root, path)
        except (OSError, ToolError):
            continue
        if file is not None and blob_id(file.data) == blob:
            seen[path] = file.digest
    return seen


def count(texts: list[str]) -> int:
    """Tokens of all the texts; the first call loads the tokenizer."""
    return sum(count_tokens(texts))
