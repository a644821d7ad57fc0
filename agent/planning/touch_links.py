"""Which files an import may mean, and who may use a file by it: more than do rather than fewer. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from ...tools.code.model import CodeTree

BY_IMPORT = frozenset(("python", "javascript", "typescript", "tsx"))
"""Languages in which nothing of another file is used that was not imported, directly or by others."""
BY_FOLDER = frozenset(("go", "java", "kotlin", "scala", "swift", "csharp"))
"""Languages in which files of one folder see each other, and a folder can be imported as a whole."""
FAMILIES = {
    **dict.fromkeys(("javascript", "typescript", "tsx"), "ecmascript"),
    **dict.fromkeys(("java", "kotlin", "scala"), "jvm"),
    **dict.fromkeys(("c", "cpp", "swift"), "c"),
    **{each: each for each in ("python", "go", "rust", "csharp", "ruby", "php", "lua")},
}
"""Languages whose imports and names lead from file to file, and with which others they share their names."""
ENTRANCES = frozenset(("__init__", "index", "mod", "lib", "main"))
"""Files that are meant when their folder is imported."""

_SPLIT = re.compile(r"::|[./\\]")
_SELF = frozenset(("", "crate", "self", "super"))


class Imports:
    """The files of a tree by how imports may spell them."""

    def __init__(self, tree: CodeTree, also: Iterable[str] = ()) -> None:
        """`also` are paths that the tree no longer has, or not yet."""
        self._tree = tree
        self._bare: dict[str, list[str]] = {}
        self._in_folder: dict[str, list[str]] = {}
        self._ends: dict[str, dict[str, None]] = {}
        self._known: dict[tuple[str, bool], tuple[str, ...]] = {}
        for path in dict.fromkeys((*tree.files, *also)):
            folder, _, name = path.rpartition("/")
            bare = f"{folder}/{name.partition('.')[0]}" if folder else name.partition(".")[0]
            self._bare.setdefault(bare, []).append(path)
            self._in_folder.setdefault(folder, []).append(path)
            for spelled in (bare, folder):
                self._ends.setdefault(_last(spelled), {})[spelled] = None

    def importers(self) -> dict[str, list[str]]:
        """By file: those that may import it, in the order of the tree."""
        found: dict[str, list[str]] = {}
        for path, file in self._tree.files.items():
            if file.language not in FAMILIES:
                continue
            facts = self._tree.facts(path)
            if not facts.imports:
                continue
            names = dict.fromkeys(each.name for each in facts.references)
            meant = {
                other: None
                for spelled in facts.imports
                for other in self._meant(path, file.language or "", spelled, names)
            }
            for other in meant:
                found.setdefault(other, []).append(path)
        return found

    def siblings(self, path: str) -> list[str]:
        """The files of the same folder and language, where those see each other."""
        language = self._language(path)
        if language not in BY_FOLDER:
            return []
        beside = self._in_folder[path.rpartition("/")[0]]
        return [other for other in beside if self._language(other) == language]

    def _language(self, path: str) -> str | None:
        file = self._tree.files.get(path)
        return None if file is None else file.language

    def _meant(
        self, importer: str, language: str, spelled: str, names: Iterable[str]
    ) -> Iterable[str]:
        exact = _beside(importer, language, spelled)
        if exact is not None and (exact in self._bare or exact in self._in_folder):
            places: Sequence[str] = (exact,)
        else:
            places = self._places(spelled, language == "python")
        for place in places:
            yield from self._bare.get(place, ())
            yield from self._of_folder(place, language, names)

    def _of_folder(self, folder: str, language: str, names: Iterable[str]) -> Iterable[str]:
        """What is meant of a folder that is imported."""
        members = self._in_folder.get(folder)
        if members is None:
            return
        if language in BY_FOLDER:
            yield from members
            return
        above = f"{folder}/" if folder else ""
        for name in (*ENTRANCES, *(names if language == "python" else ())):
            yield from self._bare.get(f"{above}{name}", ())

    def _places(self, spelled: str, packaged: bool) -> tuple[str, ...]:
        """Files without their endings, and folders, that end as an import is spelled, wherever they lie.

        The first parts of the import may be missing (they name the project) and so may the last (a name in the file).
        Where modules are `packaged`, what lies in a package is spelled with that.
        """
        found = self._known.get((spelled, packaged))
        if found is None:
            parts = _parts(spelled)
            meant: dict[str, None] = {}
            for length in range(len(parts), max(0, len(parts) - 2), -1):
                whole = False
                for place in self._ends.get(parts[length - 1], ()):
                    depth = self._agreeing(place, parts[:length], packaged)
                    if depth:
                        meant[place] = None
                        whole = whole or depth == length
                if whole:
                    break
            found = self._known[spelled, packaged] = tuple(meant)
        return found

    def _agreeing(self, place: str, parts: Sequence[str], packaged: bool) -> int:
        """How many of the last parts of an import agree with those of a place that it may mean, 0 for any other."""
        own = place.split("/")
        same = 0
        for mine, theirs in zip(reversed(own), reversed(parts), strict=False):
            if mine.lower() != theirs:
                break
            same += 1
        above = "/".join(own[: len(own) - same])
        if packaged and above and f"{above}/__init__" in self._bare:
            return 0
        return same if same > 1 or same in (len(own), len(parts)) else 0


def _beside(importer: str, language: str, spelled: str) -> str | None:
    """The place that a relative import of Python or JavaScript names; None for any other."""
    if language not in BY_IMPORT or not spelled.startswith("."):
        return None
    folder = importer.rpartition("/")[0]
    if language == "python":
        rest = spelled.lstrip(".")
        up = "../" * (len(spelled) - len(rest) - 1)
        spelled = up + rest.replace(".", "/")
    else:
        above, _, name = spelled.rpartition("/")
        spelled = f"{above}/{name if name in ('.', '..') else name.partition('.')[0]}"
    found = posixpath.normpath(posixpath.join(folder, spelled))
    return "" if found == "." else found


def _parts(spelled: str) -> list[str]:
    above, slash, name = spelled.replace("\\", "/").rpartition("/")
    plain = f"{above}/{name.partition('.')[0]}" if slash else spelled
    if spelled.endswith((".h", ".hh", ".hpp", ".js", ".php", ".rb")) and not slash:
        plain = spelled.rpartition(".")[0]
    return [part.lower() for part in _SPLIT.split(plain) if part not in _SELF]


def _last(place: str) -> str:
    return place.rpartition("/")[2].lower()
