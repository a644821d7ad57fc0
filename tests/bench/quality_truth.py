"""What a fix changed: the innermost symbols, at the parent, around the changed lines.

The truth must not come from the parser that is judged, so symbols are read here by a small table of node types,
straight from the grammars.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_rust
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

_EXTENSIONS = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
}
_GRAMMARS = {
    "python": tree_sitter_python.language,
    "javascript": tree_sitter_javascript.language,
    "typescript": tree_sitter_typescript.language_typescript,
    "tsx": tree_sitter_typescript.language_tsx,
    "go": tree_sitter_go.language,
    "rust": tree_sitter_rust.language,
    "java": tree_sitter_java.language,
}
_NAMED_TYPES = """function_definition class_definition function_declaration generator_function_declaration
    class_declaration abstract_class_declaration method_definition interface_declaration
    type_alias_declaration enum_declaration internal_module method_declaration type_spec function_item
    function_signature_item struct_item enum_item trait_item type_item macro_definition mod_item
    constructor_declaration record_declaration annotation_type_declaration abstract_method_signature"""
"""Node types that define what their field `name` says."""
_NAMED = frozenset(_NAMED_TYPES.split())
_HOLDERS = {"variable_declarator": "name", "assignment_expression": "left", "pair": "key"}
"""Node types that define a function when their value is one."""
_FUNCTIONS = frozenset(("arrow_function", "function_expression", "function", "class"))
_WRAPPERS = frozenset(("decorated_definition", "export_statement"))
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+", re.MULTILINE)
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Definition:
    """Something a file defines: `head` is its declaration up to its name, `named` the line its name is on, `first` and
    `last` its lines (1-based)."""

    name: str
    head: str
    named: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A symbol that a fix changed. `line` is the one its name is declared on; `own` are those of its lines that occur
    nowhere else in the file, stripped."""

    path: str
    name: str
    head: str
    line: str
    own: frozenset[str]


def language_of(path: str) -> str | None:
    return _EXTENSIONS.get(PurePosixPath(path).suffix)


def changed_symbols(
    clone: Path, parent: str, commit: str, paths: Iterable[str]
) -> tuple[Changed, ...]:
    """The symbols of these files at `parent` that the commit changed; what lies in no symbol has none."""
    found: list[Changed] = []
    diff = _git(clone, "diff", "-U0", "-M", "--no-color", "--no-ext-diff", parent, commit) or b""
    for path in paths:
        language = language_of(path)
        source = _git(clone, "cat-file", "blob", f"{parent}:{path}")
        if language is None or source is None:
            continue
        text = source.decode("utf-8", "replace")
        found += symbols_at(path, text, old_spans(_part_of(diff, path)))
    return tuple(found)


def symbols_at(path: str, text: str, spans: Iterable[tuple[int, int]]) -> list[Changed]:
    """The innermost symbols that these spans touch. A span (first, 0) is an insertion after line `first`."""
    language = language_of(path)
    if language is None:
        return []
    definitions = find_definitions(language, text)
    hit: dict[Definition, None] = {}
    for first, count in spans:
        lines = [(n, n) for n in range(first, first + count)] if count else [(first, first + 1)]
        for low, high in lines:
            inner = innermost(definitions, low, high)
            if inner is not None:
                hit[inner] = None
    lines = text.split("\n")
    often = Counter(line.strip() for line in lines)
    return [
        Changed(
            path,
            one.name,
            one.head,
            lines[one.named - 1].strip(),
            _own_lines(one, definitions, lines, often),
        )
        for one in hit
    ]


def innermost(definitions: list[Definition], low: int, high: int) -> Definition | None:
    around = [one for one in definitions if one.first <= low and high <= one.last]
    return min(around, key=lambda one: (one.last - one.first, -one.first), default=None)


def _own_lines(
    one: Definition, definitions: list[Definition], lines: list[str], often: Counter[str]
) -> frozenset[str]:
    return frozenset(
        line
        for number in range(one.first, min(one.last, len(lines)) + 1)
        if often[line := lines[number - 1].strip()] == 1
        and sum(character.isalnum() for character in line) >= 4
        and innermost(definitions, number, number) == one
    )


def find_definitions(language: str, text: str) -> list[Definition]:
    source = text.encode()
    root = _parser(language).parse(source).root_node
    return [_definition(node, name, source) for node, name in _defining(root, 0)]


def old_spans(diff: bytes) -> list[tuple[int, int]]:
    """First line and number of lines on the old side of each hunk of a diff without context."""
    return [(int(m[1]), int(m[2]) if m[2] else 1) for m in _HUNK.finditer(diff)]


def _defining(node: Node, depth: int) -> Iterator[tuple[Node, Node]]:
    """Nodes that define a name, with the name's node, in the order of their places."""
    if depth > _DEEPEST:
        return
    name: Node | None = None
    if node.type in _NAMED:
        name = node.child_by_field_name("name")
    elif node.type in _HOLDERS:
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if value is not None and value.type in _FUNCTIONS:
            name = node.child_by_field_name(_HOLDERS[node.type])
    if name is not None and name.text:
        yield node, name
    for child in node.named_children:
        yield from _defining(child, depth + 1)


def _definition(node: Node, name: Node, source: bytes) -> Definition:
    """Decorators and `export` count as part of what they are written at."""
    outer = node
    while outer.parent is not None and outer.parent.type in _WRAPPERS:
        outer = outer.parent
    head = source[node.start_byte : name.end_byte].decode("utf-8", "replace")
    full = source[name.start_byte : name.end_byte].decode("utf-8", "replace")
    short = re.split(r"[.\s]", full.strip("'\"[]"))[-1]
    last = outer.end_point.row + (1 if outer.end_point.column else 0)
    first = outer.start_point.row + 1
    named = name.start_point.row + 1
    return Definition(short, " ".join(head.split()), named, first, max(first, last))


def _part_of(diff: bytes, path: str) -> bytes:
    """The part of a diff of many files whose old side is `path`."""
    mark = b"--- a/" + path.encode("utf-8", "surrogateescape")
    for part in re.split(rb"^diff --git ", diff, flags=re.MULTILINE):
        if any(line.rstrip(b"\t") == mark for line in part.split(b"\n", 12)[:12]):
            return part
    return b""


@cache
def _parser(language: str) -> Parser:
    return Parser(Language(_GRAMMARS[language]()))


def _git(clone: Path, *args: str) -> bytes | None:
    command = ["git", "-c", "core.quotePath=false", *args]
    done = subprocess.run(command, cwd=clone, check=False, capture_output=True)
    return done.stdout if done.returncode == 0 else None
