"""Trees of code from what their files hold, and a store of counts that tells what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from leadline.tests.support.codetrees import fresh
from leadline.tools.code.index.tree import IndexedTree


def grow(root: Path, files: Mapping[str, str | bytes]) -> IndexedTree:
    """Writes the files below `root`, removes none, and indexes exactly these."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return fresh(root, sorted(files))


class Counts:
    """Keeps counts in memory; `puts` are the numbers of counts that were put, call by call."""

    def __init__(self) -> None:
        self.known: dict[bytes, tuple[int, ...]] = {}
        self.puts: list[int] = []

    def get(self, keys: Sequence[bytes]) -> dict[bytes, tuple[int, ...]]:
        return {key: self.known[key] for key in keys if key in self.known}

    def put(self, counts: Mapping[bytes, tuple[int, ...]]) -> None:
        self.puts.append(len(counts))
        self.known.update(counts)
