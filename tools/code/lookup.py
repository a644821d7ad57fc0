"""Questions about symbols, answered from what is known of a tree. Pure: the same tree gives the same answers.

Names are matched, not resolved: a reference to `save` may mean any `save`. What a name lies in (`Model.save`) narrows
that as far as names can.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from .model import CodeTree, FileFacts, Place, Reference, Symbol, SymbolKind

Keep = Callable[[str], bool]
"""Whether a path counts."""

MAX_FILES = 1_500
"""Files whose symbols are looked into for one question."""
MAX_SUBTYPES = 400
MAX_NEAR = 5
_CLOSE = 0.72

TYPES = frozenset[SymbolKind](("class", "interface", "enum", "type"))
FUNCTIONS = frozenset[SymbolKind](("function", "method", "macro"))
_RANK: dict[SymbolKind, int] = {"property": 1, "constant": 1, "section": 2}
_AROUND = re.compile(r"^(?:\^|\\b)+|(?:\$|\\b|\\?\(|\\?\))+$")
"""What belongs to an expression for a name, or to a call of it, and not to the name."""
_SEPARATOR = re.compile(r"::|->|[.#/\\]")
_LEADING = re.compile(
    r"^(?:(?:async|class|def|enum|fn|func|function|interface|struct|trait|type)\s+)+"
)
_SIDE = frozenset(
    ("test", "tests", "testing", "__tests__", "spec", "fixtures", "testdata", "examples", "docs")
)
_TEST_FILE = re.compile(r"^test_|_test\.\w+$|\.(?:test|spec)\.\w+$|^conftest\.py$")
_UNNAMED = frozenset(("__init__", "index", "mod"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name as somebody asks for it: what the symbol is called, and what it lies in, outermost first."""

    name: str
    owners: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((*self.owners, self.name))


@dataclass(frozen=True, slots=True)
class Use:
    """A reference, where it stands, and the innermost function (else type) around it, if any."""

    path: str
    reference: Reference
    inside: Symbol | None


@dataclass(frozen=True, slots=True)
class Uses:
    """`uses` are in the order of files and lines. `beyond` counts by path what was not looked into."""

    uses: tuple[Use, ...]
    beyond: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Derived:
    """Something that names `base` as what it is derived from.

    `symbol` is None where none was made of it, as of an implementation block; `name` is the type's then as well, if its
    methods tell it, else empty.
    """

    path: str
    line: int
    base: str
    name: str
    symbol: Symbol | None


def wanted(tree: CodeTree, text: str) -> Wanted:
    """What `text` asks for: `name`, `Class.method`, `module::Type#method`, `class Name`, `name()`."""
    text = text.strip()
    plain = _LEADING.sub("", _AROUND.sub("", text)).strip()
    for whole in (text, plain):
        if whole and tree.definitions(whole):
            return Wanted(whole)  # a heading or a table of settings may hold what else separates
    parts = [part for part in _SEPARATOR.split(plain) if part]
    return Wanted(parts[-1], tuple(parts[:-1])) if parts else Wanted(plain)


def find_definitions(tree: CodeTree, asked: Wanted) -> tuple[Place, ...]:
    """The symbols of that name which lie in what was asked for, the most telling first: code before tests and examples,
    types and functions before values, outer before inner."""
    places = [place for place in tree.definitions(asked.name) if _lies_in(place, asked)]
    return tuple(sorted(places, key=_telling))


def find_inherited(tree: CodeTree, asked: Wanted) -> tuple[Place, ...]:
    """Where the types that `asked` lies in get the symbol from, when they don't define it: the nearest base types."""
    if not asked.owners:
        return ()
    owner = Wanted(asked.owners[-1], asked.owners[:-1])
    level = [place for place in find_definitions(tree, owner) if place.symbol.kind in TYPES]
    seen = set(level)
    while level:
        bases = {name: None for place in level for name in _base_names(tree, place)}
        level = [
            place
            for name in bases
            for place in tree.definitions(name)
            if place.symbol.kind in TYPES and place not in seen
        ]
        seen.update(level)
        if found := [member for place in level for member in _members(tree, place, asked.name)]:
            return tuple(sorted(found, key=_telling))
        if len(seen) > MAX_SUBTYPES:
            break
    return ()


def find_uses(tree: CodeTree, asked: Wanted, keep: Keep, most: int) -> Uses:
    """Where the name is referred to, until `most` are found.

    With owners, where several symbols have the name, files come first that name an owner too; in the others it is more
    likely somebody else that is meant.
    """
    counts = {path: n for path, n in _referrers(tree, asked.name).items() if keep(path)}
    paths = sorted(counts, key=_beside(tree, asked, counts))
    uses: list[Use] = []
    done = 0
    for path in paths[:MAX_FILES]:
        if len(uses) >= most:
            break
        done += 1
        facts = tree.facts(path)
        found = [reference for reference in facts.references if reference.name == asked.name]
        uses += [Use(path, item, _around(facts, item.line)) for item in found]
    return Uses(tuple(uses), tuple((path, counts[path]) for path in paths[done:]))


def find_subtypes(tree: CodeTree, names: Iterable[str]) -> tuple[Derived, ...]:
    """What is derived from types of these names, directly first, then from those found, and so on."""
    level = dict.fromkeys(names)
    seen = set(level)
    found: dict[tuple[str, int, str], Derived] = {}
    read = 0
    while level and len(found) < MAX_SUBTYPES and read < MAX_FILES:
        derived: list[Derived] = []
        for path in _all_referrers(tree, level)[: MAX_FILES - read]:
            read += 1
            derived += _derived(path, tree.facts(path), level)
        found |= {(item.path, item.line, item.base): item for item in derived}
        level = {item.name: None for item in derived if item.name and item.name not in seen}
        seen.update(level)
    return tuple(found.values())[:MAX_SUBTYPES]


def find_overrides(tree: CodeTree, asked: Wanted) -> tuple[Place, ...]:
    """The methods of that name in types derived from those that define it."""
    origins = find_definitions(tree, asked) or find_inherited(tree, asked)
    owners = {owner: None for place in origins if (owner := owner_of(place.symbol))}
    by_owner: dict[str, list[Place]] = {}
    for place in tree.definitions(asked.name):
        by_owner.setdefault(owner_of(place.symbol), []).append(place)
    places: dict[Place, None] = {}
    for derived in find_subtypes(tree, owners):
        members = by_owner.get(derived.name, []) if derived.name else []
        beside = [place for place in members if place.path == derived.path]
        # A type's methods may lie apart from it, but a namesake's don't count.
        places |= dict.fromkeys(beside or (item for item in members if item not in origins))
    return tuple(places)


def near_names(tree: CodeTree, name: str) -> tuple[str, ...]:
    """Names of symbols that are spelled much like `name`, those of types and functions first."""
    folded = name.casefold()
    known: dict[str, dict[str, int]] = {}
    for path in tree.files:
        for symbol in tree.symbols(path):
            if abs(len(symbol.name) - len(name)) <= max(2, len(name) // 2):
                spellings = known.setdefault(symbol.name.casefold(), {})
                rank = _RANK.get(symbol.kind, 0)
                spellings[symbol.name] = min(rank, spellings.get(symbol.name, rank))
    close = difflib.get_close_matches(folded, known, MAX_NEAR, _CLOSE)
    found = [item for near in close for item in known[near].items() if item[0] != name]
    return tuple(each for each, _ in sorted(found, key=lambda item: item[1]))[:MAX_NEAR]


def owner_of(symbol: Symbol) -> str:
    """The name of what a symbol directly belongs to, which in some languages is not what it lies in; empty for none."""
    around = symbol.qualified.removesuffix(symbol.name).rstrip(".")
    return around.rpartition(".")[2]


def _lies_in(place: Place, asked: Wanted) -> bool:
    """Whether the owners are the tail of the names around a symbol, those of its file's path included."""
    if not asked.owners:
        return True
    around = place.symbol.qualified.removesuffix(place.symbol.name).rstrip(".").split(".")
    path = PurePosixPath(place.path)
    whole = [*path.parts[:-1], path.name.split(".")[0], *around]
    names = [part for part in whole if part and part not in _UNNAMED]
    return tuple(names[-len(asked.owners) :]) == asked.owners


def _telling(place: Place) -> tuple[bool, int, int, str, int]:
    symbol = place.symbol
    return (
        is_side_file(place.path),
        _RANK.get(symbol.kind, 0),
        symbol.qualified.count("."),
        place.path,
        symbol.first,
    )


def is_side_file(path: str) -> bool:
    """Whether a path looks like that of a test, an example or documentation."""
    parts = PurePosixPath(path).parts
    return bool(_SIDE.intersection(parts[:-1])) or _TEST_FILE.search(parts[-1]) is not None


def _beside(
    tree: CodeTree, asked: Wanted, counts: dict[str, int]
) -> Callable[[str], tuple[bool, str]]:
    """The order of files: those that name an owner before the others, where it matters."""
    if not asked.owners or len(tree.definitions(asked.name)) < 2:
        return lambda path: (False, path)
    owner = asked.owners[-1]
    near = {place.path for place in find_definitions(tree, asked)}
    near.update(_referrers(tree, owner))
    near.intersection_update(counts)
    return lambda path: (path not in near, path)


def _referrers(tree: CodeTree, name: str) -> dict[str, int]:
    return dict(tree.referrers([name]).get(name, {}))


def _all_referrers(tree: CodeTree, names: Iterable[str]) -> list[str]:
    by_name = tree.referrers(names)
    return sorted({path for paths in by_name.values() for path in paths})


def _around(facts: FileFacts, line: int) -> Symbol | None:
    """The innermost function around a line, else the innermost type."""
    outer: Symbol | None = None
    inner: Symbol | None = None
    for symbol in facts.symbols:
        if symbol.first <= line <= symbol.last:
            if symbol.kind in FUNCTIONS:
                inner = symbol
            elif symbol.kind in TYPES:
                outer = symbol
    return inner or outer


def _type_at(facts: FileFacts, line: int) -> Symbol | None:
    found = None
    for symbol in facts.symbols:
        if symbol.kind in TYPES and symbol.first <= line <= symbol.last:
            found = symbol
    return found


def _derived(path: str, facts: FileFacts, names: Iterable[str]) -> Iterator[Derived]:
    for reference in facts.references:
        if reference.kind == "base" and reference.name in names:
            symbol = _type_at(facts, reference.line)
            name = symbol.name if symbol else _block_owner(facts, reference.line)
            yield Derived(path, reference.line, reference.name, name, symbol)


def _base_names(tree: CodeTree, place: Place) -> list[str]:
    facts = tree.facts(place.path)
    bases = (reference for reference in facts.references if reference.kind == "base")
    return [item.name for item in bases if _type_at(facts, item.line) == place.symbol]


def _members(tree: CodeTree, place: Place, name: str) -> list[Place]:
    """The symbols called `name` that belong to the type at `place`."""
    qualified = f"{place.symbol.qualified}.{name}"
    found = [item for item in tree.definitions(name) if item.symbol.qualified == qualified]
    return [item for item in found if item.path == place.path] or found


def _block_owner(facts: FileFacts, line: int) -> str:
    """The type that an implementation block is about, by the first method in it."""
    for symbol in facts.symbols:
        if symbol.first >= line and symbol.kind == "method":
            return owner_of(symbol)
    return ""
