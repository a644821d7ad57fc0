"""The programs that say what a change broke, started as the tools start them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def check(
    path: str, language: str, before: str | None, after: str
) -> tuple[int, list[list[list[int | str]]]]:
    """The exit code and the lines of the answer."""
    request = {"path": path, "language": language, "before": before, "after": after}
    return run("check_python" if language == "python" else "check", json.dumps(request).encode())


def run(program: str, request: bytes) -> tuple[int, list[list[list[int | str]]]]:
    argv = [sys.executable, "-I", "-m", f"leadline.tools.code.{program}"]
    ran = subprocess.run(argv, input=request, capture_output=True, check=False)
    return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()]


def test_nothing_is_said_of_a_clean_change() -> None:
    assert check("a.go", "go", "package a\n", "package b\n") == (0, [[]])
    assert check("a.py", "python", "x = 1\n", "x = 2\n") == (0, [[], []])


def test_faults_come_with_line_and_column() -> None:
    code, (faults,) = check("a.py", "python", "x = 1\n", "x = 1\ny = = 2\n")
    assert code == 0
    assert [fault[0] for fault in faults] == [2]
    assert all(isinstance(fault[1], int) and fault[1] >= 1 for fault in faults)
    assert all(isinstance(fault[2], str) and fault[2] for fault in faults)


def test_names_are_looked_for_where_all_parses() -> None:
    assert check("a.py", "python", None, "\nnope\n") == (0, [[], [[2, "nope"]]])
    assert len(check("a.py", "python", None, "def f(:\n    nope\n")[1]) == 1


def test_half_of_a_surrogate_pair_does_no_harm() -> None:
    assert check("a.py", "python", None, "x = '\ud83d'\n")[1][0] == []


@pytest.mark.parametrize("request_bytes", [b"", b"{", b"[]", b'{"path": "a.py"}', b"\xff"])
def test_a_request_that_is_none_is_an_error(request_bytes: bytes) -> None:
    code, answer = run("check", request_bytes)
    assert code != 0
    assert answer == []
