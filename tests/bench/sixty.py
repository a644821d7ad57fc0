"""A session of 60 turns: reads of 300-line files and small edits in turn, under the documented cache rules.

Says how much of what was sent before was hit again, what a read and an edit cost beside the text itself, and how long
the harness takes between the end of an answer and the next request.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from leadline.agent.events import (
    Event,
    MessageCommitted,
    RequestSent,
    ToolFinished,
    ToolStarted,
    UsageReported,
)
from leadline.agent.history.journal import read_events
from leadline.agent.history.store import find_session
from leadline.agent.messages import AssistantMessage
from leadline.agent.rehearsal.prompt import count_tokens
from leadline.agent.rehearsal.scenario import Scenario, parse_scenario
from leadline.agent.rehearsal.server import RehearsalServer
from leadline.tests.support.cli import ended, environment, start
from leadline.tests.support.repos import make_repo

TURNS = 60
FILES = 30
LINES = 300
UNIT = 128
SECONDS = 300
"""After which the session counts as stuck."""


async def measure() -> str:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        files = {f"shop/part_{i:02d}.py": _source(i) for i in range(FILES)}
        repo = make_repo(work / "repo", {**files, "test_shop.py": _TEST})
        async with RehearsalServer(_scenario(files)) as server:
            env = environment(work / "home", server.base_url)
            process = await start("run", "tidy the shop", "--json", cwd=repo, env=env)
            ran = await ended(process, SECONDS)
            requests = list(server.requests)
        if ran.code != 0:
            raise RuntimeError(f"the session ended with {ran.code}: {ran.err[-2000:]}")
        events = read_events(find_session(work / "home", None))
    return "\n".join([*_cache(requests_of(events)), *_volume(events, files), *_pace(events)]) + (
        f"\nrequests {len(requests)}, last prompt {requests[-1].prompt_tokens:,} tokens, "
        f"first prompt {requests[0].prompt_tokens:,}"
    )


def requests_of(events: tuple[Event, ...]) -> list[UsageReported]:
    return [event.body for event in events if isinstance(event.body, UsageReported)]


def _cache(used: list[UsageReported]) -> list[str]:
    """What was sent before and yet not hit, beyond the last partial unit of each prompt."""
    lost = 0
    for before, now in pairwise(used):
        due = before.usage.prompt // UNIT * UNIT - UNIT
        lost += max(0, due - now.usage.hit)
    hit = sum(item.usage.hit for item in used)
    prompt = sum(item.usage.prompt for item in used)
    unexpected = sum(item.cause in ("ours", "service") for item in used)
    cost, uncached = sum(u.cost for u in used), sum(u.cost_uncached for u in used)
    return [
        f"prompts {prompt:,} tokens, hit {hit / prompt:.1%}, sent before but missed {lost:,} tokens",
        f"unexpected misses {unexpected}; cost ${cost:.4f}, without a cache ${uncached:.4f}",
    ]


def _volume(events: tuple[Event, ...], files: dict[str, str]) -> list[str]:
    tools = {e.body.call_id: e.body.tool for e in events if isinstance(e.body, ToolStarted)}
    sizes: dict[str, list[int]] = {}
    for event in events:
        if isinstance(event.body, ToolFinished):
            name = tools[event.body.call_id]
            sizes.setdefault(name, []).append(count_tokens(event.body.text))
    text = statistics.mean(count_tokens(source) for source in files.values())
    read, edit = statistics.mean(sizes["read"]), statistics.mean(sizes["edit"])
    return [
        f"a read of a {LINES}-line file: {read:,.0f} tokens for {text:,.0f} of text ({read / text - 1:+.1%})",
        f"an edit's result: {edit:,.0f} tokens",
    ]


def _pace(events: tuple[Event, ...]) -> list[str]:
    """Milliseconds from the end of an answer to the next request, without what the tools took."""
    gaps: list[float] = []
    ended: datetime | None = None
    tools = 0.0
    for event in events:
        at = datetime.fromisoformat(event.at)
        match event.body:
            case MessageCommitted(AssistantMessage()):
                ended, tools = at, 0.0
            case ToolFinished(seconds=seconds):
                tools += seconds
            case RequestSent() if ended is not None:
                gaps.append(((at - ended).total_seconds() - tools) * 1000)
                ended = None
            case _:
                pass
    return [
        f"harness between answer and next request: median {statistics.median(gaps):.1f} ms (goal: under 10)"
    ]


_TEST = (
    "import unittest\n\n\nclass Shop(unittest.TestCase):\n"
    "    def test_opens(self):\n        self.assertTrue(True)\n"
)


def _source(seed: int) -> str:
    """A file of LINES lines that looks like code, the same for the same seed."""
    rng = random.Random(seed)
    words = ["order", "price", "stock", "cart", "item", "total", "discount", "label", "refund"]
    lines = [f'"""Part {seed} of the shop."""', ""]
    while len(lines) < LINES - 6:
        name = "_".join(rng.sample(words, 2)) + f"_{len(lines)}"
        lines += [
            "",
            f"def {name}({rng.choice(words)}: int, {rng.choice(words)}_rate: float) -> float:",
            f'    """What a {rng.choice(words)} is worth after its {rng.choice(words)}."""',
            f"    base = {rng.randint(1, 999)} * {rng.random():.3f}",
            f"    return base + {rng.randint(1, 99)}",
            "",
        ]
    lines += [f"# end {i}" for i in range(LINES - len(lines))]
    return "\n".join(lines) + "\n"


def _scenario(files: dict[str, str]) -> Scenario:
    names = list(files)
    turns: list[str] = []
    for index in range(TURNS):
        name = names[index // 2 % len(names)]
        if index % 2 == 0:
            call = {"files": [{"path": name}]}
            turns.append(_turn(index, "read", call))
        else:
            old = next(line for line in files[name].splitlines() if "base = " in line)
            turns.append(
                _turn(
                    index,
                    "edit",
                    {"path": name, "edits": [{"old": old, "new": old + "  # checked"}]},
                )
            )
    turns.append(_turn(TURNS, "report", {"status": "done", "summary": "Tidied."}))
    return parse_scenario('name = "sixty"\n' + "\n".join(turns))


def _turn(index: int, tool: str, arguments: object) -> str:
    raw = json.dumps(json.dumps(arguments))
    return (
        f'[[turn]]\nstep = "s{index}"\nwhen.answers = {index}\n'
        f'reasoning = "Part {index}: what does it say, and what has to change there?"\n'
        f'[[turn.call]]\ntool = "{tool}"\nraw = {raw}\n'
    )
