"""What speaks for a file by itself: words of its text, its path, its names, and the task naming it outright.

Each signal adds to a file's score. The unit is what a word is worth: the logarithm of how rare it is in this tree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..model import CodeTree, SourceFile
from ..words import split_words
from .task import Task

MOST_WORDS = 200
MOST_NAMES = 300
MOST_PATHS = 100
"""Of a task, the first ones: a pasted log has thousands, and what the person says comes first."""
COMMON_SHARE = 0.4
"""A word in more of the files than this tells nothing."""
SATURATION = 1.2
LENGTH_SHARE = 0.6
"""How fast further occurrences of a word stop to count, and how much long files are held against (as in BM25)."""
IN_PATH = 1.0
"""A word in a path, beside the most it is worth in the text."""
NAMED_SYMBOL = 1.0
PLAIN_NAME = 0.4
"""In strong hits (`Evidence.strong`): to be alone in defining a name of the task, spelled like code or like a word."""
SEVERAL_POWER = 0.7
"""A name that n files define, a path that n files end with, is worth n to this power less for each."""
NAMED_PATH = 3.0
TOUCHED = 1.0
MOST_TOUCHED = 30
"""Where more files are touched than this, that says nothing of any."""


@dataclass(slots=True)
class Evidence:
    """Scores of files with reasons, and what words and names of the task are worth here. Orders are fixed."""

    files: Mapping[str, SourceFile]
    words: dict[str, float] = field(default_factory=dict[str, float])
    names: dict[str, float] = field(default_factory=dict[str, float])
    scores: dict[str, float] = field(default_factory=dict[str, float])
    reasons: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    named: set[str] = field(default_factory=set[str])
    """Files that the task names or that are touched: they count in full whatever they are."""
    strong: float = 1.0
    """What a hit of the best kind is worth: the task's three rarest words together."""

    def add(self, path: str, amount: float, reason: str = "") -> None:
        self.scores[path] = self.scores.get(path, 0.0) + amount
        if reason:
            known = self.reasons.setdefault(path, {})
            known[reason] = known.get(reason, 0.0) + amount

    def best(self, most: int) -> list[str]:
        return sorted(self.scores, key=lambda path: (-self.scores[path], path))[:most]

    def why(self, path: str, most: int = 3) -> tuple[str, ...]:
        found = self.reasons.get(path, {})
        return tuple(sorted(found, key=lambda reason: (-found[reason], reason))[:most])


class PathTails:
    """Finds what a path in a task means, which may begin elsewhere (`/srv/app/pkg/core.py`) or late (`core.py`)."""

    def __init__(self, files: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = {}
        self._files = list(files)
        for path in self._files:
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def find(self, spelled: str) -> list[str]:
        """The files that end with the longest tail of the path; those in a folder, if the path ends with a slash."""
        tail = spelled.strip("/")
        if spelled.endswith("/"):
            return [path for path in self._files if f"/{tail}/" in f"/{path}"]
        ending = self._by_name.get(tail.rpartition("/")[2], [])
        while ending:
            meant = [path for path in ending if path == tail or path.endswith(f"/{tail}")]
            if meant:
                return meant
            tail = tail.partition("/")[2]
        return []


def gather(tree: CodeTree, task: Task, tails: PathTails, evidence: Evidence) -> None:
    """Adds the evidence that needs no look into any file."""
    _texts(evidence, tree, task)
    _paths(evidence)
    _names(evidence, tree, task)
    for spelled in task.paths[:MOST_PATHS]:
        meant = tails.find(spelled)
        for path in meant:
            amount = NAMED_PATH * evidence.strong / len(meant) ** SEVERAL_POWER
            evidence.add(path, amount, "named in the task")
        evidence.named.update(meant)


def touch(evidence: Evidence, touched: Sequence[str]) -> None:
    """What ends in a slash stands for all files of a folder."""
    folders = tuple(path for path in touched if path.endswith("/"))
    files = [path for path in touched if path in evidence.files]
    files += [path for path in evidence.files if folders and path.startswith(folders)]
    if len(files) > MOST_TOUCHED:
        return
    for path in files:
        evidence.add(path, TOUCHED * evidence.strong, "changed, not committed")
    evidence.named.update(files)


def _texts(evidence: Evidence, tree: CodeTree, task: Task) -> None:
    files = evidence.files
    asked = dict(task.words[:MOST_WORDS])
    found = tree.mentions(asked)
    for word, times in asked.items():
        holding = len(found.get(word, ()))
        evidence.words[word] = math.log(1 + len(files) / (0.5 + holding)) * min(times, 3) ** 0.5
    present = [evidence.words[word] for word in found]
    evidence.strong = sum(sorted(present, reverse=True)[:3]) or 1.0
    average = sum(file.size for file in files.values()) / max(1, len(files)) or 1.0
    norms: dict[str, float] = {}
    for word, times_in in found.items():
        if len(times_in) > COMMON_SHARE * len(files) > 4:
            continue
        weight, reason = evidence.words[word], f"says {word}"
        for path, times in times_in.items():
            norm = norms.get(path)
            if norm is None:
                if path not in files:
                    continue
                longer = files[path].size / average
                norm = norms[path] = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * longer)
            evidence.add(path, weight * times / (times + norm), reason)


def _paths(evidence: Evidence) -> None:
    paths = list(evidence.files)
    for word, hits in matching(paths, evidence.words).items():
        worth = min(evidence.words[word], math.log(1 + len(paths) / (0.5 + len(hits))))
        for index in hits:
            evidence.add(paths[index], IN_PATH * worth, "its path")


def _names(evidence: Evidence, tree: CodeTree, task: Task) -> None:
    asked: dict[str, float] = {}
    for symbol in task.symbols[:MOST_NAMES]:
        for part in symbol.split("."):
            if len(part) > 1:
                asked[part] = NAMED_SYMBOL
    for name in task.names[:MOST_NAMES]:
        asked.setdefault(name, PLAIN_NAME)
    for name, paths in tree.definers(asked).items():
        known = [path for path in paths if path in evidence.files]
        if known:
            worth = asked[name] * evidence.strong / len(known) ** SEVERAL_POWER
            evidence.names[name] = worth
            for path in known:
                evidence.add(path, worth, f"defines {name}")


def matching(texts: Sequence[str], words: Iterable[str]) -> dict[str, list[int]]:
    """Which of the texts (one line each) have each word, by index; words that none has are left out."""
    joined = "\n".join(texts).lower()
    if (
        joined.count("\n") != len(texts) - 1
    ):  # line ends in a path, or a letter whose lower case has another length
        texts = [text.replace("\n", " ") for text in texts]
        joined = "\n".join(texts).lower()
    found: dict[str, list[int]] = {}
    split: dict[int, frozenset[str]] = {}
    for word in words:
        # `query` is also the stem of `queries`.
        probe = word[:-1] if word.endswith("y") and len(word) > 3 else word
        if probe not in joined:
            continue
        hits: list[int] = []
        at = joined.find(probe)
        line = seen = 0
        while at >= 0:
            line += joined.count("\n", seen, at)
            if line not in split:
                split[line] = frozenset(split_words(texts[line]))
            if word in split[line]:
                hits.append(line)
            seen = joined.find("\n", at)
            if seen < 0:
                break
            at = joined.find(probe, seen)
        if hits:
            found[word] = hits
    return found
