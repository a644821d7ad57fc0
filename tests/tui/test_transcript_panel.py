"""The transcript on a screen: what it shows, what it follows, and that it stays quick, steady and harmless."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.agent.bus import Published
from leadline.agent.events import (
    CheckStarted,
    Durable,
    Event,
    MessageCommitted,
    RequestSent,
    SessionEnded,
    SessionResumed,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    TurnStarted,
    Verified,
    Warned,
)
from leadline.agent.events_plan import (
    PlanEnded,
    PlanProposed,
    PlanStarted,
    TaskMoved,
    WorkerBegan,
)
from leadline.agent.messages import AssistantMessage, Usage, UserMessage
from leadline.agent.passing import (
    IndexProgress,
    Passing,
    ReasoningDelta,
    RetryScheduled,
    TextDelta,
    ToolOutput,
)
from leadline.tests.agent.test_account import plan
from leadline.tests.tui.test_state_laws import SESSIONS
from leadline.tests.tui.test_state_shown import GREEN, mine, shown
from leadline.tui.paint.block import paint
from leadline.tui.paint.part import Part
from leadline.tui.panels.session.panel import TranscriptPanel, lead
from leadline.tui.panels.session.plain import text_of
from leadline.tui.panels.session.transcript import Painter
from leadline.tui.state.blocks import Block
from leadline.tui.state.reducer import State, reduce, state_of
from leadline.tui.themes import THEMES
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input


class Shown(App[None]):
    def __init__(self, painter: Painter = paint) -> None:
        super().__init__()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = "dark"
        self.panel = TranscriptPanel(painter)
        self.copied = ""

    def compose(self) -> ComposeResult:
        yield Input(id="elsewhere")
        yield self.panel

    def copy_to_clipboard(self, text: str) -> None:
        self.copied = text

    @property
    def lines(self) -> list[str]:
        """What the panel's view has on the screen."""
        view = self.panel.view
        return [view.render_line(y).text for y in range(view.size.height)]

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)

    @property
    def all_text(self) -> str:
        strips = self.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        return "\n".join(strip.text.rstrip() for strip in strips)


Running = Pilot[None]


async def put(pilot: Running, app: Shown, state: State) -> None:
    app.panel.show(state)
    await pilot.pause()


def answer(text: str, reasoning: str | None = None) -> MessageCommitted:
    return MessageCommitted(AssistantMessage(text, reasoning, (), "stop", Usage(1, 2, 3), "m"))


def said(text: str) -> MessageCommitted:
    return MessageCommitted(UserMessage(text, "person"))


def call(number: int, output: str = "done") -> tuple[Durable, ...]:
    return (
        ToolStarted(str(number), "read", f"read file-{number}.py", False),
        ToolFinished(str(number), True, output, 0.2, f"read file-{number}.py"),
    )


def talk(turns: int) -> list[Durable | Passing]:
    """Turns of a question, an answer of some paragraphs, and a call."""
    bodies: list[Durable | Passing] = []
    for number in range(turns):
        bodies += [said(f"question {number}"), answer(f"answer {number}\n\n" + "word " * 60)]
        bodies += call(number, "result of it\n" * 5)
    return bodies


def more(state: State, *bodies: Durable) -> State:
    for body in bodies:
        state = reduce(state, Event(state.seq + 1, state.at, "s1", "main", 1, body))
    return state


# --- what is shown ---


async def test_an_empty_session_says_how_to_begin_and_gives_way_to_what_comes():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, State())
        assert "Type a task below" in app.all_text
        await put(pilot, app, mine(said("mend [b]it[/b]")))
        assert "Type a task below" not in app.all_text
        assert "mend [b]it[/b]" in app.all_text


async def test_blocks_of_every_kind_are_there():
    app = Shown()
    state = shown(
        ("main", said("mend it")),
        ("main", answer("I *see*.", "Hm. Let me think.")),
        *(("main", body) for body in call(1)),
        ("main", Warned("look [/b] out")),
        ("main", CheckStarted("make test")),
        ("main", Verified(GREEN)),
        ("planner", PlanProposed(plan("a", "b"), "Cut.", "planner")),
        ("main", PlanStarted("c0", 4)),
        ("main", TaskMoved("a", "running", 0, 0, "")),
    )
    async with app.run_test(size=(80, 40)) as pilot:
        await put(pilot, app, state)
        for words in ("mend it", "I see.", "thought", "file-1.py", "look [/b] out", "make"):
            assert words in app.text
        assert "plan: 2 tasks" in app.text


async def test_what_is_under_way_stands_below_until_it_is_there_whole():
    app = Shown()
    begun = (*talk(1), TurnStarted(), RequestSent(1, "m", "high", (), 2))
    async with app.run_test(size=(80, 40)) as pilot:
        await put(pilot, app, mine(*begun))
        assert "waiting for the model" in app.text
        await put(pilot, app, mine(*begun, ReasoningDelta("Let me see")))
        assert "thinking" in app.text
        assert "Let me see" in app.text
        streams = (ReasoningDelta("Let me see"), TextDelta("## I\n\nwrite **it**"))
        await put(pilot, app, mine(*begun, *streams))
        assert "write it" in app.text
        assert "writing" in app.text
        await put(pilot, app, mine(*begun, *streams, answer("## I\n\nwrite **it**.", "Let me see")))
        assert app.text.count("write it") == 1
        assert "writing" not in app.text


async def test_commands_show_the_end_of_their_output_below_their_card():
    app = Shown()
    begun = (TurnStarted(), ToolStarted("1", "shell", "$ pytest -q", True))
    lines = "".join(f"line {number}\n" for number in range(50))
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, mine(*begun, ToolOutput("1", lines)))
        assert "line 49" in app.text
        assert "line 20" not in app.text
        assert app.text.index("pytest -q") < app.text.index("line 49")
        assert "● running" in app.text
        await put(pilot, app, mine(CheckStarted("make"), ToolOutput("check", lines)))
        assert "line 49" in app.text
        assert "● checking" in app.text


async def test_an_index_counts_and_a_retry_says_why():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, mine(Warned("x"), IndexProgress(1200, 6900)))
        assert "indexing 1,200 of 6,900 files" in app.text
        await put(pilot, app, mine(TurnStarted(), RetryScheduled("429 [x]", 9.0, 1)))
        assert "tries again in" in app.text
        assert "429 [x]" in app.text


async def test_another_agents_transcript_is_one_word_away():
    app = Shown()
    state = shown(("main", said("for all")), ("task-a-1", said("for one")))
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, state)
        assert "for all" in app.text
        app.panel.agent = "task-a-1"
        await put(pilot, app, state)
        assert "for one" in app.text
        assert "Transcript of task-a-1" in app.all_text
        assert "for all" not in app.text


def test_the_planner_leads_until_there_is_work_for_others():
    planning = ("planner", said("plan it"))
    proposed = ("planner", PlanProposed(plan("a", "b"), "Cut.", "planner"))
    assert lead(State()) == "main"
    assert lead(mine(TurnStarted())) == "main"
    assert lead(shown(planning, proposed)) == "planner"
    assert lead(shown(planning, proposed, ("main", PlanStarted("c0", 4)))) == "main"
    assert lead(shown(planning, proposed, ("main", TurnStarted()))) == "main"


def test_the_planner_leads_again_when_the_person_says_more_after_the_work():
    asks = RequestSent(1, "m", "high", (), 2)
    worked = (
        ("planner", asks),
        ("planner", PlanProposed(plan("a", "b"), "Cut.", "planner")),
        ("main", PlanStarted("c0", 4)),
        ("task-a-1", WorkerBegan("a", "flash", "high", "c0")),
        ("task-a-1", asks),
        ("main", PlanEnded("c1", 2, 0, 0, 0)),
        ("main", SessionEnded("done", 0, "")),
    )
    resumed = ("main", SessionResumed("0", "", (), "say it in the log"))
    began = ("main", SessionStarted("0", "/w", "do it", "auto", "", {}, way="planned"))
    assert lead(shown(began, *worked, resumed)) == "main"
    again = shown(began, *worked, resumed, ("planner", asks))
    assert lead(again) == "planner"
    told = [text_of(each) for each in again.agents["main"].transcript]
    assert told[0] == "do it"
    assert told[-1] == "say it in the log"


# --- the end, and other places ---


async def test_the_end_is_followed_until_one_looks_elsewhere():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        state = mine(*talk(20))
        await put(pilot, app, state)
        assert "file-19.py" in app.text
        state = more(state, said("newest of all"))
        await put(pilot, app, state)
        assert "newest of all" in app.text
        app.panel.focus()
        await pilot.press("pageup", "pageup")
        before = app.text
        assert "newest of all" not in before
        for number in range(30):
            state = more(state, *call(100 + number))
        await put(pilot, app, state)
        assert app.text.split("\n")[:15] == before.split("\n")[:15]
        assert "30 new below, End follows" in app.all_text
        await pilot.press("end")
        await pilot.pause()
        assert "file-129.py" in app.text
        assert "new below" not in app.all_text
        await put(pilot, app, more(state, said("and one more")))
        assert "and one more" in app.text


async def test_the_wheel_moves_by_lines_over_what_was_never_laid_out():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, mine(*talk(60)))
        view = app.panel.view
        for _ in range(40):
            before = app.lines
            view.scroll_relative(y=-3, animate=False)
            await pilot.pause()
            assert app.lines[3:] == before[:-3]
        view.scroll_to(y=0, animate=False)
        await pilot.pause()
        assert "question 0" in app.text
        view.scroll_to(y=view.max_scroll_y, animate=False)
        await pilot.pause()
        assert "file-59.py" in app.text


async def test_a_resize_keeps_the_place_and_the_end():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, mine(*talk(60)))
        await pilot.resize_terminal(50, 20)
        await pilot.pause()
        assert "file-59.py" in app.text
        app.panel.focus()
        await pilot.press(*["pageup"] * 6)
        place = app.panel.view.laid.spot.item
        for size in ((20, 5), (200, 50), (33, 11)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert app.panel.view.laid.spot.item == place


async def test_a_terminal_of_20_by_5_works():
    app = Shown()
    async with app.run_test(size=(20, 5)) as pilot:
        await put(pilot, app, State())
        await put(pilot, app, mine(*talk(9)))
        app.panel.focus()
        await pilot.press("up", "up", "enter", "o", "g", "down", "pagedown", "G", "slash", "a")
        await pilot.press("enter", "n")
        await pilot.pause()
        assert app.text.strip()


# --- much ---


async def test_ten_thousand_blocks_cost_what_can_be_seen_of_them():
    painted: list[Block] = []

    def counted(block: Block, opened: bool, width: int) -> tuple[Part, ...]:
        painted.append(block)
        return paint(block, opened, width)

    app = Shown(counted)
    state = mine(*talk(3_400))
    assert len(state.agents["main"].transcript) > 10_000
    async with app.run_test(size=(80, 24)) as pilot:
        await put(pilot, app, state)
        assert len(painted) < 60
        painted.clear()
        for number in range(5):
            state = more(state, *call(9_000 + number))
            await put(pilot, app, state)
        assert len(painted) < 20
        painted.clear()
        app.panel.focus()
        await pilot.press("pageup", "pageup", "g", "pagedown", "G", "k", "k", "enter", "o")
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert len(painted) < 400
        painted.clear()
        app.query_one("#elsewhere").focus()
        await pilot.press(*"typed")
        assert not painted


async def test_nothing_new_refreshes_nothing():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        begun = (*talk(3), TurnStarted(), RequestSent(1, "m", "high", (), 2))
        state = mine(*begun, TextDelta("one\n\ntwo\n\n"))
        await put(pilot, app, state)
        rows = [seen.row for seen in app.panel.view.laid.window()]
        await put(pilot, app, state)
        assert [id(seen.row) for seen in app.panel.view.laid.window()] == [id(row) for row in rows]


# --- what must not come through ---


@given(SESSIONS, st.sampled_from([(80, 24), (20, 5)]))
@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_nothing_hostile_reaches_a_strip(
    published: Sequence[Published], size: tuple[int, int]
):
    app = Shown()
    async with app.run_test(size=size) as pilot:
        state = state_of(published)
        for agent in ("", *state.agents):
            app.panel.agent = agent
            await put(pilot, app, state)
            app.panel.view.action_fold_all()
            await pilot.pause()
            for character in app.all_text.replace("\n", ""):
                assert unicodedata.category(character) not in ("Cc", "Cs")
