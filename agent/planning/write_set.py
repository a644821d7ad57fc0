"""What a task may write: files, folders and symbols of files, and where two tasks would meet.

Entries are texts that a model wrote, so everything about them is doubted; what they come to is spelled in one way, and
read back it comes to the same.
"""

from __future__ import annotations

import difflib
import posixpath
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...tools.code.model import CodeTree, SourceFile
from ...tools.errors import ToolError
from ...tools.git.names import printable
from ...tools.globs import glob_pattern
from ...tools.paths import is_git_internal
from ...tools.text import clipped
from .plan import Area, Overlap, WriteSet, folders_above, is_below, write_set

MAX_AREAS = 400
"""Of one write set, and entries of one list; more than that is a folder's work, or several tasks'."""
MAX_FAULTS = 10
"""Told at once; each may have cost a comparison with thousands of paths."""
MAX_GLOB_FILES = 200
MAX_ENTRY = 500
"""Characters of one entry."""
MAX_NAME_BYTES = 255
_MAX_WILDCARDS = 4
"""Of one glob: the time that matching takes grows with the power of their number."""
_MAX_COMPARED = 4_000
"""Paths that a wrong one is compared with for a hint."""
_NEAR = 3

FaultKind = Literal[
    "empty",
    "long",
    "characters",
    "absolute",
    "outside",
    "git",
    "backslash",
    "glob",
    "no_folder",
    "wrong_kind",
    "no_file",
    "new_name",
    "lines",
    "no_symbol",
    "several_symbols",
    "too_many",
]

_WILDCARD = re.compile(r"\*+|\?|\[[^\]/]+\]|\{[^{}]*,[^{}]*\}")
_SURE_WILDCARD = re.compile(r"[*?]|\{[^{}]*,[^{}]*\}")
_WHOLE_FOLDER = re.compile(r"((?:[^*?\[\]{}]+/)?)\*\*(?:/\*\*?)?")
_LINES = re.compile(r"L?\d+(?:\s*[-:,]\s*L?\d+)*")
_ODD = re.compile(r"[\s,;:'\"`<>|*?{}]")
"""What no file that is still to be made has in its name: more likely it is prose, or several paths in one."""
_OWNER_MARK = re.compile(r"::|->|#")


# --- where two sets meet ---


def overlaps(one: WriteSet, other: WriteSet, tree: CodeTree) -> tuple[Overlap, ...]:
    """Where the two sets meet, in order.

    Symbols of one file are apart unless one lies in the other, by name or by their lines: what shares a line can't be
    merged. A symbol that `tree` doesn't know any more is told by its name alone.
    """
    there: dict[str, list[Area]] = {}
    for area in other.areas:
        there.setdefault(area.path, []).append(area)
    found: list[Overlap] = []
    for area in one.areas:
        near = [
            item for path in (area.path, *folders_above(area.path)) for item in there.get(path, ())
        ]
        if area.kind == "folder":
            near += [item for item in other.areas if is_below(item.path, area.path)]
        found += [Overlap(area, item) for item in near if _meet(area, item, tree)]
    return tuple(sorted(set(found), key=lambda item: (item.one, item.other)))


def _meet(one: Area, other: Area, tree: CodeTree) -> bool:
    if one.path == other.path and {one.kind, other.kind} == {"file", "folder"}:
        return True  # both are still to be made, and only one of them can be
    if one.contains(other) or other.contains(one):
        return True
    if one.kind != "symbol" or other.kind != "symbol" or one.path != other.path:
        return False
    here, there = _spans(one, tree), _spans(other, tree)
    return any(a <= last and first <= b for a, b in here for first, last in there)


def _spans(area: Area, tree: CodeTree) -> list[tuple[int, int]]:
    """The lines of a symbol; a name that is defined twice has two such ranges."""
    if area.path not in tree.files:
        return []
    found = (item for item in tree.symbols(area.path) if item.qualified == area.symbol)
    return [(item.first, item.last) for item in found]


# --- from entries ---


@dataclass(frozen=True, slots=True)
class EntryFault:
    """`message` is one sentence or two for the model: what is wrong with `entry`, and what to write instead."""

    entry: str
    kind: FaultKind
    message: str


class WriteSetError(ToolError):
    """Entries that say nothing of a tree, all of them."""

    def __init__(self, faults: Sequence[EntryFault]) -> None:
        super().__init__("\n".join(fault.message for fault in faults))
        self.faults = tuple(faults)


def resolve(
    entries: Iterable[str], tree: CodeTree, made: Collection[str] = frozenset()
) -> WriteSet:
    """What the entries mean in this tree.

    `made` are folders, without a slash at the end, that don't exist yet and that somebody else's entry makes. Files and
    folders still to be made are fine where the folder around them is there or in `made`, or made by one of the entries.
    Globs are expanded. Raises WriteSetError.
    """
    listed = list(entries)
    _refuse_many(len(listed))
    ground = _Ground(tree, list(tree.files), {*made, *new_folders(listed, tree)})
    areas: list[Area] = []
    faults: list[EntryFault] = []
    for entry in listed:
        try:
            areas += _areas(entry, ground)
        except WriteSetError as error:
            faults += error.faults
        if len(faults) == MAX_FAULTS:
            break
    if faults:
        raise WriteSetError(faults)
    found = write_set(areas)
    _refuse_many(len(found.areas))
    return found


def _refuse_many(count: int) -> None:
    if count > MAX_AREAS:
        text = f"{count:,} paths are too many for one task (at most {MAX_AREAS})"
        raise WriteSetError([EntryFault("", "too_many", f"{text}; name folders, or split it.")])


def new_folders(entries: Iterable[str], tree: CodeTree) -> frozenset[str]:
    """The folders, without a slash at the end, that entries such as `pkg/new/` would make."""
    ground = _Ground(tree, list(tree.files), frozenset())
    found: set[str] = set()
    for entry in entries:
        text = entry.strip()
        path = posixpath.normpath(text) if text else ""
        plain = _suspicion(entry, text, tree) is None and not _ODD.search(text)
        if plain and text.endswith("/") and path not in tree.files and not ground.has_folder(path):
            found.add(path)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What entries are held against. `paths` are all files, sorted."""

    tree: CodeTree
    paths: list[str]
    made: Collection[str]

    @property
    def files(self) -> Mapping[str, SourceFile]:
        return self.tree.files

    def has_folder(self, folder: str) -> bool:
        if folder in ("", "."):
            return True
        at = bisect_left(self.paths, f"{folder}/")
        return at < len(self.paths) and self.paths[at].startswith(f"{folder}/")


def _fault(entry: str, kind: FaultKind, said: str) -> EntryFault:
    """`said` goes on after the entry. What entries and trees hold is made harmless here."""
    shown = printable(_short(entry))
    return EntryFault(shown, kind, f"`{shown}`{printable(said)}.")


def _refusal(entry: str, kind: FaultKind, said: str) -> WriteSetError:
    return WriteSetError([_fault(entry, kind, said)])


def _short(text: str) -> str:
    return clipped(text, 100)


def _areas(entry: str, ground: _Ground) -> list[Area]:
    text = entry.strip()
    suspicion = _suspicion(entry, text, ground.tree)
    if suspicion is not None:
        raise WriteSetError([suspicion])
    for exact in (entry, text):
        if exact in ground.files and exact.isprintable():
            return [Area(exact)]
    path = posixpath.normpath(text)
    if path == ".":
        return [Area("", "folder")]
    if path in ground.files:
        return [Area(path)]
    owner = _owner(path, ground)
    if owner is not None:
        return [_symbol(entry, owner, path[len(owner) + 1 :], ground)]
    if ground.has_folder(path):
        return [Area(path, "folder")]
    if _WILDCARD.search(path):
        matched = _expanded(entry, path, ground)
        if matched or _SURE_WILDCARD.search(path):
            return matched
    return [_new(entry, path, text.endswith("/"), ground)]


def _suspicion(entry: str, text: str, tree: CodeTree) -> EntryFault | None:
    """What is wrong with an entry, whatever else the tree holds."""
    if not text:
        return _fault(entry, "empty", " is empty; name a file, a folder or a symbol of a file")
    if len(entry) > MAX_ENTRY:
        return _fault(entry, "long", " is too long for one path; write one per entry")
    # A name that would steer a terminal, or look like more lines of a prompt, is never let in.
    if not text.isprintable():
        said = " has characters that are not printable; name the folder it is in instead"
        return _fault(entry, "characters", said)
    if is_git_internal(text):
        return _fault(entry, "git", " lies in .git, which no task may write; leave it out")
    if entry in tree.files or text in tree.files:
        return None
    if text.startswith(("/", "~")):
        inside = text.removeprefix(f"{str(tree.root).rstrip('/')}/")
        instead = "the path from the project's root" if inside == text else f"`{_short(inside)}`"
        return _fault(entry, "absolute", f" is absolute; write {instead}")
    if "\\" in text:
        instead = _short(text.replace("\\", "/"))
        said = f" has backslashes; separate folders by slashes: `{instead}`"
        return _fault(entry, "backslash", said)
    if ".." in text.split("/"):
        said = " has `..` in it; write the plain path from the project's root"
        return _fault(entry, "outside", said)
    return None


# --- symbols ---


def _owner(path: str, ground: _Ground) -> str | None:
    """The file that an entry with a colon names a symbol of."""
    at = path.rfind(":")
    while at > 0:
        if path[:at] in ground.files:
            return path[:at]
        at = path.rfind(":", 0, at)
    return None


def _symbol(entry: str, path: str, name: str, ground: _Ground) -> Area:
    known = dict.fromkeys(item.qualified for item in ground.tree.symbols(path))
    name = name.strip()
    if name not in known and _LINES.fullmatch(name):
        said = f" names lines, which move; name a symbol, or `{path}` as a whole"
        raise _refusal(entry, "lines", said)
    plain = _OWNER_MARK.sub(".", name.removesuffix("()")).strip(".")
    for wanted in (name, plain):
        if wanted in known and _reads_back(f"{path}:{wanted}", ground):
            return Area(path, "symbol", wanted)
    ends = [each for each in known if plain and each.endswith(f".{plain}")]
    within = [each for each in ends if _reads_back(f"{path}:{each}", ground)]
    if len(within) == 1:
        return Area(path, "symbol", within[0])
    if within:
        said = f" may be {', '.join(within[:_NEAR])}; write which one"
        raise _refusal(entry, "several_symbols", said)
    if not known:
        said = f": no symbols are known of {path}; name it as a whole"
        raise _refusal(entry, "no_symbol", said)
    near = _near_symbols(plain, known)
    hint = f"near it: {', '.join(near)}" if near else "one entry names one symbol"
    around = plain.rpartition(".")[0]
    room = f"`{path}:{around}`" if around in known else f"`{path}` as a whole"
    said = f": the file defines no such symbol ({hint}); to add one, name {room}"
    raise _refusal(entry, "no_symbol", said)


def _reads_back(spelled: str, ground: _Ground) -> bool:
    """Whether an entry of a symbol, spelled like this, is taken for what it is."""
    whole = spelled == spelled.strip() == posixpath.normpath(spelled)
    clear = whole and _suspicion(spelled, spelled, ground.tree) is None
    return clear and spelled not in ground.files


def _near_symbols(name: str, known: Collection[str]) -> list[str]:
    """Qualified names that are spelled much like `name`, as a whole or in their last part."""
    by_end: dict[str, str] = {}
    for each in known:
        by_end.setdefault(each.rpartition(".")[2], each)
    close = difflib.get_close_matches(name, known, _NEAR)
    ends = difflib.get_close_matches(name.rpartition(".")[2], by_end, _NEAR)
    return list(dict.fromkeys([*close, *(by_end[end] for end in ends)]))[:_NEAR]


# --- globs, and what is still to be made ---


def _expanded(entry: str, path: str, ground: _Ground) -> list[Area]:
    """The files that a glob matches. Empty only for one that may be a plain name too."""
    whole = _WHOLE_FOLDER.fullmatch(path)
    if whole and ground.has_folder(whole[1].rstrip("/")):
        return [Area(whole[1].rstrip("/"), "folder")]
    if len(_WILDCARD.findall(path)) > _MAX_WILDCARDS:
        raise _refusal(entry, "glob", " has too many wildcards; name files or folders")
    try:
        pattern = glob_pattern(path)
    except ValueError:
        raise _refusal(entry, "glob", " is no glob; name files or folders") from None
    matched = [each for each in ground.paths if pattern.match(each)]
    if not matched and _SURE_WILDCARD.search(path):
        said = " matches no file; name files or folders, new ones one by one"
        raise _refusal(entry, "glob", said)
    if len(matched) > MAX_GLOB_FILES:
        said = f" matches {len(matched):,} files; name a folder such as `pkg/`, or split the task"
        raise _refusal(entry, "glob", said)
    if not all(each.isprintable() for each in matched):
        said = " matches a name that is not printable; name the folder instead"
        raise _refusal(entry, "characters", said)
    return [Area(each) for each in matched]


def _new(entry: str, path: str, is_folder: bool, ground: _Ground) -> Area:
    """A file or folder that is still to be made."""
    file, colon, rest = path.partition(":")
    if colon and ground.has_folder(file):
        said = f": {_short(file)} is a folder; a symbol is one of a file"
        raise _refusal(entry, "wrong_kind", said)
    if colon and "/" not in rest and not re.search(r"\s", file):
        said = f": {_short(file)} does not exist{_hint(file, ground)}; name a new file as a whole"
        raise _refusal(entry, "no_file", said)
    if _ODD.search(path) or any(len(p.encode()) > MAX_NAME_BYTES for p in path.split("/")):
        said = " does not exist and is no name for a new file; write one bare path per entry"
        raise _refusal(entry, "new_name", said)
    for above in folders_above(path)[:-1]:
        if above in ground.files:
            raise _refusal(entry, "wrong_kind", f": {above} is a file, not a folder")
    folder = posixpath.dirname(path)
    if not ground.has_folder(folder) and folder not in ground.made:
        what = f": there is no folder {_short(folder)}/{_hint(path, ground)}"
        said = f"{what}; if a task makes it, put `{_short(folder)}/` into its paths"
        raise _refusal(entry, "no_folder", said)
    return Area(path, "folder" if is_folder else "file")


def _hint(path: str, ground: _Ground) -> str:
    """Existing paths that may have been meant, in brackets; empty if nothing is like it."""
    name = posixpath.basename(path)
    found = [each for each in ground.paths if posixpath.basename(each) == name][:_NEAR]
    if not found:
        folders = {posixpath.dirname(each) + "/" for each in ground.paths[:_MAX_COMPARED]}
        most = sorted([*ground.paths[:_MAX_COMPARED], *(folders - {"/"})])
        found = difflib.get_close_matches(path, most, _NEAR, 0.75)
    return f" (near it: {', '.join(found)})" if found else ""
