"""What a task names, from its text alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tools.code.map.task import LONGEST_TASK, Frame, read_task


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("See src/pkg/core.py for it", "src/pkg/core.py"),
        ("in `core.py`, please", "core.py"),
        ("at ./lib/index.js.", "lib/index.js"),
        ("(web/app/[id]/page.tsx)", "web/app/[id]/page.tsx"),
        ("C:\\work\\pkg\\core.py", "core.py"),
        ("the folder src/pkg/ is slow", "src/pkg/"),
    ],
)
def test_paths(text: str, path: str) -> None:
    assert path in read_task(text).paths


@pytest.mark.parametrize("text", ["e.g. this", "version 2.1.0 broke it", "see etc. for more"])
def test_what_is_no_path(text: str) -> None:
    assert read_task(text).paths == ()


@pytest.mark.parametrize("text", ["core.py:12", "core.py#L12", "core.py, line 12", "core.py:12:3"])
def test_a_line_with_a_path(text: str) -> None:
    assert read_task(f"fails at src/{text}").places == (("src/core.py", 12),)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("`invoke` is wrong", "invoke"),
        ("Context.invoke is wrong", "Context.invoke"),
        ("std::fmt::Display", "std.fmt.Display"),
        ("call get_items() twice", "get_items"),
        ("calling run() twice", "run"),
        ("the HttpRequest type", "HttpRequest"),
        ("useState is wrong", "useState"),
        ("__init__ raises", "__init__"),
    ],
)
def test_symbols(text: str, symbol: str) -> None:
    assert symbol in read_task(text).symbols


def test_plain_words_are_no_symbols() -> None:
    task = read_task("The parser drops comments")
    assert task.symbols == ()
    assert dict(task.words) == {"parser": 1, "drop": 1, "comment": 1}
    assert task.names == ("parser", "drops", "comments")


PYTHON = """Traceback (most recent call last):
  File "/srv/app/pkg/core.py", line 12, in main
    run()
  File "pkg/run.py", line 7, in run
ValueError: no
"""
PYTEST = """tests/test_core.py:33: in test_run
    run()
pkg/run.py:7: ValueError
"""
NODE = """TypeError: x is not a function
    at Parser.parse (/srv/app/lib/parser.js:3:14)
    at async run (file:///srv/app/lib/run.mjs:9:1)
    at lib/bare.ts:4:2
"""
JAVA = """java.lang.IllegalStateException
\tat org.example.Parser.parse(Parser.java:31)
"""
GO = """panic: no
main.(*Server).Run(0x1, 0x2)
\t/srv/app/server/run.go:33 +0x1d
"""
RUST = """thread 'main' panicked at src/lib.rs:4:9:
   3: app::parser::parse
             at ./src/parser.rs:21:5
"""


@pytest.mark.parametrize(
    ("trace", "frames"),
    [
        (PYTHON, [Frame("srv/app/pkg/core.py", 12, "main"), Frame("pkg/run.py", 7, "run")]),
        (PYTEST, [Frame("tests/test_core.py", 33, "test_run"), Frame("pkg/run.py", 7, "")]),
        (
            NODE,
            [
                Frame("srv/app/lib/parser.js", 3, "Parser.parse"),
                Frame("srv/app/lib/run.mjs", 9, "run"),
                Frame("lib/bare.ts", 4, ""),
            ],
        ),
        (JAVA, [Frame("Parser.java", 31, "org.example.Parser.parse")]),
        (GO, [Frame("srv/app/server/run.go", 33, "main.(*Server).Run")]),
        (RUST, [Frame("src/lib.rs", 4, ""), Frame("src/parser.rs", 21, "app::parser::parse")]),
    ],
)
def test_stack_traces(trace: str, frames: list[Frame]) -> None:
    assert list(read_task(trace).frames) == frames


def test_ids_of_tests() -> None:
    task = read_task("FAILED tests/test_core.py::TestRun::test_twice[1-a] - ValueError")
    assert task.tests == (("tests/test_core.py", "TestRun.test_twice"),)
    assert "tests/test_core.py" in task.paths
    assert "TestRun.test_twice" in task.symbols


def test_of_a_huge_log_both_ends_are_read() -> None:
    task = read_task(f"first.py {'noise ' * LONGEST_TASK} last.py")
    assert task.paths == ("first.py", "last.py")


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert read_task(text) == read_task(text)
