"""Linters and compilers, alone and below a run of tests; and what is no failure at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tools.checks.model import Failure, brief
from leadline.tools.checks.readers import read_output

FIXTURES = Path(__file__).parent / "fixtures"
ESLINT = (
    Failure("Parsing error: Unexpected token (", "", "/project/src/broken.js:1"),
    Failure(
        "'unused' is assigned a value but never used", "no-unused-vars", "/project/src/cart.js:1"
    ),
    Failure("'nope' is not defined", "no-undef", "/project/src/cart.js:2"),
    Failure("'gone' is not defined", "no-undef", "/project/src/cart.js:3"),
)


def recording(name: str) -> str:
    return (FIXTURES / f"{name}.txt").read_text(encoding="utf-8")


def test_eslint_names_its_errors_and_not_its_warnings() -> None:
    report = read_output("npx eslint src", recording("eslint"), 1)
    assert report.failures == ESLINT
    assert (report.framework, report.errors) == (None, 4)


def test_warnings_alone_are_no_failures_but_the_exit_code_is() -> None:
    report = read_output("npx eslint --max-warnings 0 src", recording("eslint_warnings"), 1)
    assert [(f.name, f.place) for f in report.failures] == [("exit code 1", None)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "ruff",
            [
                ("b.py:3", "invalid-syntax: Expected a parameter or the end of the parameter list"),
                ("b.py:3", "invalid-syntax: unexpected EOF while parsing"),
                ("c.py:1", "I001 [*] Import block is un-sorted or un-formatted"),
                ("c.py:1", "F401 [*] `os` imported but unused"),
                ("c.py:3", "F821 Undefined name `y`"),
            ],
        ),
        (
            "ruff_concise",
            [
                ("b.py:3", "invalid-syntax: Expected a parameter or the end of the parameter list"),
                ("b.py:4", "invalid-syntax: unexpected EOF while parsing"),
                ("c.py:1", "I001 [*] Import block is un-sorted or un-formatted"),
                ("c.py:1", "F401 [*] `os` imported but unused"),
                ("c.py:3", "F821 Undefined name `y`"),
            ],
        ),
        (
            "tsc",
            [
                ("src/a.ts:1", "error TS2322: Type 'string' is not assignable to type 'number'."),
                ("src/a.ts:2", "error TS2304: Cannot find name 'foo'."),
            ],
        ),
        (
            "tsc_pretty",
            [
                ("src/a.ts:1", "error TS2322: Type 'string' is not assignable to type 'number'."),
                ("src/a.ts:2", "error TS2304: Cannot find name 'foo'."),
            ],
        ),
        (
            "pyright",
            [
                (
                    "/project/c.py:2",
                    'Type "Literal[\'a\']" is not assignable to declared type "int"',
                ),
                ("/project/c.py:3", '"y" is not defined (reportUndefinedVariable)'),
            ],
        ),
    ],
)
def test_linters_and_compilers(name: str, expected: list[tuple[str, str]]) -> None:
    report = read_output("make lint", recording(name), 1)
    assert [(f.place, f.name) for f in report.failures] == expected
    assert report.errors == len(expected)
    # Below passing tests the same are named, and the tests are counted too.
    both = read_output("make", f"..    [100%]\n2 passed in 0.01s\n{recording(name)}", 2)
    assert (both.framework, both.passed, both.errors) == ("pytest", 2, len(expected))
    assert both.failures == report.failures
    assert not both.green


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("app/(shop)/page.tsx(3,5): error TS2304: Cannot find name 'x'.", "app/(shop)/page.tsx:3"),
        ("C:\\src\\a.c(7): error C2065: 'x': undeclared identifier", "C:\\src\\a.c:7"),
        ("a.py:1:2:1:9: error: Name 'x' is not defined  [name-defined]", "a.py:1"),
        ("/p/a.js:1:7: 'x' is not defined. [Error/no-undef]", "/p/a.js:1"),
        ("conf/a.yml:3:1: [error] trailing spaces (trailing-spaces)", "conf/a.yml:3"),
        ("README.md:1:3 error MD041/first-line-h1 First line", "README.md:1"),
        ("shop.py:2:0: E0602: Undefined variable 'x' (undefined-variable)", "shop.py:2"),
    ],
)
def test_other_ways_to_name_a_place(line: str, place: str) -> None:
    report = read_output("make lint", f"checking\n{line}\ndone\n", 1)
    assert [f.place for f in report.failures] == [place]


@pytest.mark.parametrize(
    "line",
    [
        "a.c:4:2: warning: unused variable 'error' [-Wunused]",
        "app.py:7: note: the error is here",
        "/p/a.py:3: UserWarning: an error that can be ignored",
        "/p/a.js:1:7: Unexpected console statement. [Warning/no-console]",
        "  3:5  error  no file above it  no-undef",
        "warning: unused variable: `error`\n --> src/lib.rs:2:9",
    ],
)
def test_warnings_and_notes_are_not_named(line: str) -> None:
    report = read_output("make lint", f"checking:\n\n{line}\ndone\n", 1)
    assert [(f.name, f.place) for f in report.failures] == [("exit code 1", None)]


def test_lint_problems_after_passing_tests_are_added_to_their_counts() -> None:
    report = read_output("npm test", recording("npm_tests_then_eslint"), 1)
    assert report.failures == ESLINT
    assert (report.framework, report.passed, report.failed, report.errors) == (
        "node --test",
        2,
        0,
        4,
    )
    assert brief(report).splitlines()[0] == (
        "failed: the tests passed (node --test: 2 passed), but the command ended with exit code 1; "
        "4 errors beside them"
    )


def test_a_passing_line_is_not_named_as_the_failure() -> None:
    report = read_output("npm test", recording("npm_tests_then_drift"), 1)
    assert (report.framework, report.passed, report.errors) == ("TAP", 2, 1)
    assert report.failures == ()
    assert brief(report) == (
        "failed: the tests passed (TAP: 2 passed), but the command ended with exit code 1"
    )


def test_what_passing_tests_print_is_not_named() -> None:
    text = (
        "TAP version 13\nok 1 - reads\nb.py:3: error: the message that is tested for\n"
        "ok 2 - reports a.py:1: error: in the name\n1..2\n"
    )
    assert read_output("npm test", text, 1).failures == ()


def test_problems_where_no_test_ran_are_failures() -> None:
    report = read_output("make", f"no tests ran in 0.01s\n{recording('tsc')}", 2)
    assert (report.errors, report.ran_nothing) == (2, False)
    assert brief(report).startswith("failed (pytest): 2 errors\n")


@pytest.mark.parametrize(
    "passing",
    [
        "ok 4 - throws an error",
        "    \u2714 refuses a failed payment (2ms)",
        " \u2713 shop/error.test.js (3 tests)",
        "PASS src/error.test.js",
        "--- PASS: TestError (0.00s)",
        "tests/test_a.py::test_error PASSED      [ 50%]",
        "test errors::fatal ... ok",
        "ErrorTest > failed STANDARD_ERROR PASSED",
        "Done: 12 passed, 0 failed, no errors",
    ],
)
def test_with_an_unknown_runner_too_a_passing_line_is_not_the_failure(passing: str) -> None:
    text = f"frob: error: no disk\n{passing}\nbye\n"
    assert read_output("./check", text, 1).failures == (
        Failure("exit code 1", "frob: error: no disk", None),
    )
    assert read_output("./check", f"{passing}\n", 1).failures[0].name == "exit code 1"


def test_a_wrapper_that_repeats_the_exit_code_hides_no_cause() -> None:
    text = "frob: fatal: no disk\nmake: *** [Makefile:4: all] Error 1\nnpm error code ELIFECYCLE\n"
    assert read_output("./check", text, 1).failures[0].message == "frob: fatal: no disk"
    alone = "make: *** No rule to make target 'x'.  Stop.\nnpm error Missing script\n"
    assert read_output("./check", alone, 2).failures[0].message == "npm error Missing script"


def test_more_problems_than_are_kept_are_counted() -> None:
    rows = "".join(f"a.c:{row}:1: error: x\n" for row in range(1, 1_001))
    report = read_output("make", rows, 2)
    assert report.errors == 1_000
    assert len(report.failures) == 200


WORDS = st.text("ab .:'()\u00e9", min_size=1, max_size=20).map(str.strip).filter(bool)
PROBLEMS = st.tuples(
    st.integers(0, 9_999),
    st.integers(0, 999),
    st.sampled_from(["error", "warning"]),
    WORDS.filter(lambda text: "  " not in text),
    st.sampled_from(["no-undef", "@scope/rule", "import/order"]),
)


@given(st.lists(st.lists(PROBLEMS, min_size=1, max_size=4), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_every_error_of_eslint_is_read_and_nothing_else(
    files: list[list[tuple[int, int, str, str, str]]],
) -> None:
    text = ""
    expected: list[Failure] = []
    for number, problems in enumerate(files):
        text += f"\n/project/with space/f{number}.js\n"
        for row, column, level, words, rule in problems:
            text += f"  {row}:{column:<4}  {level:<7}  {words:<22}  {rule}\n"
            found = Failure(
                " ".join(words.split()), rule, f"/project/with space/f{number}.js:{row}"
            )
            if level == "error" and found not in expected:
                expected.append(found)
    report = read_output("npm run lint", f"{text}\n\u2716 some problems\n", 1)
    if expected:
        assert list(report.failures) == expected
    else:
        assert [f.name for f in report.failures] == ["exit code 1"]
