"""Landing the work of several on one tree: merged in order, proven together, and who breaks the rest is found.

Each change was proven alone. Proving each merge as well would cost a run of the checks for each; so all that wait are
merged and proven at once, and only if that is red is the change looked for that made it so, by halving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

C = TypeVar("C")
"""What a merge says of the places where two changes meet."""

E = TypeVar("E")
"""What the checks say of a tree."""

C_co = TypeVar("C_co", covariant=True)
E_co = TypeVar("E_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Change:
    """The work of one task: the commit it began at and the one that it made of it."""

    task: str
    base: str
    commit: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree that a merge made, by its id."""

    id: str


class Merge(Protocol[C_co]):
    async def __call__(self, onto: str, change: Change) -> Tree | C_co:
        """The tree `onto` with what the change did, or where both did something else to the same lines."""
        ...


class Prove(Protocol[E_co]):
    async def __call__(self, tree: str, changes: Sequence[Change]) -> E_co | None:
        """None if the checks are no worse for `changes`, which the tree has beside what was proven before; else the
        evidence."""
        ...


@dataclass(frozen=True, slots=True)
class Conflicting(Generic[C]):
    """The change and others that landed, or wait before it, meet in the same lines."""

    change: Change
    conflicts: C


@dataclass(frozen=True, slots=True)
class Breaking(Generic[E]):
    """The change is green alone and red together with what landed, or waits before it."""

    change: Change
    beside: tuple[str, ...]
    """The tasks of the same round that the tree had already."""
    evidence: E


@dataclass(frozen=True, slots=True)
class Round(Generic[C, E]):
    """What came of those that waited. `tree` is proven, if anything landed."""

    tree: str
    landed: tuple[Change, ...]
    bounced: tuple[Conflicting[C] | Breaking[E], ...]


async def land(
    onto: str, waiting: Sequence[Change], merge: Merge[C], prove: Prove[E]
) -> Round[C, E]:
    """Lands all of `waiting` that go together, the earlier ones first. `onto` counts as proven."""
    bounced: list[Conflicting[C] | Breaking[E]] = []
    landed: list[Change] = []
    left = list(waiting)
    while left:
        merged, conflicting = await _merged(onto, left, merge)
        bounced += conflicting
        if not merged:
            break
        red = await _first_red(landed, merged, prove)
        good = merged if red is None else merged[: red.at]
        landed += (change for change, _ in good)
        onto = good[-1][1] if good else onto
        if red is None:
            break
        beside = tuple(change.task for change, _ in good)
        bounced.append(Breaking(merged[red.at][0], beside, red.evidence))
        left = [change for change, _ in merged[red.at + 1 :]]
    return Round(onto, tuple(landed), tuple(bounced))


async def _merged(
    onto: str, changes: Sequence[Change], merge: Merge[C]
) -> tuple[list[tuple[Change, str]], list[Conflicting[C]]]:
    """The changes that can be merged one after the other, each with the tree up to it; and the others."""
    merged: list[tuple[Change, str]] = []
    conflicting: list[Conflicting[C]] = []
    for change in changes:
        made = await merge(onto, change)
        if isinstance(made, Tree):
            onto = made.id
            merged.append((change, onto))
        else:
            conflicting.append(Conflicting(change, made))
    return merged, conflicting


@dataclass(frozen=True, slots=True)
class _Red(Generic[E]):
    at: int
    evidence: E


async def _first_red(
    landed: Sequence[Change], merged: Sequence[tuple[Change, str]], prove: Prove[E]
) -> _Red[E] | None:
    """A position whose tree is red while the one before it is green; None if the last is green. All of the trees have
    the work of `landed`, whose own checks count as well: nobody has been told yet that it landed.

    Between a green and a red tree there always is one, even where a later change mends what an earlier one broke.
    """

    async def proven(at: int) -> E | None:
        changes = [*landed, *(change for change, _ in merged[: at + 1])]
        return await prove(merged[at][1], changes)

    green, red = -1, len(merged) - 1
    evidence = await proven(red)
    if evidence is None:
        return None
    while red - green > 1:
        middle = (green + red) // 2
        found = await proven(middle)
        if found is None:
            green = middle
        else:
            red, evidence = middle, found
    return _Red(red, evidence)
