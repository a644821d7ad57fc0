"""What a transcript of 10,000 blocks costs on the screen, against one of 100 in the same run: opening it, a page, a
piece of a streamed answer, a key typed elsewhere; and the memory that the widget holds for each block. The times have
the waits of Textual's pilot in them: what counts is that they are the same."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from leadline.agent.bus import Live, Published
from leadline.agent.events import (
    Durable,
    Event,
    MessageCommitted,
    RequestSent,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    TurnStarted,
)
from leadline.agent.messages import AssistantMessage, ToolCall, Usage, UserMessage
from leadline.agent.passing import TextDelta
from leadline.tui.panels.session.panel import TranscriptPanel
from leadline.tui.state.reducer import State, reduce, state_of
from leadline.tui.themes import THEMES
from textual.app import App, ComposeResult
from textual.widgets import Input

SMALL, LARGE = 100, 10_000
TIMES = 40
AT = "2026-11-28T05:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds: once, and medians."""

    open: float
    page: float
    piece: float
    key: float
    bytes: int


class _Shown(App[None]):
    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = "dark"
        self.panel = TranscriptPanel()

    def compose(self) -> ComposeResult:
        yield Input()
        yield self.panel


async def measure() -> str:
    await _measured(SMALL)  # what is made once and kept, such as styles, is in no figure
    small, large = await _measured(SMALL), await _measured(LARGE)
    lines = [f"{'':24}{SMALL:>9,} blocks{LARGE:>9,} blocks     ratio"]
    for name in ("open", "page", "piece", "key"):
        few, many = getattr(small, name), getattr(large, name)
        lines.append(f"{name:24}{few:>13.2f} ms{many:>13.2f} ms{many / few:>10.2f}")
    slope = (large.bytes - small.bytes) / (LARGE - SMALL)
    lines.append(f"memory of the widget for each block: {slope:.0f} bytes")
    return "\n".join(lines)


async def _measured(blocks: int) -> Took:
    state = state_of(_session(blocks))
    app = _Shown()
    async with app.run_test(size=(120, 40)) as pilot:

        async def timed(act: Callable[[], Awaitable[object]]) -> float:
            start = time.perf_counter()
            await act()
            await pilot.pause()
            return (time.perf_counter() - start) * 1000

        async def show(state: State) -> None:
            app.panel.show(state)

        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        app.panel.show(state)
        await pilot.pause()
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        app.panel.show(State())
        await pilot.pause()
        opened = await timed(lambda: show(state))
        pieces: list[float] = []
        for number in range(TIMES):
            state = reduce(state, Live("main", 1, TextDelta(f"piece {number} of **it**\n\n")))
            pieces.append(await timed(lambda state=state: show(state)))
        app.panel.focus()
        pages = [await timed(lambda: pilot.press("pageup")) for _ in range(TIMES)]
        app.query_one(Input).focus()
        keys = [await timed(lambda: pilot.press("x")) for _ in range(TIMES)]
    page, piece, key = (statistics.median(times) for times in (pages, pieces, keys))
    return Took(opened, page, piece, key, held)


def _session(blocks: int) -> Iterator[Published]:
    started = SessionStarted("0", "/w", "mend it", "auto", "Confined.", {})
    for seq, body in enumerate((started, *_bodies(blocks)), 1):
        yield Event(seq, AT, "s1", "main", 1, body)


def _bodies(blocks: int) -> Iterator[Durable]:
    call = ToolCall("1", "read", "{}")
    text = "Some words of an answer, with `code`.\n\n- one\n- two\n\n" + "word " * 80
    for number in range(blocks // 3):
        yield MessageCommitted(UserMessage(f"question {number}", "person"))
        yield TurnStarted()
        answer = AssistantMessage(text, "Hm.", (call,), "tool_calls", Usage(1, 2, 3), "m")
        yield MessageCommitted(answer)
        yield ToolStarted("1", "read", f"read file-{number}.py", False)
        yield ToolFinished("1", True, "a line\n" * 40, 0.1, f"read file-{number}.py")
    yield TurnStarted()
    yield RequestSent(1, "m", "high", (), 2)
