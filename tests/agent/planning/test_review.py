"""What a reviewer is shown of a change."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.planning.review import MOST_DIFF, shown


def file(name: str, *lines: str) -> str:
    head = f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -0,0 +1 @@\n"
    return head + "".join(f"+{line}\n" for line in lines)


def binary(name: str) -> str:
    data = "\n".join(["zcmV" * 16] * 20)
    return f"diff --git a/{name} b/{name}\nindex 1..2\nGIT binary patch\nliteral 900\n{data}\n\nliteral 0\n\n"


def test_a_large_file_hides_no_other() -> None:
    patch = file("a.txt", "x" * MOST_DIFF) + file("b.txt", "b") + file("c.txt", "c")
    got = shown(patch)
    assert "+b\n" in got
    assert "+c" in got
    assert len(got) < 1000
    assert got.splitlines()[-1] == "a/a.txt b/a.txt"


def test_nobody_reads_the_bytes_of_a_binary_file() -> None:
    got = shown(binary("a.png") + file("b.txt", "GIT binary patch", "diff --git a/x b/x"))
    assert "zcmV" not in got
    assert got.startswith("diff --git a/a.png b/a.png\nindex 1..2\nBinary\ndiff --git a/b.txt")
    assert got.endswith("+GIT binary patch\n+diff --git a/x b/x")


def test_no_change_is_nothing() -> None:
    assert shown("") == ""


@given(st.lists(st.tuples(st.sampled_from("pt"), st.integers(0, MOST_DIFF)), max_size=8))
def test_each_file_is_there_or_named_once_and_there_is_an_end(files: list[tuple[str, int]]) -> None:
    names = [f"{kind}{number}" for number, (kind, _) in enumerate(files)]
    patch = "".join(
        binary(name) if kind == "p" else file(name, "x" * size)
        for name, (kind, size) in zip(names, files, strict=True)
    )
    got = shown(patch)
    assert sorted(re.findall(r"a/(\w+) b/\1$", got, re.MULTILINE)) == sorted(names)
    assert len(got) <= MOST_DIFF + 200 * len(files) + 100
