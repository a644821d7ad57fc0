"""Code with the colours of its language, within bounds: a lexer can be slow on what it was not made for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePath

from pygments.lexers import find_lexer_class_by_name, find_lexer_class_for_filename
from pygments.util import ClassNotFound
from textual.content import Content
from textual.highlight import highlight

from ..safe import TAB
from ..text import clean

MOST_CODE = 16_000
"""Characters that are coloured at once."""
MOST_LINE = 2_000
"""Characters of one line of code that are shown."""
MOST_COLOURED_LINE = 500
"""Characters of a line with which no line is coloured: what is slow takes the square of that."""
_PLAIN = "text"


def code_lines(text: str, language: str) -> list[Content]:
    """Each line of `text` by itself, harmless; `language` is a name of Pygments', "" for none."""
    text = clean(text).expandtabs(TAB)
    lines = text.split("\n")
    long = any(len(line) > MOST_COLOURED_LINE for line in lines)
    if not language or long or len(text) > MOST_CODE:
        return [Content(cut_line(line)) for line in lines]
    painted = _coloured(text, language)
    if painted is None or painted.plain != text:
        return [Content(line) for line in lines]
    return painted.split("\n", allow_blank=True)


def cut_line(line: str) -> str:
    """A line that is not longer than what is shown of one."""
    if len(line) <= MOST_LINE:
        return line
    return f"{line[:MOST_LINE]} ({len(line) - MOST_LINE:,} more characters)"


@lru_cache(maxsize=256)
def language_named(name: str) -> str:
    """The language that a fence names, "" where it is not known."""
    word = name.strip().partition(" ")[0].strip("{}.").lower()
    if not word or len(word) > 40:
        return ""
    try:
        found = find_lexer_class_by_name(word)
    except ClassNotFound:
        return ""
    return _name(found.aliases)


@lru_cache(maxsize=1024)
def language_of(path: str) -> str:
    """The language of a file by its name alone, "" where it is not known."""
    name = PurePath(path).name
    if not name or len(name) > 255:
        return ""
    found = find_lexer_class_for_filename(name)
    return "" if found is None else _name(found.aliases)


def _name(aliases: Sequence[str]) -> str:
    return "" if not aliases or aliases[0] == _PLAIN else aliases[0]


def _coloured(text: str, language: str) -> Content | None:
    try:
        return highlight(text, language=language, tab_size=TAB)
    except Exception:  # some lexer of several hundred: no colours then
        return None
