from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from leadline.tui.widgets.composer.choices import Command, Completion
from leadline.tui.widgets.composer.composer import Composer
from leadline.tui.widgets.composer.draft import EMPTY, Draft, chip_spans
from leadline.tui.widgets.composer.history import History
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

COMMANDS = (
    Command("fork", "a copy", needs=True),
    Command("help", "what there is"),
    Command("export", "write it down"),
)


class Holder(App[None]):
    """Keeps what the composer tells."""

    CSS = "#above { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.composer = Composer()
        self.composer.commands = COMMANDS
        self.heard: list[tuple[str, ...]] = []

    def compose(self) -> ComposeResult:
        yield Static(id="above")
        yield self.composer

    def on_mount(self) -> None:
        self.composer.focus()

    def on_composer_sent(self, message: Composer.Sent) -> None:
        self.heard.append(("sent", message.text))

    def on_composer_command(self, message: Composer.Command) -> None:
        self.heard.append(("command", message.name, message.rest))

    def on_composer_shell_line(self, message: Composer.ShellLine) -> None:
        self.heard.append(("shell", message.command))

    def on_composer_interrupted(self, message: Composer.Interrupted) -> None:
        self.heard.append(("interrupted",))


@asynccontextmanager
async def running(
    size: tuple[int, int] = (80, 24), holder: Holder | None = None
) -> AsyncGenerator[tuple[Holder, Pilot[None]]]:
    app = holder or Holder()
    async with app.run_test(size=size, notifications=True) as pilot:
        yield app, pilot


def screen_of(app: App[None]) -> str:
    """What is to be seen, row by row."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage] -- the screen's text has no public door
    rows = ["".join(segment.text for segment in strip)[:width].rstrip() for strip in strips]
    return "\n".join(rows[:height])


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Keys as a quick typist's terminal sends them, none waiting for what the one before it did."""
    for key in keys:
        character = {"space": " "}.get(key, key if len(key) == 1 else None)
        pilot.app.post_message(events.Key(key, character))
    await pilot.pause()


async def test_enter_sends_and_the_other_enters_begin_a_new_line() -> None:
    async with running() as (app, pilot):
        await press(pilot, *"mend it", "ctrl+j", *"a", "shift+enter", *"b", "alt+enter", *"c")
        await press(pilot, "\\", "enter", *"d", "enter")
        assert app.heard == [("sent", "mend it\na\nb\nc\nd")]
        assert app.composer.text == ""
        await press(pilot, "space", "enter")
        assert len(app.heard) == 1


async def test_keys_that_come_at_once_are_done_one_after_the_other() -> None:
    async with running() as (app, pilot):
        area = app.composer.area
        keys = [*"ab", "backspace", *"c", "enter", *"de", "enter", *"f", "escape", *"g"]
        for key in keys:
            area.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert app.heard == [("sent", "ac"), ("sent", "de"), ("interrupted",)]
        assert app.composer.text == "fg"


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("/export to a.md", ("command", "export", "to a.md")),
        ("/nothing", ("command", "nothing", "")),
        ("/etc/hosts is wrong", ("sent", "/etc/hosts is wrong")),
        ("//help", ("sent", "/help")),
        ("!ls -l", ("shell", "ls -l")),
        ("\\!important", ("sent", "!important")),
        ("[bold]not markup[/]", ("sent", "[bold]not markup[/]")),
    ],
)
async def test_what_a_line_is(typed: str, heard: tuple[str, ...]) -> None:
    async with running() as (app, pilot):
        app.composer.area.put(typed)
        await press(pilot, "enter")
        assert app.heard == [heard]


async def test_the_prompt_says_what_enter_does() -> None:
    async with running() as (app, pilot):
        app.composer.show_state("steer", "steers main")
        await pilot.pause()
        assert "@ file or symbol  / command" in screen_of(app)
        await press(pilot, "x")
        assert "steer  enter steers main" in screen_of(app)
        await press(pilot, "backspace", "!")
        assert "shell  enter runs a shell line" in screen_of(app)
        await press(pilot, "backspace", "/")
        assert "command  enter runs a command" in screen_of(app)


async def test_it_grows_with_its_text_up_to_a_third_of_the_screen() -> None:
    async with running((80, 15)) as (app, pilot):
        assert app.composer.area.size.height == 1
        await press(pilot, *"a", *["ctrl+j"] * 3)
        assert app.composer.area.size.height == 4
        await press(pilot, *["ctrl+j"] * 9)
        assert app.composer.area.size.height == 5
        await pilot.resize_terminal(80, 60)
        await pilot.pause()
        assert app.composer.area.size.height == 8


# Pastes


async def test_a_long_paste_is_one_chip_that_is_sent_whole() -> None:
    async with running() as (app, pilot):
        pasted = "\n".join(f"line {number}\x1b[31m" for number in range(120))
        await press(pilot, *"see ")
        app.composer.area.post_message(events.Paste(pasted))
        await press(pilot, "space", "a")
        assert app.composer.area.text == "see [pasted 120 lines #1] a"
        app.composer.area.post_message(events.Paste("x" * 801))
        await press(pilot, "enter")
        assert app.heard == [("sent", "see " + pasted.replace("\x1b[31m", "") + " a" + "x" * 801)]


async def test_a_chip_goes_and_comes_back_as_one() -> None:
    async with running() as (app, pilot):
        area = app.composer.area
        area.put("x\n" * 20)
        await press(pilot, "left", "a", "right", "b")
        assert area.text == "a[pasted 20 lines #1]b"
        await press(pilot, "backspace", "backspace")
        assert area.text == "a"
        await press(pilot, "ctrl+z")
        assert area.text == "a[pasted 20 lines #1]"
        await press(pilot, "home", "right", "delete")
        assert area.text == "a"
        await press(pilot, "ctrl+z", "end", "ctrl+w")
        assert area.text == "a"


async def test_a_chip_that_begins_a_draft_is_no_command() -> None:
    async with running() as (app, pilot):
        app.composer.area.put("!rm -rf /\n" * 10)
        await press(pilot, "enter")
        assert app.heard == [("sent", ("!rm -rf /\n" * 10).rstrip() + "\n")]


async def test_five_megabytes_are_pasted() -> None:
    async with running() as (app, pilot):
        text = ("0123456789" * 10 + "\n") * 50_000
        app.composer.area.post_message(events.Paste(text))
        await press(pilot, "enter")
        assert app.heard == [("sent", text)]


async def test_a_short_paste_is_typed_text_without_what_a_terminal_obeys() -> None:
    async with running() as (app, pilot):
        app.composer.area.post_message(events.Paste("a\x1b]0;title\x07\tb\r\nc\x00"))
        await press(pilot, "enter")
        assert app.heard == [("sent", "a\tb\nc")]


@pytest.mark.parametrize("vim", [False, True])
async def test_no_keys_break_a_chip(vim: bool) -> None:
    moves = ["left", "right", "up", "down", "home", "end", "ctrl+left", "shift+left", "shift+up"]
    edits = ["backspace", "delete", "ctrl+w", "ctrl+k", "ctrl+u", "ctrl+z", "ctrl+y", "ctrl+j"]
    keys = [*moves * 3, *edits, *"xyzhjklwbX~" * 2, *(["escape", *"iapuJDvrdyc0$"] if vim else [])]
    choice = random.Random(1)
    async with running((30, 12)) as (app, pilot):
        area = app.composer.area
        app.composer.vim = vim
        for _ in range(5):
            for paste in ("x\n" * 9, "y" * 900, "z\n" * 30):
                area.put(choice.choice(["a", " b ", "c\n", ""]))
                area.put(paste)
            for _ in range(6):
                await press(pilot, *choice.choices(keys, k=6))
                draft = area.draft
                chips = sum(1 for at in draft.text.split("\n") for _ in chip_spans(at, draft.chips))
                assert draft.text.count("[") == draft.text.count("]") == chips
            area.load(EMPTY)


# What was typed before


async def test_up_and_down_go_through_what_was_typed_and_keep_the_draft() -> None:
    async with running() as (app, pilot):
        for text in ("one", "two\nlines", "three"):
            app.composer.area.put(text)
            await press(pilot, "enter")
        await press(pilot, *"draft", "up")
        assert app.composer.text == "three"
        await press(pilot, "up")
        assert app.composer.text == "two\nlines"
        await press(pilot, "up", "up", "up")
        assert app.composer.text == "one"
        await press(pilot, "down", "down", "down", "down")
        assert app.composer.text == "draft"
        await press(pilot, "up", "up", "left", "up", "up")
        assert app.composer.text == "one"


async def test_in_a_text_of_several_lines_the_cursor_moves() -> None:
    async with running() as (app, pilot):
        await press(pilot, *"old", "enter", *"a", "ctrl+j", *"b", "up", *"c")
        assert app.composer.text == "ac\nb"
        await press(pilot, "down", *"d")
        assert app.composer.text == "ac\nbd"


async def test_search_in_what_was_typed() -> None:
    async with running() as (app, pilot):
        for text in ("mend the parser", "the mender", "other"):
            app.composer.history.add(Draft(text))
        await press(pilot, *"men", "ctrl+r")
        shown = screen_of(app)
        assert shown.index("mend the parser") < shown.index("the mender")
        assert "other" not in shown
        await press(pilot, *"der", "enter")
        assert app.composer.text == "the mender"
        await press(pilot, "ctrl+u", *"me", "ctrl+r", "escape", "escape")
        assert app.composer.text == "me"
        assert app.heard == [("interrupted",)]


async def test_a_chip_comes_back_from_what_was_typed() -> None:
    async with running() as (app, pilot):
        app.composer.area.put("x\n" * 9)
        await press(pilot, "enter", "up")
        assert app.composer.area.text == "[pasted 9 lines #1]"
        await press(pilot, "enter")
        assert app.heard[0] == app.heard[1]


async def test_what_could_not_be_sent_comes_back_in_front() -> None:
    async with running() as (app, pilot):
        app.composer.area.put("x\n" * 9)
        await press(pilot, "a", "enter")
        app.composer.area.put("y\n" * 10)
        app.composer.restore(app.heard[0][1])
        assert app.composer.area.text == "[pasted 9 lines #1]a\n[pasted 10 lines #1]"
        assert app.composer.text == "x\n" * 9 + "a\n" + "y\n" * 10


# Completion


class Found:
    """Answers when it is told to."""

    def __init__(self, *labels: str) -> None:
        self.labels = labels
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self.go.set()

    async def find(self, query: str, limit: int) -> Sequence[Completion]:
        self.asked.append(query)
        await self.go.wait()
        found = [
            Completion(label, f"{label} ", "detail") for label in self.labels if query in label
        ]
        return found[:limit]


async def test_a_file_is_completed() -> None:
    async with running() as (app, pilot):
        app.composer.completions = Found("src/parser.py", "src/[red]/park.py", "other.py")
        await press(pilot, *"see @par")
        await pilot.pause()
        shown = screen_of(app)
        assert "src/parser.py" in shown
        assert "src/[red]/park.py" in shown
        await press(pilot, "down", "tab", *"now")
        assert app.composer.text == "see src/[red]/park.py now"
        await press(pilot, *" (@oth")
        await pilot.pause()
        await press(pilot, "enter", "enter")
        assert app.heard == [("sent", "see src/[red]/park.py now (other.py")]


async def test_a_stale_answer_is_not_shown() -> None:
    async with running() as (app, pilot):
        app.composer.completions = found = Found("abc", "abd")
        found.go.clear()
        await press(pilot, *"@a")
        await press(pilot, *"bd")
        found.go.set()
        await pilot.pause()
        await pilot.pause()
        shown = screen_of(app)
        assert "abc" not in shown
        assert shown.count("abd") == 2
        assert found.asked == ["a", "abd"]


async def test_escape_closes_the_list_until_another_word() -> None:
    async with running() as (app, pilot):
        app.composer.completions = Found("abc")
        await press(pilot, *"@a")
        await pilot.pause()
        await press(pilot, "escape", *"b")
        await pilot.pause()
        assert "abc" not in screen_of(app)
        await press(pilot, "escape")
        assert app.heard == [("interrupted",)]
        await press(pilot, *" @a")
        await pilot.pause()
        assert "abc" in screen_of(app)


async def test_the_list_goes_when_the_cursor_leaves_the_word() -> None:
    async with running() as (app, pilot):
        app.composer.completions = Found("abc")
        await press(pilot, *"x @a")
        await pilot.pause()
        assert "abc" in screen_of(app)
        await press(pilot, "home")
        await pilot.pause()
        assert "abc" not in screen_of(app)


async def test_commands_are_completed_and_a_whole_one_is_sent() -> None:
    async with running() as (app, pilot):
        await press(pilot, *"/xp")
        assert "/export  write it down" in screen_of(app)
        await press(pilot, "tab", *"a.md", "enter", *"/help", "enter")
        assert app.heard == [("command", "export", "a.md"), ("command", "help", "")]


async def test_enter_carries_out_a_chosen_command_unless_it_needs_more() -> None:
    async with running() as (app, pilot):
        await press(pilot, *"/xp", "enter")
        assert app.heard == [("command", "export", "")]
        await press(pilot, *"/fo", "enter")
        assert len(app.heard) == 1
        await press(pilot, *"go", "enter")
        assert app.heard[1:] == [("command", "fork", "go")]


async def test_no_completions_and_failing_ones_do_no_harm() -> None:
    class Broken:
        async def find(self, query: str, limit: int) -> Sequence[Completion]:
            raise OSError("gone")

    async with running() as (app, pilot):
        await press(pilot, *"@a")
        app.composer.completions = Broken()
        await press(pilot, *"b")
        await pilot.pause()
        await press(pilot, *"c", "enter")
        assert app.heard == [("sent", "@abc")]


async def test_a_click_takes_a_choice() -> None:
    async with running() as (app, pilot):
        await press(pilot, "/")
        await pilot.pause()
        await pilot.click(app.screen, offset=(3, app.composer.region.y - 1))
        assert app.composer.text == "/export "


# Queue, editor, small screens


async def test_what_waits_to_be_read_is_shown() -> None:
    async with running() as (app, pilot):
        app.composer.show_queue(["use [b]tabs[/b]\nplease", "and hurry"])
        await pilot.pause()
        assert "queued: use [b]tabs[/b] please\n queued: and hurry" in screen_of(app)
        app.composer.show_queue(["a", "b", "c", "d"])
        await pilot.pause()
        assert "queued: 2 more" in screen_of(app)
        app.composer.show_queue([])
        await pilot.pause()
        assert "queued" not in screen_of(app)


async def test_the_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "my editor"
    script.write_text(
        '#!/bin/sh\nprintf "before " > "$1.new"\ncat "$1" >> "$1.new"\nmv "$1.new" "$1"\n'
    )
    script.chmod(0o700)
    async with running() as (app, pilot):
        app.composer.area.put("x\n" * 9)
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.delenv("EDITOR", raising=False)
        await press(pilot, "ctrl+g")
        await pilot.pause()
        assert "No editor is set" in screen_of(app)
        monkeypatch.setenv("EDITOR", f"'{script}'")
        monkeypatch.setattr(type(app._driver), "can_suspend", True)  # pyright: ignore[reportPrivateUsage]
        await press(pilot, "ctrl+g")
        assert app.composer.area.text == "before [pasted 9 lines #1]"


async def test_twenty_columns_and_five_rows() -> None:
    async with running((20, 5)) as (app, pilot):
        app.composer.show_state("steer", "steers main")
        app.composer.show_queue(["one", "two"])
        app.composer.completions = Found("abcdefghijklmnopqrstuvw", "abc")
        await press(pilot, *"see @a")
        await pilot.pause()
        shown = screen_of(app).split("\n")
        assert "see @a" in shown[4]
        assert shown[3].strip() == "queued: 2 texts"
        await press(pilot, "escape", "ctrl+u", *"a long text that wraps")
        await press(pilot, "enter")
        assert app.heard == [("sent", "a long text that wraps")]
        await pilot.resize_terminal(3, 2)
        await press(pilot, *"still", "enter")
        assert app.heard[-1] == ("sent", "still")


async def test_the_holder_may_say_everything_before_it_is_there() -> None:
    holder = Holder()
    holder.composer.vim = True
    holder.composer.restore("back again")
    holder.composer.show_state("answer", "answers main")
    holder.composer.show_queue(["waits"])
    async with running(holder=holder) as (app, pilot):
        await pilot.pause()
        shown = screen_of(app)
        assert all(each in shown for each in ("back again", "answers main", "INSERT", "waits"))
        await press(pilot, *"!", "enter")
        assert app.heard == [("sent", "back again!")]


# Vim


async def test_vim_keys() -> None:
    async with running() as (app, pilot):
        app.composer.vim = True
        await press(pilot, *"one two", "escape")
        await pilot.pause()
        assert "NORMAL" in screen_of(app)
        await press(pilot, *"bcwthree", "escape", *"0x", "u", "ctrl+r", "enter")
        assert app.heard == [("sent", "ne three")]
        await pilot.pause()
        assert "INSERT" in screen_of(app)
        await press(pilot, *"a", "escape", "escape")
        assert app.heard[-1] == ("interrupted",)


async def test_vim_takes_a_chip_whole() -> None:
    async with running() as (app, pilot):
        app.composer.vim = True
        app.composer.area.put("x\n" * 9)
        await press(pilot, "escape", "x", "p")
        assert app.composer.area.text == "[pasted 9 lines #1]"
        await press(pilot, "i", *"a", "escape", "u", "u", "u", "enter")
        assert app.heard == [("sent", "x\n" * 9)]


async def test_vim_changes_no_letter_of_a_chip() -> None:
    async with running() as (app, pilot):
        app.composer.vim = True
        app.composer.area.put("x\n" * 9)
        await press(pilot, "escape", *"0~rXylv~P", "enter")
        assert app.heard == [("sent", "x\n" * 18)]


async def test_vim_leaves_escape_to_an_open_list() -> None:
    async with running() as (app, pilot):
        app.composer.vim = True
        await press(pilot, *"/he", "escape")
        assert app.composer.area.mode == "insert"
        await press(pilot, "escape")
        assert app.composer.area.mode == "normal"


async def test_visual_mode_shows_what_is_chosen() -> None:
    async with running() as (app, pilot):
        app.composer.vim = True
        await press(pilot, *"one two", "escape", *"0vww")
        assert app.composer.area.selected_text == "one tw"
        await press(pilot, "d")
        assert app.composer.text == ""


# Holder


async def test_history_of_the_project_is_used(tmp_path: Path) -> None:
    async with running() as (app, pilot):
        app.composer.history = History(tmp_path)
        await press(pilot, *"kept", "enter")
    holder = Holder()
    holder.composer.history = History(tmp_path)
    async with running(holder=holder) as (app, pilot):
        await press(pilot, "up")
        assert app.composer.text == "kept"
