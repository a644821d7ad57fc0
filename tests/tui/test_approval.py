"""Questions to the person: what is shown, what keys do, what they must not do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.asking.consult import CARRY_OUT
from leadline.agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    Durable,
    Event,
    ToolStarted,
)
from leadline.agent.host.wishes import Answer, Wish
from leadline.tests.tui.test_state_laws import numbered
from leadline.tui.focus import give_keys
from leadline.tui.messages import PanelOpened, Wished
from leadline.tui.state.reducer import reduce, state_of
from leadline.tui.text import hidden, visible
from leadline.tui.widgets.approval.detail import GUTTER, Detail
from leadline.tui.widgets.approval.panel import ApprovalPanel
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, Static

SANDBOX = (
    "bubblewrap: files are read-only but for the work tree (without .git) and a private /tmp; no network; secrets "
    "and other processes are hidden; memory and CPU time are not limited"
)
SIZES = ((80, 24), (40, 10))


def command(text: str, call_id: str = "1") -> ApprovalAsked:
    return ApprovalAsked(
        call_id,
        f"May Leadline run `{text}`?",
        "exactly this command, with any time limit",
        "command",
        text,
        0,
        ("at most 120 s", "in /work/x"),
        SANDBOX,
    )


def change(diff: str, left_out: int = 0) -> ApprovalAsked:
    terms = ("Leadline writes it itself, in /work/x",)
    rule = "every change of a.py"
    return ApprovalAsked("2", "May Leadline write a.py?", rule, "diff", diff, left_out, terms)


DIFF = change("--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-one\n+two")
QUESTION = ApprovalAsked("3", "Which sign?\n1. plus\n2. minus")
PLAN = ApprovalAsked("consult-1", CARRY_OUT)


class Shell(App[None]):
    """A composer below the panel, as in the interface."""

    CSS = "Vertical { height: auto; } #above { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.panel = ApprovalPanel(lambda: self.now)
        self.composer = Input()
        self.heard: list[Wish | str] = []

    def compose(self) -> ComposeResult:
        yield Static(id="above")
        with Vertical():
            yield self.panel
        yield self.composer

    def on_wished(self, message: Wished) -> None:
        self.heard.append(message.wish)

    def on_panel_opened(self, message: PanelOpened) -> None:
        self.heard.append(message.name)


@dataclass
class Stage:
    app: Shell
    pilot: Pilot[None]
    said: list[tuple[str, Durable]] = field(default_factory=list[tuple[str, Durable]])

    async def tell(self, *bodies: Durable, offer: bool = True) -> None:
        """What happens, through the reducer, and the panel shows what waits then."""
        self.said += [("main", body) for body in bodies]
        self.app.panel.show(state_of(numbered(self.said)).waiting)
        if offer:
            self.app.panel.offer_focus()
        await self.pilot.pause()

    async def press(self, *keys: str, wait: float = 1.0) -> None:
        """Keys, after a person has had so many seconds to read."""
        self.app.now += wait
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def rows(self) -> list[str]:
        strips = self.app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage] -- the screen
        return ["".join(segment.text for segment in line).rstrip() for line in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)


@asynccontextmanager
async def stage(
    *bodies: Durable, size: tuple[int, int] = (80, 24), offer: bool = True
) -> AsyncGenerator[Stage]:
    app = Shell()
    async with app.run_test(size=size) as pilot:
        give_keys(app.composer)
        shown = Stage(app, pilot)
        await shown.tell(*bodies, offer=offer)
        yield shown


@pytest.mark.parametrize("size", SIZES)
async def test_hidden_while_nothing_waits(size: tuple[int, int]) -> None:
    async with stage(size=size) as shown:
        assert not shown.app.panel.display
        assert shown.app.focused is shown.app.composer
        await shown.press("y", "s")
        assert shown.app.composer.value == "ys"


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("y",), Answer("main", "1")),
        (("enter",), Answer("main", "1")),
        (("s",), Answer("main", "1", scope="session")),
        (("a",), Answer("main", "1", scope="always")),
        (("right", "right", "enter"), Answer("main", "1", scope="always")),
        (("tab", "enter"), Answer("main", "1", scope="session")),
        (("n", "enter"), Answer("main", "1", allowed=False)),
        (("left", "enter", "y", "o", "enter"), Answer("main", "1", allowed=False, text="yo")),
        (("n", "x", "escape", "y"), Answer("main", "1")),
    ],
)
async def test_each_choice(keys: tuple[str, ...], answer: Answer) -> None:
    size = SIZES["escape" in keys]
    async with stage(command("make test"), size=size) as shown:
        await shown.press(*keys)
        assert shown.app.heard == [answer]
        assert not shown.app.panel.display
        assert shown.app.focused is shown.app.composer


async def test_all_of_it_is_said() -> None:
    async with stage(ToolStarted("1", "shell", "$ make", True), command("make test")) as shown:
        text = " ".join(shown.text.split())
        assert "? the agent asks to run this" in text
        assert "make test" in text
        assert "s and a allow exactly this command, with any time limit, confined as here" in text
        assert f"at most 120 s; in /work/x; sandbox: {SANDBOX}" in text
        assert "y allow once s for this session a always in this repository n deny" in text
        await shown.tell(ToolStarted("2", "edit", "edit a.py", True), DIFF)
        assert "1 of 2" in shown.text
        await shown.press("y")
        assert "? the agent asks to make this change: edit a.py" in shown.text
        assert "s and a allow every change of a.py\n" in shown.text
        assert "+two" in shown.text
        await shown.press("y")
        assert shown.app.heard == [Answer("main", "1"), Answer("main", "2")]


async def test_a_key_that_was_meant_for_something_else_is_ignored() -> None:
    async with stage(command("one")) as shown:
        await shown.press("y", wait=0.1)
        assert shown.app.heard == []
        assert "it has only just come" in shown.text
        # What follows as quickly is of the same word.
        await shown.press("s", wait=0.25)
        await shown.press("enter", wait=0.25)
        assert shown.app.heard == []
        await shown.tell(command("two", "2"))
        await shown.press("y")
        # The next question has just come to be seen.
        await shown.press("y", wait=0.2)
        assert shown.app.heard == [Answer("main", "1")]
        # Nor is a letter taken that follows one which means nothing here.
        await shown.press("e")
        await shown.press("s", wait=0.1)
        assert shown.app.heard == [Answer("main", "1")]
        await shown.press("y")
        assert shown.app.heard == [Answer("main", "1"), Answer("main", "2")]


async def test_the_focus_is_taken_only_when_offered() -> None:
    async with stage(command("make"), offer=False) as shown:
        shown.app.panel.way_in = "F7"
        await shown.press("y", "e", "s")
        assert shown.app.composer.value == "yes"
        await shown.tell(DIFF, offer=False)
        assert shown.app.focused is shown.app.composer
        assert "1 of 2; F7 answers" in shown.text
        shown.app.panel.offer_focus()
        await shown.pilot.pause()
        assert "answers" not in shown.text
        await shown.press("y")
        assert shown.app.heard == [Answer("main", "1")]


async def test_an_offer_holds_for_the_question_that_the_next_look_brings() -> None:
    async with stage() as shown:
        shown.app.panel.offer_focus()
        await shown.tell(command("make"), offer=False)
        await shown.press("y")
        assert shown.app.heard == [Answer("main", "1")]


async def test_a_question_answered_elsewhere_gives_way_and_what_was_typed_for_it_goes_nowhere() -> (
    None
):
    async with stage(command("one")) as shown:
        await shown.tell(command("two", "2"))
        await shown.press("n", "n", "o")
        await shown.tell(ApprovalAnswered("1", True, "", "rule"))
        await shown.press("t", "enter", wait=0.1)
        assert shown.app.heard == []
        assert "two" in shown.text
        await shown.tell(ApprovalAnswered("2", False, "interrupted", "nobody"))
        assert not shown.app.panel.display
        assert shown.app.focused is shown.app.composer


async def test_an_answer_that_came_to_nothing_brings_the_question_back() -> None:
    async with stage(command("make")) as shown:
        await shown.press("y")
        assert not shown.app.panel.display
        shown.app.panel.unheard(Answer("main", "1"))
        shown.app.panel.unheard(Answer("main", "other"))
        await shown.pilot.pause()
        assert shown.app.panel.display


@pytest.mark.parametrize(
    ("keys", "answers"),
    [
        (("2", "enter"), [Answer("main", "3", text="2")]),
        (("a", "y", "space", "l", "enter"), [Answer("main", "3", text="ay l")]),
        (("enter",), []),
        (("space", "enter"), []),
        (("tab", "enter"), [Answer("main", "3", allowed=False)]),
        (("tab", "l"), [Answer("main", "3", allowed=False)]),
        (("tab", "tab", "x", "enter"), [Answer("main", "3", text="x")]),
    ],
)
async def test_a_question_of_the_models(keys: tuple[str, ...], answers: list[Answer]) -> None:
    async with stage(QUESTION, size=SIZES["x" in keys]) as shown:
        assert "the agent has a question" in shown.text
        assert "Which sign?" in shown.text
        await shown.press(*keys)
        assert shown.app.heard == answers


@pytest.mark.parametrize("size", SIZES)
async def test_a_plan_is_one_line_that_leads_to_it(size: tuple[int, int]) -> None:
    refused = Answer("main", "consult-1", allowed=False, text="no")
    async with stage(PLAN, size=size) as shown:
        assert "The plan waits for your word." in shown.text
        await shown.press("p")
        await shown.press("enter")
        await shown.press("n", "n", "o", "enter")
        assert shown.app.heard == ["plan", "plan", refused]
        await shown.tell(ApprovalAnswered("consult-1", False, "", "person"), PLAN)
        await shown.press("y")
        assert shown.app.heard[3:] == [Answer("main", "consult-1")]


@pytest.mark.parametrize("size", SIZES)
async def test_a_long_command_is_shown_to_its_end(size: tuple[int, int]) -> None:
    lines = [f"echo {number} {'x' * 100}" for number in range(10_000)]
    async with stage(command("\n".join(lines)), size=size) as shown:
        assert "echo 0" in shown.text
        assert "y " in shown.text
        assert len([row for row in shown.rows if row.strip()]) <= size[1]
        folded = sum("xx" in row for row in shown.rows)
        await shown.press("space")
        assert sum("xx" in row for row in shown.rows) >= folded
        assert " rows" in shown.text
        for _ in range(3):
            await shown.press("down", "j", "pagedown")
        assert "echo 0" not in shown.text
        shown.app.panel.action_scroll_by(10**9)
        await shown.pilot.pause()
        # Where it would be confined stands below, wherever there is no room for it beside.
        assert "not limited" in shown.text
        shown.app.panel.action_scroll_by(-(10**9))
        await shown.pilot.pause()
        assert "echo 0" in shown.text


async def test_a_screen_of_another_size() -> None:
    async with stage(command("\n".join(map(str, range(60))))) as shown:
        await shown.press("space")
        for size in ((40, 10), (20, 5), (160, 48), (80, 24)):
            await shown.pilot.resize_terminal(*size)
            await shown.pilot.pause()
            assert "the agent" in shown.text
        assert "n deny" in shown.text
        await shown.press("y")
        assert shown.app.heard == [Answer("main", "1")]


async def test_lines_of_a_diff_that_are_left_out_are_counted() -> None:
    async with stage(change("+x", left_out=3_003)) as shown:
        assert "3,003 more lines of the diff can't be shown here" in shown.text


HOSTILE = "echo \x1b[2J\x1b]0;t\x07 \u202egnp.exe\u202c [b]bold[/b] [@click=app.quit]x[/] a\u00a0b \r\x9b5m"


@pytest.mark.parametrize("body", [command(HOSTILE), change(HOSTILE), ApprovalAsked("1", HOSTILE)])
async def test_what_is_hidden_is_shown_and_obeyed_by_nobody(body: ApprovalAsked) -> None:
    async with stage(ToolStarted(body.call_id, "x", HOSTILE, True), body) as shown:
        whole = "".join(row[3:] for row in shown.rows if row.startswith((" │", "   ")))
        assert r"echo \x1b[2J\x1b]0;t\x07 \u202egnp.exe\u202c [b]bold[/b]" in whole
        assert r"[@click=app.quit]x[/] a\xa0b \r\x9b5m" in whole
        assert "8 hidden characters in it" in shown.text
        assert not any(character in shown.text for character in "\x1b\x07\r\x9b\u202e\u202c")


async def test_a_click_on_a_choice_takes_it() -> None:
    async with stage(command("make"), offer=False) as shown:
        shown.app.now += 1
        row = next(at for at, text in enumerate(shown.rows) if "n deny" in text)
        column = shown.rows[row].index("for this")
        await shown.pilot.click(offset=(column, row))
        shown.app.now += 1
        await shown.pilot.click(offset=(column, row))
        assert shown.app.heard[:1] == [Answer("main", "1", scope="session")]


async def test_what_is_pasted_is_one_harmless_line() -> None:
    async with stage(QUESTION) as shown:
        shown.app.now += 1
        focused = shown.app.focused
        assert focused is not None
        focused.post_message(Paste("first\nsecond \x1b[31mred"))
        await shown.pilot.pause()
        await shown.press("enter")
        assert shown.app.heard == [Answer("main", "3", text="first second red")]


# --- the parts, without a screen ---


@given(text=st.text())
def test_nothing_visible_is_lost_and_nothing_hidden_is_left(text: str) -> None:
    shown = visible(text)
    assert hidden(shown) == 0
    assert (shown == text) == (hidden(text) == 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rm -rf build\n\ttabs", "rm -rf build\n\ttabs"),
        ("a\rb\r\n", "a\\rb\\r\n"),
        ("e\u0301t\u0308", "e\u0301t\u0308"),
        ("z" + "\u0301" * 5, "z" + "\u0301" * 3 + "\\u0301\\u0301"),
        (
            "\u200b\u2066\u3000\ud800\U000e0041\x7f\u2028",
            r"\u200b\u2066\u3000\ud800\U000e0041\x7f\u2028",
        ),
        ("日本語 é ✓", "日本語 é ✓"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(
    text=st.text(st.sampled_from("ab é日\u0301\t\n\x1b🙂\u202e"), max_size=60),
    columns=st.integers(4, 30),
)
def test_rows_hold_all_of_a_text(text: str, columns: int) -> None:
    detail = Detail(text, diff=False)
    rows = [detail.row(number).plain for number in range(detail.fit(columns))]
    assert all(cell_len(row) <= columns for row in rows)
    assert "".join(row[GUTTER:] for row in rows) == visible(text).replace("\n", "").replace(
        "\t", "    "
    )


def test_a_question_keeps_what_it_shows_only_until_it_is_answered() -> None:
    events = numbered([("main", ToolStarted("1", "x", "x", True)), ("main", command("make"))])
    state = state_of(events)
    (approval,) = state.waiting.values()
    assert approval.asked == command("make")
    answered = Event(3, "", "s", "main", 1, ApprovalAnswered("1", True, "", "person"))
    assert "make test" not in repr(reduce(state, answered).agents["main"].transcript)
