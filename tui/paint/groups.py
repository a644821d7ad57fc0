"""The blocks of a Markdown text, found in a time that grows no faster than the text. Pure, and without a screen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

_DEEPEST = 20
MOST_MARKS = 1_000
"""Signs in a block that may be marks of emphasis, code, links; with more of them it is shown as it is."""
_MARK = re.compile(r"[\[\]!`*_~<&]")
_PARSER = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST})
    .enable(["table", "strikethrough"])
    .disable(["reference"])
)
_BLOCKS = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST})
    .enable("table")
    .disable(["reference", "inline", "text_join"])
)
"""Looks for blocks alone, which is quick."""


@dataclass(frozen=True, slots=True)
class Group:
    """A block at the top, or one item of a list there, with the line it begins in. `more` says that it goes on with
    the list, or the code, of the group before."""

    tokens: tuple[Token, ...]
    line: int
    more: bool = False


def groups(text: str) -> list[Group]:
    """The blocks of a clean text. What the parser would cut, as nested too deeply, or would be slow with, comes as it
    is."""
    if not is_heavy(text):
        return _grouped(_PARSER.parse(text), text)
    found: list[Group] = []
    lines = text.split("\n")
    marks = bounds(text)
    for mark, end in zip(marks, [*(each.line for each in marks[1:]), len(lines)], strict=True):
        own = "\n".join(lines[mark.line : end])
        if is_heavy(own):
            found.append(_as_it_is(mark, text))
            continue
        parsed = _grouped(_PARSER.parse(own), own)
        found.append(replace(parsed[0], line=mark.line, more=mark.more) if parsed else mark)
    return found


def bounds(text: str) -> list[Group]:
    """The same blocks, but nothing of what is in their lines."""
    return _grouped(_BLOCKS.parse(text), text)


def _grouped(tokens: Sequence[Token], text: str) -> list[Group]:
    found: list[Group] = []
    begin = 0
    for place, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            found.extend(_items(tokens[begin : place + 1]))
            begin = place + 1
    return [_as_it_is(each, text) if _too_deep(each) else each for each in found]


def _items(block: Sequence[Token]) -> Iterator[Group]:
    """A list as its items, each with the list's own tokens around it."""
    first, last = block[0], block[-1]
    if first.type not in ("bullet_list_open", "ordered_list_open"):
        yield Group(tuple(block), _line(first))
        return
    begin = 1
    for place in range(1, len(block) - 1):
        if block[place].level == 1 and block[place].nesting < 0:
            item = (first, *block[begin : place + 1], last)
            yield Group(item, _line(block[begin]), more=begin > 1)
            begin = place + 1


def _line(token: Token) -> int:
    return token.map[0] if token.map else 0


def is_heavy(text: str) -> bool:
    """Whether it has so many signs that may be marks that looking for their pairs, which takes the square, is slow."""
    return len(text) > MOST_MARKS and len(_MARK.findall(text)) > MOST_MARKS


def _too_deep(group: Group) -> bool:
    return any(token.level >= _DEEPEST - 1 for token in group.tokens)


def _as_it_is(group: Group, text: str) -> Group:
    """With its lines in the place of what was made of them."""
    ends = [token.map[1] for token in group.tokens if token.map]
    lines = text.split("\n")[group.line : max(ends, default=None)]
    return replace(group, tokens=(Token("plain", "", 0, content="\n".join(lines).rstrip()),))
