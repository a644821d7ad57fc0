"""Undo and redo, as laws of the model and on a real tree."""

from __future__ import annotations

import resource
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
        report = await follow(store, moves)
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
    report = await follow(store, moves, force=True)
    assert report.saved is not None
    assert await store.read_file(report.saved, "first") == b"the person's"
    assert (repo / "a.txt").read_text() == "person, before second"
    assert not (repo / "first").exists()


async def two_edits(store: SnapshotStore) -> tuple[Move, ...]:
    """What an undo of two steps has to do, each of which says what it touched: a.txt both, and a file each."""
    timeline = Timeline()
    (store.root / "z").write_text("z" * 5000)
    for number in (1, 2):
        before = await store.take("before")
        (store.root / "a.txt").write_text(f"step {number}\n")
        (store.root / "z").write_text(f"step {number}\n")
        paths = ("a.txt", "z")
        timeline = timeline.record(before.commit, (await store.take("after")).commit, paths)
    _, moves = timeline.undo(0)
    assert len(moves) == 2
    return moves


async def test_several_moves_that_were_broken_off_go_on(
    repo: Path, tmp_path: Path, scan: Scan
) -> None:
    """By a full disk, here a limit for the size of files: some are where the last move brings them, some are not."""
    store = await SnapshotStore.open(tmp_path / "state", await open_repository(repo), "s1")
    (repo / "z").write_text("z" * 5000)
    before = scan(repo)
    moves = await two_edits(store)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))
    try:
        with pytest.raises(PersonError, match="goes on"):
            await follow(store, moves)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert (repo / "a.txt").read_text() == "one\n"
    assert (repo / "z").read_text() == "step 2\n"
    await follow(store, moves)
    assert scan(repo) == before


async def test_what_the_person_did_between_two_steps_is_not_passed_over(
    repo: Path, tmp_path: Path, scan: Scan
) -> None:
    """The file is as the last step left it, yet to go to where the first began would lose what was done between."""
    store = await SnapshotStore.open(tmp_path / "state", await open_repository(repo), "s1")
    timeline = Timeline()
    for text in ("1\n", "2\n"):
        before = await store.take("before")
        (repo / "a.txt").write_text((repo / "a.txt").read_text() + text)
        timeline = timeline.record(before.commit, (await store.take("after")).commit)
        with (repo / "a.txt").open("a") as file:
            file.write("by the person\n")
    (repo / "a.txt").write_text("one\n1\nby the person\n2\n")
    there = scan(repo)
    _, moves = timeline.undo(0)
    with pytest.raises(PersonError) as caught:
        await follow(store, moves)
    assert caught.value.exit_code is Exit.CONFLICT
    assert scan(repo) == there
    report = await follow(store, moves, force=True)
    assert (repo / "a.txt").read_text() == "one\n"
    assert report.saved is not None
    assert await store.read_file(report.saved, "a.txt") == there["a.txt"][1]
