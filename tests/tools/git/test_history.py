"""Undo and redo, as laws of the model and on a real tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.errors import Exit, PersonError
from leadline.tools.git.history import Move, Timeline, follow
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore

Scan = Callable[..., dict[str, tuple[int, bytes]]]

ACTIONS = st.lists(st.tuples(st.sampled_from(["step", "edit", "undo", "redo"]), st.integers(0, 9)))


def make(tree: dict[str, str], moves: tuple[Move, ...], taken: dict[str, dict[str, str]]) -> None:
    """What a restore does to a tree of one-word files."""
    for move in moves:
        current, target = taken[move.current], taken[move.target]
        for path in current.keys() | target.keys():
            if current.get(path) != target.get(path):
                assert tree.get(path) == current.get(path)
                tree.pop(path, None)
                if path in target:
                    tree[path] = target[path]


@given(ACTIONS)
def test_undo_and_redo_restore(actions: list[tuple[str, int]]) -> None:
    """Leadline's files are as they were after so many steps; the person's edits between steps all stay."""
    timeline, taken = Timeline(), dict[str, dict[str, str]]()
    tree: dict[str, str] = {}
    theirs: dict[str, str] = {}
    ours: list[dict[str, str]] = [{}]

    def take() -> str:
        taken[str(len(taken))] = dict(tree)
        return str(len(taken) - 1)

    for action, number in actions:
        if action == "edit":
            tree[f"person {number}"] = theirs[f"person {number}"] = str(len(taken))
        elif action == "step":
            before = take()
            tree[f"ours {number}"] = f"after {before}"
            timeline = timeline.record(before, take())
            ours = [*ours[: timeline.at], {k: v for k, v in tree.items() if k.startswith("ours")}]
        else:
            back = action == "undo"
            goal = number % (timeline.at or 1) if back else timeline.at + 1 + number % 3
            try:
                timeline, moves = timeline.undo(goal) if back else timeline.redo(goal)
            except PersonError:
                assert timeline.at == 0 if back else goal > len(timeline.steps)
                continue
            assert timeline.at == goal
            make(tree, moves, taken)
        assert tree == theirs | ours[timeline.at]


def test_moves_that_follow_on_each_other_are_one() -> None:
    timeline = Timeline().record("0", "1").record("1", "2").record("2b", "3").record("3", "3")
    back, moves = timeline.undo(0)
    assert moves == (Move("3", "2b"), Move("2", "0"))
    _, forth = back.redo(4)
    assert forth == (Move("0", "2"), Move("2b", "3"))
    assert back.undone == 4
    assert back.record("0", "9").undone == 0
    assert timeline.undo() == (Timeline(timeline.steps, 3), ())


def test_no_such_step() -> None:
    timeline = Timeline().record("0", "1")
    for call in (
        lambda: Timeline().undo(),
        lambda: timeline.undo(1),
        lambda: timeline.undo(-1),
        lambda: timeline.redo(),
        lambda: timeline.undo()[0].redo(2),
    ):
        with pytest.raises(PersonError):
            call()
    with pytest.raises(ValueError, match="steps"):
        Timeline((), 1)


async def test_on_a_real_tree(repo: Path, tmp_path: Path, scan: Scan) -> None:
    store = await SnapshotStore.open(tmp_path / "state", await open_repository(repo), "s1")
    timeline, trees = Timeline(), list[object]()
    for number in range(4):
        before = await store.take("before")
        trees.append(scan(repo))
        (repo / "a.txt").write_text(f"step {number}\n")
        (repo / f"new{number}").write_text("n")
        timeline = timeline.record(before.commit, (await store.take("after")).commit)
    last = scan(repo)
    for number in (3, 1, 0):
        timeline, moves = timeline.undo(number)
        (report,) = await follow(store, moves)
        assert report.written == ("a.txt",)
        assert scan(repo) == trees[number]
    _, moves = timeline.redo(4)
    await follow(store, moves)
    assert scan(repo) == last


async def test_all_moves_or_none(repo: Path, tmp_path: Path, scan: Scan) -> None:
    store = await SnapshotStore.open(tmp_path / "state", await open_repository(repo), "s1")
    timeline = Timeline()
    for name in ("first", "second"):
        (repo / "a.txt").write_text(f"person, before {name}")
        before = await store.take("before")
        (repo / name).write_text(name)
        timeline = timeline.record(before.commit, (await store.take("after")).commit)
    (repo / "first").write_text("the person's")
    there = scan(repo)
    _, moves = timeline.undo(0)
    assert len(moves) == 2
    with pytest.raises(PersonError) as caught:
        await follow(store, moves)
    assert caught.value.exit_code is Exit.CONFLICT
    assert scan(repo) == there
    reports = await follow(store, moves, force=True)
    assert [report.saved is not None for report in reports] == [False, True]
    assert (repo / "a.txt").read_text() == "person, before second"
    assert not (repo / "first").exists()
