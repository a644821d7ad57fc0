"""Path patterns as regular expressions: those people type, and lines of ignore files. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLASS = re.compile(r"\[([!^]?)(\]?[^\]]*)\]")


def glob_pattern(glob: str) -> re.Pattern[str]:
    """A pattern for relative paths: `*` and `?` stop at slashes, `**` doesn't, `{a,b}` is either.

    Without a slash the glob is about the file's name, in whatever folder. Raises ValueError for one that is no glob.
    """
    body = glob.removeprefix("./")
    if not body:
        raise ValueError("the glob is empty")
    anywhere = "" if "/" in body else "(?:.*/)?"
    return _compiled(anywhere + _translate(body.removeprefix("/"), braces=True), glob)


@dataclass(frozen=True, slots=True)
class IgnoreLine:
    """One rule of an ignore file. `pattern` is for paths relative to the file's folder; `keep` takes back."""

    pattern: re.Pattern[str]
    keep: bool
    only_folders: bool


def ignore_lines(text: str) -> list[IgnoreLine]:
    """The rules of an ignore file in gitignore's syntax; as in git, a rule that can't be understood ignores nothing."""
    found: list[IgnoreLine] = []
    for raw in text.splitlines():
        line = re.sub(r"(?<!\\) +$", "", raw)
        keep = line.startswith("!")
        line = line[1:] if keep else line
        only_folders = line.endswith("/")
        line = line.rstrip("/") if only_folders else line
        if not line or line.startswith("#"):
            continue
        anywhere = "" if "/" in line else "(?:.*/)?"
        try:
            pattern = _compiled(anywhere + _translate(line.removeprefix("/"), braces=False), line)
        except ValueError:
            continue
        found.append(IgnoreLine(pattern, keep, only_folders))
    return found


def _compiled(expression: str, glob: str) -> re.Pattern[str]:
    try:
        return re.compile(expression + r"\Z", re.DOTALL)
    except re.error as error:
        raise ValueError(f"{glob!r} is no glob: {error.msg}") from None


def _translate(glob: str, braces: bool) -> str:
    out: list[str] = []
    at = 0
    depth = 0
    while at < len(glob):
        char = glob[at]
        stars = re.compile(r"\*\*+").match(glob, at)
        found = _CLASS.match(glob, at) if char == "[" else None
        if stars:
            piece, at = _stars(glob, at, stars.end())
            out.append(piece)
            continue
        if found:
            inside = found[2].replace("\\", "\\\\").replace("[", "\\[")
            out.append(f"(?!/)[{'^' if found[1] else ''}{inside}]")
            at = found.end()
            continue
        if char == "\\" and at + 1 < len(glob):
            out.append(re.escape(glob[at + 1]))
            at += 2
            continue
        if braces and char in "{},":
            piece, depth = _brace(char, depth)
            out.append(piece)
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        at += 1
    if depth:
        raise ValueError(f"{glob!r} is no glob: a brace is not closed")
    return "".join(out)


def _brace(char: str, depth: int) -> tuple[str, int]:
    if char == "{":
        return "(?:", depth + 1
    if depth == 0:
        return re.escape(char), 0
    return ("|", depth) if char == "," else (")", depth - 1)


def _stars(glob: str, start: int, end: int) -> tuple[str, int]:
    """`**` as a whole part of a path spans folders, none included; elsewhere it is a plain star."""
    opens = start == 0 or glob[start - 1] == "/"
    if opens and end == len(glob):
        return ".*" if start == 0 else ".+", end
    if opens and glob[end] == "/":
        return "(?:.*/)?", end + 1
    return "[^/]*", end
