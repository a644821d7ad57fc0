"""The merge queue: what goes together lands, what does not is named, and the checks run seldom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.planning.merge_queue import (
    Breaking,
    Change,
    Conflicting,
    Round,
    Tree,
    land,
)

Pairs = frozenset[frozenset[str]]
NONE: Pairs = frozenset()


@dataclass
class World:
    """Trees are the names of the changes in them. Some pairs meet in the same lines, some are red together."""

    meeting: Pairs = NONE
    breaking: Pairs = NONE
    asked: list[frozenset[str]] = field(default_factory=list[frozenset[str]])
    proofs: list[str] = field(default_factory=list[str])

    async def merge(self, onto: str, change: Change) -> Tree | list[str]:
        met = [name for name in onto.split() if frozenset((name, change.task)) in self.meeting]
        return met or Tree(f"{onto} {change.task}".strip())

    async def prove(self, tree: str, changes: Sequence[Change]) -> str | None:
        self.asked.append(frozenset(change.task for change in changes))
        self.proofs.append(tree)
        names = tree.split()
        red = [pair for pair in self.breaking if pair <= set(names)]
        return f"red: {sorted(map(sorted, red))}" if red else None


def changes(names: str) -> list[Change]:
    return [Change(name, "", f"made by {name}") for name in names]


def pair(names: str) -> frozenset[str]:
    return frozenset(names)


async def landing(world: World, names: str) -> Round[list[str], str]:
    return await land("", changes(names), world.merge, world.prove)


def tasks(found: Sequence[Change]) -> str:
    return "".join(change.task for change in found)


async def test_what_goes_together_lands_with_one_proof() -> None:
    world = World()
    done = await landing(world, "abcdefgh")
    assert tasks(done.landed) == "abcdefgh"
    assert done.tree.split() == list("abcdefgh")
    assert len(world.proofs) == 1
    assert done.bounced == ()


async def test_two_that_meet_in_the_same_lines() -> None:
    done = await landing(World(meeting=frozenset((pair("ac"),))), "abcd")
    assert tasks(done.landed) == "abd"
    assert done.bounced == (Conflicting(changes("c")[0], ["a"]),)


async def test_two_green_alone_and_red_together() -> None:
    world = World(breaking=frozenset((pair("bf"),)))
    done = await landing(world, "abcdefgh")
    assert tasks(done.landed) == "abcdegh"
    (guilty,) = done.bounced
    assert isinstance(guilty, Breaking)
    assert guilty.change.task == "f"
    assert guilty.beside == tuple("abcde")
    assert "['b', 'f']" in guilty.evidence
    assert len(world.proofs) <= 1 + math.ceil(math.log2(8)) + 1


async def test_a_proof_is_for_all_that_was_not_told_of_as_landed() -> None:
    """What landed earlier in the round has checks of its own, which what comes after it can break."""
    world = World(breaking=frozenset((pair("bc"), pair("be"))))
    done = await landing(world, "abcde")
    assert tasks(done.landed) == "abd"
    assert world.asked == [frozenset(tree.split()) for tree in world.proofs]


async def test_nothing_lands_where_nothing_waits() -> None:
    world = World()
    assert await landing(world, "") == Round("", (), ())
    assert world.proofs == []


NAMES = st.text("abcdefgh", max_size=8).map(lambda text: "".join(dict.fromkeys(text)))
PAIRS = st.frozensets(
    st.frozensets(st.sampled_from("abcdefgh"), min_size=2, max_size=2), max_size=6
)


@given(NAMES, PAIRS, PAIRS)
async def test_all_that_can_land_does_and_the_tree_is_green(
    names: str, meeting: Pairs, breaking: Pairs
) -> None:
    world = World(meeting, breaking)
    done = await landing(world, names)
    landed = tasks(done.landed)
    assert done.tree.split() == list(landed)
    assert sorted(landed + tasks([one.change for one in done.bounced])) == sorted(names)
    assert not any(bad <= set(landed) for bad in meeting | breaking)
    for one in done.bounced:
        others = set(names[: names.index(one.change.task)])
        assert any(
            one.change.task in bad and bad - {one.change.task} <= others
            for bad in meeting | breaking
        )
    if landed:
        assert done.tree in world.proofs
