"""The checked out branch, held against real repositories and hostile ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from leadline.tui.branch import branch_of


def git(folder: Path, *arguments: str) -> str:
    told = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


def test_a_branch_has_its_name_also_before_its_first_commit(repository: Path):
    assert branch_of(repository) == "main"
    git(repository, "commit", "-q", "--allow-empty", "-m", "x")
    git(repository, "checkout", "-q", "-b", "feat/wörter-]")
    assert branch_of(repository) == "feat/wörter-]"


def test_without_a_branch_the_commit_is_told(repository: Path):
    git(repository, "commit", "-q", "--allow-empty", "-m", "x")
    git(repository, "checkout", "-q", "--detach")
    assert branch_of(repository) == f"at {git(repository, 'rev-parse', 'HEAD')[:7]}"


def test_a_linked_worktree_has_a_branch_of_its_own(repository: Path, tmp_path: Path):
    git(repository, "commit", "-q", "--allow-empty", "-m", "x")
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    assert branch_of(tmp_path / "linked") == "other"
    (tmp_path / "linked" / ".git").write_text("gitdir: ../work/.git/worktrees/linked\n")
    assert branch_of(tmp_path / "linked") == "other"


def test_a_head_that_is_a_link_is_read_as_git_does(repository: Path):
    head = repository / ".git" / "HEAD"
    head.unlink()
    head.symlink_to("refs/heads/old")
    assert branch_of(repository) == "old"


def test_outside_of_a_repository_there_is_none(tmp_path: Path):
    assert branch_of(tmp_path) == ""
    assert branch_of(tmp_path / "missing") == ""


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\xfe\x00",
        b"ref: refs/heads/.invalid",
        b"ref: refs/remotes/x",
        b"gitdir: x",
        b"z" * 9000,
        b"0123",
    ],
)
def test_what_is_no_head_is_no_branch(tmp_path: Path, head: bytes):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_bytes(head)
    assert branch_of(tmp_path) == ""


def test_a_hostile_head_neither_hangs_nor_reaches_the_terminal(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    head = tmp_path / ".git" / "HEAD"
    head.write_bytes(b"ref: refs/heads/\x1b]0;owned\x07ma\x1b[31min")
    assert branch_of(tmp_path) == "main"
    head.unlink()
    os.mkfifo(head)
    assert branch_of(tmp_path) == ""
    head.unlink()
    (tmp_path / ".git").rmdir()
    (tmp_path / ".git").write_bytes(b"gitdir: \x00")
    assert branch_of(tmp_path) == ""
    (tmp_path / ".git").write_bytes(b"gitdir: /dev")
    assert branch_of(tmp_path) == ""
