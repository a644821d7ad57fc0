"""Proof: the checks of a project, run by Leadline itself on a tree whose id is known."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...tools.base import CommandOutcome, CommandRunner
from ...tools.checks.model import Check, CheckReport, brief
from ...tools.checks.readers import read_output
from ...tools.checks.readers.junit import read_junit
from ...tools.errors import ToolError
from ...tools.paths import read_bytes, resolve_inside
from ...tools.truncate import clean
from ..bus import Recorder
from ..events import CheckStarted, Evidence, Verified, Warned
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
    checks: Sequence[Check], root: Path, tree: str, commands: CommandRunner, recorder: Recorder
) -> Verdict:
    """Run all checks below `root`, one after the other, and record each run with the id of the tree it ran on.

    A red check is run once more: one that is green then depends on more than the tree, and the person is told so. A
    check that can't be run here proves nothing, and the person is told why.
    """
    evidence: list[Evidence] = []
    texts: list[str] = []
    for check in checks:
        item, text = await _run(check, root, tree, commands, recorder)
        if text and item.seconds <= MOST_SECONDS_AGAIN:
            again, text = await _run(check, root, tree, commands, recorder)
            if not text:
                recorder.emit(
                    Warned(
                        f"{check.command} failed, and passed when it was run again on the same tree"
                    )
                )
            item = again
        evidence.append(item)
        if text:
            texts.append(text)
    return Verdict(tuple(evidence), "\n\n".join(texts))


async def _run(
    check: Check, root: Path, tree: str, commands: CommandRunner, recorder: Recorder
) -> tuple[Evidence, str]:
    """One run of a check, and what the model is told of it: nothing, unless it is red."""
    recorder.emit(CheckStarted(check.command))
    began = time.time()
    text = ""
    try:
        outcome = await commands.run(
            check.command, CHECK_SECONDS, lambda said: recorder.emit(ToolOutput("check", said))
        )
    except ToolError as error:
        item = Evidence(check.command, tree, None, 0, 0, 0, True, 0.0, "")
        recorder.emit(Warned(f"{check.command} was not run. {error.message}"))
    else:
        report = _report(check.command, outcome, root, began)
        item = _evidence(check.command, tree, report, outcome)
        if not item.green and not item.ran_nothing:
            text = _for_model(check, report, outcome)
    recorder.emit(Verified(item))
    return item, text


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


def _for_model(check: Check, report: CheckReport, outcome: CommandOutcome) -> str:
    """The failures that could be read, with the raw output by reference; the raw output itself if there are none."""
    late = " was ended: it took too long" if outcome.timed_out else ""
    if report.failures:
        return f"`{check.command}`{late}\n{brief(report, raw=str(outcome.output_file))}"
    return f"`{check.command}`{late}\n{brief(report)}\n{outcome.text}"


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
