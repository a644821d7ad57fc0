"""Bringing a result home: the person's work meanwhile is merged or stays, and is never overwritten."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tools.git.clones import Clones
from leadline.tools.git.homecoming import Homecoming, bring_home
from leadline.tools.git.merging import ConflictKind
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.git.survey import Limits

Git = Callable[..., bytes]
Files = Mapping[str, str | None]


def write(root: Path, files: Files) -> None:
    for path, text in files.items():
        file = root / path
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def read(root: Path) -> dict[str, str]:
    found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_text() for path in found}


async def homecoming(repo: Path, home: Path, ours: Files, theirs: Files) -> Homecoming:
    """A clone in which `ours` was done comes home to a tree in which the person did `theirs` meanwhile."""
    snapshots = await SnapshotStore.open(home, await open_repository(repo), "s1")
    base = await snapshots.take("start")
    clones = await Clones.open(snapshots.store, home / "work", "s1")
    clone = await clones.make(base, "task")
    write(clone.root, ours)
    done = await clones.commit(clone, "done")
    write(repo, theirs)
    return await bring_home(snapshots, base.commit, done.commit, "the result")


async def test_a_result_comes_home(repo: Path, tmp_path: Path) -> None:
    done = await homecoming(repo, tmp_path / "state", {"a.txt": "two\n", "new/c.txt": "c\n"}, {})
    assert read(repo) == {"a.txt": "two\n", "new/c.txt": "c\n", "src/b.py": "b = 1\n"}
    assert done.conflicts == ()
    assert done.report.written == ("a.txt", "new/c.txt")


async def test_what_the_person_did_meanwhile_is_merged(repo: Path, tmp_path: Path) -> None:
    lines = [f"line {number}\n" for number in range(12)]
    (repo / "a.txt").write_text("".join(lines))
    ours = "".join(["ours\n", *lines[1:]])
    theirs = "".join([*lines[:-1], "theirs\n"])
    mine = {"a.txt": theirs, "own.txt": "mine\n", "src/b.py": None}
    done = await homecoming(repo, tmp_path / "state", {"a.txt": ours}, mine)
    assert done.conflicts == ()
    both = "".join(["ours\n", *lines[1:-1], "theirs\n"])
    assert read(repo) == {"a.txt": both, "own.txt": "mine\n"}


@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_what_no_snapshot_has_stays_and_the_rest_comes_home(
    repo: Path, git: Git, tmp_path: Path, when: str
) -> None:
    """A file that is too large for one, another repository, a full folder that git ignores, a pipe."""
    here = {"large.bin": "a" * 200, "build/out.o": "o"}
    write(repo, {".gitignore": "build/\n"})
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "ignore")
    inner = {"lib/f.txt": "theirs\n"}

    def put() -> None:
        write(repo, {**here, **inner})
        git(repo / "lib", "init", "-q")
        git(repo / "lib", "add", "-A")
        git(repo / "lib", "commit", "-qm", "lib")
        os.mkfifo(repo / "pipe")

    if when == "before":
        put()
    snapshots = await SnapshotStore.open(
        tmp_path / "state", await open_repository(repo), "s1", Limits(untracked_file=100)
    )
    base = await snapshots.take("start")
    clones = await Clones.open(snapshots.store, tmp_path / "work", "s1")
    clone = await clones.make(base, "task")
    mine = {"large.bin": "small", "build": "a file", "lib/f.txt": "ours", "pipe": "p"}
    write(clone.root, {**mine, "lib/new.txt": "new", "a.txt": "two\n"})
    done = await clones.commit(clone, "done")
    if when == "meanwhile":
        put()
    home = await bring_home(snapshots, base.commit, done.commit, "the result")
    assert {each.path: each.kind for each in home.conflicts} == dict.fromkeys(
        mine, ConflictKind.UNKNOWN
    )
    assert (repo / "pipe").is_fifo()
    (repo / "pipe").unlink()
    files = read(repo)
    assert {path: files[path] for path in (*here, *inner)} == {**here, **inner}
    assert (files["a.txt"], files["lib/new.txt"]) == ("two\n", "new")
    assert await bring_home(snapshots, base.commit, done.commit, "again")


async def test_where_both_meet_the_persons_stays_and_ours_is_kept(
    repo: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    ours = {"a.txt": "ours\n", "src/b.py": "b = 2\n", "c.txt": "c\n"}
    done = await homecoming(repo, state, ours, {"a.txt": "mine\n", "src/b.py": None})
    assert read(repo) == {"a.txt": "mine\n", "c.txt": "c\n"}
    kinds = {each.path: each.kind for each in done.conflicts}
    assert kinds == {
        "a.txt": ConflictKind.SAME_LINES,
        "src/b.py": ConflictKind.CHANGED_DELETED,
    }
    snapshots = await SnapshotStore.open(state, await open_repository(repo), "s1")
    assert await snapshots.read_file(done.before, "a.txt") == b"mine\n"
    assert (await snapshots.take("now")).tree == done.after.tree


async def test_what_a_link_leads_to_is_never_written(repo: Path, tmp_path: Path) -> None:
    """The person has put a link in the place of a folder that the result changes a file of."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.py").write_text("not ours\n")
    snapshots = await SnapshotStore.open(tmp_path / "state", await open_repository(repo), "s1")
    base = await snapshots.take("start")
    clones = await Clones.open(snapshots.store, tmp_path / "state" / "work", "s1")
    clone = await clones.make(base, "task")
    write(clone.root, {"src/b.py": "b = 2\n", "src/c.py": "c = 1\n", "a.txt": "two\n"})
    done = await clones.commit(clone, "done")
    (repo / "src" / "b.py").unlink()
    (repo / "src").rmdir()
    (repo / "src").symlink_to(elsewhere)
    home = await bring_home(snapshots, base.commit, done.commit, "the result")
    assert (repo / "src").is_symlink()
    assert {each.path for each in home.conflicts} == {"src"}
    assert (repo / "a.txt").read_text() == "two\n"
    assert [path.name for path in elsewhere.iterdir()] == ["b.py"]
    assert (elsewhere / "b.py").read_text() == "not ours\n"


NAMES = st.sampled_from(["a.txt", "src/b.py", "new.txt", "src/d/e.txt"])
TEXTS = st.one_of(
    st.none(), st.lists(st.sampled_from(["one\n", "two\n", "three\n"]), max_size=4).map("".join)
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(NAMES, TEXTS, max_size=4), st.dictionaries(NAMES, TEXTS, max_size=4))
async def test_nothing_of_the_persons_is_ever_overwritten(
    git: Git, ours: dict[str, str | None], theirs: dict[str, str | None]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo, state = Path(folder, "repo"), Path(folder, "state")
        repo.mkdir()
        git(repo, "init", "--quiet")
        write(repo, {"a.txt": "one\ntwo\n", "src/b.py": "b\n"})
        base = read(repo)
        done = await homecoming(repo, state, ours, theirs)
        found = read(repo)
        mine = {name: theirs.get(name, base.get(name)) for name in {*base, *theirs}}
        result = {name: ours.get(name, base.get(name)) for name in {*base, *ours}}
        conflicting = {each.path for each in done.conflicts}
        for name in {*mine, *result}:
            was, their, our = base.get(name), mine.get(name), result.get(name)
            if name in conflicting or our == was:
                assert found.get(name) == their
            elif their == was:
                assert found.get(name) == our
