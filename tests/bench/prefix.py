"""What a later session, in another repository, is spared: the share of system prompt and tools that its first request
hits. The service stores a common prefix only once two requests have shown it, so the second session can't hit yet."""

from __future__ import annotations

import tempfile
from pathlib import Path

from leadline.agent.rehearsal.prompt import count_tokens
from leadline.agent.rehearsal.scenario import load_scenario
from leadline.agent.rehearsal.server import RehearsalServer
from leadline.tests.support.cli import environment, leadline
from leadline.tests.support.repos import make_repo

from .startup import SCENARIO

SESSIONS = 4
USER = "<\N{FULLWIDTH VERTICAL LINE}User\N{FULLWIDTH VERTICAL LINE}>"


async def measure() -> str:
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        async with RehearsalServer(load_scenario(SCENARIO)) as server:
            for number in range(1, SESSIONS + 1):
                repo = make_repo(work / f"repo-{number}")
                env = environment(work / f"home-{number}", server.base_url)
                server.requests.clear()
                await leadline("run", f"fix add, person {number}", cwd=repo, env=env)
                first = server.requests[0]
                constant = count_tokens(first.prompt.split(USER, 1)[0])
                share = min(1.0, first.hit / (constant // 128 * 128))
                lines.append(
                    f"session {number}: system and tools {constant:,} tokens, first request hits "
                    f"{first.hit:,} ({share:.0%} of the whole units)"
                )
    return "\n".join(lines)
