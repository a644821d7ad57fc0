"""How long until a person can type: the real `leadline` on a terminal of its own, against the bare import of Textual in
the same run.

A key is pressed before the program has begun to read: when it is painted in the composer, one can type. More are
pressed until the panels are there: none may be lost, and none may wait long for what is loaded meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from leadline.tests.support.cli import SCRIPT, environment
from leadline.tests.support.repos import make_repo

from .terminal import ENV, MARKS, Terminal, plain

ROUNDS = 11
ALTERNATE = b"\x1b[?1049h"
"""What a program says that takes the whole screen; all before it is of the line's own echo."""
BARE = "import textual.app"
WIDGETS = "import textual.app, textual.widgets as w; w.ContentSwitcher, w.OptionList, w.Static, w.TextArea"
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Opened:
    """Seconds since the start; `cpu` is what it took by the time one could type; `keys` are for each key from pressing
    it to its paint."""

    word: float
    frame: float
    usable: float
    cpu: float
    panels: float
    keys: tuple[float, ...]
    lost: int


async def measure() -> str:
    return await asyncio.to_thread(_measured)


def _measured() -> str:
    bare: list[tuple[float, float]] = []
    widgets: list[tuple[float, float]] = []
    opened: list[Opened] = []
    with tempfile.TemporaryDirectory() as folder:
        repo = make_repo(Path(folder) / "repo")
        env = environment(Path(folder) / "home", None, ENV)
        for _ in range(ROUNDS + 1):  # the first fills the system's caches
            bare.append(_import(BARE, env))
            widgets.append(_import(WIDGETS, env))
            opened.append(_open(repo, env))
    opened = opened[1:]
    base, base_cpu = (_median(each[place] for each in bare[1:]) for place in (0, 1))
    with_widgets = _median(each[0] for each in widgets[1:])
    rows = [
        ("import textual.app", base, ""),
        ("with the widgets", with_widgets, ""),
        ("a word on the screen", _median(each.word for each in opened), "under 0.3 s"),
        ("the first frame", _median(each.frame for each in opened), ""),
        ("one can type", _median(each.usable for each in opened), "1.30"),
        ("all panels", _median(each.panels for each in opened), ""),
    ]
    lines = [
        f"{name:24}{took:7.3f} s{took / base:7.2f}{f'   (goal: {goal})' if goal else ''}"
        for name, took, goal in rows
    ]
    cpu = _median(each.cpu for each in opened)
    lines.append(f"CPU until one can type  {cpu:7.3f} s{cpu / base_cpu:7.2f} of the import's")
    keys = sorted(key for each in opened for key in each.keys)
    lost = sum(each.lost for each in opened)
    lines.append(
        f"keys while it loads     {statistics.median(keys) * 1000:5.0f} ms median, "
        f"{keys[int(len(keys) * 0.95)] * 1000:.0f} p95, {len(keys)} pressed, {lost} lost"
    )
    return "\n".join(lines)


def _import(code: str, env: Mapping[str, str]) -> tuple[float, float]:
    """Seconds, and seconds of CPU."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], env=dict(env))
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


def _open(repo: Path, env: Mapping[str, str]) -> Opened:
    with Terminal([str(SCRIPT)], repo, env) as terminal:
        terminal.type(MARKS[0])
        began = terminal.began
        word = terminal.until("Leadline") - began
        terminal.until(lambda new: ALTERNATE in new)
        place = terminal.written.index(ALTERNATE)
        frame = terminal.until("\x1b[1;1H", place) - began
        usable = terminal.until(MARKS[0], place) - began
        cpu = terminal.main_cpu
        keys: list[float] = []
        for key in MARKS[1:]:
            terminal.rest(PAUSE)
            if b"ready" in terminal.written:
                break
            keys.append(terminal.press(key))
        panels = terminal.until("ready", place) - began
        pressed = MARKS[: len(keys) + 1]
        terminal.rest(0.5)
        lost = 0 if pressed in plain(terminal.written[place:]) else 1
    return Opened(word, frame, usable, cpu, panels, tuple(keys), lost)


def _median(times: Iterable[float]) -> float:
    return statistics.median(times)
