"""The branch that a commit goes to."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Exit, PersonError
from .names import printable
from .repository import Repository
from .run import run_git


@dataclass(frozen=True, slots=True)
class Target:
    """Where a commit goes. `branch` is None for a detached HEAD."""

    ref: str
    branch: str | None
    parent: str | None
    exists: bool
    """Whether the reference is there already; else it is made."""
    checked_out: bool
    """Whether it is what this work tree has checked out, so that its index goes along."""


async def find_target(now: Repository, branch: str | None, *, allow_detached: bool) -> Target:
    """The current branch, or `branch`, which may be new.

    Raises `PersonError` for a detached HEAD that was not allowed, for a name that git refuses, and for a branch
    that another work tree has checked out.
    """
    if branch is None and now.branch is None:
        if not allow_detached:
            raise PersonError(
                "HEAD is detached: a commit here would be on no branch. Give one with --branch NAME.",
                Exit.CONFLICT,
            )
        return Target("HEAD", None, now.head, exists=True, checked_out=True)
    if branch is None or branch == now.branch:
        name = f"refs/heads/{now.branch}"
        return Target(name, now.branch, now.head, exists=now.head is not None, checked_out=True)
    name = f"refs/heads/{branch}"
    valid = await run_git(now.place, "check-ref-format", name, ok=(0, 1))
    if valid.code or branch.startswith("-"):
        raise PersonError(
            f"{printable(branch)!r} cannot be the name of a branch. Give another one."
        )
    form = "--format=%(refname)%00%(objectname)%00%(worktreepath)"
    listed = await run_git(now.place, "for-each-ref", form, name)
    for line in listed.line.split("\n"):
        found, _, rest = line.partition("\0")
        commit, _, where = rest.partition("\0")
        if found == name:
            if where:
                raise PersonError(
                    f"{branch} is checked out in {printable(where)}. Commit there, or give another branch.",
                    Exit.CONFLICT,
                )
            return Target(name, branch, commit, exists=True, checked_out=False)
    return Target(name, branch, now.head, exists=False, checked_out=False)
