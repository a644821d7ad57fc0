"""What is called broken, and what a change is blamed for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tools.code.languages import LANGUAGES
from leadline.tools.code.syntax import (
    MOST,
    TRUSTED,
    SyntaxFault,
    new_faults,
    syntax_faults,
)

FIXTURES = sorted(
    path for path in (Path(__file__).parent / "fixtures").glob("*/*") if path.suffix != ".expected"
)


def test_only_languages_we_parse_are_trusted() -> None:
    assert set(LANGUAGES) >= TRUSTED


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_code_is_not_broken(path: Path) -> None:
    assert syntax_faults(path.parent.name, path.read_bytes()) == ()


@pytest.mark.parametrize(
    ("language", "source", "line", "text"),
    [
        ("python", b"def f(:\n    pass\n", 1, "invalid syntax"),
        ("python", b"x = 1\ny = (1,\nz = 2\n", 2, "'(' was never closed"),
        ("python", b"def f():\npass\n", 2, "expected an indented block"),
        ("python", b"def f():\n    a\n  b\n", 3, "unindent does not match"),
        ("python", b"if x:\n\ta\n        b\n", 3, "inconsistent use of tabs"),
        ("python", b'print "a"\n', 1, "Missing parentheses"),
        ("python", b"f(a=1, 2)\n", 1, "positional argument follows"),
        ("javascript", b"function a() {\n  if (b { }\n}\n", 2, "missing `)`"),
        ("typescript", b"const a: = 1;\n", 1, "unexpected"),
        ("tsx", b"const a = <div>;\n", 1, ""),
        ("go", b"package a\n\nfunc f() {\n\ta(\n}\n", 4, ""),
        ("rust", b"fn a() {\n    let = 1;\n}\n", 2, "unexpected"),
        ("java", b"class A {\n  void f( {}\n}\n", 2, ""),
        ("csharp", b"class A {\n  void F( {}\n}\n", 2, ""),
        ("ruby", b"def a\n  b(\nend\n", 1, ""),
        ("php", b"<?php\nfunction a( {}\n", 2, ""),
        ("scala", b"object A {\n  def f( = 1\n}\n", 2, ""),
        ("lua", b"local function a(\nend\n", 1, ""),
        ("json", b'{\n  "a": 1,\n}\n', 3, "Expecting property name"),
        ("json", b"", 1, "Expecting value"),
        ("json", b'{\n  // why\n  "a" 1\n}\n', 3, "Expecting ':'"),
        ("toml", b"a = 1\nb =\n", 2, ""),
        ("yaml", b"a: [1,\nb: 2\n", 1, ""),
    ],
)
def test_broken_code(language: str, source: bytes, line: int, text: str) -> None:
    faults = syntax_faults(language, source)
    assert faults
    assert faults[0].line == line
    assert text in faults[0].text


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", b"type X = int\ndef first[T](items: list[T]) -> T: ...\n"),
        ("python", b'x = f"{a["b"]}"\n'),
        ("python", b"try:\n    a()\nexcept A, B:\n    pass\n"),
        ("python", b'x = "\\d"\nif x is 1: pass\n'),
        ("python", b"# -*- coding: latin-1 -*-\nx = '\xe9'\n"),
        ("python", b"\xef\xbb\xbfx = 1\r\n"),
        ("python", b""),
        ("rust", b'fn a() {\n    assert(str![]);\n    str![[r#"a"#]];\n}\n'),
        ("json", b'// why\n{\n  "a": [1, 2,],\n}\n'),
        ("json", b'{\n  /* a: "b",] */\n  "c": ",]", // d\n  "e": {"f": "\\",}",},\n}\n'),
        ("javascript", b"const a = <p class='b' for={c}>it's</p>;\n"),
        ("javascript", b"{% autoescape off %}\n{% for a in b %}{{ a }}{% endfor %}\n"),
        ("typescript", b"export type * from './a';\n"),
        ("json", b'{"a": {{ value }}}'),
        ("json", b'\xef\xbb\xbf{"a": 1e400, "b": NaN}'),
        ("json", b'{"a": ' + b"9" * 5000 + b"}"),
        ("yaml", b"a: {{ .Values.a }}\nb: {% if c %}d{% endif %}\n"),
        ("c", b"int main( {\n"),
        ("cpp", b"class {{{\n"),
        ("html", b"<div {% if a %}class={{ b }}{% endif %}>\n"),
        ("markdown", b"# (((\n"),
        ("python", "x = (".encode("utf-16")),
        ("go", b"package a\nfunc f( {\x00"),
        ("go", b"package a\n// \xe9\nfunc f( {"),
    ],
)
def test_what_is_not_called_broken(language: str, source: bytes) -> None:
    assert syntax_faults(language, source) == ()


def test_a_newer_python_that_is_broken_all_the_same() -> None:
    faults = syntax_faults("python", b"type X = int\n\n\ndef f(:\n    pass\n")
    assert [fault.line for fault in faults] == [4]


def test_columns_count_characters() -> None:
    assert syntax_faults("javascript", "const é = 'ü'; ) b".encode())[0].column == 16
    assert syntax_faults("json", '{"ü": ]}'.encode())[0] == SyntaxFault(1, 7, "Expecting value")


def test_not_more_than_a_screenful() -> None:
    assert len(syntax_faults("javascript", b"a b ) ;\n" * 500)) == MOST


@pytest.mark.parametrize(
    "source",
    [
        b"(" * 50_000,
        b"-" * 50_000 + b"1",
        b"not " * 20_000 + b"a",
        b"x" + b".a" * 20_000,
        b"1" + b"+1" * 20_000,
        b"[" * 90 + b"]" * 90,
        b"x = " + b"a if b else " * 5000 + b"c",
        b"x = " + b"lambda: " * 5000 + b"c",
        b"f" + b"(1)" * 20_000,
        b"@a\n" * 5000 + b"def f(): pass",
        b"".join(b" " * depth + b"if a:\n" for depth in range(99)) + b" " * 99 + b"a\n",
        b"if a: pass\n" + b"elif b: pass\n" * 5000,
    ],
)
def test_deep_python_is_no_crash(source: bytes) -> None:
    syntax_faults("python", source)


def test_deep_json_is_no_crash() -> None:
    assert syntax_faults("json", b"[" * 100_000 + b"]" * 100_000) == ()
    assert syntax_faults("json", b"[" * 100_000)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(LANGUAGES)), st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes(language: str, before: bytes, after: bytes) -> None:
    faults = syntax_faults(language, after)
    lines = after.count(b"\n") + after.count(b"\r") + after.count(b"\f") + 1
    assert all(1 <= each.line <= lines and each.column >= 1 and each.text for each in faults)
    assert set(new_faults(language, before, after)) <= set(faults)
    assert new_faults(language, after, after) == ()
    assert new_faults(language, None, after) == faults


MOVABLE = [
    path
    for path in FIXTURES
    # Such a first line makes sense nowhere else.
    if path.parent.name in TRUSTED and not path.read_bytes().startswith((b"#!", b"<?"))
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MOVABLE), st.data())
def test_a_fault_that_only_moves_is_not_new(path: Path, data: st.DataObject) -> None:
    source = path.read_bytes()
    at = data.draw(st.integers(0, len(source)))
    broken = source[:at] + data.draw(st.sampled_from([b"(", b")", b"}", b"'"])) + source[at:]
    assert new_faults(path.parent.name, broken, b"\n\n" + broken) == ()


def test_words_that_name_a_line_are_the_same_when_it_moves() -> None:
    before = b"if x:\npass\n"
    assert "on line 1" in syntax_faults("python", before)[0].text
    assert new_faults("python", before, b"\n" + before) == ()


def test_an_old_fault_beside_a_new_one() -> None:
    before = b"a(1 ;\nb();\n"
    after = b"// More.\na(1 ;\nb(2 ;\n"
    assert [fault.line for fault in new_faults("javascript", before, after)] == [3]


def test_the_same_fault_once_more_is_new() -> None:
    before = b"a(1 ;\n"
    assert [fault.line for fault in new_faults("javascript", before, before * 2)] == [2]


def test_a_mended_fault_is_none() -> None:
    assert new_faults("python", b"def f(:\n    pass\n", b"def f():\n    pass\n") == ()
