"""A patch as a value: what git writes, and what our own tools write for an edit.

Libraries that read patches raise on a patch that was cut off, guess where one of two names with spaces ends, and leave
git's quoted names quoted; so this is read here. Nothing raises: lines that fit nowhere are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

LineKind = Literal["context", "added", "removed"]

_KINDS: dict[str, LineKind] = {" ": "context", "+": "added", "-": "removed", "": "context"}
_SIGNS: dict[LineKind, str] = {"context": " ", "added": "+", "removed": "-"}
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_HEADS = (
    "old mode ",
    "new mode ",
    "deleted file mode ",
    "new file mode ",
    "copy from ",
    "copy to ",
    "rename from ",
    "rename to ",
    "similarity index ",
    "dissimilarity index ",
    "index ",
    "Binary files ",
)


@dataclass(frozen=True, slots=True)
class Line:
    """`old` and `new` are its numbers before and after; `mark` is the line about a missing newline that follows it."""

    kind: LineKind
    text: str
    old: int
    new: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Hunk:
    """`head` is its "@@" line, `heading` what git says of where it is."""

    head: str
    heading: str
    lines: tuple[Line, ...]

    @property
    def changed(self) -> int:
        return sum(line.kind != "context" for line in self.lines)


@dataclass(frozen=True, slots=True)
class FilePatch:
    """What changes in a file. `old` and `new` are its paths, None where there is no file; `copied` tells a copy from a
    rename. `head` are the lines before the first hunk, `rest` those after the last that belong to none, as where a
    patch was cut off."""

    old: str | None
    new: str | None
    head: tuple[str, ...] = ()
    hunks: tuple[Hunk, ...] = ()
    rest: tuple[str, ...] = ()
    old_mode: str = ""
    new_mode: str = ""
    copied: bool = False
    binary: bool = False

    @property
    def path(self) -> str:
        return self.new or self.old or ""

    @property
    def added(self) -> int:
        return sum(line.kind == "added" for hunk in self.hunks for line in hunk.lines)

    @property
    def removed(self) -> int:
        return sum(line.kind == "removed" for hunk in self.hunks for line in hunk.lines)


def parse_patch(text: str) -> tuple[FilePatch, ...]:
    """The files of a patch, in its order. What stands before the first is left out."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return tuple(_file(each) for each in _by_file(lines))


def patch_text(file: FilePatch, hunks: Iterable[Hunk] | None = None) -> str:
    """The patch of one file again, byte for byte; with `hunks` of it alone, for `git apply --recount`."""
    lines = [*file.head]
    for hunk in file.hunks if hunks is None else hunks:
        lines.append(hunk.head)
        for line in hunk.lines:
            lines.append(_SIGNS[line.kind] + line.text)
            if line.mark:
                lines.append(line.mark)
    if hunks is None:
        lines.extend(file.rest)
    return "".join(f"{line}\n" for line in lines)


# --- cutting ---


@dataclass(slots=True)
class _Cut:
    head: list[str]
    hunks: list[Hunk]
    rest: list[str]


def _by_file(lines: list[str]) -> Iterator[_Cut]:
    cut: _Cut | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("diff --git ") or _begins_plain(lines, at, cut):
            if cut is not None:
                yield cut
            cut = _Cut([line], [], [])
            at += 1
        elif cut is None:
            at += 1
        elif found := _HUNK.match(line):
            hunk, at = _hunk(lines, at, found)
            cut.hunks.append(hunk)
        else:
            (cut.rest if cut.hunks else cut.head).append(line)
            at += 1
    if cut is not None:
        yield cut


def _begins_plain(lines: list[str], at: int, cut: _Cut | None) -> bool:
    """A file without a line of git's before it: our own tools write those."""
    pair = lines[at].startswith("--- ") and lines[at + 1 : at + 2] != []
    if not pair or not lines[at + 1].startswith("+++ "):
        return False
    return cut is None or bool(cut.hunks) or any(each.startswith("--- ") for each in cut.head)


def _hunk(lines: list[str], at: int, found: re.Match[str]) -> tuple[Hunk, int]:
    old, new = int(found[1]), int(found[3])
    old_left = 1 if found[2] is None else int(found[2])
    new_left = 1 if found[4] is None else int(found[4])
    head, body = lines[at], list[Line]()
    at += 1
    while at < len(lines):
        sign, text = lines[at][:1], lines[at][1:]
        if sign == "\\" and body:
            body[-1] = replace(body[-1], mark=lines[at])
            at += 1
            continue
        kind = _KINDS.get(sign)
        before, after = kind != "added", kind != "removed"
        if kind is None or before > old_left or after > new_left:
            break
        body.append(Line(kind, text, old, new))
        old, new = old + before, new + after
        old_left, new_left = old_left - before, new_left - after
        at += 1
    return Hunk(head, found[5].strip(), tuple(body)), at


# --- heads ---


def _file(cut: _Cut) -> FilePatch:
    said = dict(_said(cut.head))
    old, new = _names(cut.head[0], said)
    if "new file mode " in said or said.get("--- ") == "/dev/null":
        old = None
    if "deleted file mode " in said or said.get("+++ ") == "/dev/null":
        new = None
    same = said.get("index ", "").partition(" ")[2]
    return FilePatch(
        old,
        new,
        tuple(cut.head),
        tuple(cut.hunks),
        tuple(cut.rest),
        said.get("old mode ") or said.get("deleted file mode ") or same,
        said.get("new mode ") or said.get("new file mode ") or same,
        "copy from " in said,
        "Binary files " in said or "GIT binary patch" in said,
    )


def _said(head: list[str]) -> Iterator[tuple[str, str]]:
    for line in head:
        if line == "GIT binary patch":
            yield line, ""
        for word in (*_HEADS, "--- ", "+++ "):
            if line.startswith(word):
                yield word, line[len(word) :]


def _names(first: str, said: dict[str, str]) -> tuple[str, str]:
    """From the plainest lines there are: of a rename, of the texts, else from git's first line."""
    for old, new in (("rename from ", "rename to "), ("copy from ", "copy to ")):
        if old in said and new in said:
            return _unquoted(said[old]), _unquoted(said[new])
    if "--- " in said and "+++ " in said:
        names = (_dated(said["--- "]), _dated(said["+++ "]))
        return names[0].removeprefix("a/"), names[1].removeprefix("b/")
    both = first.removeprefix("diff --git ")
    if both.startswith('"'):
        quoted = re.match(r'"(?:[^"\\]|\\.)*"', both)
        name = _unquoted(quoted[0] if quoted else both).removeprefix("a/")
    else:  # the two are alike
        name = both[: len(both) // 2].removeprefix("a/")
    return name, name


def _dated(name: str) -> str:
    """Without what stands after a tab: a time, or nothing where git ends a name with spaces in it."""
    return _unquoted(name if name.startswith('"') else name.partition("\t")[0])


def _unquoted(name: str) -> str:
    """A name as it is on disk: git quotes one with odd bytes as C does."""
    if len(name) < 2 or not (name.startswith('"') and name.endswith('"')):
        return name
    raw, place = bytearray(), 0
    inside = name[1:-1]
    for found in _ESCAPED.finditer(inside):
        raw += _bytes(inside[place : found.start()])
        code = found[1]
        if code[0] in "01234567":
            raw.append(int(code, 8) & 0xFF)
        elif code in _LETTERS:
            raw.append(_LETTERS[code])
        else:
            raw += _bytes(code)
        place = found.end()
    raw += _bytes(inside[place:])
    return raw.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
