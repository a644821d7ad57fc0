"""`leadline` in a process of its own, with what the benchmark of many workers turns and writes down.

    python -m leadline.tests.bench.crew_child [OPTION ...] -- refactor TASK ...

Nothing of this can be had with a flag of Leadline's: it is what the figures are held against.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from leadline.agent import assembly
from leadline.agent.context.transcript import Transcript
from leadline.agent.planning import prefixes
from leadline.agent.team.crew import Crew
from leadline.agent.v4.throttle import Throttle
from leadline.tools import change
from leadline.tools.broken import NOTHING, Broken
from leadline.tui import cli

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds: of the clock, and of CPU of Leadline, of its children (git, commands), of the endpoint, and of all that
    runs on the machine."""

    wall: float
    own: float
    children: float
    endpoint: float
    machine: float

    def since(self, before: Spent) -> Spent:
        return Spent(
            self.wall - before.wall,
            self.own - before.own,
            self.children - before.children,
            self.endpoint - before.endpoint,
            self.machine - before.machine,
        )


def spent(endpoint: int) -> Spent:
    own, ended = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return Spent(
        time.monotonic(),
        own.ru_utime + own.ru_stime,
        ended.ru_utime + ended.ru_stime + _cpu_of_running_children(),
        _cpu_of(endpoint),
        _cpu_of_all(),
    )


def _cpu_of(process: int) -> float:
    fields = _stat(process)
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _cpu_of_running_children() -> float:
    """With what their own children took: the server that looks through edits lives as long as the session."""
    me = os.getpid()
    found = 0.0
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and int((fields := _stat(int(entry.name)))[1]) == me:
                found += sum(map(int, fields[11:15])) / _TICKS
    return found


def _stat(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _cpu_of_all() -> float:
    user, nice, system, _idle, _io, irq, soft, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + soft) / _TICKS


async def unprimed(shared: Transcript, *_others: object) -> Transcript:
    """In the place of `priming.prime`: the head that all share, which nobody has read for them."""
    return shared


async def unlooked(*_change: object) -> Broken:
    """In the place of `broken.broken_by`, which has a process look through each edit."""
    return NOTHING


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--facts", type=Path, required=True, help="what the workers' phase took")
    parser.add_argument("--endpoint", type=int, required=True, help="its process")
    parser.add_argument("--at-once", type=int, help="requests at once, from the first on")
    parser.add_argument("--unprimed", action="store_true")
    parser.add_argument("--unlooked", action="store_true", help="no look at what an edit broke")
    parser.add_argument("--profile", type=Path, help="where cProfile writes of the workers' phase")
    parser.add_argument("rest", nargs="+")
    options = parser.parse_args()
    with ExitStack() as stack:
        turn = stack.enter_context
        if options.unprimed:
            turn(patch.object(prefixes, "prime", unprimed))
        if options.unlooked:
            turn(patch.object(change, "broken_by", unlooked))
        if options.at_once:
            turn(patch.object(assembly, "Throttle", partial(Throttle, start=options.at_once)))
        turn(patch.object(Crew, "run", _watched(Crew.run, options)))
        return cli.main(options.rest)


def _watched(
    run: Callable[..., Awaitable[Any]], options: argparse.Namespace
) -> Callable[..., Awaitable[Any]]:
    async def watched(*given: Any) -> Any:
        # CPU of this thread: on a busy machine the clock says more of the others.
        profile = cProfile.Profile(time.thread_time) if options.profile else None
        before = spent(options.endpoint)
        if profile:
            profile.enable()
        try:
            return await run(*given)
        finally:
            if profile:
                profile.disable()
                profile.dump_stats(options.profile)
            took = spent(options.endpoint).since(before)
            options.facts.write_text(json.dumps(asdict(took)))

    return watched


if __name__ == "__main__":
    sys.exit(main())
