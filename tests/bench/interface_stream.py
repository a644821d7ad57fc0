"""What 64 agents that stream do to who types: the real interface on a terminal of its own, keys pressed at random
times, from pressing one to its paint, against the same keys in the same run while nobody streams.

The agents are pretended ones (`interface_child`): 100 parts a second each, and what is journaled about as often as in a
real session. First their lanes are on the screen, then the transcript of one that writes Markdown.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from leadline.tests.support.cli import environment
from leadline.tests.support.repos import make_repo
from leadline.tui.commands.open import FRAMES

from .terminal import ENV, MARKS, ROWS, Terminal, plain

AGENTS = 64
BATCHES = 2
LONGEST_PAUSE = 0.15
CLEAR, WORKERS, OPEN = "\x15", "\x1bOS", "j\r"


@dataclass(frozen=True, slots=True)
class Typed:
    """Seconds for each key, sorted, and the same without what the interface waited while others had the machine; of the
    time that all took, the shares of a core: the interface's thread, all threads, and that waiting. `lost` are batches
    that did not come out whole."""

    keys: tuple[float, ...]
    own: tuple[float, ...]
    lost: int
    main: float
    all: float
    waited: float

    def at(self, share: float) -> float:
        return _at(self.keys, share)


def _at(times: tuple[float, ...], share: float) -> float:
    """Milliseconds."""
    return times[min(len(times) - 1, int(len(times) * share))] * 1000


async def measure() -> str:
    return await asyncio.to_thread(_measured)


def _measured() -> str:
    with tempfile.TemporaryDirectory() as folder:
        repo = make_repo(Path(folder) / "repo")
        figures = Path(folder) / "figures.json"
        more = {"PYTHONPATH": _import_path(), "TEXTUAL_FPS": FRAMES}
        env = environment(Path(folder) / "home", None, ENV | more)
        module = "leadline.tests.bench.interface_child"
        command = [sys.executable, "-m", module, str(AGENTS), str(figures)]
        with Terminal(command, repo, env) as terminal:
            terminal.until("ready")
            terminal.rest(1)
            quiet = _typed(terminal)
            terminal.type("mend it\r")
            terminal.until("64 at work")
            terminal.rest(2)
            terminal.type(WORKERS)
            terminal.rest(1)
            lanes = _typed(terminal)
            terminal.type(WORKERS)
            terminal.rest(0.5)
            terminal.type(OPEN)
            terminal.rest(0.5)
            transcript = _typed(terminal)
            told = json.loads(figures.read_text(encoding="utf-8"))
    lines = [f"{'':16}  p50 ms  p95 ms     max  own p95  torn  interface  all threads  waited"]
    for name, each in (("nobody streams", quiet), ("lanes", lanes), ("transcript", transcript)):
        lines.append(
            f"{name:16}{each.at(0.5):8.1f}{each.at(0.95):8.1f}{each.at(1):8.1f}"
            f"{_at(each.own, 0.95):9.1f}{each.lost:6}{each.main:11.2f}{each.all:13.2f}{each.waited:8.2f}"
        )
    worst = max(lanes.at(0.95), transcript.at(0.95))
    lines.append(
        f"p95 {worst:.0f} ms (goal: 50), {worst / quiet.at(0.95):.1f} of that while nobody streams"
    )
    lines.append(
        f"the session's thread: {told['parts']:,.0f} parts a second of {AGENTS * 100:,}, "
        f"p95 {told['late'] * 1000:.1f} ms late"
    )
    return "\n".join(lines)


def _typed(terminal: Terminal) -> Typed:
    """Each batch is typed into an empty composer, so that a letter is painted once."""
    terminal.click(20, ROWS - 3)
    terminal.rest(0.5)
    began = time.perf_counter()
    before = (terminal.main_cpu, terminal.cpu, terminal.main_waited)
    keys: list[float] = []
    own: list[float] = []
    lost = 0
    for _ in range(BATCHES):
        since = len(terminal.written)
        for key in MARKS:
            terminal.rest(random.uniform(0.02, LONGEST_PAUSE))
            waited = terminal.main_waited
            keys.append(terminal.press(key))
            own.append(keys[-1] - (terminal.main_waited - waited))
        terminal.rest(0.3)
        lost += MARKS not in plain(terminal.written[since:])
        terminal.type(CLEAR)
        terminal.rest(0.3)
        del terminal.written[:]
        terminal.written += b" "
    seconds = time.perf_counter() - began
    after = (terminal.main_cpu, terminal.cpu, terminal.main_waited)
    shares = [(now - then) / seconds for now, then in zip(after, before, strict=True)]
    return Typed(tuple(sorted(keys)), tuple(sorted(own)), lost, *shares)


def _import_path() -> str:
    """Where `leadline.tests` is found, for a child."""
    return str(Path(__file__).parents[2] / ".typing")
