"""A part of a session's work is taken back alone, and undo brings it back to the byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from leadline.agent.changes.accepted import marks_kept, read_accepted, with_marks, write_accepted
from leadline.agent.changes.extent import Chosen, Extent, OfSession, OfStep, OfTask
from leadline.agent.changes.rejecting import reject
from leadline.agent.events import Event, SnapshotTaken
from leadline.agent.history.journal import JournalError, read_events
from leadline.agent.history.replay import replay
from leadline.agent.history.timetravel import redo, undo
from leadline.tests.agent.test_changes_reading import looking, text_with
from leadline.tests.support.repos import git, make_repo
from leadline.tests.support.stepping import Looking, Stepping, put, stepping
from leadline.tests.support.trees import digests, tree_of
from leadline.tools.errors import Exit, PersonError
from leadline.tools.git.forget import forget_snapshots


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"long.txt": text_with(), "a.py": "a = 1\n", "gone": "x\n"})


async def chosen(look: Looking, path: str, *hunks: int, extent: Extent | None = None) -> Chosen:
    file, _ = await look.file(path, extent)
    return Chosen(path, file.mark, hunks)


async def ended(session: Stepping) -> Looking:
    await session.end()
    return looking(session)


async def test_a_hunk(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        await session.step({"long.txt": text_with(_3="x\n", _20="y\n", _38="z\n")})
        look = await ended(session)
    with_all = tree_of(repo)
    told: list[object] = []
    part = await chosen(look, "long.txt", 1)
    said = await reject(session.folder, OfSession(), [part], [told.append])
    assert said == "You took back 1 hunk of long.txt. Undo brings it back."
    assert (repo / "long.txt").read_text() == text_with(_3="x\n", _38="z\n")
    (event,) = told
    assert isinstance(event, Event)
    assert isinstance(event.body, SnapshotTaken)
    assert (event.body.step, event.body.by, event.body.paths) == (2, "person", ("long.txt",))
    file, patch = await look.file("long.txt")
    assert (file.added, len(patch.hunks)) == (2, 2)
    without = tree_of(repo)
    assert "At step 1" in await undo(session.folder, None, False)
    assert tree_of(repo) == with_all
    await redo(session.folder, False)
    assert tree_of(repo) == without
    await undo(session.folder, 0, False)
    assert (repo / "long.txt").read_text() == text_with()


async def test_what_the_person_did_since_stays(repo: Path, tmp_path: Path) -> None:
    """Above it, so that its lines have moved, beside it, and staged."""
    async with stepping(repo, tmp_path / "home") as session:
        await session.step({"long.txt": text_with(_3="x\n", _30="y\n"), "a.py": "a = 2\n"})
        look = await ended(session)
    mine = text_with(_1="mine\nmine\n", _3="x\n", _20="mine\n", _30="y\n")
    put(repo, {"long.txt": mine, "mine.txt": "mine\n"})
    git(repo, "add", "-A")
    index = git(repo, "diff", "--cached")
    await reject(session.folder, OfSession(), [await chosen(look, "long.txt", 1)])
    assert (repo / "long.txt").read_text() == mine.replace("y\n", "line 30\n")
    await reject(session.folder, OfSession())
    expected = text_with(_1="mine\nmine\n", _20="mine\n")
    assert (repo / "long.txt").read_text() == expected
    assert (repo / "a.py").read_text() == "a = 1\n"
    assert (repo / "mine.txt").read_text() == "mine\n"
    assert git(repo, "diff", "--cached") == index
    await undo(session.folder, 1, False)
    assert (repo / "long.txt").read_text() == mine


async def test_a_step_in_the_middle(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        await session.step({"long.txt": text_with(_3="x\n"), "new.py": "n = 1\n"})
        await session.step({"long.txt": text_with(_3="x\n", _20="y\n"), "a.py": "a = 2\n"})
        last = {"long.txt": text_with(_3="x\n", _20="y\n", _38="z\n"), "gone": None}
        await session.step(last, command=True)
        look = await ended(session)
    before = tree_of(repo)
    said = await reject(session.folder, OfStep(2))
    assert said.startswith("You took back all of step 2.")
    assert (repo / "long.txt").read_text() == text_with(_3="x\n", _38="z\n")
    assert (repo / "a.py").read_text() == "a = 1\n"
    assert await look.names(OfStep(4)) == {"a.py": "modified", "long.txt": "modified"}
    await undo(session.folder, None, False)
    assert tree_of(repo) == before
    part = await chosen(look, "gone", extent=OfStep(3))
    assert "gone of step 3" in await reject(session.folder, OfStep(3), [part])
    assert (repo / "gone").read_text() == "x\n"
    assert (repo / "long.txt").read_text() == text_with(_3="x\n", _20="y\n", _38="z\n")


async def test_a_task(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        both = {"long.txt": text_with(_3="one\n"), "one.txt": "1\n"}
        await session.land({"T1": both, "T2": {"long.txt": text_with(_38="two\n")}})
        await session.step({"long.txt": text_with(_3="one\n", _20="later\n", _38="two\n")})
        look = await ended(session)
    before = tree_of(repo)
    said = await reject(session.folder, OfTask("T1"))
    assert said.startswith("You took back all of the task T1.")
    assert (repo / "long.txt").read_text() == text_with(_20="later\n", _38="two\n")
    assert not (repo / "one.txt").exists()
    await undo(session.folder, None, False)
    assert tree_of(repo) == before
    part = await chosen(look, "long.txt", 0, extent=OfTask("T2"))
    await reject(session.folder, OfTask("T2"), [part])
    assert (repo / "long.txt").read_text() == text_with(_3="one\n", _20="later\n")


async def test_refused_with_nothing_changed(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        await session.step({"long.txt": text_with(_3="x\n"), "a.py": "a = 2\n"})
        with pytest.raises(JournalError, match="is running"):
            await reject(session.folder, OfSession())
        await session.step({"long.txt": text_with(_3="x and more\n")})
        look = await ended(session)
    stale = await chosen(look, "a.py")
    part = await chosen(look, "long.txt")
    (repo / "long.txt").write_text(text_with(_3="x, more, and mine\n"))
    before, events = digests(repo), read_events(session.folder)

    async def refused(extent: Extent, *parts: Chosen) -> str:
        with pytest.raises(PersonError) as found:
            await reject(session.folder, extent, parts)
        assert digests(repo) == before
        assert read_events(session.folder) == events
        return found.value.message

    assert "same lines of long.txt" in await refused(OfStep(1))
    assert "same lines of long.txt" in await refused(OfSession(), stale, part)
    other = Chosen("a.py", "another mark")
    assert "a.py is not as it was shown" in await refused(OfSession(), other)
    assert "is not as it was shown" in await refused(OfSession(), Chosen("never", "x"))
    assert "no such hunk" in await refused(OfSession(), Chosen("a.py", stale.shown, (7,)))
    assert "no step 9" in await refused(OfStep(9))


async def test_mixed_lines_are_refused(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        await session.step({"a.py": "a = 2\n"})
        put(repo, {"a.py": "a = 3\n"})
        await session.step({"a.py": "a = 4\n"})
        await session.end()
    with pytest.raises(PersonError, match="can't be told whose") as found:
        await reject(session.folder, OfSession())
    assert found.value.exit_code is Exit.CONFLICT
    assert (repo / "a.py").read_text() == "a = 4\n"


async def test_what_is_gone_already(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        await session.step({"a.py": "a = 2\n"})
        await session.end()
    put(repo, {"a.py": "a = 1\n"})
    events = read_events(session.folder)
    assert "without it already" in await reject(session.folder, OfSession())
    assert read_events(session.folder) == events


def every_kind(repo: Path) -> None:
    """One step with all that git knows of files."""
    odd = os.fsdecode(b"\xff\n")
    (repo / odd).write_bytes(b"caf\xe9\r\nno end")
    (repo / "dos.txt").write_bytes(b"one\r\nzwei\r\ndrei")
    (repo / "blob").write_bytes(b"\0\2")
    (repo / "empty").write_bytes(b"")
    (repo / "long.txt").write_text(text_with(_3="x\n", _20="y\ny\n", _38=""))
    (repo / "long.txt").chmod(0o755)
    (repo / "a.py").chmod(0o755)
    (repo / "gone").unlink()
    (repo / "gone").mkdir()
    (repo / "gone" / "inside").write_text("now a folder\n")
    (repo / "link").symlink_to("a.py")
    (repo / "move me").rename(repo / "moved")
    (repo / "deep" / "down" / "there").unlink()
    (repo / "build" / "made").write_text("by a tool\n")


async def test_all_hunks_of_all_files_are_an_undo(repo: Path, tmp_path: Path) -> None:
    """One by one, and each can be taken back again."""
    put(repo, {"deep/down/there": "t\n", "move me": text_with(_5="m\n"), ".gitignore": "build/\n"})
    put(repo, {"build/old": "old\n"})
    (repo / "blob").write_bytes(b"\0\1")
    (repo / "dos.txt").write_bytes(b"one\r\ntwo\r\n")
    first = tree_of(repo)
    async with stepping(repo, tmp_path / "home") as session:
        await session.steps.before_change(("build/made",), commands=True)
        await session.step(lambda: every_kind(repo))
        look = await ended(session)
    states = [tree_of(repo)]
    while files := (await look.list()).files:
        # The folder that took a file's place has to go before the file can come back.
        file = next((each for each in files if each.path.startswith("gone/")), files[-1])
        _, patch = await look.file(file.path)
        hunks = (0,) if patch.hunks else ()
        await reject(session.folder, OfSession(), [Chosen(file.path, file.mark, hunks)])
        states.append(tree_of(repo))
        assert states[-1] != states[-2]
    assert states[-1] == first
    for state in reversed(states[:-1]):
        await undo(session.folder, None, False)
        assert tree_of(repo) == state
    await reject(session.folder, OfSession())
    assert tree_of(repo) == first
    await undo(session.folder, None, False)
    assert tree_of(repo) == states[0]
    await undo(session.folder, None, False)
    assert tree_of(repo) == first


async def test_the_agents_are_told(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        await session.step({"a.py": "a = 2\n", "new.py": "n = 1\n"})
        look = await ended(session)
    last = session.store.last
    await reject(session.folder, OfSession(), [await chosen(look, "a.py")])
    await reject(session.folder, OfSession(), [await chosen(look, "new.py")])
    state = replay(read_events(session.folder))
    assert state.restored is not None
    assert state.restored.paths == ("a.py", "new.py")
    assert [step.by for step in state.steps] == ["session", "person", "person"]
    assert last is not None
    found = (await look.reader.store()).last
    assert found is not None
    assert found.tree == last.tree, "what changed is told against the tree as the agents left it"
    git_dir = ("--git-dir", str(session.store.git_dir))
    assert git(repo, *git_dir, "for-each-ref", "refs/leadline")
    await forget_snapshots(tmp_path / "home", repo, session.folder.name)
    assert git(repo, *git_dir, "for-each-ref", "refs/leadline") == "", (
        "nothing outlives the session"
    )


def test_what_is_kept_is_known_again(tmp_path: Path) -> None:
    assert read_accepted(tmp_path) == {}
    both = frozenset(("1", "2"))
    odd = os.fsdecode(b"\xff")
    write_accepted(tmp_path, with_marks({}, {"a.py": both, odd: frozenset("3")}))
    again = read_accepted(tmp_path)
    assert marks_kept(again, "a.py") == both
    assert marks_kept(again, odd) == frozenset("3")
    assert marks_kept(again, "b.py") == frozenset()
    none = with_marks(again, {"a.py": frozenset()})
    assert marks_kept(none, "a.py") == frozenset()
    (tmp_path / "accepted.json").write_text("[")
    assert read_accepted(tmp_path) == {}
    assert [path.name for path in tmp_path.iterdir()] == ["accepted.json"]
