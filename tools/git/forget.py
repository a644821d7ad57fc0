"""Letting go of a session's snapshots: git may then drop what nothing else holds."""

from __future__ import annotations

from pathlib import Path

from .repository import open_repository
from .run import Place, run_git
from .store import store_of

_HOLD = ("refs/leadline", "refs/leadline-work")
"""Below which each session has its snapshots, and its workers their clones' commits."""

TAKEN_BACK = "-back"
"""Added to a session's name: the chain of snapshots from before and after the person took something back."""


async def forget_snapshots(home: Path, root: Path, session: str) -> None:
    """Drop the references of this session in the store of the repository at `root`, if there is one.

    Objects that other sessions hold as well stay. Raises PersonError where the repository can't be opened.
    """
    repository = await open_repository(root)
    store = store_of(home, repository)
    if not store.is_dir():
        return
    place = Place(root, git_dir=store, work_tree=root, index=store / "indexes" / "none")
    names = (session, session + TAKEN_BACK)
    below = [f"{hold}/{name}/" for hold in _HOLD for name in names]
    found = await run_git(place, "for-each-ref", "--format=delete %(refname)", *below)
    if found.stdout:
        await run_git(place, "update-ref", "--stdin", stdin=found.stdout)
