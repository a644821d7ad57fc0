"""The shell tool: what it asks of the runner, and what the model reads of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from leadline.tests.support.workbench import Workbench
from leadline.tools.base import CommandOutcome
from leadline.tools.errors import ToolError
from leadline.tools.shell import SHELL, ShellParams


@dataclass
class Runner:
    """Answers as told and notes what it was asked."""

    outcome: CommandOutcome
    asked: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])

    async def run(
        self, command: str, timeout_seconds: float | None, on_output: Callable[[str], None]
    ) -> CommandOutcome:
        self.asked.append(("run", command, timeout_seconds))
        on_output("so far\n")
        return self.outcome

    async def start_job(self, command: str) -> str:
        self.asked.append(("start", command))
        return "job-1"

    async def job_output(self, job: str, wait_seconds: float) -> str:
        self.asked.append(("output", job, wait_seconds))
        return "listening\nstill running"

    async def stop_job(self, job: str) -> str:
        if job != "job-1":
            raise ToolError(f"There is no job {job}.")
        self.asked.append(("stop", job))
        return ""


def outcome(
    text: str = "", code: int | None = 0, timed_out: bool = False, seconds: float = 1.23
) -> CommandOutcome:
    return CommandOutcome(code, timed_out, seconds, text, Path("/tmp/out.txt"))


def bench_of(tmp_path: Path, result: CommandOutcome) -> tuple[Workbench, Runner]:
    runner = Runner(result)
    return Workbench(tmp_path, commands=runner), runner


@pytest.mark.parametrize(
    ("result", "text", "ok"),
    [
        (outcome("hi\n"), "hi\nexit 0 in 1.2 s", True),
        (outcome(), "(no output)\nexit 0 in 1.2 s", True),
        (outcome("bad\n", 2), "bad\nexit 2 in 1.2 s", False),
        (outcome("x", None), "x\nended by a signal after 1.2 s", False),
        (
            outcome("x", None, True, 120.4),
            "x\ntimed out after 120 s; the process group was ended",
            False,
        ),
    ],
)
async def test_the_text_and_how_it_ended(
    tmp_path: Path, result: CommandOutcome, text: str, ok: bool
) -> None:
    bench, runner = bench_of(tmp_path, result)
    answer = await bench.call(SHELL, command="make test")
    assert (answer.text, answer.ok) == (text, ok)
    assert runner.asked == [("run", "make test", None)]
    assert bench.output == ["so far\n"]


async def test_a_time_limit_of_its_own(tmp_path: Path) -> None:
    bench, runner = bench_of(tmp_path, outcome())
    await bench.call(SHELL, command="sleep 9", timeout_seconds=600)
    assert runner.asked == [("run", "sleep 9", 600)]


async def test_a_background_job_from_start_to_end(tmp_path: Path) -> None:
    bench, runner = bench_of(tmp_path, outcome())
    assert (await bench.call(SHELL, command="serve", background=True)).text == "job job-1"
    assert (await bench.call(SHELL, job="job-1")).text == "listening\nstill running"
    await bench.call(SHELL, job="job-1", timeout_seconds=2)
    assert (await bench.call(SHELL, job="job-1", stop=True)).text == "(no output)"
    assert runner.asked == [
        ("start", "serve"),
        ("output", "job-1", 10),
        ("output", "job-1", 2),
        ("stop", "job-1"),
    ]
    with pytest.raises(ToolError, match="no job"):
        await bench.call(SHELL, job="job-9", stop=True)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"command": "ls", "job": "job-1"},
        {"command": "  "},
        {"command": "a\0b"},
        {"command": "\ud83d"},
        {"command": "ls", "stop": True},
        {"job": "job-1", "background": True},
        {"command": "ls", "timeout_seconds": 0},
        {"command": "ls", "timeout_seconds": 3601},
    ],
)
async def test_calls_that_make_no_sense_run_nothing(
    tmp_path: Path, arguments: dict[str, object]
) -> None:
    bench, runner = bench_of(tmp_path, outcome())
    with pytest.raises(ToolError):
        await bench.call(SHELL, **arguments)
    assert runner.asked == []


def test_only_a_new_command_changes_anything() -> None:
    assert SHELL.effects(ShellParams(command="ls")).command == "ls"
    assert not SHELL.effects(ShellParams(job="job-1")).mutates
    assert not SHELL.effects(ShellParams(job="job-1", stop=True)).mutates


def test_titles() -> None:
    assert (
        SHELL.title(ShellParams(command="make \\\n  test", background=True)) == "$ make \\ test &"
    )
    assert SHELL.title(ShellParams(job="job-1", stop=True)) == "stop job job-1"
