"""How a file's language is told, and that each grammar and each query loads."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.code.extract import extract
from leadline.tools.code.languages import LANGUAGES, grammar_of, language_of

ALL = (
    "python javascript typescript tsx go rust java kotlin c cpp csharp ruby php swift scala lua bash sql "
    "html css json toml yaml markdown"
)


def test_the_languages_are_those_promised() -> None:
    assert set(LANGUAGES) == set(ALL.split())


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "python"),
        ("a/b.pyi", "python"),
        ("A.PY", "python"),
        ("a.mjs", "javascript"),
        ("a.jsx", "javascript"),
        ("a.d.ts", "typescript"),
        ("a.tsx", "tsx"),
        ("a.go", "go"),
        ("a.rs", "rust"),
        ("A.java", "java"),
        ("build.gradle.kts", "kotlin"),
        ("a.c", "c"),
        ("a.h", "c"),
        ("a.hpp", "cpp"),
        ("a.cs", "csharp"),
        ("Gemfile", "ruby"),
        ("lib/Rakefile", "ruby"),
        ("a.php", "php"),
        ("a.swift", "swift"),
        ("build.sbt", "scala"),
        ("a.lua", "lua"),
        ("home/.bashrc", "bash"),
        ("a.sql", "sql"),
        ("a.htm", "html"),
        ("a.css", "css"),
        ("package-lock.json", "json"),
        (".prettierrc", "json"),
        ("Cargo.lock", "toml"),
        ("poetry.lock", "toml"),
        (".github/workflows/a.yml", "yaml"),
        ("README.md", "markdown"),
        ("Makefile", None),
        ("a.txt", None),
        ("a.vue", None),
        ("README", None),
        ("yarn.lock", None),
        (".py", None),
        ("a.py/", None),
        ("", None),
        ("py", None),
        ("a.py.orig", None),
        ("new\nline.py", "python"),
        ("\udcff.py", "python"),
    ],
)
def test_by_name(path: str, language: str | None) -> None:
    assert language_of(path, b"") == language


@pytest.mark.parametrize(
    ("head", "language"),
    [
        (b"#!/usr/bin/python3\n", "python"),
        (b"#!/usr/bin/env python3.12 -u\n", "python"),
        (b"#!/usr/bin/env -S node --harmony\n", "javascript"),
        (b"#!/usr/bin/env A=1 ruby\n", "ruby"),
        (b"#! /bin/sh -e\n", "bash"),
        (b"\xef\xbb\xbf#!/bin/bash\r\n", "bash"),
        (b"#!/usr/bin/env perl\n", None),
        (b"#!\n", None),
        (b"#!/usr/bin/env\n", None),
        (b"# !/bin/sh\n", None),
        (b"x\n#!/bin/sh\n", None),
        (b"", None),
    ],
)
def test_by_the_first_line(head: bytes, language: str | None) -> None:
    assert language_of("bin/run", head) == language


def test_an_ending_is_believed_before_the_first_line() -> None:
    assert language_of("run.py", b"#!/bin/sh\n") == "python"
    assert language_of("run.txt", b"#!/bin/sh\n") is None


@pytest.mark.parametrize(
    ("head", "language"),
    [
        (b"#include <stdio.h>\nstruct a { int b; };\nint class(void);\n", "c"),
        (b"/* a template for class members */\nint a;\n", "c"),
        (b"#include <vector>\n", "cpp"),
        (b"#pragma once\n\nnamespace a {\n", "cpp"),
        (b"class A;\n", "cpp"),
        (b"  template <typename T>\n", "cpp"),
        (b"struct A {\npublic:\n", "cpp"),
    ],
)
def test_a_header_is_cpp_if_it_shows(head: bytes, language: str) -> None:
    assert language_of("a.h", head) == language


@given(st.text(), st.binary(max_size=512))
def test_any_path_and_any_bytes(path: str, head: bytes) -> None:
    assert language_of(path, head) in {None, *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_grammar_and_the_query_fit(language: str) -> None:
    assert grammar_of(language) is grammar_of(language)
    extract(language, b"a")


def test_no_grammar_is_loaded_before_it_is_used() -> None:
    code = (
        "import sys\n"
        "from leadline.tools.code.extract import extract\n"
        "print([name for name in sys.modules if name.startswith('tree_sitter_')])\n"
        "extract('go', b'package a')\n"
        "print([name for name in sys.modules if name.startswith('tree_sitter_')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    before, after = done.stdout.splitlines()
    assert before == "[]"
    assert "tree_sitter_go" in after
    assert "tree_sitter_python" not in after
