"""Proof: the checks of a project, run by Leadline itself on a tree whose id is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...tools.base import CommandOutcome, CommandRunner
from ...tools.checks.model import Check, CheckReport, brief
from ...tools.checks.readers import read_output
from ..bus import Recorder
from ..events import CheckStarted, Evidence, ToolOutput, Verified

CHECK_SECONDS = 1800.0
"""A check may take longer than a command of the model's: it runs once, and its word decides."""

MOST_OUTPUT = 4_000_000
"""Bytes of a check's output that are read for results; from its end, where runners put their summaries."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks of one tree. `text` tells the model of those that are red."""

    evidence: tuple[Evidence, ...]
    text: str

    @property
    def red(self) -> bool:
        """Whether a check failed. One that found no test to run neither fails nor proves anything."""
        return any(not item.green and not item.ran_nothing for item in self.evidence)

    @property
    def green(self) -> bool:
        """Whether there is proof: a check that passed, and none that failed."""
        return not self.red and any(item.green for item in self.evidence)


async def verify(
    checks: Sequence[Check], tree: str, commands: CommandRunner, recorder: Recorder
) -> Verdict:
    """Run all checks, one after the other, and record each with the id of the tree it ran on."""
    evidence: list[Evidence] = []
    texts: list[str] = []
    for check in checks:
        recorder.emit(CheckStarted(check.command))
        outcome = await commands.run(
            check.command, CHECK_SECONDS, lambda text: recorder.emit(ToolOutput("check", text))
        )
        report = read_output(check.command, _tail(outcome.output_file), _code(outcome.exit_code))
        item = _evidence(check.command, tree, report, outcome)
        recorder.emit(Verified(item))
        evidence.append(item)
        if not item.green and not item.ran_nothing:
            texts.append(_for_model(check, report, outcome))
    return Verdict(tuple(evidence), "\n\n".join(texts))


def _for_model(check: Check, report: CheckReport, outcome: CommandOutcome) -> str:
    """The failures that could be read, with the raw output by reference; the raw output itself if there are none."""
    late = " was ended: it took too long" if outcome.timed_out else ""
    if report.failures:
        return f"`{check.command}`{late}\n{brief(report, raw=str(outcome.output_file))}"
    return f"`{check.command}`{late}\n{brief(report)}\n{outcome.text}"


def _code(exit_code: int | None) -> int:
    return -1 if exit_code is None else exit_code


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - MOST_OUTPUT))
        return file.read().decode("utf-8", "replace")


def _evidence(command: str, tree: str, report: CheckReport, outcome: CommandOutcome) -> Evidence:
    return Evidence(
        command,
        tree,
        outcome.exit_code,
        report.passed,
        report.failed + report.errors,
        report.skipped,
        report.ran_nothing,
        round(outcome.seconds, 3),
        str(outcome.output_file),
    )
