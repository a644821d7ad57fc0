"""The interface in a process of its own, with sessions that only pretend: so many agents that stream.

    python -m leadline.tests.bench.interface_child AGENTS FIGURES

All else is real: the app, its panels, the feed, the outbox, the journal, the thread that the session has for itself.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from leadline.agent.bus import Bus, Recorder
from leadline.agent.events import (
    Body,
    MessageCommitted,
    RequestSent,
    Routed,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
    UsageReported,
)
from leadline.agent.events_plan import PlanProposed, PlanStarted, TaskMoved, WorkerBegan
from leadline.agent.history.journal import Journal
from leadline.agent.history.store import sessions_folder
from leadline.agent.host.outbox import Outbox, Told
from leadline.agent.host.wishes import Submit, Wish
from leadline.agent.messages import AssistantMessage, ToolCall, Usage, UserMessage
from leadline.agent.passing import ReasoningDelta, TextDelta
from leadline.agent.planning.plan import Area, Plan, Task, WriteSet
from leadline.agent.planning.plan_check import CheckedPlan
from leadline.agent.session import Start
from leadline.tui import feed
from leadline.tui.app import LeadlineApp
from leadline.tui.control.opening import Opening
from leadline.tui.preferences import Preferences

PARTS_A_SECOND = 100
REASONING, TEXT = 60, 240
"""Parts of an answer."""
TICK = 1 / PARTS_A_SECOND
ANSWER = """\
## What I found

The loop in `take` asks *twice* for the **same** page: once in `first`, once more where it
goes on. With a cursor that is kept between both it would ask once.

1. Keep the cursor in `Pages`.
2. Let `first` hand it on.
   - `rest` needs it too.

```python
def take(pages: Pages, most: int) -> list[Row]:
    rows = pages.first(most)
    while len(rows) < most and pages.more:
        rows += pages.rest(most - len(rows))
    return rows
```

| function | asks |
|---|---|
| `first` | once |
| `rest` | for each page |

"""
WORDS = ANSWER.split(" ")


class Pretended:
    """In the place of `HostedSession`."""

    def __init__(self, agents: int, figures: Path, start: Start, wake: Callable[[], None]) -> None:
        self._agents = agents
        self._figures = figures
        self._start = start
        self._outbox = Outbox(wake)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._stream, name="session", daemon=True)

    def send(self, wish: Wish) -> None:
        if isinstance(wish, Submit):
            self._thread.start()

    def take(self, most: int, seconds: float) -> list[Told]:
        return self._outbox.take(most, seconds)

    def close(self) -> None:
        self._closed.set()
        if self._thread.ident is not None:
            self._thread.join()

    # --- on the session's thread ---

    def _stream(self) -> None:
        folder = sessions_folder(self._start.settings.home) / "streamed"
        journal, bus = Journal.create(folder), Bus()
        bus.subscribe(self._outbox.put)
        self._begin(Recorder(journal, bus, "main", 1))
        names = [f"task-t{number}-1" for number in range(self._agents)]
        streams = [
            _answers(Recorder(journal, bus, name, 1), number) for number, name in enumerate(names)
        ]
        began, ticks, late = time.perf_counter(), 0, list[float]()
        while not self._closed.is_set():
            ticks += 1
            for stream in streams:
                next(stream)
            left = began + ticks * TICK - time.perf_counter()
            late.append(max(0.0, -left))
            if left > 0:
                self._closed.wait(left)
            if ticks % 50 == 0:
                self._tell(ticks / (time.perf_counter() - began), late)
        journal.close()

    def _begin(self, lead: Recorder) -> None:
        settings = {"mode": "auto"}
        lead.emit(
            SessionStarted("0.1", str(self._start.folder), "mend", "auto", "Confined.", settings)
        )
        names = [f"t{number}" for number in range(self._agents)]
        tasks = tuple(
            Task(name, f"Mend the part {name}", "Do it.", (f"{name}.py",), checks=("make",))
            for name in names
        )
        sets = tuple(WriteSet((Area(f"{name}.py"),)) for name in names)
        lead.emit(PlanProposed(CheckedPlan(Plan("Mend", tasks), sets), "s", "planner"))
        lead.emit(PlanStarted("c0", self._agents))
        for name in names:
            lead.emit(TaskMoved(name, "running", 0, 0, ""))

    def _tell(self, rate: float, late: list[float]) -> None:
        told = {
            "parts": rate * self._agents,
            "cpu": time.thread_time(),
            "late": sorted(late)[int(len(late) * 0.95)],
        }
        new = self._figures.with_suffix(".new")
        new.write_text(json.dumps(told), encoding="utf-8")
        new.replace(self._figures)


def _answers(recorder: Recorder, number: int) -> Iterator[None]:
    """What one agent tells, a part at a time; each begins at another point of its answer."""
    task = recorder.agent.split("-")[1]
    recorder.emit(WorkerBegan(task, "flash", "high", "c0"))
    recorder.emit(Routed("worker", "deepseek-v4-flash", "high", "a brief and checks"))
    recorder.emit(MessageCommitted(UserMessage("Mend it.", "brief")))
    skipped = number * (REASONING + TEXT) // 64
    request = 0
    while True:
        request += 1
        recorder.emit(TurnStarted())
        recorder.emit(RequestSent(request, "deepseek-v4-flash", "high", (), 2 * request))
        for part in range(skipped, REASONING + TEXT):
            word = WORDS[part % len(WORDS)]
            body: Body = TextDelta(f"{word} ") if part >= REASONING else ReasoningDelta(f"{word} ")
            recorder.emit(body)
            yield
        skipped = 0
        for body in _after(request):
            recorder.emit(body)


def _after(request: int) -> Iterator[Body]:
    used = Usage(40_000, 500, REASONING + TEXT)
    words = " ".join(WORDS)
    call = f"c{request}"
    calls = (ToolCall(call, "read", '{"path": "a.py"}'),)
    yield UsageReported(
        request, "deepseek-v4-flash", used, 0.001, 0.02, False, 40_000, "none", "", 0.5, 2.0
    )
    yield MessageCommitted(
        AssistantMessage(words, words, calls, "tool_calls", used, "deepseek-v4-flash")
    )
    yield ToolStarted(call, "read", "read a.py", False)
    yield ToolFinished(call, True, "line\n" * 50, 0.1, "read a.py")
    yield TurnEnded(3.0)


def main() -> None:
    agents, figures = int(sys.argv[1]), Path(sys.argv[2])
    feed.HostedSession = partial(Pretended, agents, figures)  # pyright: ignore[reportAttributeAccessIssue]
    gc.freeze()  # as `leadline` does
    app = LeadlineApp(lambda: Opening(Path.cwd(), dict(os.environ)), Preferences(theme="dark"))
    app.run()
    app.close_sessions()
    if app.fault is not None:
        raise app.fault


if __name__ == "__main__":
    main()
