"""Real repositories for the git tests, made by plain git under a home folder of their own."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Git = Callable[..., bytes]
Tree = Mapping[str, tuple[int, bytes]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's home: an identity, nothing else of this machine."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    (folder / ".gitconfig").write_text(
        "[user]\n\tname = Ann Person\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    return folder


@pytest.fixture
def git() -> Git:
    """Plain git, as a person calls it: `git(folder, "status")` gives its output."""

    def call(folder: Path, *args: str, stdin: bytes = b"", check: bool = True) -> bytes:
        done = subprocess.run(
            ["git", *args], check=False, cwd=folder, input=stdin, capture_output=True
        )
        if check and done.returncode:
            raise AssertionError(done.stderr.decode("utf-8", "replace"))
        return done.stdout

    return call


@pytest.fixture
def repo(tmp_path: Path, git: Git) -> Path:
    """A repository with two files and a commit."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "a.txt").write_text("one\n")
    (folder / "src").mkdir()
    (folder / "src" / "b.py").write_text("b = 1\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


@pytest.fixture
def scan() -> Callable[..., dict[str, tuple[int, bytes]]]:
    """Everything in a folder that is not a folder: path to mode and content, `.git` left out or not."""

    def look(folder: Path, *, with_git: bool = False) -> dict[str, tuple[int, bytes]]:
        found: dict[str, tuple[int, bytes]] = {}
        for above, folders, files in os.walk(folder):
            if not with_git and ".git" in folders:
                folders.remove(".git")
            links = [name for name in folders if Path(above, name).is_symlink()]
            for name in files + links:
                path = Path(above, name)
                mode = path.lstat().st_mode
                if stat.S_ISLNK(mode):
                    content = os.fsencode(path.readlink())
                elif stat.S_ISREG(mode):
                    content = path.read_bytes()
                else:
                    content = b""
                found[str(path.relative_to(folder))] = (mode, content)
        return found

    return look
