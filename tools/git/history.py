"""Undo and redo: which snapshots to go between, decided purely, and the going.

A step is what Leadline did between two snapshots, one taken just before and one just after. What the person
did between two steps is in neither, and so an undo leaves it alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..errors import PersonError
from .restore import RestoreReport
from .snapshots import SnapshotStore


@dataclass(frozen=True, slots=True)
class Move:
    """Bring the work tree from one snapshot to another (their commit ids); only `paths`, unless that is None."""

    current: str
    target: str
    paths: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Snapshots before and after something Leadline did (commit ids).

    `paths` are the only ones it touched, where that is known; what differs elsewhere is somebody else's doing.
    """

    before: str
    after: str
    paths: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The steps of a session, and how many of them the work tree has now; the rest were undone."""

    steps: tuple[Step, ...] = ()
    at: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.at <= len(self.steps):
            raise ValueError(f"at {self.at} of {len(self.steps)} steps")

    @property
    def done(self) -> tuple[Step, ...]:
        """The steps that the work tree has."""
        return self.steps[: self.at]

    @property
    def undone(self) -> int:
        """How many steps a redo could bring back."""
        return len(self.steps) - self.at

    def record(self, before: str, after: str, paths: tuple[str, ...] | None = None) -> Timeline:
        """After a new step. Steps that were undone can no longer be redone; their snapshots stay."""
        return Timeline((*self.steps[: self.at], Step(before, after, paths)), self.at + 1)

    def undo(self, to: int | None = None) -> tuple[Timeline, tuple[Move, ...]]:
        """Back to when `to` steps were done, or by one; the moves are to be made in order.

        Raises `PersonError` where there is nothing to undo or no such step.
        """
        if self.at == 0:
            raise PersonError("There is nothing to undo in this session.")
        goal = self.at - 1 if to is None else to
        if not 0 <= goal < self.at:
            raise PersonError(f"There is no step {goal} to go back to: give 0 to {self.at - 1}.")
        back = [
            Move(step.after, step.before, step.paths)
            for step in reversed(self.steps[goal : self.at])
        ]
        return replace(self, at=goal), _joined(back)

    def redo(self, to: int | None = None) -> tuple[Timeline, tuple[Move, ...]]:
        """Forward to when `to` steps were done, or by one. Raises `PersonError` as `undo` does."""
        if self.undone == 0:
            raise PersonError("There is nothing to redo in this session.")
        goal = self.at + 1 if to is None else to
        if not self.at < goal <= len(self.steps):
            raise PersonError(
                f"There is no step {goal} to redo: give {self.at + 1} to {len(self.steps)}."
            )
        forth = [Move(s.before, s.after, s.paths) for s in self.steps[self.at : goal]]
        return replace(self, at=goal), _joined(forth)


def _joined(moves: list[Move]) -> tuple[Move, ...]:
    """Moves that follow on each other as one, so that nothing is written twice."""
    result: list[Move] = []
    for move in moves:
        whole = result and result[-1].paths is None and move.paths is None
        if whole and result[-1].target == move.current:
            result[-1] = Move(result[-1].current, move.target)
        else:
            result.append(move)
    return tuple(move for move in result if move.current != move.target)


async def touched(store: SnapshotStore, steps: Iterable[Step]) -> tuple[str, ...]:
    """What these steps changed, whoever else changed something meanwhile; sorted."""
    paths: set[str] = set()
    for step in steps:
        before, after = await store.load(step.before), await store.load(step.after)
        changed = {change.path for change in await store.changed_paths(before, after)}
        paths |= changed if step.paths is None else changed & set(step.paths)
    return tuple(sorted(paths))


async def follow(
    store: SnapshotStore, moves: tuple[Move, ...], *, force: bool = False
) -> RestoreReport:
    """Makes the moves, all or none. Broken off in the middle, the same call goes on where it stopped."""
    legs = [
        (await store.load(move.current), await store.load(move.target), move.paths)
        for move in moves
    ]
    return await store.restore_along(legs, force=force)
