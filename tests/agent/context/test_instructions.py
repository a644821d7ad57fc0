"""AGENTS.md and its kin: which are read, how much of them, and what they can't do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from leadline.agent.context.instructions import (
    MOST_BYTES,
    Instructions,
    find_instructions,
    instructions_text,
)
from leadline.tests.support.repos import write_files


def paths(root: Path, below: str = "") -> list[str]:
    return [each.path for each in find_instructions(root, below)]


def test_from_the_root_to_where_the_person_stands(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "AGENTS.md": "root\n",
            "CLAUDE.md": "not read beside AGENTS.md\n",
            "a/b/CLAUDE.md": "deep\n",
            "a/b/GEMINI.md": "not read beside CLAUDE.md\n",
            "a/b/c/.cursorrules": "deepest\n",
            "other/AGENTS.md": "elsewhere\n",
        },
    )
    assert paths(tmp_path) == ["AGENTS.md"]
    assert paths(tmp_path, "a") == ["AGENTS.md"]
    assert paths(tmp_path, "a/b/c") == ["AGENTS.md", "a/b/CLAUDE.md", "a/b/c/.cursorrules"]
    assert paths(tmp_path, "gone/too") == ["AGENTS.md"]


@pytest.mark.parametrize("name", ["agents.md", "Agents.md", "AGENTS.MD", "claude.md"])
def test_however_the_name_is_spelt(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, {name: "text\n"})
    assert paths(tmp_path) == [name]


def test_the_exact_name_comes_first(tmp_path: Path) -> None:
    write_files(tmp_path, {"AGENTS.MD": "other\n", "AGENTS.md": "exact\n", "agents.md": "other\n"})
    if len(list(tmp_path.iterdir())) == 3:  # not on a file system without case
        assert find_instructions(tmp_path, "") == (Instructions("AGENTS.md", "exact\n"),)


def test_what_says_nothing_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_bytes(b"\x00\x01\x02" * 50)
    (tmp_path / "CLAUDE.md").write_text(" \n\n")
    (tmp_path / "GEMINI.md").write_text("said here\n")
    assert paths(tmp_path) == ["GEMINI.md"]
    (tmp_path / "GEMINI.md").unlink()
    assert paths(tmp_path) == []
    assert instructions_text(()) is None


def test_no_link_leads_out_and_nothing_hangs(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write_files(root, {"docs/how.md": "inside\n"})
    write_files(outside, {"secret.md": "a secret\n", "AGENTS.md": "a secret\n"})
    (root / "AGENTS.md").symlink_to(outside / "secret.md")
    os.mkfifo(root / "CLAUDE.md")
    (root / "GEMINI.md").mkdir()
    (root / "linked").symlink_to(outside)
    assert paths(root) == paths(root, "linked") == []
    (root / ".cursorrules").symlink_to("docs/how.md")
    assert find_instructions(root, "linked") == (Instructions(".cursorrules", "inside\n"),)


def test_odd_encodings(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_bytes("\ufeffZeile \u00fc\r\nzwei\r\n".encode("utf-16"))
    (found,) = find_instructions(tmp_path, "")
    assert "Zeile \u00fc\nzwei\n" in found.text
    text = instructions_text((found,))
    assert text is not None
    assert "zwei" in text


def test_long_files_are_cut_at_a_line(tmp_path: Path) -> None:
    line = "Write short functions, \u00fcberall.\n"
    many = line * (MOST_BYTES // len(line.encode()) + 50)
    write_files(tmp_path, {"AGENTS.md": many, "a/AGENTS.md": "deep\n"})
    found = find_instructions(tmp_path, "a")
    text = instructions_text(found)
    empty = instructions_text((Instructions("AGENTS.md", "x"),))
    assert text is not None
    assert empty is not None
    assert len(text.encode()) <= MOST_BYTES + len(empty.encode()) + 200
    body = text.split("== AGENTS.md\n", 1)[1].split("\n[", 1)[0]
    assert set(body.split("\n")) == {line.rstrip("\n")}
    lost = many.count("\n") - len(body.split("\n"))
    assert f"[cut here: {lost} more lines in AGENTS.md]" in text
    assert "== a/AGENTS.md" in text


def test_one_long_line_is_not_shown_in_part(tmp_path: Path) -> None:
    write_files(tmp_path, {"AGENTS.md": "x" * (3 * MOST_BYTES)})
    text = instructions_text(find_instructions(tmp_path, ""))
    assert text is not None
    assert "xx" not in text
    assert "[cut here: 1 more line in AGENTS.md]" in text
