"""The least that an index can cost: `python -m leadline.tests.bench.code_floor ROOT LIST` reads all files below ROOT,
parses those that LIST names with their language, in as many processes as there are cores, and keeps nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from leadline.tools.code.languages import grammar_of
from tree_sitter import Parser

from .code_trees import walk


def floor(root: str, target: str) -> None:
    languages: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for line in Path(target).read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        language, size, path = line.split(" ", 2)
        languages[path], sizes[path] = language, int(size)
    paths = sorted(walk(Path(root)), key=lambda path: (-sizes.get(path, 0), path))
    cores = len(os.sched_getaffinity(0))
    children: list[int] = []
    for number in range(cores):
        child = os.fork()
        if child == 0:
            _parse(root, paths[number::cores], languages)
            os._exit(0)
        children.append(child)
    if any(os.waitpid(child, 0)[1] for child in children):
        raise SystemExit("a process of the floor failed")


def _parse(root: str, paths: Sequence[str], languages: dict[str, str]) -> None:
    parsers: dict[str, Parser] = {}
    for path in paths:
        with Path(root, path).open("rb") as file:
            data = file.read()
        language = languages.get(path)
        if language is not None:
            if language not in parsers:
                parsers[language] = Parser(grammar_of(language))
            parsers[language].parse(data)


if __name__ == "__main__":
    floor(*sys.argv[1:])
