"""A code tree kept in memory, made anew whenever it is asked for, and a bench whose calls have it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leadline.tests.support.workbench import Workbench
from leadline.tools.base import Tool, ToolContext, ToolResult
from leadline.tools.code.extract import extract
from leadline.tools.code.languages import language_of
from leadline.tools.code.model import NOTHING_KNOWN, CodeTree, FileFacts, Place, SourceFile, Symbol
from leadline.tools.code.words import count_words

MAX_BYTES = 200_000


class MemoryTree:
    """Every regular file below `root`, parsed as it is now. Files over `MAX_BYTES` are left out."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, SourceFile] = {}
        self._facts: dict[str, FileFacts] = {}
        paths = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
        for path in sorted(paths, key=lambda item: item.relative_to(root).as_posix()):
            name = path.relative_to(root).as_posix()
            if not name.startswith(".git/"):
                self._add(name, path.read_bytes())

    def _add(self, path: str, data: bytes) -> None:
        left_out = f"large: {len(data):,} bytes" if len(data) > MAX_BYTES else None
        language = language_of(path, data[:512])
        blob = hashlib.sha1(b"blob %d\0%b" % (len(data), data)).hexdigest()
        self._files[path] = SourceFile(path, blob, len(data), language, left_out)
        if language is not None and left_out is None:
            self._facts[path] = extract(language, data)

    @property
    def root(self) -> Path:
        return self._root

    @property
    def digest(self) -> str:
        return "|".join(f"{file.path} {file.blob}" for file in self._files.values())

    @property
    def files(self) -> Mapping[str, SourceFile]:
        return self._files

    def facts(self, path: str) -> FileFacts:
        return self._facts.get(self._files[path].path, NOTHING_KNOWN)

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        return self.facts(path).symbols

    def definitions(self, name: str) -> tuple[Place, ...]:
        return tuple(
            Place(path, symbol)
            for path, facts in self._facts.items()
            for symbol in facts.symbols
            if symbol.name == name
        )

    def definers(self, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        found = {name: dict.fromkeys(p.path for p in self.definitions(name)) for name in names}
        return {name: tuple(paths) for name, paths in found.items() if paths}

    def referrers(self, names: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for path, facts in self._facts.items():
            counts = Counter(reference.name for reference in facts.references)
            for name in names:
                if counts[name]:
                    found.setdefault(name, {})[path] = counts[name]
        return found

    def mentions(self, words: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        found: dict[str, dict[str, int]] = {word: {} for word in words}
        for path in self._facts:
            counts = count_words(self.text(path) or "")
            for word in found:
                if word in counts:
                    found[word][path] = counts[word]
        return {word: paths for word, paths in found.items() if paths}

    def text(self, path: str) -> str | None:
        return (self._root / path).read_bytes().decode("utf-8", "replace")


@dataclass(frozen=True)
class MemoryLookup:
    root: Path

    async def tree(self) -> CodeTree:
        return MemoryTree(self.root)


@dataclass
class CodeBench(Workbench):
    """A workbench whose calls can ask about symbols, with the person's wish about edits that break a file."""

    refuse_broken: bool = False
    indexed: bool = field(default=True)

    async def call(self, tool: Tool[Any], **arguments: object) -> ToolResult:
        params = tool.params.model_validate(arguments)
        tool.effects(params)
        context = ToolContext(
            self.root,
            self.seen,
            self.commands,
            self.output.append,
            self.answer,
            code=MemoryLookup(self.root) if self.indexed else None,
            refuse_broken=self.refuse_broken,
        )
        result = await tool.run(params, context)
        self.seen.update(result.seen)
        return result
