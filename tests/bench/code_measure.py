"""What a command costs: wall time, CPU time of it and all its descendants, and the peak of their memory (Linux)."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, seconds, bytes. `memory` is the highest sum of proportional set sizes that was seen."""

    wall: float
    cpu: float
    memory: int


class FailedError(Exception):
    """A measured command did not end well."""


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """Runs a command to its end. Raises `FailedError`, with the end of what it printed."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else {**os.environ, **env},
        )
        peaks: list[int] = [0]
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks, ended))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watcher.join()
        if process.returncode != 0:
            output.seek(0)
            said = output.read()[-2000:].decode("utf-8", "replace")
            raise FailedError(f"{command[0]} ended with {process.returncode}: {said}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, peaks[0])


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        int(statistics.median(cost.memory for cost in costs)),
    )


def _watch(pid: int, peaks: list[int], ended: threading.Event) -> None:
    while not ended.wait(SAMPLE_SECONDS):
        peaks[0] = max(peaks[0], sum(map(_memory, _family(pid))))


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:
                continue
    return found


def _memory(pid: int) -> int:
    """The proportional set size in bytes: shared pages count for each process by its share; 0 once it has ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
