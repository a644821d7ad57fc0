"""The readers at their edges: odd names, no known runner, crashes, sizes."""

from __future__ import annotations

import pytest
from leadline.tools.checks.model import Failure
from leadline.tools.checks.readers import read_output


def test_tests_of_one_name_in_two_files_keep_their_places() -> None:
    section = (
        "____ test_same ____\n\n>   assert {n}\nE   assert {n}\n\n{path}:{n}: AssertionError\n"
    )
    text = (
        "==== FAILURES ====\n"
        + section.format(n=11, path="b/test_b.py")
        + section.format(n=22, path="a/test_a.py")
        + "==== short test summary info ====\n"
        + "FAILED a/test_a.py::test_same - assert 22\n"
        + "FAILED b/test_b.py::test_same - assert 11\n"
        + "2 failed in 0.01s\n"
    )
    found = read_output("pytest", text, 1).failures
    assert [(f.message, f.place) for f in found] == [
        ("assert 22", "a/test_a.py:22"),
        ("assert 11", "b/test_b.py:11"),
    ]


def test_an_id_with_spaces_and_dashes() -> None:
    text = "== short test summary info ==\nFAILED t.py::test_x[a b - c] - assert 1 == 2\n1 failed in 1s\n"
    assert read_output("pytest", text, 1).failures == (
        Failure("t.py::test_x[a b - c]", "assert 1 == 2", None),
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("src/a.ts(3,5): error TS2304: Cannot find name 'x'.", "src/a.ts:3"),
        ("app.py:7: error: Incompatible types  [assignment]", "app.py:7"),
        ("lib/a.c:4:2: fatal error: x.h: No such file", "lib/a.c:4"),
        ("app.py:1:8: F401 [*] `os` imported but unused", "app.py:1"),
        ('  /project/app.py:2:5 - error: "y" is not defined', "/project/app.py:2"),
    ],
)
def test_places_of_compilers_and_linters(line: str, expected: str) -> None:
    report = read_output("make lint", f"checking\n{line}\ndone\n", 1)
    assert [f.place for f in report.failures] == [expected]


def test_an_unknown_command_is_judged_by_its_exit_code() -> None:
    good = read_output("./check.sh", "all fine\n", 0)
    assert good.green
    assert good.framework is None
    bad = read_output("./check.sh", "starting\n./check.sh: 3: frob: not found\n", 127)
    assert bad.failures == (Failure("exit code 127", "./check.sh: 3: frob: not found", None),)
    assert read_output("./x", "", -9).failures[0].name == "signal 9"


def test_tap_that_bails_out_or_plans_nothing() -> None:
    bailed = read_output("prove", "TAP version 13\n1..3\nok 1 - a\nBail out! no disk\n", 0)
    assert (bailed.errors, bailed.green) == (1, False)
    assert read_output("prove", "1..0 # SKIP not here\n", 0).ran_nothing


def test_a_go_binary_that_dies_outside_of_a_test() -> None:
    text = (
        "panic: test timed out after 1s\nrunning tests:\n\tTestSlow (1s)\n\n"
        "goroutine 1 [running]:\n\t/project/slow_test.go:9 +0x1\nFAIL\texample.com/slow\t1.0s\nFAIL\n"
    )
    report = read_output("go test ./...", text, 1)
    assert report.errors == 1
    assert report.failures == (
        Failure("example.com/slow", "panic: test timed out after 1s", "/project/slow_test.go:9"),
    )


def test_very_long_output_is_read_in_bounded_parts() -> None:
    noise = "x" * 3_000_000 + "\n" + "y\n" * 1_500_000
    report = read_output("pytest", noise + "..    [100%]\n2 passed in 0.01s\n", 0)
    assert (report.framework, report.passed) == ("pytest", 2)


def test_events_that_are_nested_without_end_are_none() -> None:
    deep = '{"a":' + "[" * 2_000
    said = f'{{"Action":"output","Package":"p","Output":"ok"}}\n{deep}\n'
    assert not read_output("go test -json ./...", said, 1).green
