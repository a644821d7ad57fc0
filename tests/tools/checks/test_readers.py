"""The readers against what the runners really print: recorded runs of small projects."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tools.checks.model import CheckReport, Failure
from leadline.tools.checks.readers import read_output

FIXTURES = Path(__file__).parent / "fixtures"

# name of the recording, exit code; framework, passed, failed, skipped, errors
RUNS = [
    ("pytest_quiet_failed", 1, ("pytest", 3, 4, 2, 1)),
    ("pytest_verbose_failed", 1, ("pytest", 3, 4, 2, 1)),
    ("pytest_short_failed", 1, ("pytest", 3, 4, 2, 1)),
    ("pytest_line_failed", 1, ("pytest", 3, 4, 2, 1)),
    ("pytest_no_failed", 1, ("pytest", 3, 4, 2, 1)),
    ("pytest_native_failed", 1, ("pytest", 1, 1, 0, 0)),
    ("pytest_qq", 1, ("pytest", 3, 4, 2, 1)),
    ("pytest_xdist", 1, ("pytest", 3, 4, 2, 1)),
    ("pytest_maxfail", 1, ("pytest", 1, 1, 0, 0)),
    ("pytest_collection", 2, ("pytest", 0, 0, 0, 2)),
    ("pytest_none", 5, ("pytest", 0, 0, 0, 0)),
    ("pytest_nofile", 4, ("pytest", 0, 0, 0, 1)),
    ("pytest_deselected", 5, ("pytest", 0, 0, 0, 0)),
    ("pytest_usage", 4, ("pytest", 0, 0, 0, 1)),
    ("pytest_quiet_passed", 0, ("pytest", 2, 0, 0, 0)),
    ("pytest_verbose_passed", 0, ("pytest", 2, 0, 0, 0)),
    ("unittest_failed", 1, ("unittest", 3, 2, 2, 3)),
    ("unittest_verbose_failed", 1, ("unittest", 3, 2, 2, 3)),
    ("unittest_passed", 0, ("unittest", 2, 0, 0, 0)),
    ("unittest_none", 0, ("unittest", 0, 0, 0, 0)),
    ("jest_failed", 1, ("jest", 2, 3, 2, 1)),
    ("jest_verbose_failed", 1, ("jest", 1, 3, 2, 0)),
    ("jest_passed", 0, ("jest", 1, 0, 0, 0)),
    ("jest_none", 1, ("jest", 0, 0, 0, 0)),
    ("jest_none_ok", 0, ("jest", 0, 0, 0, 0)),
    ("vitest_failed", 1, ("vitest", 2, 3, 2, 1)),
    ("vitest_verbose_failed", 1, ("vitest", 2, 3, 2, 1)),
    ("vitest_passed", 0, ("vitest", 1, 0, 0, 0)),
    ("vitest_none", 1, ("vitest", 0, 0, 0, 0)),
    ("node_spec_failed", 1, ("node --test", 2, 5, 2, 0)),
    ("node_tap_failed", 1, ("node --test", 2, 5, 2, 0)),
    ("node_spec_passed", 0, ("node --test", 1, 0, 0, 0)),
    ("node_tap_passed", 0, ("node --test", 1, 0, 0, 0)),
    ("node_none", 0, ("node --test", 0, 0, 1, 0)),
    ("node_empty", 0, ("node --test", 0, 0, 0, 0)),
    ("mocha_failed", 3, ("mocha", 2, 2, 1, 1)),
    ("mocha_dot_failed", 3, ("mocha", 1, 2, 1, 1)),
    ("mocha_passed", 0, ("mocha", 1, 0, 0, 0)),
    ("mocha_broken", 1, ("mocha", 0, 0, 0, 1)),
    ("mocha_none", 0, ("mocha", 0, 0, 0, 0)),
    ("mocha_tap_failed", 3, ("TAP", 1, 3, 1, 0)),
    ("go_all", 1, ("go test", 1, 3, 0, 3)),
    ("go_cart_verbose", 1, ("go test", 4, 2, 1, 0)),
    ("go_boom_v", 1, ("go test", 1, 1, 0, 0)),
    ("go_broken", 1, ("go test", 0, 0, 0, 3)),
    ("go_passed", 0, ("go test", 1, 0, 0, 0)),
    ("go_passed_v", 0, ("go test", 2, 0, 0, 0)),
    ("go_empty", 0, ("go test", 0, 0, 0, 0)),
    ("go_norun", 0, ("go test", 0, 0, 0, 0)),
    ("go_json", 1, ("go test", 5, 3, 1, 3)),
    ("go_json_passed", 0, ("go test", 2, 0, 0, 0)),
    ("cargo_failed", 101, ("cargo test", 3, 5, 1, 0)),
    ("cargo_plain", 101, ("cargo test", 3, 5, 1, 0)),
    ("cargo_quiet", 101, ("cargo test", 1, 4, 1, 0)),
    ("cargo_doc", 101, ("cargo test", 1, 1, 0, 0)),
    ("cargo_passed", 0, ("cargo test", 1, 0, 0, 0)),
    ("cargo_none", 0, ("cargo test", 0, 0, 0, 0)),
    ("cargo_broken", 101, ("cargo test", 0, 0, 0, 2)),
    ("tap14", 1, ("TAP", 2, 1, 1, 0)),
    ("tap_perl", 2, ("TAP", 2, 2, 1, 0)),
    ("make_gcc", 2, (None, 0, 0, 0, 1)),
    ("junit_pytest", 1, ("JUnit XML", 3, 4, 2, 1)),
    ("junit_vitest", 1, ("JUnit XML", 2, 4, 2, 0)),
]

_CART = "tests/test_cart.py"
_CALC = "AssertionError [ERR_ASSERTION]: Expected values to be strictly equal: 30 !== 10"
_UNEQUAL = "assert 30.0 == 10"
# one failure of a recording, as it must come out: name, message, place
FAILURES = [
    (
        "pytest_quiet_failed",
        f"{_CART}::test_sum[prices1-4]",
        "assert 3 == 4; where 3 = total([1, 2])",
        f"{_CART}:20",
    ),
    (
        "pytest_verbose_failed",
        f"{_CART}::TestErrors::test_too_much",
        "ValueError: discount 2 is over 1",
        "shop/cart.py:3",
    ),
    (
        # the last of a chain of exceptions counts
        "pytest_xdist",
        f"{_CART}::TestErrors::test_message",
        (
            "AssertionError: Regex pattern did not match.; Regex: 'above one'; "
            "Input: 'discount 3 is over 1'"
        ),
        f"{_CART}:42",
    ),
    (
        "pytest_quiet_failed",
        f"{_CART}::test_uses_stock",
        "RuntimeError: stock is closed",
        f"{_CART}:7",
    ),
    ("pytest_line_failed", f"{_CART}::test_discount", _UNEQUAL, f"/project/{_CART}:15"),
    ("pytest_no_failed", f"{_CART}::test_discount", _UNEQUAL, None),
    (
        "pytest_native_failed",
        f"{_CART}::test_discount",
        f"AssertionError: {_UNEQUAL}; + where 30.0 = total([10, 10], 0.5)",
        f"/project/{_CART}:15",
    ),
    (
        "pytest_collection",
        "broken/test_import.py",
        "ImportError: cannot import name 'nothing_here' from 'shop.cart' (/project/shop/cart.py)",
        "broken/test_import.py:1",
    ),
    (
        "pytest_collection",
        "broken/test_syntax.py",
        "SyntaxError: invalid syntax",
        "/project/broken/test_syntax.py:1",
    ),
    ("pytest_nofile", "pytest", "file or directory not found: tests/nope.py", None),
    ("pytest_usage", "pytest", "unrecognized arguments: --nope", None),
    (
        "unittest_failed",
        "tests.test_cart.CartTest.test_discount",
        "AssertionError: 30.0 != 10",
        "/project/tests/test_cart.py:12",
    ),
    (
        "unittest_verbose_failed",
        "tests.test_cart.CartTest.test_subs (n=2)",
        "AssertionError: 2 != 1",
        "/project/tests/test_cart.py:20",
    ),
    (
        "unittest_failed",
        "setUpClass of tests.test_cart.SetUp",
        "RuntimeError: no database",
        "/project/tests/test_cart.py:34",
    ),
    (
        "unittest_failed",
        "tests.test_bad",
        "ImportError: cannot import name 'nothing' from 'cart' (/project/cart.py)",
        "/project/tests/test_bad.py:1",
    ),
    (
        "jest_failed",
        "jest/cart.test.js > total \u203a takes the discount off",
        "expect(received).toBe(expected) // Object.is equality; Expected: 10; Received: 30",
        "jest/cart.test.js:5",
    ),
    (
        "jest_verbose_failed",
        "jest/cart.test.js > total \u203a compares objects",
        'expect(received).toEqual(expected) // deep equality; - "sum": 2,; + "sum": 1,',
        "jest/cart.test.js:13",
    ),
    (
        "jest_failed",
        "jest/broken.test.js",
        "Test suite failed to run: Cannot find module './nowhere' from 'jest/broken.test.js'",
        "jest/broken.test.js:1",
    ),
    (
        "vitest_failed",
        "vitest/cart.test.mjs > total > refuses a discount over one",
        "RangeError: discount 2 is over 1",
        "src/cart.js:3",
    ),
    (
        "vitest_verbose_failed",
        "vitest/broken.test.mjs",
        "Error: Cannot find module './nowhere.mjs' imported from /project/vitest/broken.test.mjs",
        "vitest/broken.test.mjs:1",
    ),
    ("node_spec_failed", "takes the discount off", _CALC, "/project/nodet/cart.test.js:7"),
    (
        "node_tap_failed",
        "inner",
        "Expected values to be strictly deep-equal: + a: 1; - a: 2",
        "/project/nodet/cart.test.js:14",
    ),
    (
        "node_spec_failed",
        "/project/nodet/broken.test.js",
        "Error: Cannot find module './nowhere'",
        "nodet/broken.test.js:1",
    ),
    (
        "mocha_failed",
        "total > takes the discount off",
        f"{_CALC}; -30; +10",
        "mocha/cart.js:5",
    ),
    (
        "mocha_dot_failed",
        'total > stock > "before all" hook for "counts"',
        "Error: stock is closed",
        "mocha/cart.js:9",
    ),
    (
        "mocha_broken",
        "loading the tests",
        "Error: Cannot find module './nowhere'",
        "/project/mocha/broken.js:1",
    ),
    ("go_all", "TestTable/two (example.com/shop/cart)", "got 1, want 2", "cart_test.go:22"),
    (
        "go_json",
        "TestBoom (example.com/shop/boom)",
        "panic: discount over 100 [recovered, repanicked]",
        "/project/cart/cart.go:10",
    ),
    ("go_broken", "build", "undefined: missing", "broken/broken_test.go:6"),
    (
        "cargo_failed",
        "tests::discount",
        "assertion `left == right` failed: half off; left: 30; right: 10",
        "src/lib.rs:25",
    ),
    ("cargo_plain", "tests::panics", "test did not panic as expected", "src/lib.rs:43"),
    ("cargo_quiet", "tests::result", 'Error: "no stock"', None),
    (
        "cargo_doc",
        "src/lib.rs - total (line 7)",
        "assertion `left == right` failed; left: 15; right: 5",
        "src/lib.rs:7",
    ),
    ("cargo_broken", "build", "mismatched types", "src/lib.rs:2"),
    ("tap14", "half off", "-10; +30", "tapt/cart.test.js:5"),
    ("tap_perl", "adds wrongly", "Failed test 'adds wrongly'; got: '2'; expected: '3'", "cart.t:5"),
    (
        "make_gcc",
        "\u2018missing\u2019 undeclared (first use in this function)",
        "",
        "main.c:2",
    ),
    (
        "junit_pytest",
        "tests.test_cart.TestErrors.test_too_much",
        "ValueError: discount 2 is over 1",
        "shop/cart.py:3",
    ),
]


def recording(name: str) -> str:
    return (FIXTURES / f"{name}.txt").read_text(encoding="utf-8")


def exit_code(name: str) -> int:
    return next(code for run, code, _ in RUNS if run == name)


def read(name: str) -> CheckReport:
    return read_output("make test", recording(name), exit_code(name))


@pytest.mark.parametrize(("name", "code", "expected"), RUNS, ids=[run[0] for run in RUNS])
def test_counts(name: str, code: int, expected: tuple[str | None, int, int, int, int]) -> None:
    report = read_output("make test", recording(name), code)
    counts = (report.framework, report.passed, report.failed, report.skipped, report.errors)
    assert counts == expected


@pytest.mark.parametrize(("name", "test", "message", "place"), FAILURES)
def test_failures(name: str, test: str, message: str, place: str | None) -> None:
    assert Failure(test, message, place) in read(name).failures


def test_every_failure_that_was_counted_is_named() -> None:
    # In node's counts a parent fails with its subtests; it is not named.
    for name, code, (framework, _, failed, _, errors) in RUNS:
        if framework != "node --test":
            found = read_output("make test", recording(name), code).failures
            assert len(found) == failed + errors, name


@pytest.mark.parametrize(
    "name", [n for n, _, (w, p, f, _, e) in RUNS if w and p + f == 0 and not e]
)
def test_a_run_of_nothing_is_never_green(name: str) -> None:
    report = read_output("make test", recording(name), 0)
    assert report.ran_nothing
    assert not report.green


@pytest.mark.parametrize("name", [n for n, _, (_, p, f, _, e) in RUNS if p and not (f or e)])
def test_a_passing_run_is_green_only_with_exit_code_0(name: str) -> None:
    assert read_output("make test", recording(name), 0).green
    late = read_output("make test", recording(name), 3)
    assert not late.green
    assert (late.passed, late.errors) == (read(name).passed, 1)
    # The runner names no failure, and none is guessed.
    assert (late.failures, late.exit_code) == ((), 3)


@pytest.mark.parametrize("name", [n for n, _, (w, _, f, _, e) in RUNS if w and f + e])
def test_a_failure_is_believed_before_the_exit_code(name: str) -> None:
    assert not read_output("make test", recording(name), 0).green


@given(run=st.sampled_from(RUNS), cut=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@settings(max_examples=150, deadline=None)
def test_a_cut_in_the_middle_makes_nothing_green(
    run: tuple[str, int, tuple[str | None, int, int, int, int]], cut: tuple[float, float]
) -> None:
    name, code, _ = run
    text = recording(name)
    start, end = sorted(round(part * len(text)) for part in cut)
    whole = read_output("make test", text, code)
    report = read_output("make test", text[:start] + "\n[... cut ...]\n" + text[end:], code)
    if code:
        assert not report.green
    if whole.green and report.framework == whole.framework:
        assert report.failed == 0


@given(text=st.text(max_size=400), code=st.integers(-15, 255).filter(bool))
@settings(max_examples=150, deadline=None)
def test_any_other_text_with_a_bad_exit_code_is_red(text: str, code: int) -> None:
    report = read_output("anything", text, code)
    assert not report.green
    assert all("\n" not in f.name + f.message for f in report.failures)


@pytest.mark.parametrize("name", ["pytest_quiet_failed", "jest_failed", "vitest_failed"])
def test_the_tail_is_enough_for_counts(name: str) -> None:
    text = recording(name)
    start, end = len(text) // 20, len(text) * 3 // 4
    report = read_output("make test", f"{text[:start]}\n[... cut ...]\n{text[end:]}", 1)
    whole = read(name)
    assert (report.passed, report.failed) == (whole.passed, whole.failed)


def test_the_command_narrows_what_a_failing_test_quotes() -> None:
    quoted = "\n".join(f"E    {line}" for line in recording("go_all").splitlines())
    text = recording("pytest_quiet_failed").replace("E       assert 3 == 4", quoted)
    text = text.replace("E    ok", "ok")  # captured output stands at the margin
    assert read_output("python -m pytest -q", text, 1).framework == "pytest"
    assert read_output("make test", text, 1).framework == "pytest and go test"


def test_joined_commands_are_added_up() -> None:
    text = recording("pytest_quiet_passed") + recording("jest_failed")
    report = read_output("pytest -q && npx jest", text, 1)
    assert report.framework == "pytest and jest"
    assert (report.passed, report.failed, report.errors) == (4, 3, 1)
    assert not report.ran_nothing


def test_one_part_that_ran_nothing_does_not_hide_the_other() -> None:
    text = recording("go_empty") + recording("pytest_quiet_passed")
    assert read_output("make test", text, 0).green
