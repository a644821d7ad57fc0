"""One work tree a repository, moved from parent to parent, in the cache folder; the clones themselves are only read."""

from __future__ import annotations

import fcntl
import functools
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leadline.agent.rehearsal.tokens import tokenizer_file
from tokenizers import Tokenizer

from .quality_commits import Fix, git

LARGEST = 1_000_000
"""Bytes of a file that the plain contenders still read."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The work tree at a fix's parent. `files` are its tracked files, neither links nor submodules, sorted."""

    root: Path
    fix: Fix
    files: tuple[str, ...]


def move_tree(clone: Path, cache: Path, fix: Fix) -> Tree:
    """The one tree of this clone, brought to the fix's parent. Raises `CalledProcessError` where objects lack."""
    root = (cache / "trees" / clone.name).resolve()
    if not root.exists():
        root.parent.mkdir(parents=True, exist_ok=True)
        git(Path.cwd(), "clone", "-q", "--shared", "--no-checkout", str(clone.resolve()), str(root))
    git(root, "checkout", "-q", "--force", "--detach", fix.parent)
    git(root, "clean", "-qffdx")
    return Tree(root, fix, list_files(clone, fix.parent))


@contextmanager
def held(clone: Path, cache: Path) -> Generator[None]:
    """Keeps another run with the same cache away from this clone's tree."""
    place = cache / "trees" / f"{clone.name}.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def list_files(clone: Path, commit: str) -> tuple[str, ...]:
    listed = git(clone, "ls-tree", "-r", "-z", commit).decode("utf-8", "surrogateescape")
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
    return tuple(sorted(path for facts, _, path in entries if facts.startswith("100")))


def read_texts(tree: Tree) -> dict[str, str]:
    """The text files by path, for the contenders that read them all."""
    texts: dict[str, str] = {}
    for path in tree.files:
        full = tree.root / path
        if full.is_file() and not full.is_symlink() and full.stat().st_size <= LARGEST:
            data = full.read_bytes()
            if b"\0" not in data[:8000]:
                texts[path] = data.decode("utf-8", "replace")
    return texts


def kept_text(place: Path) -> str:
    return place.read_bytes().decode("utf-8", "surrogateescape")


def keep_text(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(text.encode("utf-8", "surrogateescape"))
    part.replace(place)


@functools.cache
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(tokenizer_file()))


def count_each(texts: list[str]) -> list[int]:
    encoded = tokenizer().encode_batch_fast(texts, add_special_tokens=False)
    return [len(one.ids) for one in encoded]
