"""Background jobs: commands that go on while the model does something else, such as a server under test."""

from __future__ import annotations

import asyncio
import codecs
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from .errors import ToolError
from .process import DEFAULT_LIMITS, Launch, ProcessLimits, ProcessResult, run_process
from .room import leaving_room
from .truncate import clean, clip, clip_ends

_SCAN_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as it is now. `result` is None while it runs and after it was stopped; `fault` says why, if nobody asked
    for that."""

    job: str
    command: str
    running: bool
    result: ProcessResult | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class JobOutput:
    """What a job has said since it was last read, clean and clipped, and how it is."""

    status: JobStatus
    text: str
    file: Path


class BackgroundJobs:
    """The jobs of one session, `job-1` and up. They run until they end, are stopped, or the session ends.

    `folder` gets the full output of each; it must exist. `fillable` is where they write: see `leaving_room`. No more
    than `most` run at once.
    """

    def __init__(
        self,
        folder: Path,
        fillable: Sequence[Path] = (),
        limits: ProcessLimits = DEFAULT_LIMITS,
        most: int = 8,
    ) -> None:
        self._folder = folder
        self._fillable = fillable
        self._limits = limits
        self._most = most
        self._jobs: dict[str, _Job] = {}

    async def start(
        self,
        launch: Launch,
        *,
        command: str,
        cwd: Path,
        env: Mapping[str, str],
    ) -> str:
        """Starts `launch` and returns the job's id; `command` is what people know it by.

        ToolError if it cannot be started or too many are running; the launch is closed either way.
        """
        running = [job for job in self._jobs.values() if not job.task.done()]
        if len(running) >= self._most:
            launch.close()
            raise ToolError(f"{self._most} background jobs are running. Stop one before the next.")
        name = f"job-{len(self._jobs) + 1}"
        spill = self._folder / f"{name}.txt"
        # Opened before the command can put a link in its place, and read through this alone.
        raw = os.fdopen(os.open(spill, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "rb")
        news = asyncio.Event()
        started = asyncio.Event()
        ran = run_process(
            launch,
            cwd=cwd,
            env=env,
            timeout_seconds=None,
            sink=lambda _: news.set(),
            spill=spill,
            limits=self._limits,
            on_start=lambda _: started.set(),
        )
        task = asyncio.ensure_future(leaving_room(ran, self._fillable))
        task.add_done_callback(lambda _: news.set())
        task.add_done_callback(lambda _: started.set())
        try:
            await started.wait()
            if task.done() and not task.cancelled() and task.exception() is not None:
                task.result()  # raises what kept it from starting
        except BaseException:
            task.cancel()
            raw.close()
            raise
        self._jobs[name] = _Job(JobStatus(name, command, True, None), spill, raw, task, news)
        return name

    async def output(self, job: str, wait_seconds: float) -> JobOutput:
        """What is new since the last call; waits at most `wait_seconds` for something to be, or for the end."""
        found = self._find(job)
        if not found.has_news():
            with suppress(TimeoutError):
                await asyncio.wait_for(found.news.wait(), wait_seconds)
        return await found.read(self._limits)

    def list(self) -> tuple[JobStatus, ...]:
        return tuple(job.status() for job in self._jobs.values())

    async def stop(self, job: str) -> JobOutput:
        """Ends the job and every process of it, and returns its last words. A job that has ended stays as it is."""
        found = self._find(job)
        found.task.cancel()
        await asyncio.wait({found.task})
        return await found.read(self._limits)

    async def stop_all(self) -> None:
        """For the end of the session: returns when no process of any job is left."""
        tasks = {job.task for job in self._jobs.values()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for job in self._jobs.values():
            job.close()

    def _find(self, job: str) -> _Job:
        try:
            return self._jobs[job]
        except KeyError:
            known = ", ".join(self._jobs) or "none has been started"
            raise ToolError(f"There is no job {job!r}. Jobs: {known}.") from None


class _Job:
    def __init__(
        self,
        started: JobStatus,
        spill: Path,
        raw: BinaryIO,
        task: asyncio.Future[ProcessResult],
        news: asyncio.Event,
    ) -> None:
        self.task = task
        self.news = news
        self._started = started
        self._spill = spill
        self._raw = raw
        self._offset = 0

    def status(self) -> JobStatus:
        if not self.task.done() or self.task.cancelled():
            return replace(self._started, running=not self.task.done())
        fault = self.task.exception()
        if fault is not None:
            return replace(self._started, running=False, fault=str(fault))
        return replace(self._started, running=False, result=self.task.result())

    def has_news(self) -> bool:
        return self.task.done() or os.fstat(self._raw.fileno()).st_size > self._offset

    async def read(self, limits: ProcessLimits) -> JobOutput:
        self.news.clear()
        status = self.status()
        text = ""
        if not self._raw.closed:
            text, self._offset = await asyncio.to_thread(
                read_since,
                self._raw,
                self._offset,
                limits,
                str(self._spill),
                final=not status.running,
            )
            if not status.running:
                self.close()
        return JobOutput(status, text, self._spill)

    def close(self) -> None:
        self._raw.close()


def read_since(
    raw: BinaryIO, offset: int, limits: ProcessLimits, source: str, *, final: bool
) -> tuple[str, int]:
    """The text of `raw` from byte `offset`, clean and clipped, and the offset to go on from.

    Only the ends of a long text are held in memory; `source` names the whole. Bytes of a character that is not complete
    yet are left for the next time, unless this is the `final` one.
    """
    size = limits.end_bytes
    raw.seek(offset)
    head = raw.read(2 * size)
    total, newlines, tail = len(head), head.count(b"\n"), b""
    while chunk := raw.read(_SCAN_SIZE):
        total += len(chunk)
        newlines += chunk.count(b"\n")
        tail = (tail + chunk)[-size:]
    whole = not tail
    last = head if whole else tail
    held_back = 0 if final else _incomplete(last)
    last = last[: len(last) - held_back]
    total -= held_back
    if whole:
        return clip(clean(last).removesuffix("\n"), limits.text, source), offset + total
    front = clean(head[: head.rfind(b"\n", 0, size) + 1 or size]).removesuffix("\n")
    back = clean(last[last.find(b"\n") + 1 :]).removesuffix("\n")
    lines = newlines + (not last.endswith(b"\n"))
    return clip_ends(front, back, lines, total, limits.text, source), offset + total


def _incomplete(data: bytes) -> int:
    """How many bytes at the end begin a UTF-8 character without finishing it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data[-4:])
    return len(decoder.getstate()[0])
