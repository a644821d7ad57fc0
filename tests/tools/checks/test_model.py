"""What the model is told about a run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from leadline.tools.checks.model import CheckReport, Failure, brief

FAILURES = tuple(Failure(f"test_{n}", f"assert {n} == 0", f"t.py:{n}") for n in range(50))


PASSED = CheckReport("pytest", 3, 0, 0, 0, (), ran_nothing=False)


def report(**changes: object) -> CheckReport:
    return replace(PASSED, **changes)


def test_verdict_and_counts_come_first_then_failures_then_the_raw_output() -> None:
    text = brief(report(failed=1, skipped=2, failures=FAILURES[1:2]), raw="run-7.txt")
    assert text.splitlines() == [
        "failed (pytest): 1 failed, 3 passed, 2 skipped",
        "failed: test_1: assert 1 == 0: t.py:1",
        "raw output: run-7.txt",
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "passed (pytest): 3 passed"),
        ({"errors": 2}, "failed (pytest): 2 errors, 3 passed"),
        ({"passed": 0, "ran_nothing": True}, "no test ran (pytest): this verifies nothing"),
        (
            {"passed": 0, "skipped": 4, "ran_nothing": True},
            "no test ran (pytest): this verifies nothing; 4 skipped",
        ),
        (
            {"passed": 0, "framework": None},
            "passed: exit code 0; no known test runner in the output",
        ),
        ({"passed": 0, "framework": None, "errors": 1}, "failed: 1 error"),
    ],
)
def test_verdicts(changes: dict[str, object], expected: str) -> None:
    assert brief(report(**changes)) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            2,
            "the tests passed (pytest: 3 passed, 1 skipped), but the command ended with exit code 2",
        ),
        (
            137,
            "no test had failed (pytest: 3 passed, 1 skipped), but the command ended with exit code 137",
        ),
        (
            -9,
            "no test had failed (pytest: 3 passed, 1 skipped), but the command was ended from outside",
        ),
    ],
)
def test_a_command_that_failed_although_its_tests_passed(code: int, expected: str) -> None:
    unnamed = report(skipped=1, errors=1, exit_code=code)
    assert not unnamed.green
    assert brief(unnamed) == f"failed: {expected}"


def test_problems_that_stand_beside_passing_tests() -> None:
    problems = (Failure("x is not defined", "no-undef", "a.js:3"),)
    text = brief(report(errors=1, failures=problems, exit_code=1), raw="run-7.txt")
    verdict = "the tests passed (pytest: 3 passed), but the command ended with exit code 1"
    assert text.splitlines() == [
        f"failed: {verdict}; 1 error beside them",
        "failed: x is not defined: no-undef: a.js:3",
        "raw output: run-7.txt",
    ]


def test_what_is_missing_is_left_out_of_a_line() -> None:
    failed = report(failed=2, failures=(Failure("a", "", "t.py:1"), Failure("b", "no", None)))
    assert brief(failed).splitlines()[1:] == ["failed: a: t.py:1", "failed: b: no"]


def test_at_most_twenty_failures_are_listed_and_the_rest_counted() -> None:
    lines = brief(report(failed=50, failures=FAILURES)).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "and 30 more"


@pytest.mark.parametrize("limit", [120, 200, 400, 1_000])
def test_the_limit_holds_and_the_raw_output_is_always_named(limit: int) -> None:
    text = brief(report(failed=50, failures=FAILURES), limit, raw="run-7.txt")
    assert len(text) <= limit
    lines = text.splitlines()
    assert lines[-1] == "raw output: run-7.txt"
    shown = sum(line.startswith("failed: ") for line in lines)
    assert lines[-2] == f"and {50 - shown} more"
