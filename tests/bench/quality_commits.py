"""Fixing commits of a real history, and the task that each one's message gives."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .quality_truth import language_of

Split = Literal["dev", "test", "all"]

SEED = "leadline-1"
MOST_FILES = 6
FEWEST_WORDS = 3
NEWEST = 3000
"""How far back commits are looked for: messages of a project's first years say little."""

_FIX = re.compile(r"\b(fix(e[sd]|ing)?|bugs?|bugfix(es)?|regress(ions?|ed|es))\b", re.IGNORECASE)
_NO_FIX = re.compile(
    r"\b(typos?|spelling|lint(er|ing)?|flake8|mypy|changelog|releases?|bump|revert|merge|deps"
    r"|javadocs?|docs?|docstrings?|documentation|comments?)\b"
    r"|^(feat|docs?|tests?|chore|ci|style|build|refactor|release)\b[^:]{0,30}:",
    re.IGNORECASE,
)
_TRAILER = re.compile(r"^\s*([A-Z][\w-]*-by|Change-Id|Cc|git-svn-id|[A-Z][\w-]*-Version)\s*:")
_DIFFSTAT = re.compile(r"^\s*\S.*\s\|\s+(\d+\s*[+-]*|Bin .*)$|^\s*\d+ files? changed\b")
_BULLET = re.compile(r"^[\s*+•-]+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_TEST_FOLDER_NAMES = """test tests testing testdata test_data __tests__ __mocks__ spec specs e2e fixtures playground
    integration benches bench benchmark benchmarks example examples _examples sample samples doc docs docs_src
    vendor third_party node_modules testsuite"""
_TEST_FOLDERS = frozenset(_TEST_FOLDER_NAMES.split())
_TEST_FILE = re.compile(
    r"^(test_.*|.*_test|.*\.(test|spec|e2e-spec)|conftest|tests?|setup|.*Tests?|.*TestCase)\.\w+$"
)


@dataclass(frozen=True, slots=True)
class Fix:
    """A commit that fixes something. `changed` are the paths, at the parent, of the source files it changed."""

    repo: str
    commit: str
    parent: str
    text: str
    changed: tuple[str, ...]


def git(folder: Path, *args: str) -> bytes:
    """What git printed. Raises `subprocess.CalledProcessError`."""
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false", *args]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


def find_fixes(clone: Path, split: Split, most: int) -> list[Fix]:
    """At most `most` fixes of this split, the same ones each time; oldest first."""
    found: list[Fix] = []
    for commit, parent, message in _candidates(clone, split):
        try:
            changed = _changed_sources(clone, parent, commit)
        except subprocess.CalledProcessError:
            continue  # a clone that lacks an object
        if not 1 <= len(changed) <= MOST_FILES:
            continue
        text = task_text(message, changed)
        if says_enough(text):
            found.append(Fix(clone.name, commit, parent, text, changed))
        if len(found) == most:
            break
    order = git(clone, "log", "--format=%H", f"-n{NEWEST}", "--no-merges").decode().split()
    place = {commit: number for number, commit in enumerate(order)}
    return sorted(found, key=lambda fix: -place[fix.commit])


def _candidates(clone: Path, split: Split) -> Iterator[tuple[str, str, str]]:
    """Commit, parent and message of those whose message speaks of a fix, in an order that only hashes decide."""
    form = "--format=%H%x1f%P%x1f%B%x1e"
    log = git(clone, "log", form, f"-n{NEWEST}", "--no-merges").decode("utf-8", "replace")
    items: list[tuple[str, str, str]] = []
    for record in log.split("\x1e"):
        commit, _, rest = record.strip("\n").partition("\x1f")
        parent, _, message = rest.partition("\x1f")
        if len(parent.split()) == 1 and speaks_of_fix(message) and _in_split(commit, split):
            items.append((commit, parent, message))
    return iter(sorted(items, key=lambda item: hashlib.sha256((SEED + item[0]).encode()).digest()))


def _in_split(commit: str, split: Split) -> bool:
    odd = hashlib.sha256(commit.encode()).digest()[0] % 2 == 1
    return split == "all" or odd == (split == "test")


def speaks_of_fix(message: str) -> bool:
    subject = message.strip().partition("\n")[0]
    return _FIX.search(message) is not None and _NO_FIX.search(subject) is None


def task_text(message: str, changed: Sequence[str]) -> str:
    """The message without trailers, without a diffstat, and without lines that begin with a changed path."""
    kept: list[str] = []
    for line in message.strip().splitlines():
        bare = _BULLET.sub("", line)
        listed = any(bare.startswith(path) for path in changed)
        if not (listed or _TRAILER.match(line) or _DIFFSTAT.match(line)):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()


def says_enough(text: str) -> bool:
    """Whether there are words beside those that any fix has."""
    words = {word.lower() for word in _WORD.findall(_FIX.sub(" ", text))}
    return len(words) >= FEWEST_WORDS


def is_test(path: str) -> bool:
    """Tests, and what is no part of the program either: examples, documentation, other people's code."""
    *folders, name = path.split("/")
    return not _TEST_FOLDERS.isdisjoint(folders) or _TEST_FILE.match(name) is not None


def _changed_sources(clone: Path, parent: str, commit: str) -> tuple[str, ...]:
    raw = git(clone, "diff-tree", "-r", "-M", "--name-status", "-z", parent, commit)
    fields = iter(raw.decode("utf-8", "surrogateescape").split("\0"))
    changed: list[str] = []
    for status in fields:
        if not status:
            continue
        path = next(fields)
        if status[0] in "RC":
            next(fields)
        if status[0] in "MDR" and language_of(path) is not None and not is_test(path):
            changed.append(path)
    return tuple(sorted(changed))
