"""What a session did to the tree is shown as it was: by step, by task and as a whole, and nothing that others did."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from leadline.agent.changes.extent import OfStep, OfTask
from leadline.agent.changes.hunks import hunks_of, without
from leadline.agent.changes.reading import MOST_BYTES
from leadline.agent.history.timetravel import undo
from leadline.tests.support.repos import git, make_repo
from leadline.tests.support.stepping import Looking, Stepping, put, stepping
from leadline.tests.support.trees import digests, tree_of
from leadline.tools.errors import PersonError

LINES = [f"line {number}\n" for number in range(1, 41)]


def text_with(**changed: str) -> str:
    """Forty lines; `_3="x"` is another third line."""
    lines = list(LINES)
    for number, text in changed.items():
        lines[int(number[1:]) - 1] = text
    return "".join(lines)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"long.txt": text_with(), "a.py": "a = 1\n", "gone": "x\n"})


def looking(session: Stepping) -> Looking:
    return Looking(session.folder, session.repo)


async def test_by_session_and_by_step_while_it_runs(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        look = looking(session)
        assert await look.names() == {}
        await session.step({"a.py": "a = 2\n", "new.py": "n = 1\n"})
        await session.step({"a.py": "a = 3\n"})
        await session.step({"gone": None, "new.py": None}, command=True)
        before = digests(repo)
        assert await look.names() == {"a.py": "modified", "gone": "deleted"}
        assert await look.names(OfStep(1)) == {"a.py": "modified", "new.py": "added"}
        assert await look.names(OfStep(3)) == {"gone": "deleted", "new.py": "deleted"}
        file, patch = await look.file("a.py")
        assert (file.added, file.removed) == (1, 1)
        assert "-a = 1\n+a = 3\n" in patch.text
        _, patch = await look.file("a.py", OfStep(2))
        assert "-a = 2\n+a = 3\n" in patch.text
        with pytest.raises(PersonError, match="no step 4"):
            await look.list(OfStep(4))
        assert digests(repo) == before


async def test_after_an_undo_only_what_the_tree_has(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        await session.step({"a.py": "a = 2\n"})
        await session.step({"new.py": "n = 1\n"})
    await undo(session.folder, None, False)
    assert await looking(session).names() == {"a.py": "modified"}


async def test_what_the_person_did_meanwhile_is_not_in_it(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        look = looking(session)
        await session.step({"long.txt": text_with(_3="ours\n")})
        put(repo, {"long.txt": text_with(_3="ours\n", _20="mine\n"), "mine.txt": "mine\n"})
        await session.step({"long.txt": text_with(_3="ours\n", _20="mine\n", _38="ours too\n")})
        await session.step({"a.py": "a = 2\n"}, command=True)
        file, patch = await look.file("long.txt")
        assert (file.added, file.removed, file.mixed) == (2, 2, False)
        assert "mine" not in patch.text.replace(" mine", "")
        assert len(patch.hunks) == 2
        assert set(await look.names()) == {"long.txt", "a.py"}
        put(repo, {"long.txt": text_with(_3="mine at last\n", _20="mine\n", _38="ours too\n")})
        await session.step({"long.txt": text_with(_3="ours\n", _20="mine\n", _38="ours too\n")})
        file, _ = await look.file("long.txt")
        assert file.mixed


async def test_by_task(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        look = looking(session)
        both = {"long.txt": text_with(_3="one\n"), "one.txt": "1\n"}
        await session.land({"T1": both, "T2": {"long.txt": text_with(_38="two\n")}})
        await session.land({"T1": {"one.txt": "1, mended\n"}, "T3": {"three.txt": "3\n"}})
        assert look.work.tasks == ("T1", "T2", "T3")
        assert await look.names(OfTask("T1")) == {"long.txt": "modified", "one.txt": "added"}
        assert await look.names(OfTask("T2")) == {"long.txt": "modified"}
        assert await look.names(OfTask("T3")) == {"three.txt": "added"}
        _, patch = await look.file("one.txt", OfTask("T1"))
        assert "+1, mended\n" in patch.text
        _, patch = await look.file("long.txt", OfTask("T2"))
        assert "two" in patch.text
        assert "one" not in patch.text
        with pytest.raises(PersonError, match="No work of the task T9"):
            await look.list(OfTask("T9"))


async def test_odd_files(repo: Path, tmp_path: Path) -> None:
    """Names that no terminal should see, bytes that are no text, modes, links, moves, and a file too large to show."""
    odd = os.fsdecode(b'\xff \n"t\xc3\xa4b\t')
    put(repo, {"move me.txt": text_with()})
    (repo / "blob").write_bytes(b"\0\1")

    def change() -> None:
        (repo / odd).write_bytes(b"caf\xe9\r\nno end")
        (repo / "blob").write_bytes(b"\0\2")
        (repo / "a.py").chmod(0o755)
        (repo / "gone").unlink()
        (repo / "gone").symlink_to("a.py")
        (repo / "move me.txt").rename(repo / "moved.txt")
        (repo / "moved.txt").write_text(text_with(_9="nine\n"))
        (repo / "large").write_bytes(b"x\n" * (MOST_BYTES // 2 + 1))

    async with stepping(repo, tmp_path / "home") as session:
        look = looking(session)
        await session.step(change)
        assert await look.names() == {
            odd: "added",
            "blob": "modified",
            "a.py": "modified",
            "gone": "type changed",
            "moved.txt": "moved",
            "large": "added",
        }
        file, patch = await look.file("moved.txt")
        assert (file.old_path, file.added, file.removed) == ("move me.txt", 1, 1)
        assert "rename from move me.txt" in patch.text
        file, patch = await look.file("blob")
        assert (file.added, patch.hunks, patch.reason) == (None, (), "it is not text")
        file, patch = await look.file("a.py")
        assert (file.mode_changed, patch.hunks) == (True, ())
        assert "new mode 100755" in patch.text
        assert (await look.file("large"))[1].reason == "it is larger than 4 MiB"
        assert (await look.file("gone"))[1].hunks == ()
        _, patch = await look.file(odd)
        assert "caf\udce9" in patch.text
        assert patch.hunks[0].new == (b"caf\xe9\r\n", b"no end")


def test_a_hunk_that_looks_like_heads() -> None:
    """The counts say what belongs to a hunk, whatever its lines look like."""
    old, new = b"a\n-- x\n@@ -1 +1 @@\nz", b"a\n++ y\n@@ -9 +9 @@\n\\ odd\nz\n"
    patch = (
        b"diff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n@@ -1,4 +1,5 @@ top\n a\n--- x\n-@@ -1 +1 @@\n-z\n"
        b"\\ No newline at end of file\n+++ y\n+@@ -9 +9 @@\n+\\ odd\n+z\n"
    )
    (hunk,) = hunks_of(patch)
    assert (b"".join(hunk.old), b"".join(hunk.new)) == (old, new)
    assert hunk.first_changed == 2
    assert without(new, [hunk], [0]) == old
    with pytest.raises(ValueError, match="not of this content"):
        without(old, [hunk], [0])


async def test_two_thousand_files(repo: Path, tmp_path: Path) -> None:
    async with stepping(repo, tmp_path / "home") as session:
        many = {f"d{number % 40}/f{number}.txt": f"{number}\n" for number in range(2000)}
        await session.step(many, command=True)
        assert len((await looking(session).list()).files) == 2000
    assert tree_of(repo).keys() >= many.keys()
    assert "d1/" in git(repo, "status", "--porcelain")
