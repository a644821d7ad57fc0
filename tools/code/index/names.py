"""The names of all symbols that an index knows of a root already: nothing is parsed, and no file is looked at."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .packed import unpack_symbols
from .refresh import last_seen
from .store import FILE, Store, StoreError, told

MOST_NAMES = 500_000


@dataclass(frozen=True, slots=True)
class Name:
    """A symbol by its `qualified` name and the file that defines it."""

    path: str
    qualified: str


class KnownNames:
    """Of the index kept in `folder`. What was read is kept by content, so that reading again costs what is new."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._of: dict[int, tuple[str, ...]] = {}

    def read(self, root: Path) -> list[Name]:
        """By path, then by place, headings left out; none where there is no index, or none that can be read."""
        if not (self._folder / FILE).exists():
            return []
        try:
            store = Store.open(self._folder)
        except StoreError:
            return []
        try:
            return self._read(store, root)
        except StoreError:
            return []
        finally:
            store.close()

    def _read(self, store: Store, root: Path) -> list[Name]:
        names: list[Name] = []
        seen: dict[int, tuple[str, ...]] = {}
        for path, (_, _, blob) in last_seen(store, os.fspath(root)).items():
            if not blob:
                continue
            known = self._of.get(blob)
            if known is None:
                known = _of_blob(store, blob)
            seen[blob] = known
            names += [Name(path, qualified) for qualified in known]
            if len(names) >= MOST_NAMES:
                break
        self._of = seen
        return names[:MOST_NAMES]


def _of_blob(store: Store, blob: int) -> tuple[str, ...]:
    packed = store.symbols(blob)
    if packed is None:
        return ()
    with told():
        symbols, _ = unpack_symbols(packed)
    return tuple(dict.fromkeys(each.qualified for each in symbols if each.kind != "section"))
