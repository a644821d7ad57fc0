"""Definitions, references and imports of one file's content, by one query over its tree.

A language's query (folder `queries`) names what it finds:

- the extent of a definition by its kind (`@class`, `@function`, ...; see `model.SymbolKind`), or by `@scope` if it
  only qualifies what lies in it, as an implementation block does;
- what belongs to the innermost extent around it: `@name` (each makes a symbol), `@path` (a dotted name, the last part
  of which is the name), `@receiver` (a type that the definition belongs to without lying in it), `@body` (where the
  signature ends), `@doc` (a documentation string), `@aside` (decorators, comments: not in the signature);
- references: `@base`, `@call`, `@component` (an element that is code), `@typed`, `@use`; and `@mention`, which counts
  as a use if the file defines or imports that name;
- `@import`, and `@imported` for single names that an import brings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from operator import itemgetter

from tree_sitter import Node, Query

from .docs import comment_before, from_string
from .languages import LANGUAGES, grammar_of
from .model import FileFacts, Reference, ReferenceKind, Symbol, SymbolKind
from .noise import NOISE
from .parsing import captures, fault_nodes, parse
from .signatures import declaration, heading, value

_EXTENTS: tuple[SymbolKind, ...] = (
    "method", "interface", "enum", "class", "function", "macro", "module", "section", "property", "constant", "type",
)  # fmt: skip
"""Where patterns find two kinds for one node, the earlier one holds."""

_DETAILS = ("name", "path", "receiver", "doc", "aside")
_OWN_NAMES = frozenset(("name", "path"))
_ORDER = ("body", *_EXTENTS, "scope", *_DETAILS)
"""Of what begins and ends at the same places: a body is that of the extent before, a name that of the extent itself."""

_FIRST_DETAIL = len(_EXTENTS) + 2
_REFERENCES: tuple[tuple[str, ReferenceKind], ...] = (
    ("base", "base"),
    ("call", "call"),
    ("component", "call"),
    ("typed", "type"),
    ("use", "use"),
    ("imported", "use"),
)
_HOLDERS = frozenset(("class", "interface", "enum", "scope"))
"""A function that lies in one of these is a method, a constant is a property."""

_CODE = frozenset(("function", "method"))
_VALUES = frozenset(("property", "constant"))
_NOT_IN_PATHS = frozenset(("", "exports", "module", "prototype", "this", "self", "static"))
_SEPARATORS = re.compile(r"::|\.|:|\\|->")
_ARGUMENTS = re.compile(r"<[^<>]*>")
_IMPORT = re.compile(r"\Aimport\s+")
_CLOSED_HEADING = re.compile(r"\s+#+\Z")
_QUOTES = ("'", '"', "`")
_DATA = frozenset(("json", "yaml", "toml", "html", "css", "markdown"))
_MOST_OF_DATA = 300
"""Symbols of a file that holds data or text: an outline of thousands of keys serves nobody."""

_NAME_CAP = 200
_TAIL = 4096


@dataclass(slots=True)
class _Draft:
    """A definition on its way to be a symbol."""

    kind: str
    start: int
    end: int
    node: Node
    outer: _Draft | None
    names: list[str] = field(default_factory=list[str])
    receivers: list[str] = field(default_factory=list[str])
    asides: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    body: int = -1
    body_end: int = -1
    named_late: bool = False
    doc: str = ""
    qualified: str = ""
    index: int = -1


@cache
def _query(language: str) -> Query:
    folder = files(__package__ or "").joinpath("queries")
    names = LANGUAGES[language].queries
    text = "\n".join(folder.joinpath(f"{name}.scm").read_text("utf-8") for name in names)
    return Query(grammar_of(language), text)


def extract(language: str, source: bytes) -> FileFacts:
    """What one file's content says, for a language of `languages.LANGUAGES`. Takes any bytes.

    Text that is not UTF-8 is read with replacement characters. The caller bounds the size, and the time: see `parsing`.
    """
    root = parse(language, source)
    faults = fault_nodes(root)
    captured = captures(_query(language), root, faults)
    drafts, named = _drafts(captured, source)
    symbols = _symbols(drafts, source, LANGUAGES[language].comments)
    if language in _DATA:
        symbols = symbols[:_MOST_OF_DATA]
    return FileFacts(
        symbols,
        _references(captured, source, named, symbols, NOISE.get(language, frozenset())),
        _imports(captured.get("import", ()), source),
        len(faults),
    )


def _text(node: Node, source: bytes) -> str:
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _drafts(captured: Mapping[str, list[Node]], source: bytes) -> tuple[list[_Draft], set[int]]:
    """The definitions in the order of their starts, and where their names start."""
    marks = [
        (node.start_byte, -node.end_byte, rank, label, node)
        for rank, label in enumerate(_ORDER)
        for node in captured.get(label, ())
    ]
    marks.sort(key=itemgetter(0, 1, 2))
    drafts: list[_Draft] = []
    named: set[int] = set()
    brought = {node.start_byte for node in captured.get("imported", ())}
    inner: _Draft | None = None
    for start, negative_end, rank, label, node in marks:
        while inner is not None and inner.end <= start:
            inner = inner.outer
        if not 0 < rank < _FIRST_DETAIL:
            if inner is not None and start not in brought:
                _note(inner, label, start, -negative_end, source)
                if label in _OWN_NAMES and inner.kind != "scope":
                    named.add(start)
        elif inner is None or inner.start != start or inner.end != -negative_end:
            inner = _Draft(label, start, -negative_end, node, inner)
            drafts.append(inner)
    return drafts, named


def _note(draft: _Draft, label: str, start: int, end: int, source: bytes) -> None:
    if label == "body":
        if draft.body < 0:
            draft.body = start
            draft.body_end = end
        return
    if draft.body <= start < draft.body_end and label != "doc":
        return
    if label == "aside":
        draft.asides.append((start, end))
        return
    text = source[start : min(end, start + 4 * _NAME_CAP)].decode("utf-8", "replace")
    if label == "name":
        draft.named_late = draft.body >= 0
        draft.names.append(
            _plain_name(text.removeprefix(":") if draft.kind == "property" else text)
        )
    elif label == "doc":
        draft.doc = from_string(text)
    elif label == "receiver":
        if text not in _NOT_IN_PATHS:
            draft.receivers.append(text)
    else:
        parts = _SEPARATORS.split(_ARGUMENTS.sub("", "".join(text.split())))
        kept = [part for part in parts if part not in _NOT_IN_PATHS]
        draft.names.extend(kept[-1:])
        draft.receivers.extend(kept[:-1])


def _plain_name(text: str) -> str:
    text = " ".join(text.split())
    quote = text[:1]
    if quote in _QUOTES and len(text) > 1 and text.endswith(quote) and quote not in text[1:-1]:
        text = text[1:-1]
    return _CLOSED_HEADING.sub("", text)[:_NAME_CAP]


def _symbols(
    drafts: Sequence[_Draft], source: bytes, comments: tuple[bytes, ...]
) -> tuple[Symbol, ...]:
    symbols: list[Symbol] = []
    for draft in drafts:
        outer = draft.outer
        if draft.kind == "property" and outer is not None and outer.kind in _CODE:
            # Declared by a parameter of the constructor.
            outer = outer.outer
        parent = outer.index if outer is not None else -1
        prefix = outer.qualified if outer is not None else ""
        for receiver in draft.receivers:
            prefix = f"{prefix}.{receiver}" if prefix else receiver
        names = [name for name in draft.names if name]
        local = outer is not None and outer.kind in _CODE and _is_local(draft)
        if draft.kind == "scope" or not names or local:
            draft.index = parent
            draft.qualified = ".".join(filter(None, (prefix, *names)))
            continue
        draft.index = len(symbols)
        draft.qualified = f"{prefix}.{names[0]}" if prefix else names[0]
        _add(symbols, draft, names, prefix, parent, source, comments)
    return tuple(symbols)


def _is_local(draft: _Draft) -> bool:
    """Whether what lies in a function is none of the file's symbols: a variable, a prototype."""
    return draft.kind == "constant" or (draft.kind == "function" and draft.body < 0)


def _add(
    symbols: list[Symbol],
    draft: _Draft,
    names: Sequence[str],
    prefix: str,
    parent: int,
    source: bytes,
    comments: tuple[bytes, ...],
) -> None:
    kind = _kind(draft)
    first_row, begin = _beginning(draft, source)
    last = _last_row(draft, source)
    signature = _signature(kind, draft, begin, names[0], source)
    doc = draft.doc or comment_before(source, draft.start, comments)
    for name in names:
        qualified = f"{prefix}.{name}" if prefix else name
        symbols.append(
            Symbol(
                kind,
                name,
                qualified,
                first_row + 1,
                max(last, first_row) + 1,
                signature,
                doc,
                parent,
            )
        )


def _kind(draft: _Draft) -> SymbolKind:
    held = bool(draft.receivers) or (draft.outer is not None and draft.outer.kind in _HOLDERS)
    if held and draft.kind == "function":
        return "method"
    if held and draft.kind == "constant":
        return "property"
    return next(kind for kind in _EXTENTS if kind == draft.kind)


def _beginning(draft: _Draft, source: bytes) -> tuple[int, int]:
    """The row and the byte where the definition itself begins, after decorators."""
    begin = draft.start
    for start, end in draft.asides:
        if source[begin:start].strip():
            break
        begin = max(begin, end)
    if begin == draft.start:
        return draft.node.start_point[0], begin
    while source[begin : begin + 1].isspace():
        begin += 1
    return draft.node.start_point[0] + source.count(b"\n", draft.start, begin), begin


def _signature(kind: SymbolKind, draft: _Draft, begin: int, name: str, source: bytes) -> str:
    if draft.body <= begin:
        if kind == "section":
            return heading(source, begin, draft.end)
        if kind in _VALUES:
            return value(source, begin, draft.end, draft.asides)
        return declaration(source, begin, draft.end, draft.asides)
    signature = declaration(source, begin, draft.body, draft.asides)
    if draft.named_late:
        # A C typedef has its name after the body.
        return f"{signature} {{...}} {name}"
    return signature


def _last_row(draft: _Draft, source: bytes) -> int:
    """The row of the last byte that is no white space: some grammars count the lines after a node to it."""
    row = draft.node.end_point[0]
    if not source[draft.end - 1 : draft.end].isspace():
        return row
    tail = source[max(draft.start, draft.end - _TAIL) : draft.end]
    return row - tail.count(b"\n", len(tail.rstrip()))


def _references(
    captured: Mapping[str, list[Node]],
    source: bytes,
    named: set[int],
    symbols: Sequence[Symbol],
    noise: frozenset[str],
) -> tuple[Reference, ...]:
    seen = named
    found: set[tuple[int, str, ReferenceKind]] = set()
    for label, kind in _REFERENCES:
        for node in captured.get(label, ()):
            start = node.start_byte
            if start in seen:
                continue
            seen.add(start)
            name = source[start : node.end_byte].decode("utf-8", "replace")
            if name not in noise:
                found.add((node.start_point[0] + 1, name, kind))
    mentions = captured.get("mention", ())
    if mentions:
        known = {symbol.name for symbol in symbols}
        known.update(_text(node, source) for node in captured.get("imported", ()))
        for node in mentions:
            start = node.start_byte
            if start not in seen:
                name = source[start : node.end_byte].decode("utf-8", "replace")
                if name in known and name not in noise:
                    found.add((node.start_point[0] + 1, name, "use"))
    return tuple(
        Reference(line, name, kind)
        for line, name, kind in sorted(found)
        if 0 < len(name) <= _NAME_CAP and (kind != "type" or len(name) > 1)
    )


def _imports(nodes: Sequence[Node], source: bytes) -> tuple[str, ...]:
    ordered = sorted(nodes, key=lambda node: node.start_byte)
    texts = (_IMPORT.sub("", _text(node, source)).strip("\"'<>` \t\r\n;") for node in ordered)
    return tuple(dict.fromkeys(text for text in texts if text))
