"""A session of 10,000 messages in the real interface, against one of 100 in the same run: opening it, paging back,
typing, and the memory that the program needs for each message more."""

from __future__ import annotations

import asyncio
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from leadline.agent.bus import Bus, Recorder
from leadline.agent.events import (
    Body,
    MessageCommitted,
    SessionEnded,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
)
from leadline.agent.history.journal import Journal
from leadline.agent.history.store import sessions_folder
from leadline.agent.messages import AssistantMessage, ToolCall, Usage, UserMessage
from leadline.tests.support.cli import SCRIPT, environment
from leadline.tests.support.repos import make_repo

from .terminal import ENV, MARKS, Terminal

SMALL, LARGE = 100, 10_000
ROUNDS = 5
PAGES = 8
PAUSE = 0.1
PAGE_UP = "\x1b[5~"
_QUESTION = re.compile(rb"question (\d{5})")
TEXT = "Some words of an answer, with `code`.\n\n- one\n- two\n\n" + "word " * 80


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds; those of pages and keys are medians. Bytes that the program holds in the end."""

    open: float
    page: float
    key: float
    memory: int


async def measure() -> str:
    return await asyncio.to_thread(_measured)


def _measured() -> str:
    found: dict[int, list[Took]] = {SMALL: [], LARGE: []}
    with tempfile.TemporaryDirectory() as folder:
        repo = make_repo(Path(folder) / "repo")
        home = Path(folder) / "home"
        env = environment(home, None, ENV)
        for messages in found:
            _write(sessions_folder(home) / f"messages-{messages}", repo, messages)
        for _ in range(ROUNDS):
            for messages, times in found.items():
                times.append(_read(repo, env, messages))
    few, many = found[SMALL], found[LARGE]
    lines = [f"{'':12}{SMALL:>9,} messages{LARGE:>9,} messages     ratio"]
    parts: dict[str, Callable[[Took], float]] = {
        "open": lambda took: took.open,
        "page": lambda took: took.page,
        "key": lambda took: took.key,
    }
    for name, part in parts.items():
        small, large = _median(few, part), _median(many, part)
        lines.append(
            f"{name:12}{small * 1000:>15.1f} ms{large * 1000:>15.1f} ms{large / small:>10.2f}"
        )
    held = _median(many, lambda took: took.memory) - _median(few, lambda took: took.memory)
    lines.append(
        f"a message more in memory, its events with it: {held / (LARGE - SMALL):,.0f} bytes"
    )
    return "\n".join(lines)


def _median(times: list[Took], part: Callable[[Took], float]) -> float:
    return statistics.median(map(part, times))


def _write(folder: Path, root: Path, messages: int) -> None:
    journal = Journal.create(folder)
    recorder = Recorder(journal, Bus(), "main", 1)
    for body in _bodies(root, messages):
        recorder.emit(body)
    journal.close()


def _bodies(root: Path, messages: int) -> Iterator[Body]:
    yield SessionStarted("0.1", str(root), "mend it", "auto", "Confined.", {})
    call = ToolCall("1", "read", "{}")
    for number in range(messages // 2):
        yield MessageCommitted(UserMessage(f"question {number:05}", "person"))
        yield TurnStarted()
        answer = AssistantMessage(TEXT, "Hm.", (call,), "tool_calls", Usage(1, 2, 3), "m")
        yield MessageCommitted(answer)
        yield ToolStarted("1", "read", f"read file-{number}.py", False)
        yield ToolFinished("1", True, "a line\n" * 40, 0.1, f"read file-{number}.py")
        yield TurnEnded(1.0)
    yield SessionEnded("done", 0, "All done.")


def _read(repo: Path, env: Mapping[str, str], messages: int) -> Took:
    last = f"question {messages // 2 - 1:05}"
    with Terminal([str(SCRIPT), "open", f"messages-{messages}"], repo, env) as terminal:
        opened = terminal.until(last) - terminal.began
        terminal.rest(1)
        pages = [_page(terminal) for _ in range(PAGES)]
        keys: list[float] = []
        for key in MARKS[:40]:
            terminal.rest(PAUSE)
            keys.append(terminal.press(key))
        return Took(opened, statistics.median(pages), statistics.median(keys), terminal.memory)


def _page(terminal: Terminal) -> float:
    """Seconds from the key to what is above being painted."""
    terminal.rest(PAUSE)
    first = min(_questions(terminal.written))
    since = len(terminal.written)
    began = time.perf_counter()
    terminal.type(PAGE_UP)
    return terminal.until(lambda new: min(_questions(new), default=first) < first, since) - began


def _questions(written: bytes | bytearray) -> list[int]:
    return [int(number) for number in _QUESTION.findall(written)]
