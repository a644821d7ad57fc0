"""What an output tells its reader: which files it names, and which symbols it shows. One judge for all formats.

A file is named where its whole path occurs, or in a line `folder/: name name` that lists it. For the rest an output is
read line by line: one that begins with a path of the tree opens that file's section; what follows on the same line, and
the lines up to the next path, speak of that file. In its section a symbol is shown by

- the line of its declaration, or the declaration as far as its name (`def name`, `func (c *T) name`, `void name`) at
  the start of a line;
- a line of its own that occurs nowhere else in the file;
- its name at the start of a line, or in a list of names, where that line is no line of the file itself. So a call of
  the function, quoted from the file, shows nothing.

Marks that formats put before a line (numbers, bars, bullets) are taken off first; of a long line that was cut, the
beginning suffices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from .quality_truth import Changed

_PATH_MARKS = "#=<>*+- \t\"'`[(│├└─|"
_PATH_END = re.compile(r"[\s:;,\"'`\])>]")
_MARKS = re.compile(
    r"^[\s│⋮|├└─•·*…+-]*(?:(?:L?\d+(?:[-:,]\d+)?)(?:[:|\t]|\s-\s|\s+(?=\S)))?[\s│|]*"
)
_TRAILING = re.compile(r"[\s…]+$")
_MODIFIERS = re.compile(
    r"^(?:(?:export|default|declare|async|static|pub(?:\([^)]*\))?|public|private|protected|abstract|final"
    r"|readonly|override|synchronized|unsafe|const(?=\s+fn)|@\w+(?:\([^)]*\))?)\s+)+"
)
_ITEM = re.compile(r"^[\w$.#~]+(?:\(\))?(?:[ :@]\d+(?:[-]\d+)?)?$")
_KIND = re.compile(
    r"^(?:def|class|function|fn|func|method|struct|enum|trait|interface|type|impl|mod|macro|const|let|var)\s+"
)
_AFTER_NAME = re.compile(r"\s*(?:$|[(:<\[,=;{]|->|[-—…]|\d)")
_CUT = 60
"""A line at least this long may be the beginning of a longer one."""


@dataclass(frozen=True, slots=True)
class Sections:
    """An output, by file: the paths that open a section with the lines under each, and those a listing gives."""

    lines: Mapping[str, tuple[str, ...]]
    listed: frozenset[str]
    text: str

    def names(self, path: str) -> bool:
        """Whether the path occurs at all, not as a part of another one."""
        if path in self.lines or path in self.listed:
            return True
        return re.search(rf"(?<![\w./-]){re.escape(path)}(?![\w/-]|\.\w)", self.text) is not None

    def opens(self, path: str) -> bool:
        """Whether anything is said of the file beside its path."""
        return bool(self.lines.get(path))


def read_output(text: str, paths: frozenset[str]) -> Sections:
    """`paths` are all the files of the tree."""
    lines: dict[str, list[str]] = {}
    listed: set[str] = set()
    at: list[str] | None = None
    for line in text.splitlines():
        listed.update(_listing(line))
        path, rest = _opened(line, paths)
        if path is not None:
            at = lines.setdefault(path, [])
        if at is not None and rest.strip():
            at.append(rest)
    return Sections({path: tuple(own) for path, own in lines.items()}, paths & listed, text)


def _listing(line: str) -> list[str]:
    """The paths that a line `folder/: name name` lists; `./:` is the top."""
    folder, mark, names = line.partition("/:")
    if not mark or " " in folder:
        return []
    prefix = "" if folder == "." else f"{folder}/"
    return [prefix + name.strip(",") for name in names.split()]


def _opened(line: str, paths: frozenset[str]) -> tuple[str | None, str]:
    """The path that a line begins with, and what comes after it."""
    if line[:1] in (" ", "\t"):
        return None, line
    bare = line.lstrip(_PATH_MARKS)
    for lead in ("file path=", "path=", "File: ", "file: ", "File ", "file "):
        bare = bare.removeprefix(lead).lstrip("\"'`")
    whole = bare.rstrip(": \t")
    if whole in paths:
        return whole, ""
    end = _PATH_END.search(bare)
    path = bare[: end.start()] if end else bare
    if end and path in paths:
        return path, bare[end.start() :].lstrip("\"'`])>:;, \t")
    return None, line


Shown = Literal["no", "name", "more"]


def shown(sections: Sections, symbol: Changed, source_lines: frozenset[str]) -> Shown:
    """Whether a symbol is shown, and then only by its name, or by its declaration or lines of its own as well.

    `source_lines` are the lines of the symbol's file, as `plain` gives them.
    """
    head = plain(symbol.head)
    own = {plain(line) for line in (symbol.line, *symbol.own)}
    best: Shown = "no"
    for line in map(plain, sections.lines.get(symbol.path, ())):
        quoted = (
            line in own
            or (" " in head and _starts_with(line, head))
            or (len(line) >= _CUT and any(one.startswith(line) for one in own))
        )
        written = line not in source_lines
        if quoted or (written and _declares(line, symbol.name)):
            return "more"
        if written and _names(line, symbol.name):
            best = "name"
    return best


def plain(line: str) -> str:
    """A line without marks around it, without modifiers, white space collapsed."""
    bare = " ".join(_TRAILING.sub("", _MARKS.sub("", line)).split())
    return _MODIFIERS.sub("", bare)


def plain_lines(text: str) -> frozenset[str]:
    return frozenset(map(plain, text.splitlines()))


def _starts_with(line: str, head: str) -> bool:
    return line.startswith(head) and not re.match(r"[\w$]", line[len(head) : len(head) + 1])


def _declares(line: str, name: str) -> bool:
    """Whether a line that a format wrote by itself, not one of the file, declares it: `kind name`, `name(...)`."""
    start = _at_start(line, name)
    if start is None:
        return False
    return not line.startswith(start) or line[len(start) :].lstrip().startswith(
        ("(", "<", "[", "{")
    )


def _names(line: str, name: str) -> bool:
    """Whether such a line gives the name, at its start or in a list of names."""
    if _at_start(line, name) is not None:
        return True
    bare = _KIND.sub("", line)
    _, colon, tail = bare.partition(":")
    return any(_lists(part, name) for part in ((bare, tail) if colon else (bare,)))


def _at_start(line: str, name: str) -> str | None:
    """What a line begins with, after a word for its kind, if that is the name, qualified or not."""
    bare = _KIND.sub("", line)
    start = re.match(rf"(?:[\w$]+\.)*{re.escape(name)}(?![\w$])", bare)
    return start[0] if start and _AFTER_NAME.match(bare, start.end()) else None


def _lists(text: str, name: str) -> bool:
    """Whether the text is a list of names, with this one among them."""
    items = [item.strip(" ;") for item in re.split(r"[,·;]| {2,}", text)]
    if len(items) == 1:
        items = text.split()
    kept = [_KIND.sub("", item) for item in items if item]
    if not kept or not all(_ITEM.match(item) for item in kept):
        return False
    return any(re.split(r"[ :@(]", item)[0].split(".")[-1] == name for item in kept)


def share(found: Iterable[bool]) -> float | None:
    """The share of what was found; None of nothing."""
    each = list(found)
    return sum(each) / len(each) if each else None
