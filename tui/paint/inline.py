"""What stands in one paragraph of Markdown: emphasis, code, links with their targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it.token import Token
from textual.content import Content

from ..safe import TAB, line
from ..text import clean

_EMPHASIS = {"em": "italic", "strong": "bold", "s": "strike"}
CODE = "bold $text-warning"
LINK = "underline $text-primary"
FAINT = "$foreground-muted"
"""Beside the point. `$text-muted` is not faint within a text: there it loses how faint it is."""


def inline(token: Token | None, style: str = "") -> Content:
    """The content of a token that holds inline ones, with `style` under it all."""
    if token is None:
        return Content("")
    made = Content.assemble(*_pieces(token.children or ()))
    return made.stylize_before(style) if style else made


def _pieces(tokens: Sequence[Token]) -> Iterator[Content]:
    open_styles: list[str] = []
    links: list[tuple[str, list[str]]] = []
    for token in tokens:
        kind = token.type
        if kind.endswith("_open") and token.tag in _EMPHASIS:
            open_styles.append(_EMPHASIS[token.tag])
        elif kind.endswith("_close") and token.tag in _EMPHASIS:
            if open_styles:
                open_styles.pop()
        elif kind == "link_open":
            open_styles.append(LINK)
            links.append((str(token.attrGet("href") or ""), []))
        elif kind == "link_close":
            if open_styles:
                open_styles.pop()
            if links:
                yield _target(*links.pop())
        else:
            piece = _leaf(token, " ".join(open_styles))
            for _, said in links:
                said.append(piece.plain)
            yield piece


def _leaf(token: Token, style: str) -> Content:
    match token.type:
        case "softbreak":
            return Content(" ")
        case "hardbreak":
            return Content("\n")
        case "code_inline":
            return line_of(token.content, f"{style} {CODE}".strip())
        case "image":
            target = line(str(token.attrGet("src") or ""))
            said = line_of(token.content) or Content("image")
            return Content.assemble(
                ("[", style), said.stylize(style) if style else said, ("] (", style), target, ")"
            )
        case _:
            return line_of(token.content, style)


def line_of(text: str, style: str = "") -> Content:
    """A stretch of a line, harmless; its spaces are kept."""
    return Content.styled(clean(text).replace("\n", " ").expandtabs(TAB), style)


def _target(href: str, said: list[str]) -> Content:
    """Where a link leads, unless its text says just that: nobody is led where they can't see."""
    target = line(href)
    text = "".join(said).strip()
    if not target or text in (target.plain, target.plain.removeprefix("mailto:")):
        return Content("")
    return Content.styled(f" ({target.plain})", FAINT)
