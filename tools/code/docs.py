"""The first line of a definition's documentation, out of a string or out of the comment before it. Pure."""

from __future__ import annotations

import re

CAP = 160
"""Characters of a doc line."""

_WINDOW = 4096
"""Bytes looked at before a definition: a minified file must not be walked once for each of its definitions."""

_OPENING = re.compile(r"[rRbBuUfF]{0,2}(?:\"{3}|'{3}|\"|')")
_CLOSING = re.compile(r"(?:\"{3}|'{3}|\"|')\Z")
_MARKS = re.compile(r"\A(?:/\*+!?|\*+/|\*+(?=\s|\Z)|//+!?<?|#+!?|--+\[*|<!--+)+")
_END_MARKS = re.compile(r"(?:\*+/|--+>|#+|\]\]|/+|\*+)\Z")
_TAGS = re.compile(
    r"</?(?:summary|para|remarks|p|code|c)/?>|<see \w+=\"([^\"]*)\" ?/>|\{@\w+ ?([^}]*)\}"
)
_NO_PROSE = re.compile(
    r"\A(?:@|\\\w+\b|noqa|type:|pylint|pyright|ruff|mypy|fmt:|eslint|tslint|prettier|istanbul|jshint|ts-|go:|\+build|"
    r"nolint|region\b|endregion\b|pragma|clang-format|rubocop|shellcheck|frozen_string_literal|-\*-|vim?:|swiftlint|"
    r"NOLINT|coverage:|biome-|v8 |c8 )"
)
_LICENCE = ("copyright", "spdx-licen", "all rights reserved", "licensed under")
_BETWEEN = (b"@", b"#[", b"template")
"""Lines that may stand between a comment and what it tells of: decorators, attributes, template parameters."""

_ENDS = (b"*/", b"-->")
_BARE = re.compile(rb"[ \t\xef\xbb\xbf]*(?:[a-z]+[ \t]+)*")
"""What may stand before a definition on its line: words such as `export`."""


def from_string(text: str) -> str:
    """The first line with text of a documentation string, its quotes taken off."""
    text = _CLOSING.sub("", _OPENING.sub("", text, count=1), count=1)
    return next((_capped(line.strip()) for line in text.splitlines() if line.strip()), "")


def comment_before(source: bytes, start: int, marks: tuple[bytes, ...]) -> str:
    """The first line of the comment that ends on the line above the one of `start`, or "".

    `marks` begin a comment in this language. A comment with a blank line after it belongs to nothing, and so does one
    above a line that begins with something else.
    """
    floor = max(0, start - _WINDOW)
    line_start = source.rfind(b"\n", floor, start) + 1
    if line_start <= floor:
        return ""
    before = source[line_start:start]
    if before and not before.isspace() and not _BARE.fullmatch(before):
        return ""
    previous = source[source.rfind(b"\n", floor, line_start - 1) + 1 : line_start].strip()
    # The common case first: what stands above is code, or nothing.
    if not (previous.startswith(marks + _BETWEEN) or previous.endswith(_ENDS)):
        return ""
    end = line_start - 1
    while previous.startswith(_BETWEEN):
        end = source.rfind(b"\n", floor, end)
        if end < 0:
            return ""
        previous = source[source.rfind(b"\n", floor, end) + 1 : end].strip()
    if b"/*" in marks and previous.endswith(b"*/"):
        return _first_prose(_block(source, floor, end))
    if b"<!--" in marks:
        return _first_prose(previous) if previous.endswith(b"-->") else ""
    return _first_prose(_run(source, floor, end, marks))


def _block(source: bytes, floor: int, end: int) -> bytes:
    """The block comment that ends before `end`, unless there is code before it: then it tells of that."""
    begin = source.rfind(b"/*", floor, end)
    line = max(floor, source.rfind(b"\n", floor, begin) + 1)
    if begin < 0 or source[line:begin].strip(b"\xef\xbb\xbf \t"):
        return b""
    return source[begin:end]


def _run(source: bytes, floor: int, end: int, marks: tuple[bytes, ...]) -> bytes:
    """The lines before `end` that are nothing but comments."""
    begin = end + 1
    while begin > floor:
        above = source.rfind(b"\n", floor, begin - 1) + 1
        line = source[max(above, floor) : begin].lstrip()
        if above < floor or not line.startswith(marks) or line.startswith(b"/*"):
            break
        begin = above
    return source[begin:end]


def _first_prose(comment: bytes) -> str:
    text = comment.decode("utf-8", "replace")
    beginning = text[:CAP].lower()
    if any(word in beginning for word in _LICENCE):
        return ""
    for line in text.split("\n"):
        found = _prose(line)
        if found:
            return found
    return ""


def _prose(line: str) -> str:
    text = _MARKS.sub("", line.strip()).strip()
    text = _END_MARKS.sub("", text).strip()
    text = _TAGS.sub(lambda match: match[1] or match[2] or "", text).strip()
    if _NO_PROSE.match(text) or not any(letter.isalnum() for letter in text):
        return ""
    return _capped(text)


def _capped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= CAP else text[: CAP - 3].rstrip() + "..."
