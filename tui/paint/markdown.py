"""Markdown as parts, block by block: see `groups`, which finds them.

Nothing that a block looks like depends on what stands elsewhere: definitions of links are not followed, numbers of
lists are those that the text has. So a text can be painted in pieces while it grows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from textual.content import Content

from ..safe import content
from ..signs import sign
from .code import code_lines, language_named
from .groups import Group
from .inline import FAINT, inline, line_of
from .part import EMPTY, Part
from .table import Align, Table, paint_table

_NARROWEST = 8
"""Columns that are left for the text of a nested block at least."""
CHUNK = 80
"""Lines of code that are coloured together, so that those of a fence that still grows need not be again and again."""
CODE_FILL = "on $panel"
_INDENT = Content("  ")
_HEADINGS = {1: "bold underline $text-primary", 2: "bold $text-primary", 3: "bold $text-accent"}


def paint_group(group: Group, width: int) -> Iterator[Part]:
    for node in SyntaxTreeNode(group.tokens).children:
        yield from _painted(node, _Place(width, goes_on=group.more))


@dataclass(slots=True)
class _Place:
    """Where a block stands: what is before its rows. `first` is used up by the first part painted there.

    `goes_on` is for code that has begun in another piece.
    """

    width: int
    first: Content = EMPTY
    rest: Content = EMPTY
    goes_on: bool = False

    def part(self, text: Content, wrap: bool = True) -> Part:
        first, self.first = self.first, self.rest
        return Part(text, first, self.rest, wrap)

    def code(self, text: Content) -> Part:
        first, self.first = self.first, self.rest
        return Part(text, first + _INDENT, self.rest + _INDENT, False, CODE_FILL)

    def inside(self, first: Content, rest: Content) -> _Place:
        """Further in; what is before the first row here goes there."""
        if self.width - rest.cell_length < _NARROWEST:
            first, rest = EMPTY, EMPTY
        mine, self.first = self.first, self.rest
        return _Place(self.width - rest.cell_length, mine + first, self.rest + rest)


def _painted(node: SyntaxTreeNode, place: _Place) -> Iterator[Part]:
    match node.type:
        case "paragraph":
            yield place.part(inline(_inner(node)))
        case "heading":
            style = _HEADINGS.get(int(node.tag[1:]), "bold")
            yield place.part(inline(_inner(node), style))
        case "bullet_list" | "ordered_list":
            yield from _list(node, place)
        case "blockquote":
            bar = Content.styled(f"{sign('bar')} ", FAINT)
            yield from _blocks(node, place.inside(bar, bar))
        case "fence" | "code_block":
            yield from _code(node, place)
        case "hr":
            yield place.part(Content.styled(sign("dash") * max(1, place.width), FAINT), wrap=False)
        case "table":
            table = _table(node)
            if table is not None:
                for part in paint_table(table, place.width):
                    yield Part(
                        part.content, place.first + part.first, place.rest + part.rest, part.wrap
                    )
                    place.first = place.rest
        case _:
            yield place.part(content(node.content))


def _blocks(node: SyntaxTreeNode, place: _Place) -> Iterator[Part]:
    """Blocks below each other, with an empty row before each but lists that go on with a sentence."""
    if not node.children:
        yield place.part(EMPTY)
    for number, child in enumerate(node.children):
        if number and not child.type.endswith("_list"):
            yield place.part(EMPTY)
        yield from _painted(child, place)


def _list(node: SyntaxTreeNode, place: _Place) -> Iterator[Part]:
    for item in node.children:
        numbered = node.type == "ordered_list"
        mark = f"{item.info}{item.markup}" if numbered else sign("bullet")
        done = None if numbered else _task(item)
        if done is not None:
            mark = f"[{'x' if done else ' '}]"
        first = Content.styled(f"{mark} ", "$text-accent")
        rest = Content(" " * first.cell_length)
        yield from _blocks(item, place.inside(first, rest))


def _task(item: SyntaxTreeNode) -> bool | None:
    """Whether the item of a list of things to do is done; its box is taken out of its text."""
    token = _inner(item.children[0]) if item.children else None
    first = token.children[0] if token is not None and token.children else None
    if first is None or first.type != "text" or first.content[:4] not in ("[ ] ", "[x] ", "[X] "):
        return None
    done = first.content[1] != " "
    first.content = first.content[4:]
    return done


def _code(node: SyntaxTreeNode, place: _Place) -> Iterator[Part]:
    text = node.content.removesuffix("\n")
    info = node.info if node.type == "fence" else ""
    if info.strip() and not place.goes_on:
        yield place.code(line_of(info.strip(), FAINT))
    for each in _chunks(text):
        for row in code_lines(each, language_named(info)):
            yield place.code(row)


def _chunks(text: str) -> Iterator[str]:
    lines = text.split("\n")
    for begin in range(0, len(lines), CHUNK):
        yield "\n".join(lines[begin : begin + CHUNK])


def _table(node: SyntaxTreeNode) -> Table | None:
    rows = [row for part in node.children for row in part.children]
    cells = [tuple(inline(_inner(cell)) for cell in row.children) for row in rows]
    if not cells or not cells[0]:
        return None
    columns = len(cells[0])
    aligns: list[Align] = [_align(cell) for cell in rows[0].children]
    full = [(*row, *[EMPTY] * columns)[:columns] for row in cells]
    return Table(full[0], tuple(full[1:]), tuple(aligns))


def _align(cell: SyntaxTreeNode) -> Align:
    style = str(cell.attrs.get("style", ""))
    if style.endswith("right"):
        return "right"
    return "center" if style.endswith("center") else "left"


def _inner(node: SyntaxTreeNode) -> Token | None:
    child = node.children[0] if node.children else None
    return child.token if child is not None and child.type == "inline" else None
