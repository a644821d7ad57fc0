"""A large task on a small stage: a project, a script for its workers, the endpoint and Leadline as processes of their
own, so that the CPU of one is not taken for that of the other."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from leadline.agent.events import Event
from leadline.agent.history.journal import FILE, read_events
from leadline.agent.history.store import find_session, session_ids
from leadline.tests.support.cli import environment
from leadline.tests.support.planscripts import (
    PRIMED,
    REPORT,
    Call,
    in_place,
    planner,
    primer,
    reviewer,
    turn,
    worker,
)
from leadline.tests.support.repos import make_repo
from pydantic import BaseModel

from .crew_child import Spent

_VARIABLES = {"LEADLINE_SOLO": "", "PYTHONPATH": str(Path(__file__).parents[3])}
"""A planner, and where this package is found."""
_SCRIPT, _LOG, _FACTS, _SAID, _HOME = "script.toml", "log.jsonl", "facts.json", "said.txt", "home"
"""In the folder of a run."""
_LOOK_SECONDS = 0.5
CHILD = "leadline.tests.bench.crew_child"
ENDPOINT = "leadline.agent.rehearsal"
TASKS = 64
LINES = 150
PATTERN = "part_[0-9]+"
FILE_OF = "shop/<<id>>.py"
STORED_SECONDS = 0.5
"""Until the endpoint has stored what it read. Less than an answer takes: whoever reads the pack anew does so once."""
MOST_SECONDS = 600.0
"""After which a run counts as stuck."""


def _edit(old: str, new: str) -> Call:
    return "edit", {
        "path": FILE_OF,
        "edits": [{"old": f'STATE = "{old}"', "new": f'STATE = "{new}"'}],
    }


ANSWERS: tuple[tuple[Call, ...], ...] = (
    (("read", {"files": [{"path": FILE_OF}]}),),
    (("search", {"pattern": "STATE", "path": FILE_OF}),),
    (("read", {"files": [{"path": "shop/base.py"}]}),),
    (_edit("todo", "begun"),),
    (("shell", {"command": "tail -n 3 shop/<<id>>.py"}),),
    (("read", {"files": [{"path": FILE_OF, "start": 1, "end": 20}]}),),
    (_edit("begun", "done"),),
    (REPORT,),
)
"""What a worker says: eight turns that look, change a file, run a command and report."""


@dataclass(frozen=True, slots=True)
class Dials:
    """How a run differs from one of a person's. `answer_seconds` is how long the model takes for each answer;
    `at_once` is how many requests run at once from the first on, None for Leadline's own beginning; `looked`: edits are
    looked through for what they broke."""

    workers: int
    tasks: int = TASKS
    answer_seconds: float = 1.0
    at_once: int | None = None
    primed: bool = True
    looked: bool = True
    waits_at: int | None = None
    """The answer of each worker, from 0, that never comes."""
    profile: Path | None = None


class RequestLine(BaseModel):
    """A request as the endpoint saw it; sizes in tokens."""

    step: str
    model: str
    prompt_tokens: int
    hit: int


@dataclass(frozen=True, slots=True)
class Stage:
    """One run under way, with all that it leaves in `folder`."""

    leadline: asyncio.subprocess.Process
    folder: Path

    async def ended(self) -> tuple[Event, ...]:
        """All that happened. Raises RuntimeError where the plan was not carried out to its end."""
        async with asyncio.timeout(MOST_SECONDS):
            code = await self.leadline.wait()
        if code != 0:
            raise self._broken()
        return read_events(find_session(self.folder / _HOME, None))

    async def until_waiting(self, count: int) -> None:
        """Returns when so many workers wait for an answer that never comes."""
        async with asyncio.timeout(MOST_SECONDS):
            while self._waiting() < count:
                if self.leadline.returncode is not None:
                    raise self._broken()
                await asyncio.sleep(_LOOK_SECONDS)

    def requests(self) -> list[RequestLine]:
        """What the endpoint says of each request."""
        lines = (self.folder / _LOG).read_text().splitlines()
        return [RequestLine.model_validate_json(line) for line in lines]

    def spent(self) -> Spent:
        """What the workers' phase took."""
        return Spent(**json.loads((self.folder / _FACTS).read_text()))

    def _waiting(self) -> int:
        """Requests that were sent for the answer after the last that comes."""
        if not session_ids(self.folder / _HOME):
            return 0
        journal = (find_session(self.folder / _HOME, None) / FILE).read_bytes()
        return journal.count(b'"kind":"request_sent"') - journal.count(b'"kind":"usage_reported"')

    def _broken(self) -> RuntimeError:
        said = (self.folder / _SAID).read_text("utf-8", "replace")
        return RuntimeError(f"the run ended with {self.leadline.returncode}: {said[-2000:]}")


def project(folder: Path, tasks: int = TASKS) -> Path:
    """A repository with a file for each task, the same for the same number."""
    files = {f"shop/{name}.py": _source(number) for number, name in enumerate(names(tasks))}
    return make_repo(folder, {**files, "shop/base.py": _source(-1), "README.md": "# Shop\n"})


def names(tasks: int) -> list[str]:
    return [f"part_{number:02}" for number in range(tasks)]


def _source(seed: int) -> str:
    """A module that looks like code, with a line that its task is about."""
    chance = random.Random(seed)
    words = ["order", "price", "stock", "cart", "item", "total", "discount", "label", "refund"]
    lines = [f'"""Part {seed} of the shop."""', "", 'STATE = "todo"']
    while len(lines) < LINES:
        name = "_".join(chance.sample(words, 2)) + f"_{len(lines)}"
        lines += [
            "",
            "",
            f"def {name}({chance.choice(words)}: int, {chance.choice(words)}_rate: float) -> float:",
            f'    """What a {chance.choice(words)} is worth after its {chance.choice(words)}."""',
            f"    base = {chance.randint(1, 999)} * {chance.random():.3f}",
            f"    return base + {chance.randint(1, 99)}",
        ]
    return "\n".join(lines) + "\n"


def _plan(tasks: int) -> Mapping[str, object]:
    return {
        "goal": "Every part of the shop is done.",
        "tasks": [
            {
                "id": name,
                "title": f"Do {name}",
                "brief": f"Set STATE in shop/{name}.py to done.",
                "paths": [f"shop/{name}.py"],
                "depends_on": [],
                "checks": [f"grep -q done shop/{name}.py"],
            }
            for name in names(tasks)
        ],
        "checks": ["test -f shop/base.py"],
    }


def script(dials: Dials) -> str:
    answers = ANSWERS[: dials.waits_at]
    before = PRIMED if dials.primed else 0
    parts = [planner(_plan(dials.tasks)), primer()]
    parts.append((worker if dials.primed else in_place)(PATTERN, answers))
    if dials.waits_at is not None:
        mine = {"answers": before + dials.waits_at, "any_user": {"matches": "Your task \\("}}
        parts.append(turn("wait", mine, text="never") + "pace.first_token_seconds = 3600\n")
    return "\n".join(['name = "crew"', *parts, reviewer()])


@asynccontextmanager
async def stage(folder: Path, repo: Path, dials: Dials) -> AsyncGenerator[Stage]:
    """Leadline with these workers on the repository, begun; what is left of it at the end of the block is killed."""
    folder.mkdir()
    (folder / _SCRIPT).write_text(script(dials))
    async with _endpoint(folder, dials) as (address, endpoint):
        turned = ["--facts", str(folder / _FACTS), "--endpoint", str(endpoint)]
        turned += [] if dials.primed else ["--unprimed"]
        turned += [] if dials.looked else ["--unlooked"]
        turned += ["--at-once", str(dials.at_once)] if dials.at_once else []
        turned += ["--profile", str(dials.profile)] if dials.profile else []
        asked = ("refactor", "Do every part", "--yes", "--workers", str(dials.workers))
        with (folder / _SAID).open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", CHILD, *turned, "--", *asked),
                cwd=repo,
                env=environment(folder / _HOME, address, _VARIABLES),
                stdin=asyncio.subprocess.DEVNULL,
                # Into a file: what waits for a reader would be counted as Leadline's time.
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        try:
            yield Stage(process, folder)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


@asynccontextmanager
async def _endpoint(folder: Path, dials: Dials) -> AsyncGenerator[tuple[str, int]]:
    """The rehearsal endpoint: its address and its process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", ENDPOINT, "--scenario", str(folder / _SCRIPT)),
        *("--log", str(folder / _LOG), "--first-token", f"{dials.answer_seconds}"),
        *("--cache-delay", f"{STORED_SECONDS}", "--parent-watch"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        said = (await process.stdout.readline()).decode()
        yield said.rpartition(" ")[2].strip(), process.pid
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()
