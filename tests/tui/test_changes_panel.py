"""The changes of a real session on a real tree, looked at, kept and taken back with real keys."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from leadline.agent.changes.extent import OfSession
from leadline.agent.changes.wished import carry_out
from leadline.agent.history.journal import read_events
from leadline.agent.host.wishes import RedoTo, Reject, UndoTo, Wish
from leadline.agent.settings.config import load_settings
from leadline.tests.agent.test_changes_reading import text_with
from leadline.tests.support.repos import make_repo
from leadline.tests.support.stepping import put, stepping
from leadline.tests.support.trees import tree_of
from leadline.tests.support.waiting import LONGEST
from leadline.tools.errors import PersonError
from leadline.tui.messages import Wished
from leadline.tui.panels.changes.editor import editor_command
from leadline.tui.panels.changes.file_list import FileList
from leadline.tui.panels.changes.panel import ChangesPanel
from leadline.tui.panels.panel import Place
from leadline.tui.state.reducer import State, state_of
from textual.app import App, ComposeResult
from textual.pilot import Pilot

WIDE, USUAL, TINY = (160, 48), (80, 24), (20, 5)


class Shown(App[None]):
    """Holds the panel, and carries its wishes out as a session at rest would."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.panel = ChangesPanel()
        self.panel.place = place
        self.wishes: list[Wish] = []
        self.refuses = ""

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        self.panel.focus()
        self.panel.show(self.state())

    def state(self) -> State:
        place = self.panel.place
        assert place is not None
        return state_of(read_events(place.folder)) if place.folder else State()

    async def on_wished(self, message: Wished) -> None:
        self.wishes.append(message.wish)
        assert isinstance(message.wish, Reject | UndoTo | RedoTo)
        reason = self.refuses or await carry_out(message.wish, ())
        if reason:
            self.panel.unheard(reason)
        else:
            self.panel.show(self.state())


@dataclass
class Looked:
    """A panel on a screen."""

    app: Shown
    pilot: Pilot[None]
    repo: Path

    @property
    def screen(self) -> str:
        """All that is to be seen, as text."""
        lines = self.app.screen._compositor.render_strips(self.app.size)  # pyright: ignore[reportPrivateUsage]
        return "\n".join(strip.text.rstrip() for strip in lines)

    async def press(self, *keys: str) -> str:
        await self.pilot.press(*keys)
        return await self.rest()

    async def rest(self) -> str:
        """When nothing is read any more."""
        for _ in range(3):
            workers = self.app.workers
            await workers.wait_for_complete()  # pyright: ignore[reportUnknownMemberType] -- Textual leaves it open
            await self.pilot.pause()
        return self.screen

    async def until(self, text: str) -> str:
        async with asyncio.timeout(LONGEST):
            while text not in await self.rest():
                await asyncio.sleep(0.01)
        return self.screen


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree and a session with two steps on it, made once; each test has a copy."""
    top = tmp_path_factory.mktemp("made")

    async def make() -> None:
        files = {"src/long.txt": text_with(), "src/a.py": "a = 1\n", "gone.txt": "x\n"}
        repo = make_repo(top / "repo", files)
        async with stepping(repo, top / "home") as made:
            await made.step(
                {"src/long.txt": text_with(_3="x = 1\n", _20="y\n", _38="z\n"), "new.py": "n = 1\n"}
            )
            await made.step({"src/a.py": "a = 2\n", "gone.txt": None}, command=True)

    asyncio.run(make())
    return top


@pytest.fixture
def made(session: Path) -> Generator[Path]:
    """The same place each time: the session knows its tree by its path."""
    aside = session.with_name("aside")
    shutil.copytree(session, aside, symlinks=True)
    yield session
    shutil.rmtree(session)
    aside.rename(session)


@asynccontextmanager
async def looked(made: Path, size: tuple[int, int]) -> AsyncGenerator[Looked]:
    settings = load_settings({"home": str(made / "home")}, {}, None, None)
    app = Shown(Place(made / "repo", settings, made / "home" / "sessions" / "s1"))
    async with app.run_test(size=size) as pilot:
        seen = Looked(app, pilot, made / "repo")
        await seen.rest()
        yield seen


def sides(screen: str) -> tuple[list[str], list[str]]:
    """What stands on each side of the line between files and diff."""
    rows = [row.partition("│") for row in screen.splitlines()[1:]]
    return [row[0].rstrip() for row in rows if row[0].strip()], [row[2] for row in rows if row[2]]


async def test_files_and_the_diff_beside(made: Path) -> None:
    async with looked(made, WIDE) as seen:
        screen = await seen.until("a = 2")
        assert " ".join(screen.split()[:12]).startswith(
            "whole session 4 files +5 -5 [ ] other parts"
        )
        files, diff = sides(screen)
        assert [row.split() for row in files] == [
            ["▾", "src/"],
            ["▌", "M", "a.py", "+1", "-1"],
            ["M", "long.txt", "+3", "-3"],
            ["D", "gone.txt", "-1"],
            ["A", "new.py", "+1"],
        ]
        assert diff[0].strip() == "src/a.py +1 -1"
        assert [part.split() for part in diff[2].split("│")] == [
            ["▌1", "-", "a", "=", "1"],
            ["1", "+", "a", "=", "2"],
        ]
        screen = await seen.press("d")
        assert "- a = 1\n" in screen
        assert "+ a = 2\n" in screen
        await seen.press("j")
        assert "+3 -3" in sides(await seen.until("line 38"))[1][0]
        await seen.press("k", "k", "enter")
        files, _ = sides(await seen.rest())
        assert [row.split() for row in files][:2] == [
            ["▌▸", "src/", "(2)"],
            ["D", "gone.txt", "-1"],
        ]


async def test_a_hunk_is_taken_back_and_brought_back(made: Path) -> None:
    async with looked(made, USUAL) as seen:
        await seen.press("j", "enter")
        before = tree_of(seen.repo)
        screen = await seen.press("n", "r")
        assert "y/n Take back this hunk of src/long.txt?" in screen
        await seen.press("n")
        assert (seen.app.wishes, "y/n" in seen.screen) == ([], False)
        await seen.press("r", "escape")
        assert (seen.app.wishes, "y/n" in seen.screen) == ([], False)
        await seen.press("r", "y")
        await seen.until("+2 -2")
        assert (seen.repo / "src/long.txt").read_text() == text_with(_3="x = 1\n", _38="z\n")
        (wish,) = seen.app.wishes
        assert isinstance(wish, Reject)
        assert (wish.extent, [each.hunks for each in wish.chosen]) == (OfSession(), [(1,)])
        assert "▌38 + z" in seen.screen, "the cursor is on the hunk that took its place"
        await seen.press("u")
        await seen.until("+3 -3")
        assert tree_of(seen.repo) == before
        await seen.press("u")
        assert "Nothing of yours to undo" in seen.screen
        await seen.press("Y")
        await seen.until("+2 -2")
        assert len(seen.app.wishes) == 3


async def test_a_file_a_step_and_all(made: Path) -> None:
    async with looked(made, USUAL) as seen:
        before = tree_of(seen.repo)
        await seen.press("j", "j", "R")
        assert "y/n Take back gone.txt?" in seen.screen
        await seen.press("y")
        await seen.until("3 files")
        assert (seen.repo / "gone.txt").read_text() == "x\n"
        await seen.press("right_square_bracket")
        assert "step 1 of 3, turn 1  2 files" in await seen.until("step 1")
        await seen.press("left_square_bracket", "left_square_bracket")
        assert "step 3 of 3, you took back gone.txt  1 file" in await seen.until("1 file")
        await seen.press("right_square_bracket", "right_square_bracket", "X")
        assert "y/n Take back all of step 1 of 3, turn 1?" in seen.screen
        await seen.press("y")
        await seen.until("step 1 of 4")
        assert not (seen.repo / "new.py").exists()
        await seen.press("U")
        assert "y/n Undo to step 1?" in seen.screen
        await seen.press("y")
        await seen.until("3 undone (Y)")
        await seen.press("Y")
        await seen.until("2 undone (Y)")
        assert tree_of(seen.repo) == before
        await seen.press("left_square_bracket", "U", "y")
        assert "no changes" in await seen.until("4 undone")
        assert (seen.repo / "src/a.py").read_text() == "a = 1\n"
        await seen.press("r", "R", "X", "a", "A", "n", "p", "enter", "e", "c", "U", "u")


async def test_what_is_kept_is_folded_and_remembered(made: Path) -> None:
    async with looked(made, USUAL) as seen:
        await seen.press("j", "enter", "n", "a")
        screen = await seen.until("line 20: kept, 2 lines")
        assert "20 + y" not in screen
        await seen.press("a")
        await seen.until("20 + y")
        await seen.press("p", "a", "n", "a", "n", "a")
        assert "1 kept" in await seen.until("✓ line 38")
        await seen.press("escape", "k", "a")
    async with looked(made, WIDE) as seen:
        screen = await seen.until("2 kept")
        files, _ = sides(screen)
        assert [row.split()[:3] for row in files[1:3]] == [
            ["▌", "M✓", "a.py"],
            ["M✓", "long.txt", "+3"],
        ]
        await seen.press("A")
        await seen.until("4 kept")
        await seen.press("A")
        assert "kept" not in (await seen.rest()).splitlines()[0]
        assert tree_of(seen.repo)["src/a.py"] == ("file", b"a = 2\n"), (
            "no file of theirs is touched"
        )


async def test_a_refusal_is_told(made: Path) -> None:
    async with looked(made, USUAL) as seen:
        put(seen.repo, {"src/a.py": "mine\n"})
        before = tree_of(seen.repo)
        await seen.press("R", "y")
        await seen.until("same lines of src/a.py")
        seen.app.refuses = "agents are at work on these files"
        await seen.press("R", "y")
        await seen.until("agents are at work")
        await seen.press("j", "escape")
        assert "agents are at work" not in await seen.rest()
        assert tree_of(seen.repo) == before


async def test_what_comes_meanwhile(made: Path) -> None:
    """The cursor stays on its file while steps are taken, and nothing is read where nothing changed."""
    async with looked(made, WIDE) as seen:
        await seen.press("j", "j", "j")
        shown = seen.app.panel.query_one(FileList)
        assert shown.file is not None
        listed = shown.file
        seen.app.panel.show(seen.app.state())
        await seen.rest()
        seen.app.panel.show(seen.app.state())
        assert shown.file.path == listed.path == "new.py"
        fold = made / "home" / "sessions" / "s1"
        await carry_out(UndoTo(fold, 1), ())
        seen.app.panel.show(seen.app.state())
        await seen.until("2 files")
        assert (shown.file.path, shown.cursor) == ("new.py", 2)


async def test_small_and_resized(made: Path) -> None:
    async with looked(made, TINY) as seen:
        assert "a.py    +1 -1" in seen.screen
        await seen.press("j", "enter", "j", "j", "j", "j")
        assert "▌3 - line 3" in await seen.rest()
        await seen.press("r")
        assert "? y/n Take back" in await seen.rest()
        await seen.press("n")
        await seen.pilot.resize_terminal(160, 48)
        screen = await seen.until("x = 1")
        assert "▾ src/" in screen
        await seen.pilot.resize_terminal(80, 24)
        screen = await seen.rest()
        assert "▾ src/" not in screen, "who was in the diff stays there"
        await seen.press("escape")
        assert "▾ src/" in seen.screen
        await seen.pilot.resize_terminal(8, 2)
        await seen.press("enter", "n", "escape")


async def test_hostile_names_and_texts(tmp_path: Path) -> None:
    name = os.fsdecode(b"[red]\xff\x1b]0;t\x07[bold].py")
    repo = make_repo(tmp_path / "repo", {"a.py": "a\n"})

    def change() -> None:
        (repo / name).write_bytes(b"[bold]x[/bold] \x1b[31mred\x07 \xe2\x80\xae\n\xff\n")
        (repo / "blob").write_bytes(b"\0")

    async with stepping(repo, tmp_path / "home") as session:
        await session.step(change)
    async with looked(tmp_path, WIDE) as seen:
        screen = await seen.press("home")
        assert r"[red]\udcff\x1b]0;t\x07[bold].py" in screen
        assert "[bold]x[/bold] red" in screen
        assert "\x1b" not in screen
        await seen.press("c")
        assert "[red]" in seen.app.clipboard
        await seen.press("R", "y")
        await seen.until("1 file ")
        assert "Not shown: it is not text." in await seen.rest()
        assert (repo / "blob").exists()
        assert not (repo / name).exists()


async def test_names_that_differ_by_what_nobody_sees_look_different(tmp_path: Path) -> None:
    names = ["a b", "a  b", "a\tb", "a\nb", "a\u202eb", "a\xa0b", "a b ", r"a\tb", r"a\x20b"]
    repo = make_repo(tmp_path / "repo", {"a.py": "a\n"})
    async with stepping(repo, tmp_path / "home") as session:
        await session.step(dict.fromkeys(names, "x\n"))
    async with looked(tmp_path, WIDE) as seen:
        await seen.press("home")
        files, heads = set[str](), set[str]()
        for _ in names:
            listed, diff = sides(seen.screen)
            files |= {row.rpartition("A ")[2] for row in listed if "+1" in row}
            heads.add(next(row for row in diff if "(new)" in row))
            await seen.press("j")
        assert len(files) == len(heads) == len(names)
        for shown in (r"a \x20b", r"a\tb", r"a\nb", r"a\u202eb", r"a\xa0b", r"a b\x20", r"a\\tb"):
            assert any(shown in row for row in files)
            assert any(shown in row for row in heads)


async def test_a_fault_while_reading_is_told_and_ends_nothing(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("sk-this-is-a-key")

    async with looked(made, USUAL) as seen:
        with monkeypatch.context() as patched:
            patched.setattr("leadline.tui.panels.changes.panel.paint", broken)
            await seen.press("j", "enter")
            assert "Something went wrong inside Leadline" in " ".join(seen.screen.split())
            (crash,) = (made / "home" / "crashes").iterdir()
            assert "sk-this" not in seen.screen + crash.read_text()
            patched.setattr("leadline.tui.panels.changes.looking.Reader.list", broken)
            seen.app.panel.show(seen.app.state())
            await seen.press("escape", "]")
        await seen.press("[", "j", "enter")
        assert "Something went wrong" not in seen.screen


async def test_thousands_of_files_and_a_huge_one(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "a\n"})
    many = {f"d{number % 40:02}/f{number}.txt": f"{number}\n" for number in range(2000)}
    many["a.py"] = "x = 1\n" * 100_000
    async with stepping(repo, tmp_path / "home") as session:
        await session.step(many, command=True)
    async with looked(tmp_path, WIDE) as seen:
        await seen.until("2,001 files")
        await seen.press("end", "enter")
        async with asyncio.timeout(LONGEST):  # a thread reads the diff
            while "98,001 more lines of the diff" not in seen.screen:
                await seen.press("end")
        await seen.press("escape", "home", *"jjjjjjjj")
        assert len(seen.app.panel.query_one(FileList)._rows) == 2041  # pyright: ignore[reportPrivateUsage]


async def test_before_there_is_a_session_and_without_its_tree(made: Path, tmp_path: Path) -> None:
    async with looked(made, USUAL) as seen:
        place = seen.app.panel.place
        assert place is not None
        seen.app.panel.place = Place(place.root, place.settings)
        seen.app.panel.show(State())
        await seen.press("j", "enter", "a", "r", "R", "X", "u", "U", "Y", "e", "c", "n")
        assert seen.app.wishes == []
        seen.app.panel.place = Place(tmp_path / "no", place.settings, place.folder)
        seen.app.panel.show(seen.app.state())
        assert "is not a folder" in " ".join((await seen.rest()).split())


async def test_the_editor_is_called_at_the_hunk(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with looked(made, USUAL) as seen:
        await seen.press("j", "enter", "n", "e")
        assert "can't be opened from here" in seen.screen
        await seen.press("escape", "j")
        monkeypatch.setenv("EDITOR", "")
        await seen.press("e")
        assert "gone.txt is not there now" in seen.screen


def test_how_editors_take_a_line() -> None:
    path = Path("/tmp/a b.py")

    def called(editor: str) -> list[str]:
        return editor_command(path, 7, {"EDITOR": editor})

    assert called("vim -R") == ["vim", "-R", "+7", "/tmp/a b.py"]
    assert called("/usr/bin/hx") == ["/usr/bin/hx", "/tmp/a b.py:7"]
    assert called("code -n") == ["code", "-n", "--wait", "--goto", "/tmp/a b.py:7"]
    assert called("'my editor' x") == ["my editor", "x", "/tmp/a b.py"]
    assert editor_command(path, 1, {"EDITOR": "x", "VISUAL": "nano"}) == [
        "nano",
        "+1",
        "/tmp/a b.py",
    ]
    with pytest.raises(PersonError, match="can't be read"):
        called("'")
