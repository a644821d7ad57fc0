"""Patches as git writes them, and as our own tools do, in odd shapes too."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tests.tui.paint.harmless import is_harmless, plain
from leadline.tools.diffs import unified_diff
from leadline.tui.paint.diff import (
    FilePatch,
    heading,
    parse_patch,
    patch_text,
    side_by_side,
    unified,
)

NAMES = (
    "a.py",
    "b b.txt",
    "d/ü.rs",
    'q"uote',
    "tab\there",
    "a b/a",
    "new\nline",
    "back\\slash",
    "-- a",
)
TEXTS = st.lists(
    st.sampled_from(
        [
            "x",
            "",
            "-- a",
            "++ b",
            "@@ -1 +1 @@",
            "diff --git a/x b/x",
            "\\ No",
            "é",
            "\r",
            "\tz",
            "\x1b[31m",
        ]
    ),
    max_size=12,
)
FILES = st.dictionaries(st.sampled_from(NAMES), st.tuples(TEXTS, st.booleans()), max_size=4)


def git(folder: Path, *arguments: str) -> bytes:
    given = ("-c", "user.name=x", "-c", "user.email=x@x", "-c", "core.autocrlf=false")
    return subprocess.run(
        ["git", *given, *arguments], cwd=folder, check=True, capture_output=True
    ).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("patches")
    git(folder, "init", "-q")
    return folder


def tree(folder: Path, files: Mapping[str, bytes], executable: tuple[str, ...] = ()) -> str:
    """The id of a tree of these files."""
    git(folder, "read-tree", "--empty")
    for name, data in files.items():
        blob = subprocess.run(
            ["git", "hash-object", "-w", "--stdin"], cwd=folder, input=data, capture_output=True, check=True
        ).stdout.decode().strip()  # fmt: skip
        mode = "100755" if name in executable else "100644"
        git(folder, "update-index", "--add", "--cacheinfo", f"{mode},{blob},{name}")
    return git(folder, "write-tree").decode().strip()


def diff(folder: Path, before: str, after: str, *options: str) -> str:
    raw = git(folder, "diff-tree", "-r", "-p", "-M", *options, before, after)
    return raw.decode("utf-8", "surrogateescape")


def content(lines: list[str], ended: bool) -> bytes:
    return ("\n".join(lines) + ("\n" if lines and ended else "")).encode()


def applied(file: FilePatch, before: bytes) -> bytes:
    """What the hunks make of a file."""
    old = before.split(b"\n")
    made: list[bytes] = []
    at = 0
    for hunk in file.hunks:
        first = next((line.old for line in hunk.lines), 1) - 1
        made += old[at:first]
        at = first
        for line in hunk.lines:
            text = line.text.encode("utf-8", "surrogateescape")
            if line.kind != "added":
                assert old[at] == text
                at += 1
            if line.kind != "removed":
                made.append(text)
    return b"\n".join([*made, *old[at:]])


@given(FILES, FILES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_git_writes_is_read_and_written_again(
    folder: Path,
    before: dict[str, tuple[list[str], bool]],
    after: dict[str, tuple[list[str], bool]],
):
    old = {name: content(*made) for name, made in before.items() if not clashes(name, before)}
    new = {name: content(*made) for name, made in after.items() if not clashes(name, after)}
    text = diff(folder, tree(folder, old), tree(folder, new, tuple(new)[:1]), "--no-renames")
    files = parse_patch(text)
    assert "".join(map(patch_text, files)) == text
    expected = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    assert expected <= {file.path for file in files}
    for file in files:
        assert (file.old is None) == (file.path not in old)
        assert (file.new is None) == (file.path not in new)
        whole = applied(file, old.get(file.path, b""))
        assert whole.rstrip(b"\n") == new.get(file.path, b"").rstrip(b"\n")
        parts = (heading(file), *unified(file), *side_by_side(file, 60))
        assert is_harmless(parts)


def clashes(name: str, files: Mapping[str, object]) -> bool:
    return any(other != name and name.startswith(f"{other}/") for other in files)


def test_renames_copies_modes_and_binary_files_are_told(folder: Path):
    text = b"".join(b"line %d\n" % number for number in range(30))
    before = tree(
        folder, {"a b.py": text, "keep": text + b"!", "run": b"#!/bin/sh\n", "bin": b"\0a"}
    )
    changed = text.replace(b"line 7\n", b"line seven\n")
    after = tree(
        folder,
        {
            "ü.py": changed,
            "keep": text + b"!",
            "copy": text + b"!\n",
            "run": b"#!/bin/sh\n",
            "bin": b"\0b",
        },
        ("run",),
    )
    files = {file.path: file for file in parse_patch(diff(folder, before, after, "-C", "-C"))}
    assert (files["ü.py"].old, files["ü.py"].copied) == ("a b.py", False)
    assert (files["ü.py"].added, files["ü.py"].removed) == (1, 1)
    assert files["copy"].copied
    assert (files["run"].old_mode, files["run"].new_mode) == ("100644", "100755")
    assert files["bin"].binary
    said = {path: plain([heading(file)]) for path, file in files.items()}
    assert said["ü.py"] == "ü.py (renamed from a b.py) +1 -1"
    assert said["run"] == "run (mode 100644, now 100755)"
    assert said["bin"] == "bin (binary)"
    whole = diff(folder, before, after, "--binary")
    assert "".join(map(patch_text, parse_patch(whole))) == whole


def test_one_hunk_alone_is_a_patch_that_git_takes(folder: Path, tmp_path: Path):
    lines = [f"line {number}" for number in range(40)]
    changed = ["first", *lines[1:30], "thirty", *lines[31:]]
    text = diff(
        folder,
        tree(folder, {"a b": content(lines, True)}),
        tree(folder, {"a b": content(changed, True)}),
    )
    (file,) = parse_patch(text)
    assert len(file.hunks) == 2
    (tmp_path / "a b").write_bytes(content(lines, True))
    (tmp_path / "p").write_text(patch_text(file, file.hunks[1:]))
    git(tmp_path, "apply", "--recount", "p")
    assert (tmp_path / "a b").read_bytes() == content([*lines[:30], "thirty", *lines[31:]], True)


def test_what_our_own_tools_write_is_read():
    text = unified_diff("a.py", "one\ntwo", "one\nthree\n")
    (file,) = parse_patch(text)
    assert (file.old, file.new, file.added, file.removed) == ("a.py", "a.py", 1, 1)
    assert "newline" in plain(unified(file))
    (new,) = parse_patch(unified_diff("a.py", None, "one\n"))
    assert (new.old, new.new) == (None, "a.py")


def test_a_patch_that_was_cut_off_shows_what_there_is():
    text = unified_diff(
        "a.py", "", "".join(f"line {number} {'x' * 90}\n" for number in range(5000))
    )
    assert "more characters" in text
    (file,) = parse_patch(text)
    assert file.added > 100
    assert "more characters" in plain(unified(file, 10**6))


def test_a_patch_of_many_lines_is_painted_in_part():
    text = "--- a/x\n+++ b/x\n@@ -0,0 +1,100000 @@\n" + "+line\n" * 100_000
    (file,) = parse_patch(text)
    assert file.added == 100_000
    for parts in (unified(file, 50), side_by_side(file, 80, 50)):
        assert len(parts) == 52
        assert "99,950 more lines" in plain(parts)


ODD = (
    "--- ", "+++ ", "@@ -1,2 +1 @@", "\n", "+a", "-", " ", "\\ x", "diff --git a/x b/x", 'diff --git "a/\\',
    "rename from ", "\ud800", "\x1b",
)  # fmt: skip


@given(st.text(max_size=300) | st.lists(st.sampled_from(ODD), max_size=30).map("".join))
@settings(max_examples=150, deadline=None)
def test_nothing_raises_whatever_the_patch(text: str):
    for file in parse_patch(text):
        assert is_harmless((heading(file), *unified(file), *side_by_side(file, 20)))


# --- how it looks ---

CHANGE = (
    "--- a/x.py\n+++ b/x.py\n@@ -7,3 +7,3 @@ class A:\n x = 1\n-y = 'old'\n+y = 'new'\n z = 3\n"
)


def test_a_diff_has_numbers_signs_and_the_words_that_changed():
    (file,) = parse_patch(CHANGE)
    parts = unified(file)
    assert plain(parts).split("\n") == [
        "line 7: class A:",
        "7   x = 1",
        "8 - y = 'old'",
        "8 + y = 'new'",
        "9   z = 3",
    ]
    removed, added = parts[2:4]
    assert (removed.fill, added.fill) == ("on $error-muted", "on $success-muted")
    for part, word in ((removed, "old"), (added, "new")):
        marked = [
            part.content.plain[a:b] for a, b, style in part.content.spans if "20%" in str(style)
        ]
        assert marked == [word]
    assert any(str(style).startswith("$text-") for _, _, style in added.content.spans)


def test_side_by_side_fills_its_width_and_goes_on_below():
    (file,) = parse_patch(CHANGE.replace("'new'", "'" + "n" * 40 + "'"))
    parts = side_by_side(file, 41)
    rows = [row for part in parts[1:] for row in part.content.split("\n")]
    assert {row.cell_length for row in rows} == {41}
    assert len(rows) == 5
    assert rows[1].plain.startswith("8 - y = 'old'")


def test_line_ends_are_shown_where_they_differ_alone():
    (file,) = parse_patch("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n")
    assert "\\r" not in plain(unified(file))
    (file,) = parse_patch("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-b\r\n+b\n")
    assert "1 - b\\r" in plain(unified(file))
