"""What a snapshot is, and how it is written in a commit. Pure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes

from ..errors import PersonError
from .names import parents, printable
from .survey import LeftOut, Reason

_FIRST = "leadline-snapshot: 1"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole working tree at one moment. `commit` is what a journal keeps; `SnapshotStore.load` has the rest.

    A file that is not in the tree was not there, unless `says_nothing_of` it: then it was left out.
    """

    commit: str
    tree: str
    label: str
    left_out: tuple[LeftOut, ...]
    watched: frozenset[str]
    """Files looked at one by one although they lie in what is left out, such as a file the agent writes in an
    ignored folder: of these, absence is known."""
    staged: str | None = None
    """A commit with what the person had staged that was in no file and in no commit of theirs."""
    private: frozenset[str] = frozenset()
    """Files that git does not track and nobody but their owner could touch."""

    def says_nothing_of(self, path: str) -> bool:
        """Whether `path`, when it is not in the tree, may all the same have been there."""
        return _Blind.of(self).hides(path)

    def hidden_among(self, paths: frozenset[str]) -> frozenset[str]:
        """Those of the paths that it says nothing of."""
        blind = _Blind.of(self)
        return frozenset(path for path in paths if blind.hides(path))


@dataclass(frozen=True, slots=True)
class _Blind:
    places: frozenset[str]
    watched: frozenset[str]

    @staticmethod
    def of(snapshot: Snapshot) -> _Blind:
        # What is behind a link is no part of this tree: of it nothing can be missing here.
        places = (left.path for left in snapshot.left_out if left.reason is not Reason.LINKED)
        return _Blind(frozenset(places), snapshot.watched)

    def hides(self, path: str) -> bool:
        if path in self.places:
            return True
        if path in self.watched:
            return False
        return any(f"{folder}/" in self.places for folder in parents(path))


def one_line(label: str) -> str:
    """The label as the first line of a commit."""
    return printable(label)[:200].strip() or "snapshot"


def to_message(snapshot: Snapshot) -> str:
    """The commit message: the label, and line by line what the tree cannot say, names percent-encoded."""
    lines = [one_line(snapshot.label), "", _FIRST]
    lines += [f"left-out: {left.reason.name} {_encoded(left.path)}" for left in snapshot.left_out]
    lines += [f"watched: {_encoded(path)}" for path in sorted(snapshot.watched)]
    lines += [f"private: {_encoded(path)}" for path in sorted(snapshot.private)]
    lines += [f"staged: {snapshot.staged}"] if snapshot.staged else []
    return "\n".join(lines) + "\n"


def from_commit(commit: str, content: bytes) -> Snapshot:
    """The snapshot in a commit object. Raises `PersonError` where it is none of ours."""
    head, _, message = content.decode("utf-8", "replace").partition("\n\n")
    label, _, body = message.partition("\n\n")
    tree = head.partition("\n")[0].removeprefix("tree ")
    first, *lines = body.splitlines() or [""]
    left: list[LeftOut] = []
    watched: set[str] = set()
    private: set[str] = set()
    staged: str | None = None
    try:
        if first != _FIRST:
            raise ValueError(first)
        for line in lines:
            kind, rest = line.split(": ", 1)
            if kind == "watched":
                watched.add(_decoded(rest))
            elif kind == "private":
                private.add(_decoded(rest))
            elif kind == "staged":
                staged = rest
            else:
                reason, path = rest.split(" ", 1)
                left.append(LeftOut(_decoded(path), Reason[reason]))
    except (ValueError, KeyError) as error:
        raise PersonError(f"{commit} is not a snapshot that this version can read.") from error
    return Snapshot(
        commit, tree, label, tuple(left), frozenset(watched), staged, frozenset(private)
    )


def _encoded(path: str) -> str:
    return quote_from_bytes(os.fsencode(path))


def _decoded(text: str) -> str:
    return os.fsdecode(unquote_to_bytes(text))
