"""Proof: the checks of a project, run by Leadline itself on a tree whose id is known."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ...tools.base import CommandOutcome, CommandRunner
from ...tools.checks.compare import compare
from ...tools.checks.model import Check, CheckReport, brief
from ...tools.checks.readers import read_output
from ...tools.checks.readers.junit import read_junit
from ...tools.errors import ToolError
from ...tools.paths import read_bytes, resolve_inside
from ...tools.truncate import clean
from ..bus import Recorder
from ..events import Before, CheckStarted, Evidence, Verified, Warned
from ..passing import ToolOutput

CHECK_SECONDS = 1800.0
"""A check may take longer than a command of the model's: it runs once, and its word decides."""

MOST_OUTPUT = 4_000_000
"""Bytes of a check's output that are read for results; from its end, where runners put their summaries."""

MOST_SECONDS_AGAIN = 300.0
"""A check that took longer is not run a second time to see whether it is steady."""

_XML_FILE = re.compile(r"[\w./-]+\.xml\b")


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks of one tree. `text` tells the model of those that failed.

    `disturbed` are known files of the tree that changed while the checks ran: then they say nothing of it.
    """

    evidence: tuple[Evidence, ...]
    text: str
    disturbed: tuple[str, ...] = ()

    @property
    def red(self) -> bool:
        """Whether a check failed, and by more than failed before. One that found no test neither fails nor proves."""
        return any(not (item.green or item.ran_nothing or item.no_worse) for item in self.evidence)

    @property
    def as_before(self) -> bool:
        """Whether checks fail, none by more than before the first change, and nothing that failed then passes now."""
        return any(item.no_worse for item in self.evidence) and not self.red and not self.green

    @property
    def green(self) -> bool:
        """Whether there is proof: none that failed, and one that passed, or in which what failed before passes."""
        return not (self.red or self.disturbed) and any(
            item.green or (item.before is not None and item.before.mended) for item in self.evidence
        )


class Baseline(Protocol):
    """What a check said before the first change."""

    async def report(self, check: Check) -> CheckReport | None:
        """None where that can't be had; the person is told why, if it is worth telling."""
        ...


async def verify(
    checks: Sequence[Check],
    root: Path,
    tree: str,
    commands: CommandRunner,
    recorder: Recorder,
    baseline: Baseline | None = None,
) -> Verdict:
    """Run all checks below `root`, one after the other, and record each run with the id of the tree it ran on.

    A red check is held against `baseline`. One that fails by more than failed then is run once more: if it is green, it
    depends on more than the tree, and the person is told so. A check that can't be run here proves nothing, and the
    person is told why.
    """
    ground = Ground(root, tree, commands, recorder)
    evidence: list[Evidence] = []
    texts: list[str] = []
    for check in checks:
        run = await _since(await run_check(check, ground), check, baseline)
        if run.worse and run.evidence.seconds <= MOST_SECONDS_AGAIN:
            run = await _since(await run_check(check, ground), check, baseline)
            if not run.failed:
                said = f"{check.command} failed, and passed when it was run again on the same tree"
                recorder.emit(Warned(said))
        evidence.append(run.evidence)
        if run.failed:
            texts.append(_for_model(run))
    return Verdict(tuple(evidence), "\n\n".join(texts))


@dataclass(frozen=True, slots=True)
class Ground:
    """Where checks run, and the id of the tree there; `before`: it is the tree before the first change."""

    root: Path
    tree: str
    commands: CommandRunner
    recorder: Recorder
    before: bool = False


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One run of a check. `outcome` and `report` are None where it could not be run; `report` names new failures alone,
    where there are any and that is known."""

    evidence: Evidence
    outcome: CommandOutcome | None = None
    report: CheckReport | None = None

    @property
    def failed(self) -> bool:
        return not (self.evidence.green or self.evidence.ran_nothing)

    @property
    def worse(self) -> bool:
        """Whether it failed by more than failed before, or by what can't be told from that."""
        return self.failed and not self.evidence.no_worse


async def run_check(check: Check, ground: Ground) -> CheckRun:
    """Run a check once, on record."""
    recorder = ground.recorder
    recorder.emit(CheckStarted(check.command, ground.before))
    began = time.time()
    try:
        outcome = await ground.commands.run(
            check.command, CHECK_SECONDS, lambda said: recorder.emit(ToolOutput("check", said))
        )
    except asyncio.CancelledError:
        cut = Evidence(check.command, ground.tree, None, 0, 0, 0, False, time.time() - began, "")
        recorder.emit(Verified(cut, ground.before))
        raise
    except ToolError as error:
        run = CheckRun(Evidence(check.command, ground.tree, None, 0, 0, 0, True, 0.0, ""))
        recorder.emit(Warned(f"{check.command} did not run to its end. {error.message}"))
    else:
        report = _report(check.command, outcome, ground.root, began)
        run = CheckRun(_evidence(check.command, ground.tree, report, outcome), outcome, report)
    recorder.emit(Verified(run.evidence, ground.before))
    return run


async def _since(run: CheckRun, check: Check, baseline: Baseline | None) -> CheckRun:
    """The run with what is new in it, as far as that can be told."""
    if not run.failed or baseline is None or run.evidence.seconds > MOST_SECONDS_AGAIN:
        return run
    before = await baseline.report(check)
    found = compare(before, run.report) if before and run.report else None
    if before is None or run.report is None or found is None:
        return run
    known = Before(before.failed + before.errors, found.mended, len(found.new))
    evidence = replace(run.evidence, before=known)
    named = found.new or run.report.failures
    return CheckRun(evidence, run.outcome, replace(run.report, failures=named))


def _report(command: str, outcome: CommandOutcome, root: Path, began: float) -> CheckReport:
    """What the check said: by its output or, where that tells nothing, by a JUnit file that it names and wrote."""
    code = -1 if outcome.exit_code is None else outcome.exit_code
    report = read_output(command, clean(_tail(outcome.output_file)), code)
    if report.framework is not None:
        return report
    for name in _XML_FILE.findall(command):
        with suppress(ToolError, OSError):
            path = resolve_inside(root, name)
            written = path.stat().st_mtime >= began - 1
            found = read_junit(read_bytes(root, name, MOST_OUTPUT)) if written else None
            if found is not None and (code == 0 or not found.green):
                return found
    return report


def _for_model(run: CheckRun) -> str:
    """The failures that could be read, with the raw output by reference; the raw output itself if there are none."""
    assert run.outcome is not None
    assert run.report is not None
    late = " was ended: it took too long" if run.outcome.timed_out else ""
    head = f"`{run.evidence.command}`{late}"
    before = run.evidence.before
    if before is not None and before.new:
        head += f"\n{before.new} of these fail only since your change, and only they are named:"
    if run.report.failures:
        return f"{head}\n{brief(run.report, raw=str(run.outcome.output_file))}"
    return f"{head}\n{brief(run.report)}\n{run.outcome.text}"


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - MOST_OUTPUT))
        return file.read()


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
