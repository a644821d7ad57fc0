"""Parsing, and querying within bounds.

Nothing here bounds the time that parsing takes: some bytes take a parser minutes, or crash it, so whoever parses what a
repository holds does it in a process of its own, with a limit.
"""

from __future__ import annotations

import re
from functools import cache

from tree_sitter import Node, Parser, Query, QueryCursor

from .languages import grammar_of

_DEEPEST = 1000
_MOST_BESIDE = 10_000
"""How deep a query looks, and how many children a fault may have. A query takes time by the square of both, and code
that people write is far from either.
"""


_KEYWORD_ATTRIBUTE = re.compile(rb"(?<=\s)(?:c(?=lass=)|f(?=or=))")
"""The grammar takes no element with such an attribute, and JavaScript has no such words before `=` elsewhere."""


@cache
def _parser(language: str) -> Parser:
    return Parser(grammar_of(language))


def parse(language: str, source: bytes) -> Node:
    """The root of the tree of `source`. Take texts from the source, not from the nodes."""
    if language == "javascript":
        source = _KEYWORD_ATTRIBUTE.sub(b"_", source)
    return _parser(language).parse(source).root_node


def captures(query: Query, root: Node, faults: list[Node]) -> dict[str, list[Node]]:
    """What a query captures under a node that has these faults, in no order. Nothing where a fault is out of bounds."""
    if any(fault.child_count > _MOST_BESIDE for fault in faults):
        return {}
    cursor = QueryCursor(query)
    cursor.set_max_start_depth(_DEEPEST)
    return cursor.captures(root)


def fault_nodes(root: Node) -> list[Node]:
    """The nodes for text that makes no sense, and for text that is missing, outermost only. In no order."""
    found: list[Node] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            found.append(node)
        elif node.has_error:
            waiting.extend(node.children)
    return found
