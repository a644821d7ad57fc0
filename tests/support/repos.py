"""Small real git repositories."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

BROKEN_CALC = {
    "calc.py": (
        '"""Sums."""\n\n\ndef add(left: int, right: int) -> int:\n    return left - right\n'
    ),
    "test_calc.py": (
        "import unittest\n\nfrom calc import add\n\n\nclass Adding(unittest.TestCase):\n"
        "    def test_adds(self):\n        self.assertEqual(add(2, 3), 5)\n"
    ),
    ".gitignore": "__pycache__/\n*.log\n",
}
"""A function that subtracts where it should add, and the test that says so."""


def git(folder: Path, *args: str) -> str:
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *args]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def make_repo(folder: Path, files: Mapping[str, str] = BROKEN_CALC) -> Path:
    """A repository on branch main with `files` committed, and an identity of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@example.org")
    write_files(folder, files)
    if files:
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "Begin")
    return folder


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def tree_bytes(folder: Path, *, git_too: bool = False) -> dict[str, bytes]:
    """Every file's bytes by its path, `.git` only if asked for."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (git_too or ".git" not in path.relative_to(folder).parts)
    }
