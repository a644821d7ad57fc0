"""Priming: however many agents share a prefix, it is read anew at most twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from leadline.agent.bus import Bus, Recorder
from leadline.agent.context.transcript import Lane, Transcript
from leadline.agent.events import Body, UsageReported
from leadline.agent.history.journal import Journal
from leadline.agent.messages import AssistantMessage, UserMessage
from leadline.agent.planning.priming import prime
from leadline.agent.rehearsal import RehearsalServer, Settings, parse_scenario
from leadline.tests.agent.v4.bench import MakeBench, new_transcript

SCENARIO = parse_scenario(
    """
name = "workers"

[[turn]]
step = "prime"
when.user = "several agents share"
reasoning = "Nothing to do yet."
text = "ready"

[[turn]]
step = "work"
reasoning = "This is small."
text = "Done."
"""
)
CALLING = parse_scenario(
    """
name = "calls all the same"

[[turn]]
step = "prime"
reasoning = "I look at once."
[[turn.call]]
tool = "read"
arguments = { path = "a.py" }
"""
)
PACK = "\n".join(f"def function_{n}(argument_{n}): return argument_{n} * {n}" for n in range(300))
STORED = 0.3
WORKERS = 16


def shared() -> Transcript:
    return new_transcript(PACK, Lane("deepseek-flash", "high"), "You are a coding agent. " * 30)


def recorder(tmp_path: Path) -> Recorder:
    return Recorder(Journal.create(tmp_path / "session"), Bus(), "prime")


@pytest.mark.parametrize("primed", [True, False])
async def test_the_shared_prefix_is_read_once_however_many_workers(
    tmp_path: Path, make_bench: MakeBench, primed: bool
) -> None:
    async with RehearsalServer(SCENARIO, Settings(cache_delay=STORED)) as server:
        bench = make_bench(server.base_url)
        base = shared()
        waits: list[float] = []

        async def stored(seconds: float) -> None:
            waits.append(seconds)
            await asyncio.sleep(STORED)

        if primed:
            base = await prime(base, bench.client, recorder(tmp_path), 3.0, stored)
        events: list[Body] = []

        async def work(number: int) -> None:
            mine = base.fork(f"task-{number}")
            mine.append(UserMessage(f"Task {number}.", "task"))
            await bench.client.answer(mine.request(), events.append)

        await asyncio.gather(*map(work, range(WORKERS)))
        missed = [record for record in server.requests if record.hit < len(PACK) // 8]
        assert len(missed) == (1 if primed else WORKERS)
        assert waits == ([3.0] if primed else [])
        reported = [body for body in events if isinstance(body, UsageReported)]
        assert len(reported) == WORKERS
        if primed:  # and the ledger knew that they would hit
            assert {body.cause for body in reported} == {"none"}


async def test_a_model_that_calls_tools_is_told_that_nothing_ran(
    tmp_path: Path, make_bench: MakeBench
) -> None:
    async with RehearsalServer(CALLING) as server:
        bench = make_bench(server.base_url)
        agent = recorder(tmp_path)
        base = await prime(shared(), bench.client, agent, 0.0)
        child = base.fork("task-1")
        child.append(UserMessage("Your task.", "task"))
        assert isinstance(base.messages[-2], AssistantMessage)
        assert "Not run" in base.messages[-1].text
        await bench.client.answer(child.request(), agent.emit)
        assert server.requests[-1].hit > 0
