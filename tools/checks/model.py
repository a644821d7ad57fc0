"""What a check is, what it said, and what a change did to the tests: plain values."""

from __future__ import annotations

from dataclasses import dataclass, replace

MAX_LISTED = 20
"""Failures named in a brief; a model that mends twenty has learned what the twenty-first would say."""


@dataclass(frozen=True, slots=True)
class Check:
    """One command that says whether the project works."""

    command: str
    """A shell command, to be run from the root of the tree."""
    kind: str
    """The tool behind it (`pytest`, `npm`, `go`, ...), or `given`."""
    source: str
    """`given` when the person named it, else the file that made us find it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that went wrong in a run, each field a single line."""

    name: str
    message: str
    place: str | None
    """`path:line` as the runner printed it, the project's own code before that of a library."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What one run of a check said.

    `failed` counts tests whose assertion did not hold, `errors` what broke outside of one: set-up,
    import, compilation, the runner itself. `failures` names both, and may name fewer than were
    counted when the output was cut. It names none when only the exit code tells of the error; then
    the raw output is what there is to read.
    """

    framework: str | None
    """The runner whose words these are; None when only the exit code is known."""
    passed: int
    failed: int
    skipped: int
    """Also those that were expected to fail, and did, and those marked to be written later."""
    errors: int
    failures: tuple[Failure, ...]
    ran_nothing: bool
    """No test was executed, and none broke before it could be: whatever the exit code, the run
    proves nothing."""
    exit_code: int | None = None
    """How the command ended although the runner counted no failed test, negative when it was ended
    from outside; None when the counts explain the end."""

    @property
    def green(self) -> bool:
        """Whether the run counts as verification."""
        return not (self.failed or self.errors or self.ran_nothing)


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after a change; None where it does not exist. A rename is two of these."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Weakening:
    """One way in which a change asks less of the code than before."""

    path: str
    line: int | None
    """In the new text, or in the old one for what is gone; None when the whole file is meant."""
    what: str
    soft: bool = False
    """True for what is often right (a changed expected value): worth a look, not an alarm."""


def counts(report: CheckReport) -> str:
    """The counts in words, the bad ones first, zeros left out."""
    rows = (
        (report.failed, "failed"),
        (report.errors, "error" if report.errors == 1 else "errors"),
        (report.passed, "passed"),
        (report.skipped, "skipped"),
    )
    return ", ".join(f"{number} {word}" for number, word in rows if number)


def brief(report: CheckReport, limit: int = 4_000, raw: str | None = None) -> str:
    """The report as the model reads it: verdict and counts, one line per failure, then `raw`.

    `raw` says where the whole output is kept. The text has at most `limit` characters, as long as
    the verdict and `raw` alone fit; what is left out is counted.
    """
    last = f"raw output: {raw}" if raw else None
    lines = [_verdict(report)]
    room = limit - len(lines[0]) - (len(last) + 1 if last else 0)
    shown = 0
    for failure in report.failures[:MAX_LISTED]:
        line = _failure_line(failure)
        # 24 characters are kept for the line that counts the rest.
        if len(line) + 1 > room - 24:
            break
        lines.append(line)
        room -= len(line) + 1
        shown += 1
    if left := len(report.failures) - shown:
        lines.append(f"and {left} more")
    return "\n".join([*lines, last] if last else lines)


def _verdict(report: CheckReport) -> str:
    runner = f" ({report.framework})" if report.framework else ""
    said = counts(report)
    if report.ran_nothing:
        return f"no test ran{runner}: this verifies nothing" + (f"; {said}" if said else "")
    if report.exit_code is not None:
        return f"failed: {_beside_tests(report, report.exit_code)}"
    if not report.green:
        return f"failed{runner}: {said}"
    if report.framework is None:
        return "passed: exit code 0; no known test runner in the output"
    return f"passed{runner}: {said}"


def _beside_tests(report: CheckReport, exit_code: int) -> str:
    """The counts of tests that passed, and how the command failed all the same."""
    tests = f"{report.framework}: {counts(replace(report, errors=0))}"
    # A run that a signal ended, which a shell reports as 128 and more, may have had tests to go.
    said = "the tests passed" if 0 <= exit_code <= 128 else "no test had failed"
    how = "was ended from outside" if exit_code < 0 else f"ended with exit code {exit_code}"
    text = f"{said} ({tests}), but the command {how}"
    if not report.failures:
        return text
    return f"{text}; {report.errors} {'error' if report.errors == 1 else 'errors'} beside them"


def _failure_line(failure: Failure) -> str:
    parts = ("failed", failure.name, failure.message, failure.place)
    return ": ".join(part for part in parts if part)
