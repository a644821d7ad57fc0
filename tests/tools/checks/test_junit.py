"""JUnit XML, the honest and the hostile."""

from __future__ import annotations

from pathlib import Path

import pytest
from leadline.tools.checks.readers import junit, read_junit, read_output

FIXTURES = Path(__file__).parent / "fixtures"
LOL = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuite name="&b;"/>'
CASE = '<testcase classname="t" name="x" file="t.py" line="4"><failure message="{m}">{b}</failure></testcase>'


@pytest.mark.parametrize(
    "text",
    [
        LOL,
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>',
        "<testsuite>" + "<a>" * 200 + "</a>" * 200 + "</testsuite>",
        "<testsuite><testcase name='cut'",
        "<html><body/></html>",
        "",
        "\x00\x01",
        '<?xml version="1.0" encoding="no-such"?><testsuite/>',
    ],
)
def test_what_is_unsafe_broken_or_something_else_is_refused(text: str) -> None:
    assert read_junit(text.encode()) is None


def test_size_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    good = b'<testsuite><testcase name="a"/></testsuite>'
    assert read_junit(good) is not None
    monkeypatch.setattr(junit, "MAX_BYTES", len(good) - 1)
    assert read_junit(good) is None


def test_place_comes_from_the_text_else_from_the_attributes() -> None:
    in_text = read_junit(
        f"<testsuite>{CASE.format(m='no', b='a/b.py:9: AssertionError')}</testsuite>".encode()
    )
    assert in_text is not None
    assert [(f.name, f.message, f.place) for f in in_text.failures] == [("t.x", "no", "a/b.py:9")]
    attributes = read_junit(f"<testsuite>{CASE.format(m='no', b='')}</testsuite>".encode())
    assert attributes is not None
    assert attributes.failures[0].place == "t.py:4"


def test_a_case_that_failed_and_then_erred_counts_once() -> None:
    text = '<testsuite><testcase name="a"><failure/><error/></testcase></testsuite>'
    report = read_junit(text.encode())
    assert report is not None
    assert (report.failed, report.errors, report.passed) == (1, 0, 0)


def test_an_empty_suite_ran_nothing() -> None:
    report = read_junit(b'<testsuites><testsuite tests="7"/></testsuites>')
    assert report is not None
    assert report.ran_nothing


def test_hostile_xml_on_standard_output_is_judged_by_the_exit_code() -> None:
    assert read_output("./run", LOL, 1).framework is None
    assert not read_output("./run", LOL, 1).green


def test_long_texts_are_bounded() -> None:
    report = read_junit(
        f"<testsuite>{CASE.format(m='m' * 50_000, b='b' * 500_000)}</testsuite>".encode()
    )
    assert report is not None
    assert len(report.failures[0].message) <= 300
