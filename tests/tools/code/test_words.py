"""Words: names whole and in parts, kin under one stem, counted as they are split."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tools.code.words import LONGEST, count_words, split_words, stem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("read_bytes", ["read_bytes", "read", "byte"]),
        ("CodeIndex", ["codeindex", "code", "index"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("utf8", ["utf8", "utf"]),
        ("__init__", ["init"]),
        ("a bug", ["bug"]),
        ("x = 12345", []),
        ("naïve café", ["naïve", "café"]),
    ],
)
def test_splits_names_and_prose(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    "kin",
    [
        ["parse", "parses", "parsed", "parsing"],
        ["cache", "caches", "cached", "caching"],
        ["query", "queries"],
        ["class", "classes"],
        ["stop", "stops", "stopped", "stopping"],
        ["validate", "validates", "validation"],
    ],
)
def test_kin_share_a_stem(kin: list[str]) -> None:
    assert len({stem(word) for word in kin}) == 1


@pytest.mark.parametrize("word", ["status", "analysis", "class", "bus", "string", "user", "red"])
def test_what_only_looks_like_an_ending_stays_apart(word: str) -> None:
    assert stem(word) not in {stem(word[:-1]), stem(word[:-2])}


def test_text_without_spaces_gives_pairs() -> None:
    assert split_words("修复解析器") == ["修复", "复解", "解析", "析器"]


def test_data_is_no_word() -> None:
    assert split_words("a" * (LONGEST + 1)) == []


@settings(max_examples=60)
@given(st.text(alphabet=st.sampled_from("abcXYZ_09 .\n修复é"), max_size=80))
def test_counts_what_it_splits(text: str) -> None:
    assert count_words(text) == dict(Counter(split_words(text)))
