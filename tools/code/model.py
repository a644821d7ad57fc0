"""What is known of code: plain values, and what the parts of this package ask of each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

SymbolKind = Literal[
    "module",  # also namespaces and packages
    "class",  # also structs, records, objects
    "interface",  # also traits, protocols
    "enum",
    "type",
    "function",
    "method",  # also constructors
    "property",  # also fields that are declared by themselves
    "constant",  # also variables of a module
    "macro",
    "section",  # a heading, a table of a configuration file, a rule of a style sheet
]
ReferenceKind = Literal["call", "type", "base", "use"]
"""`base`: what a class, an implementation or an interface is derived from; `use`: any other telling use of a name."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something that a file defines. Lines are 1-based and inclusive, decorators and doc comments before it aside.

    `qualified` joins the names of what it lies in by dots (`Class.method`), in every language. `signature` is the
    declaration up to its body on one line, white space collapsed. `doc` is the first line of its documentation, plain,
    or empty. `parent` is the index of the symbol it lies in among the file's symbols, -1 for none.
    """

    kind: SymbolKind
    name: str
    qualified: str
    first: int
    last: int
    signature: str
    doc: str
    parent: int


class Reference(NamedTuple):
    """A name used at a line (1-based) of a file, and how. A tuple, as there are many and they sort by their places."""

    line: int
    name: str
    kind: ReferenceKind


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What parsing one file's content brought. `symbols` are in the order of their places, parents before children.

    `imports` are the modules, files or packages named by import statements, as they are written there, each once.
    `faults` counts the places the parser could not make sense of; what is around them is known all the same.
    """

    symbols: tuple[Symbol, ...] = ()
    references: tuple[Reference, ...] = ()
    imports: tuple[str, ...] = ()
    faults: int = 0


NOTHING_KNOWN = FileFacts()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a tree. `blob` is the git blob id (SHA-1, hex) of the bytes on disk.

    `language` is None for text of no language we parse. `left_out` is the rule that keeps the file out of parsing and
    packing, in words for a person ("minified: lines of 52,000 characters on average"), or None. What is left out is
    still listed.
    """

    path: str
    blob: str
    size: int
    language: str | None
    left_out: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A symbol and the file that defines it."""

    path: str
    symbol: Symbol


class CodeTree(Protocol):
    """One state of a work tree, as the index knows it. Answers are about that state, not about the disk.

    Everything is in a fixed order (by path, then by place), so that the same tree gives the same answers.
    """

    @property
    def root(self) -> Path: ...

    @property
    def digest(self) -> str:
        """Names the state: of all paths and blob ids."""
        ...

    @property
    def files(self) -> Mapping[str, SourceFile]:
        """All files by path, in sorted order, those left out included."""
        ...

    def facts(self, path: str) -> FileFacts:
        """What is known of a file; `NOTHING_KNOWN` for one that was not parsed. KeyError for no file of the tree."""
        ...

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        """`facts(path).symbols`, at a fraction of the cost."""
        ...

    def definitions(self, name: str) -> tuple[Place, ...]:
        """The symbols called exactly `name` (unqualified)."""
        ...

    def definers(self, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """For each name that something is called: the paths that define it."""
        ...

    def referrers(self, names: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """For each name that is referred to: how often, by path."""
        ...

    def mentions(self, words: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """For each word, as `words.split_words` gives them: how often it occurs in the text of a file, by path."""
        ...

    def text(self, path: str) -> str | None:
        """The file's text if it is still the one that was indexed; None for what is no text, gone or changed."""
        ...


class CountStore(Protocol):
    """Token counts that were made once. A key tells what was counted; the numbers' meaning is the counter's."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, tuple[int, ...]]: ...

    def put(self, counts: Mapping[bytes, tuple[int, ...]]) -> None: ...


class CodeLookup(Protocol):
    """Where tools ask for the code as it is now."""

    async def tree(self) -> CodeTree:
        """The work tree's present state, indexed. Milliseconds when nothing changed since it was last asked for."""
        ...
