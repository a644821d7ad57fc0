"""What is read out of one file: exact for a fixture of each language, and never an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from leadline.tools.code.extract import extract
from leadline.tools.code.languages import LANGUAGES
from leadline.tools.code.model import NOTHING_KNOWN, FileFacts, Symbol

FIXTURES = Path(__file__).parent / "fixtures"
SOURCES = sorted(
    path for path in FIXTURES.glob("*/*") if path.is_file() and path.suffix != ".expected"
)
"""One folder for each language. `X.expected` beside `X` is what `told` makes of its facts."""


def told(facts: FileFacts) -> str:
    lines = [
        f"{symbol.kind} {symbol.qualified} {symbol.first}-{symbol.last}"
        f" in {symbol.parent} | {symbol.signature} | {symbol.doc}".rstrip()
        for symbol in facts.symbols
    ]
    lines.append("")
    lines += [f"import {each}" for each in facts.imports]
    lines.append("")
    at = dict.fromkeys((each.line, each.kind) for each in facts.references)
    lines += [
        f"{line} {kind}: "
        + " ".join(each.name for each in facts.references if (each.line, each.kind) == (line, kind))
        for line, kind in at
    ]
    return "\n".join([*lines, "", f"faults {facts.faults}", ""])


def named(facts: FileFacts, name: str) -> Symbol:
    found = [symbol for symbol in facts.symbols if symbol.name == name]
    assert len(found) == 1, [symbol.qualified for symbol in facts.symbols]
    return found[0]


def names(facts: FileFacts) -> list[str]:
    return [symbol.qualified for symbol in facts.symbols]


def well_formed(facts: FileFacts, source: bytes) -> None:
    """What holds for the facts of any bytes."""
    lines = source.count(b"\n") + 1
    for index, symbol in enumerate(facts.symbols):
        assert 1 <= symbol.first <= symbol.last <= lines
        assert -1 <= symbol.parent < index
        assert symbol.name
        assert symbol.qualified.endswith(symbol.name)
        assert "\n" not in symbol.signature
        assert "\n" not in symbol.doc
        assert len(symbol.signature) <= 260 + len(symbol.name)
        assert len(symbol.doc) <= 160
    assert all(1 <= each.line <= lines and each.name for each in facts.references)
    assert len(set(facts.imports)) == len(facts.imports)


def test_every_language_has_a_fixture() -> None:
    assert {path.parent.name for path in SOURCES} == set(LANGUAGES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_fixture(path: Path) -> None:
    source = path.read_bytes()
    facts = extract(path.parent.name, source)
    well_formed(facts, source)
    assert told(facts) == path.with_name(f"{path.name}.expected").read_text("utf-8")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_line_endings_and_a_byte_order_mark_change_nothing(path: Path) -> None:
    source = path.read_bytes()
    known = extract(path.parent.name, source)
    for other in (source.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + source):
        facts = extract(path.parent.name, other)
        well_formed(facts, other)
        assert [(each.kind, each.qualified, each.first, each.last) for each in facts.symbols] == [
            (each.kind, each.qualified, each.first, each.last) for each in known.symbols
        ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "source",
    [
        b"\0" * 100,
        b"\xff\xfe" + "def f(): pass\n".encode("utf-16-le"),
        b"\xef\xbb\xbf",
        b"\r\r\r",
        b"\xff" * 1000,
        b"(" * 3000 + b"{" * 3000 + b"<" * 3000,
        b"a" * 100_000,
        b"a." * 20_000,
        b"if a { " * 2000,
        b"\n" * 10_000,
        b'"' * 999 + b"'" * 999 + b"`" * 999,
    ],
    ids=["nul", "utf16", "bom", "cr", "ff", "open", "word", "dots", "nested", "lines", "quotes"],
)
def test_hostile_bytes(language: str, source: bytes) -> None:
    well_formed(extract(language, source), source)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_file_says_nothing(language: str) -> None:
    assert extract(language, b"") == NOTHING_KNOWN


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(LANGUAGES)), st.binary(max_size=400))
@example("python", b"class \xff:\n def \xfe(): 1")
def test_any_bytes(language: str, source: bytes) -> None:
    well_formed(extract(language, source), source)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SOURCES), st.data())
def test_a_file_cut_and_mended_anywhere(path: Path, data: st.DataObject) -> None:
    source = path.read_bytes()
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(source))] * 2)))
    broken = source[:begin] + data.draw(st.binary(max_size=4)) + source[end:]
    well_formed(extract(path.parent.name, broken), broken)


def test_what_is_around_a_fault_is_known() -> None:
    facts = extract("python", b"def before():\n    pass\n\nx = = 3\n\n\ndef after():\n    pass\n")
    assert facts.faults > 0
    assert {"before", "after"} <= set(names(facts))


def test_utf16_is_faults_and_nothing_else() -> None:
    facts = extract("python", "def f():\n    pass\n".encode("utf-16"))
    assert facts.faults > 0
    assert facts.symbols == ()


def test_invalid_utf8_in_a_name_is_replaced() -> None:
    facts = extract("python", b'class A:\n    "\xe9t\xe9."\n    key = "\xe9"\n')
    assert named(facts, "A").doc == "\ufffdt\ufffd."
    assert named(facts, "key").signature == 'key = "\ufffd"'


def test_tabs_and_white_space_collapse() -> None:
    facts = extract("python", b"class A:\n\tdef  f(\n\t\tself,\n\t\ta\t=\t1,\n\t):\n\t\tpass\n")
    assert named(facts, "f").signature == "def f(self, a = 1)"


def test_long_signatures_and_docs_are_cut() -> None:
    arguments = ", ".join(f"argument_{number}" for number in range(100))
    source = f'def f({arguments}):\n    """{"word " * 100}"""\nBIG = "{"x" * 999}"\n'
    facts = extract("python", source.encode())
    assert len(named(facts, "f").signature) <= 240
    assert named(facts, "f").signature.endswith("...")
    assert len(named(facts, "f").doc) <= 160
    assert len(named(facts, "BIG").signature) <= 120


def test_thousands_of_keys_are_no_outline() -> None:
    source = "{" + ",".join(f'"key{number}": {number}' for number in range(5000)) + "}"
    assert len(extract("json", source.encode()).symbols) == 300


def test_a_minified_file_takes_no_square_time() -> None:
    source = b";".join(b"function f%d(a){return g%d(a)}" % (n, n) for n in range(20_000))
    facts = extract("javascript", source)
    assert len(facts.symbols) == 20_000
    assert {symbol.doc for symbol in facts.symbols} == {""}


@pytest.mark.parametrize(
    ("source", "doc"),
    [
        (b"// One.\n// Two.\nfunc f() {}\n", "One."),
        (b"// One.\n\nfunc f() {}\n", ""),
        (b"//go:noinline\n// One.\nfunc f() {}\n", "One."),
        (b"// Copyright 2020 X.\n// All rights.\nfunc f() {}\n", ""),
        (b"var a int // One.\nfunc f() {}\n", ""),
        (b"/*\nOne.\n*/\nfunc f() {}\n", "One."),
        (b"/* One. */\nfunc f() {}\n", "One."),
        (b"// ----------\n// One.\n// ----------\nfunc f() {}\n", "One."),
    ],
)
def test_the_comment_before(source: bytes, doc: str) -> None:
    assert named(extract("go", b"package a\n\n" + source), "f").doc == doc


def test_a_licence_is_no_doc() -> None:
    source = b"/*\n * Copyright 2020 X.\n * Does much.\n */\nfunction f() {}\n"
    assert named(extract("javascript", source), "f").doc == ""


def test_required_modules_are_not_defined_here() -> None:
    source = b"const fs = require('fs');\nconst { a } = require('./b');\nconst c = fs.d();\n"
    facts = extract("javascript", source)
    assert names(facts) == ["c"]
    assert facts.imports == ("fs", "./b")


def test_local_names_are_no_symbols() -> None:
    source = b"def f():\n    x = 1\n    X = 2\n    def g():\n        pass\n"
    assert names(extract("python", source)) == ["f", "f.g"]


def test_the_same_bytes_give_the_same_facts() -> None:
    for path in SOURCES:
        source = path.read_bytes()
        assert extract(path.parent.name, source) == extract(path.parent.name, source)
