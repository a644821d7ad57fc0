"""How long a person waits: `leadline --help`, and from the start of `leadline run` to its first request.

Both against `python -c "import openai"` in the same run, because the machine's speed is nobody's merit.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from leadline.agent.rehearsal.scenario import load_scenario
from leadline.agent.rehearsal.server import RehearsalServer
from leadline.tests.support.cli import SCRIPT, ended, environment, start
from leadline.tests.support.repos import make_repo

ROUNDS = 11
SCENARIO = Path(__file__).parent.parent / "e2e" / "scenarios" / "fix.toml"


async def measure() -> str:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        repo = make_repo(work / "repo")
        imports: list[float] = []
        helps: list[float] = []
        firsts: list[float] = []
        async with RehearsalServer(load_scenario(SCENARIO)) as server:
            env = environment(work / "home", server.base_url)
            for _ in range(ROUNDS + 1):
                imports.append(await _seconds([sys.executable, "-c", "import openai"]))
                helps.append(await _seconds([str(SCRIPT), "--help"]))
                firsts.append(await _first_request(server, repo, env))
    # The first round fills the system's caches.
    base, shown, first = (statistics.median(times[1:]) for times in (imports, helps, firsts))
    return "\n".join(
        [
            f"import openai alone           {base:6.3f} s   1.00",
            f"leadline --help               {shown:6.3f} s   {shown / base:.2f}",
            f"leadline run, first request   {first:6.3f} s   {first / base:.2f}   (goal: 1.20)",
        ]
    )


async def _seconds(command: list[str]) -> float:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )
    await process.wait()
    return time.monotonic() - began


async def _first_request(server: RehearsalServer, repo: Path, env: dict[str, str]) -> float:
    server.requests.clear()
    began = time.monotonic()
    process = await start("run", "fix add", "--max-turns", "1", cwd=repo, env=env)
    await ended(process)
    return server.requests[0].at - began
