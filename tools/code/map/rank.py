"""Which files and symbols matter for a task: what they say, what names them, what refers to them, joined."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..model import CodeTree, Symbol
from .graph import ImportPaths, Neighbours, spread
from .signals import MOST_PATHS, Evidence, PathTails, gather, matching, touch
from .task import Task

IN_NAMES = 0.3
"""What the words of a file's best symbols add to the file, beside what they add to the symbol."""
IN_DOC = 0.3
"""A word in the first line of a symbol's documentation, beside one in its name."""
AT_PLACE = 2.0
"""In strong hits: the symbol around a line that the task names."""
GRAPH = 1.0
"""What the reference graph adds to the file it favours most, in shares of the best score."""
SEEDS = 12
"""Files that relevance spreads from."""
OFTEN_CHANGED = 0.3
RECENTLY_CHANGED = 0.15
"""How much more the file counts that history changed most often, and each of the latest ones."""
LATEST = 20
ASIDE = 0.25
"""The share that counts for what is seldom the place of a change: tests, documentation, examples, data."""
_TOP_SYMBOLS = 3

_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|specs?|e2e|fixtures?|testdata|examples?|docs?|benchmarks?|bench|playground"
    r"|changelog\w*|changes|news|vendor|third_party|node_modules|locale|website)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|[^/]*\.(?:test|spec)|conftest|tests|changelog|changes|history|news)(?:\.\w+)?$"
    r"|\.(?:md|rst|txt|json|lock|toml|ya?ml|cfg|ini|po|html|css|svg|snap)$",
    re.IGNORECASE,
)


class Changes(Protocol):
    """What git history tells of files."""

    @property
    def changes(self) -> Mapping[str, int]:
        """How many of the commits looked at changed a file."""
        ...

    @property
    def recent(self) -> Sequence[str]:
        """Files changed lately, the latest first."""
        ...


@dataclass(frozen=True, slots=True)
class NoHistory:
    """Of a tree without git, or whose history nobody asked for."""

    changes: Mapping[str, int] = field(default_factory=dict[str, int])
    recent: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known beside the task's text. `touched` are files that are being worked on: changed and not committed."""

    history: Changes = field(default_factory=NoHistory)
    touched: Sequence[str] = ()


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True)
class RankedFile:
    """`score` is relative to the best file's, which has 1. `why` are the strongest reasons in few words.

    `symbols` are those of the file, `worth` what each has to do with the task.
    """

    path: str
    score: float
    why: tuple[str, ...]
    symbols: tuple[Symbol, ...]
    worth: tuple[float, ...]


def rank(tree: CodeTree, task: Task, hints: Hints, most: int) -> list[RankedFile]:
    """At most `most` files, the best first; files that nothing speaks for come last, in a sensible order."""
    files = {path: file for path, file in tree.files.items() if file.left_out is None}
    evidence = Evidence(files)
    tails = PathTails(files)
    gather(tree, task, tails, evidence)
    touch(evidence, hints.touched)
    _weigh(evidence, hints.history)
    _spread(evidence, tree)
    chosen = evidence.best(most)
    if len(chosen) < most:
        chosen += _others(files, evidence.scores, hints.history, most - len(chosen))
    symbols = {path: tree.symbols(path) for path in chosen}
    worth = _symbol_scores(symbols, evidence, _places(task, tails))
    for path in chosen:
        top = sum(sorted(worth[path], reverse=True)[:_TOP_SYMBOLS])
        evidence.add(path, IN_NAMES * top * _share(evidence, path))
    order = sorted(
        chosen, key=lambda path: -evidence.scores[path]
    )  # stable: the order of equals stays
    highest = evidence.scores[order[0]] if order else 0.0
    return [
        RankedFile(
            path,
            evidence.scores[path] / highest if highest else 0.0,
            evidence.why(path),
            symbols[path],
            tuple(worth[path]),
        )
        for path in order
    ]


def _share(evidence: Evidence, path: str) -> float:
    return ASIDE if path not in evidence.named and _is_aside(path) else 1.0


def _is_aside(path: str) -> bool:
    return _ASIDE.search(path) is not None


def _weigh(evidence: Evidence, history: Changes) -> None:
    """Turns what speaks for files into how likely they are to be changed."""
    often = math.log1p(max(history.changes.values(), default=0)) or 1.0
    latest = frozenset(history.recent[:LATEST])
    for path in evidence.scores:
        factor = _share(evidence, path) * (
            1
            + OFTEN_CHANGED * math.log1p(history.changes.get(path, 0)) / often
            + (RECENTLY_CHANGED if path in latest else 0.0)
        )
        evidence.scores[path] *= factor


def _spread(evidence: Evidence, tree: CodeTree) -> None:
    """Adds what the reference graph brings."""
    best = evidence.best(SEEDS)
    if not best:
        return
    seeds = {path: evidence.scores[path] ** 2 for path in best}
    reached = spread(seeds, Neighbours(tree, ImportPaths(evidence.files)))
    highest = evidence.scores[best[0]]
    most = max(reached.values(), default=0.0) or 1.0
    for path, mass in reached.items():
        if path in evidence.files:
            amount = GRAPH * highest * mass / most * _share(evidence, path)
            evidence.add(path, amount, "" if path in seeds else "next to what the task names")


def _others(
    files: Iterable[str], known: Mapping[str, float], history: Changes, most: int
) -> list[str]:
    """Files that nothing speaks for: what is changed often first, then what is near the root."""
    rest = [path for path in files if path not in known]
    rest.sort(
        key=lambda path: (_is_aside(path), -history.changes.get(path, 0), path.count("/"), path)
    )
    return rest[:most]


def _places(task: Task, tails: PathTails) -> dict[str, list[int]]:
    """Lines that the task names, by file."""
    found: dict[str, list[int]] = {}
    frames = ((frame.path, frame.line) for frame in task.frames)
    for spelled, line in list(dict.fromkeys((*task.places, *frames)))[:MOST_PATHS]:
        meant = tails.find(spelled)
        if len(meant) == 1:
            found.setdefault(meant[0], []).append(line)
    return found


def _symbol_scores(
    of_files: Mapping[str, Sequence[Symbol]],
    evidence: Evidence,
    places: Mapping[str, Sequence[int]],
) -> dict[str, list[float]]:
    """How much each symbol has to do with the task: by its name, its documentation, and the lines it has."""
    symbols = [(path, symbol) for path, those in of_files.items() for symbol in those]
    scores = [evidence.names.get(symbol.name, 0.0) for _, symbol in symbols]
    texts = ([symbol.name for _, symbol in symbols], [symbol.doc for _, symbol in symbols])
    for lines, share in zip(texts, (1.0, IN_DOC), strict=True):
        for word, hits in matching(lines, evidence.words).items():
            for index in hits:
                scores[index] += share * evidence.words[word]
    for index, (path, symbol) in enumerate(symbols):
        for line in places.get(path, ()):
            if symbol.first <= line <= symbol.last:
                scores[index] += AT_PLACE * evidence.strong
    found: dict[str, list[float]] = {path: [] for path in of_files}
    for (path, _), score in zip(symbols, scores, strict=True):
        found[path].append(score)
    return found
