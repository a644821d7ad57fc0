"""Running Leadline as a person does: the console script, in a process of its own. Where modules are `loaded` once, that
is a fork."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadline.tests.support.loaded import Child, forked

Started = asyncio.subprocess.Process | Child

SCRIPT = Path(sys.executable).with_name("leadline")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What `--json` printed."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def result(self) -> dict[str, Any]:
        return self.lines[-1]["result"]

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        return [line["body"] for line in self.lines if line.get("body", {}).get("kind") == kind]


def environment(
    home: Path, base_url: str | None, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """A clean environment: nothing of the developer's own settings, a key for the endpoint. One agent works alone, as
    most scripts are written for one; `LEADLINE_SOLO=""` in `extra` has a planner again."""
    config = home.with_suffix(".config.toml")
    config.parent.mkdir(parents=True, exist_ok=True)
    config.touch()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    mine = {
        "LEADLINE_HOME": str(home),
        "LEADLINE_CONFIG": str(config),
        "LEADLINE_SOLO": "flash",
        "DEEPSEEK_API_KEY": "sk-rehearsal",
    }
    if base_url is not None:
        mine["LEADLINE_BASE_URL"] = base_url
    return kept | mine | dict(extra or {})


async def start(
    *args: str,
    cwd: Path,
    env: Mapping[str, str],
    stdin: int = asyncio.subprocess.DEVNULL,
) -> Started:
    if stdin == asyncio.subprocess.DEVNULL:
        fork = await forked((str(SCRIPT), *args), cwd, env)
        if fork is not None:
            return fork
    return await asyncio.create_subprocess_exec(
        str(SCRIPT),
        *args,
        cwd=cwd,
        env=dict(env),
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def ended(process: Started, seconds: float = 60) -> Ran:
    """Wait for the process; one that hangs is killed and fails the test."""
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


async def leadline(*args: str, cwd: Path, env: Mapping[str, str]) -> Ran:
    return await ended(await start(*args, cwd=cwd, env=env))
