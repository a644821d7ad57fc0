"""The reference graph of files, as far as it is reached, and how relevance spreads over it. Pure of disk and clock.

An edge leads from a file to the files that define what it refers to, and back. How much it carries depends on how
telling the names are. Only the neighbourhood of the seeds is ever looked at, so the cost doesn't grow with the tree.
Sums are made in a fixed order, so that the same tree and seeds give the same floats to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..model import CodeTree, FileFacts

DAMPING = 0.6
"""The share of what reaches a file that goes on to its neighbours. Lower than the web's 0.85: a fix is close by."""
ROUNDS = 2
WIDTH = 20
"""Files whose neighbours are looked at in one round: those with the most to pass on."""
MOST_NAMES = 150
"""Of a file, both those it refers to and those it defines: the most telling."""
OWN_TELLING = 0.5
"""How telling a name has to be for its uses elsewhere to be uses of ours."""
MOST_DEFINERS = 12
"""A name that more files define says nothing about where it leads."""
MOST_REFERRERS = 120
BACKWARDS = 0.5
"""An edge to who refers to us, beside one to what we refer to."""
IMPORTED = 2.0
"""The weight of an import by itself, in telling names."""


@dataclass(slots=True)
class Neighbours:
    """The edges of the files looked at so far: to whom each passes on what share, the largest first."""

    tree: CodeTree
    paths: ImportPaths
    shares: dict[str, list[tuple[str, float]]] = field(
        default_factory=dict[str, list[tuple[str, float]]]
    )

    def look_at(self, files: Sequence[str]) -> None:
        new = [path for path in files if path not in self.shares]
        facts = {path: self.tree.facts(path) for path in new}
        used = {path: _used_names(one) for path, one in facts.items()}
        own = {path: _own_names(one) for path, one in facts.items()}
        asked = dict.fromkeys(name for names in (*used.values(), *own.values()) for name in names)
        definers = {
            name: paths
            for name, paths in self.tree.definers(asked).items()
            if len(paths) <= MOST_DEFINERS
        }
        named = dict.fromkeys(n for names in own.values() for n in names if n in definers)
        referrers = self.tree.referrers(named)
        for path in new:
            weights: dict[str, float] = {}
            imported = self.paths.resolve(path, facts[path].imports)
            _add_forwards(weights, used[path], definers, imported)
            _add_backwards(weights, own[path], definers, referrers)
            weights.pop(path, None)
            self.shares[path] = _shares(weights)


def spread(seeds: Mapping[str, float], neighbours: Neighbours) -> dict[str, float]:
    """Personalised PageRank of what the seeds reach, by pushing what waits at the fullest files on to others."""
    total = sum(seeds.values())
    if total <= 0:
        return {}
    waiting = {path: weight / total for path, weight in seeds.items() if weight > 0}
    rank: dict[str, float] = {}
    for _ in range(ROUNDS):
        fullest = sorted(waiting, key=lambda path: (-waiting[path], path))[:WIDTH]
        neighbours.look_at(fullest)
        moved = [(path, waiting.pop(path)) for path in fullest]
        for path, mass in moved:
            rank[path] = rank.get(path, 0.0) + mass * (1 - DAMPING)
            for other, share in neighbours.shares[path]:
                waiting[other] = waiting.get(other, 0.0) + mass * DAMPING * share
    for path, mass in waiting.items():
        rank[path] = rank.get(path, 0.0) + mass * (1 - DAMPING)
    return rank


@lru_cache(maxsize=50_000)
def telling(name: str) -> float:
    """How much a name says by its spelling alone, 0 to 1."""
    bare = name.strip("_")
    if len(bare) < 3 or (name.startswith("__") and name.endswith("__")):
        return 0.0
    structured = "_" in bare or (
        bare != bare.lower() and bare != bare.upper() and bare[1:] != bare[1:].lower()
    )
    if structured:
        return 1.0
    return min(1.0, len(bare) / 12)


def _used_names(facts: FileFacts) -> dict[str, float]:
    """The most telling names that are referred to, with what that is worth."""
    counts = Counter(reference.name for reference in facts.references)
    return _most({name: telling(name) * times**0.5 for name, times in counts.items()})


def _own_names(facts: FileFacts) -> dict[str, float]:
    """The most telling names defined here that others could refer to."""
    names = dict.fromkeys(one.name for one in facts.symbols if one.kind != "section")
    return _most({name: worth for name in names if (worth := telling(name)) >= OWN_TELLING})


def _most(names: Mapping[str, float]) -> dict[str, float]:
    """The `MOST_NAMES` of most worth, nothing worthless."""
    worthy = [name for name, worth in names.items() if worth > 0]
    if len(worthy) > MOST_NAMES:
        worthy = sorted(worthy, key=lambda name: (-names[name], name))[:MOST_NAMES]
    return {name: names[name] for name in worthy}


def _add_forwards(
    weights: dict[str, float],
    used: Mapping[str, float],
    definers: Mapping[str, tuple[str, ...]],
    imported: Sequence[str],
) -> None:
    for path in imported:
        weights[path] = weights.get(path, 0.0) + IMPORTED
    near = frozenset(imported)
    for name, worth in used.items():
        known = definers.get(name, ())
        meant = [path for path in known if path in near] or known
        for path in meant:
            weights[path] = weights.get(path, 0.0) + worth / len(meant)


def _add_backwards(
    weights: dict[str, float],
    own: Mapping[str, float],
    definers: Mapping[str, tuple[str, ...]],
    referrers: Mapping[str, Mapping[str, int]],
) -> None:
    for name, worth in own.items():
        users = referrers.get(name, {})
        if not users or len(users) > MOST_REFERRERS or name not in definers:
            continue
        each = worth * BACKWARDS / (len(definers[name]) * len(users) ** 0.5)
        for path, times in users.items():
            weights[path] = weights.get(path, 0.0) + each * times**0.5


def _shares(weights: Mapping[str, float]) -> list[tuple[str, float]]:
    total = sum(weights.values())
    if total <= 0:
        return []
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return [(path, weight / total) for path, weight in ordered]


class ImportPaths:
    """Which files of the tree an import may mean, by the last parts of its spelling."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._ends: dict[str, list[str]] = {}
        for path in paths:
            folder, _, file = path.rpartition("/")
            stem = file.partition(".")[0]
            above = folder.rpartition("/")[2]
            self._ends.setdefault(above if stem in _ENTRANCES else stem, []).append(path)

    def resolve(self, importer: str, imports: Sequence[str]) -> list[str]:
        """The files meant, in the order of the imports, each once. What can't be told apart isn't there."""
        found: dict[str, None] = {}
        for spelled in imports:
            parts = _import_parts(spelled)
            if not parts:
                continue
            known = self._ends.get(parts[-1], ())
            matching = [(_common_tail(path, parts), path) for path in known if path != importer]
            best = max((depth for depth, _ in matching), default=0)
            meant = [path for depth, path in matching if depth == best]
            if len(meant) > 1:
                near = max(_common_head(path, importer) for path in meant)
                meant = [path for path in meant if _common_head(path, importer) == near]
            if len(meant) <= 3:
                found.update(dict.fromkeys(meant))
        return list(found)


_ENTRANCES = frozenset(("__init__", "index", "mod", "lib"))


def _import_parts(spelled: str) -> list[str]:
    plain = spelled.replace("::", "/").replace("\\", "/")
    if "/" in plain:
        plain = plain.rpartition("/")[0] + "/" + plain.rpartition("/")[2].partition(".")[0]
    else:
        plain = plain.replace(".", "/")
    return [
        part for part in plain.split("/") if part not in ("", ".", "..", "crate", "self", "super")
    ]


def _common_tail(path: str, parts: Sequence[str]) -> int:
    """How many of the last parts of an import the path ends with."""
    folders = path.split("/")
    stem = folders.pop().partition(".")[0]
    if stem not in _ENTRANCES:
        folders.append(stem)
    same = 0
    for mine, theirs in zip(reversed(folders), reversed(parts), strict=False):
        if mine != theirs:
            break
        same += 1
    return same


def _common_head(path: str, other: str) -> int:
    same = 0
    for mine, theirs in zip(path.split("/"), other.split("/"), strict=False):
        if mine != theirs:
            break
        same += 1
    return same
