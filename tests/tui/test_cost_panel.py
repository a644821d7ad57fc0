"""The cost panel, in an app, by real events and the real catalog."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from leadline.agent.bus import Published
from leadline.agent.events import (
    Durable,
    Event,
    RequestFailed,
    Routed,
    SessionStarted,
    UsageReported,
)
from leadline.agent.events_requests import MissCause, TokenPrice
from leadline.agent.messages import Usage
from leadline.agent.settings.config import Settings
from leadline.tests.tui.test_state_laws import STARTED
from leadline.tui.panels.cost.panel import CostPanel
from leadline.tui.panels.panel import Place
from leadline.tui.state.reducer import State, state_of
from textual.app import App, ComposeResult
from textual.pilot import Pilot

PRICE = TokenPrice(0.003, 0.15, 0.6)
BERLIN = timezone(timedelta(hours=1))
BEGIN = datetime(2026, 11, 23, 0, 10, 0, tzinfo=UTC)
WIDE, USUAL, TINY = (160, 48), (80, 24), (20, 5)


class Shown(App[None]):
    def __init__(self, *, dots: bool = True, catalog: Path | None = None) -> None:
        super().__init__()
        self.now = BEGIN + timedelta(minutes=15)
        self.panel = CostPanel(clock=lambda: self.now, zone=BERLIN, dots=dots)
        self.panel.place = Place(Path("/"), Settings(catalog=catalog))

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        self.panel.focus()

    @property
    def lines(self) -> list[str]:
        strips = self.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


async def until(pilot: Pilot[None], app: Shown, word: str) -> None:
    """Until the catalog is read, and the word with it on the screen."""
    while word not in app.text:
        await pilot.pause(0.01)


def usage(
    hit: int, miss: int, output: int, cost: float, cause: MissCause = "none", detail: str = ""
) -> UsageReported:
    tokens = Usage(hit, miss, output)
    expected = hit + 9000 if cause != "none" else hit
    return UsageReported(
        1, "deepseek-flash", tokens, cost, 4 * cost, False, expected, cause, detail, 0.5, 1.0
    )


def session(*said: tuple[str, Durable], budget: str = "5") -> State:
    """Requests a minute apart."""
    assert isinstance(STARTED, SessionStarted)
    first = SessionStarted(
        STARTED.version, "/w", "t", "auto", "x", {"budget_usd": budget, "max_turns": "9"}
    )
    events: list[Published] = []
    for number, (agent, body) in enumerate((("main", first), *said), 1):
        at = (BEGIN + timedelta(minutes=number)).isoformat()
        events.append(Event(number, at, "s1", agent, 1, body))
    return state_of(events)


WORK: tuple[tuple[str, Durable], ...] = (
    ("planner", Routed("planner", "deepseek-v4-pro", "high", "why", TokenPrice(0.022, 0.66, 1.98))),
    ("task-a-1", Routed("worker", "deepseek-flash", "high", "why", PRICE)),
    ("planner", usage(0, 40_000, 3_000, 0.5)),
    ("task-a-1", usage(39_000, 1_000, 500, 0.1)),
    ("task-b-1", usage(39_000, 9_500, 500, 0.15, "service", "9000 tokens [b]were[/b] read again")),
    ("planner", usage(0, 44_000, 900, 0.5, "ours", "message 3 differs\x1b[31m")),
    ("planner", RequestFailed(9, "cut", True)),
)


async def test_it_says_what_was_spent_left_and_saved():
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(session(*WORK))
        await pilot.pause()
        assert app.lines[0].strip() == "$1.25 spent, $3.75 of $5.00 left; 4 requests answered"
        assert "The cache saved $3.75; 45% of the input were hits." in app.text
        assert "1 request failed; what was spent by that is not known." in app.text


async def test_each_role_has_a_row_and_all_have_one():
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(session(*WORK))
        await pilot.pause()
        rows = [line.split() for line in app.lines]
        assert ["planner", "2", "0", "84k", "3.9k", "0%", "$1.00", "$3.00"] in rows
        assert ["workers", "2", "78k", "10k", "1.0k", "88%", "$0.25", "$0.75"] in rows
        assert ["all", "4", "78k", "94k", "4.9k", "45%", "$1.25", "$3.75"] in rows


async def test_each_unexpected_miss_has_its_cause_and_no_markup():
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(session(*WORK))
        await pilot.pause()
        assert "2 unexpected misses: 18k tokens were read again" in app.text
        lines = [" ".join(line.split()) for line in app.lines]
        ours = "01:17:00 planner #1 9.0k Leadline changed what stands before: message 3 differs"
        service = "task-b-1 #1 9.0k the service had it no longer: 9000 tokens [b]were[/b] read"
        places = [
            next(n for n, line in enumerate(lines) if each in line) for each in (ours, service)
        ]
        assert places == sorted(places)
        app.panel.show(session(*WORK[:4]))
        await until(pilot, app, "No unexpected miss.")


async def test_the_price_now_and_the_next_are_told_in_local_time():
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(session(*WORK))
        await until(pilot, app, "deepseek-flash: in")
        assert "deepseek-flash: in $0.15 (hit $0.003), out $0.60 per million" in app.text
        assert "deepseek-v4-pro: in $0.66 (hit $0.022), out $1.98 per million" in app.text
        assert "from 02:00 (in 35 min): twice that" in app.text
        app.now = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
        app.panel.show(session(WORK[1]))
        await pilot.pause()
        assert "(peak hours)" in app.text
        assert "from 11:00 (in 30 min): half that" in app.text
        app.now = datetime(2026, 11, 27, 11, 30, tzinfo=UTC)
        app.panel.show(session(WORK[0]))
        await pilot.pause()
        assert "from Mon 02:00 (in 2 d 13 h): twice that" in app.text


async def test_before_a_session_the_configured_models_have_their_prices():
    app = Shown()
    async with app.run_test(size=USUAL) as pilot:
        await until(pilot, app, "deepseek-v4-pro: in")
        assert "deepseek-flash: in" in app.text
        assert "$0.00 spent; 0 requests answered" in app.text


async def test_a_catalog_that_is_wrong_says_why(tmp_path: Path):
    wrong = tmp_path / "[b]mine.toml"
    wrong.write_text("[peak]\nhours = 3")
    app = Shown(catalog=wrong)
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(session(*WORK))
        await until(pilot, app, "No prices")
        assert "[b]mine.toml" in app.text
        assert "$1.25 spent" in app.text


async def test_an_endpoint_without_list_prices_says_so():
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(session(("main", Routed("solo", "deepseek-flash", "high", "why"))))
        await until(pilot, app, "The prices of this endpoint are not known.")
        app.panel.show(session(("main", Routed("solo", "mine", "high", "why"))))
        await until(pilot, app, "mine: its price is not known")


async def test_sums_are_drawn_over_time_as_tokens_or_money():
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(session(*WORK))
        await pilot.pause()
        assert "Tokens, 01:14 to 01:17" in app.text
        for label in ("hit 78k", "missed 94k", "written 4.9k"):
            assert label in app.text
        assert any("\u2800" < letter <= "\u28ff" for letter in app.text)
        await pilot.press("m")
        await pilot.pause()
        assert "US dollars spent, 01:14 to 01:17" in app.text
        assert "uncached $5.00" in app.text
        assert "spent $1.25" in app.text


async def test_without_dots_letters_draw_and_all_is_ascii_but_for_the_signs():
    app = Shown(dots=False)
    async with app.run_test(size=USUAL) as pilot:
        app.panel.show(session(*WORK))
        await pilot.press("end")
        await pilot.pause()
        assert "hhhhhh" in app.text
        assert "h hit 78k" in app.text
        assert "mmmmmm" in app.text
        assert not any("\u2800" <= letter <= "\u28ff" for letter in app.text)


@pytest.mark.parametrize("size", [USUAL, TINY])
async def test_nothing_is_wider_than_the_screen_and_all_can_be_reached(size: tuple[int, int]):
    app = Shown()
    async with app.run_test(size=size) as pilot:
        app.panel.show(session(*WORK))
        await pilot.pause()
        assert "$1.25 spent" in app.text
        await pilot.press("G")
        await pilot.pause()
        assert "again" in app.text
        await pilot.press("g")
        await pilot.pause()
        assert "$1.25 spent" in app.lines[0]
        await pilot.resize_terminal(5, 2)
        await pilot.resize_terminal(160, 48)
        await pilot.pause()
        assert "Tokens, 01:14 to 01:17" in app.text


async def test_nothing_is_painted_where_no_money_was_spent(monkeypatch: pytest.MonkeyPatch):
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        state = session(*WORK)
        app.panel.show(state)
        await until(pilot, app, "deepseek-flash: in")
        await pilot.pause(0.6)
        told: list[int] = []

        def put(*_: object) -> None:
            told.append(1)

        monkeypatch.setattr("leadline.tui.panels.cost.panel._put", put)
        app.panel.show(state)
        assert not told


async def test_a_budget_that_is_used_up_has_nothing_left():
    app = Shown()
    async with app.run_test(size=WIDE) as pilot:
        app.panel.show(session(*WORK, budget="1"))
        await pilot.pause()
        assert "$1.25 spent, $0.00 of $1.00 left" in app.lines[0]
        app.panel.show(session(*WORK, budget="-"))
        await until(pilot, app, "$1.25 spent; ")
        assert app.lines[0].strip() == "$1.25 spent; 4 requests answered"
