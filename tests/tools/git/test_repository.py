"""Opening repositories of every shape, and looking at them without leaving a trace."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from leadline.tools.errors import Exit, PersonError, ToolError
from leadline.tools.git.repository import Operation, init_repository, open_repository

Git = Callable[..., bytes]
Scan = Callable[..., dict[str, tuple[int, bytes]]]


async def test_state(repo: Path, git: Git) -> None:
    found = await open_repository(repo / "src")
    head = git(repo, "rev-parse", "HEAD").decode().strip()
    assert (found.root, found.git_dir, found.common_dir) == (repo, repo / ".git", repo / ".git")
    assert (found.head, found.branch, found.operation) == (head, "main", None)
    assert (found.settings.name, found.settings.email) == ("Ann Person", "ann@example.org")
    assert found.object_format == "sha1"


async def test_empty_and_detached(tmp_path: Path, repo: Path, git: Git) -> None:
    (tmp_path / "new").mkdir()
    made = await init_repository(tmp_path / "new")
    assert (made.head, made.branch) == (None, "main")
    assert await made.recent_log(5) == ()
    assert await made.list_files() == ()
    assert not list((tmp_path / "new" / ".git").glob("hooks/*"))
    git(repo, "checkout", "--quiet", "--detach")
    detached = await open_repository(repo)
    assert detached.branch is None
    assert detached.head is not None
    assert (await init_repository(repo)).head == detached.head


@pytest.mark.parametrize("what", ["no repository", "bare", "inside .git", "no folder", "broken"])
async def test_what_cannot_be_worked_on(tmp_path: Path, repo: Path, git: Git, what: str) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "bare")
    (tmp_path / "plain").mkdir()
    (tmp_path / "broken").mkdir()
    git(tmp_path / "broken", "init", "--quiet")
    (tmp_path / "broken" / ".git" / "config").write_text("[[[")
    path, words = {
        "no repository": (tmp_path / "plain", "--init"),
        "bare": (tmp_path / "bare", "bare"),
        "inside .git": (repo / ".git" / "refs", "bare"),
        "no folder": (repo / "a.txt", "not a folder"),
        "broken": (tmp_path / "broken", "bad config"),
    }[what]
    with pytest.raises(PersonError, match=words) as caught:
        await open_repository(path)
    assert caught.value.exit_code is Exit.USAGE


async def test_a_work_tree_elsewhere_is_refused(tmp_path: Path, repo: Path, git: Git) -> None:
    (tmp_path / "private").mkdir()
    git(repo, "config", "core.worktree", str(tmp_path / "private"))
    with pytest.raises(PersonError, match=r"core\.worktree"):
        await open_repository(repo)


async def test_linked_worktree_and_submodule(tmp_path: Path, repo: Path, git: Git) -> None:
    git(repo, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    side = await open_repository(tmp_path / "side")
    assert (side.branch, side.common_dir) == ("side", repo / ".git")
    assert side.git_dir == repo / ".git" / "worktrees" / "side"
    git(tmp_path, "clone", "--quiet", str(repo), "outer")
    outer = tmp_path / "outer"
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo), "sub")
    sub = await open_repository(outer / "sub")
    assert (sub.root, sub.git_dir) == (outer / "sub", outer / ".git" / "modules" / "sub")
    assert "sub" not in await (await open_repository(outer)).list_files()
    assert await sub.list_files() == ("a.txt", "src/b.py")


async def test_operations(repo: Path, git: Git) -> None:
    git(repo, "checkout", "--quiet", "-b", "other")
    (repo / "a.txt").write_text("other\n")
    git(repo, "commit", "--quiet", "-am", "other")
    git(repo, "checkout", "--quiet", "main")
    (repo / "a.txt").write_text("main\n")
    git(repo, "commit", "--quiet", "-am", "main")
    cases = (
        (Operation.MERGE, ("merge", "other"), ("merge", "--abort")),
        (Operation.REBASE, ("rebase", "other"), ("rebase", "--abort")),
        (Operation.CHERRY_PICK, ("cherry-pick", "other"), ("cherry-pick", "--abort")),
        (Operation.REVERT, ("revert", "HEAD~1"), ("revert", "--abort")),
        (Operation.BISECT, ("bisect", "start"), ("bisect", "reset")),
    )
    for operation, begin, end in cases:
        git(repo, *begin, check=False)
        assert (await open_repository(repo)).operation is operation
        git(repo, *end)
    assert (await open_repository(repo)).operation is None


async def test_files(repo: Path, git: Git) -> None:
    odd = os.fsdecode(b'new\nline "quoted" \xff\xfe')
    (repo / odd).write_text("x")
    (repo / ".gitignore").write_text("*.log\nbuild/\n")
    (repo / "x.log").write_text("x")
    (repo / "build").mkdir()
    (repo / "build" / "kept.txt").write_text("x")
    (repo / "build" / "out.txt").write_text("x")
    git(repo, "add", "--force", "build/kept.txt")
    (repo / "a.txt").unlink()
    nested = repo / "nested"
    nested.mkdir()
    git(nested, "init", "--quiet")
    (nested / "n.txt").write_text("n")
    found = await open_repository(repo)
    assert await found.tracked_files() == ("build/kept.txt", "src/b.py")
    assert set(await found.list_files()) == {".gitignore", odd, "build/kept.txt", "src/b.py"}
    asked = ["x.log", "build/out.txt", "build/kept.txt", "a.txt", "no-such.log", odd]
    assert await found.is_ignored(asked) == {"x.log", "build/out.txt", "no-such.log"}
    assert await found.is_ignored([]) == frozenset()
    (repo / "link").symlink_to("build")
    assert await found.is_ignored(["link/x", "x.log"]) == {"x.log"}
    with pytest.raises(ToolError):
        await found.is_ignored(["../outside"])


async def test_the_persons_own_ignore_file_counts(repo: Path, home: Path) -> None:
    with (home / ".gitconfig").open("a") as file:
        file.write("[core]\n\texcludesFile = ~/ignored\n")
    (home / "ignored").write_text("*.swp\n")
    (repo / "x.swp").write_text("x")
    found = await open_repository(repo)
    assert "x.swp" not in await found.list_files()
    assert await found.is_ignored(["x.swp"]) == {"x.swp"}


async def test_log_and_status(repo: Path, git: Git, scan: Scan) -> None:
    git(repo, "config", "log.showSignature", "true")
    git(repo, "config", "i18n.logOutputEncoding", "latin1")
    (repo / "a.txt").write_text("two\n")
    git(repo, "commit", "--quiet", "-am", "sécond \x1b[31m")
    (repo / "a.txt").write_text("three\n")
    (repo / "new.txt").write_text("n")
    git(repo, "add", "new.txt")
    (repo / "src" / "b.py").write_text("b = 2\n")
    (repo / "loose").mkdir()
    (repo / "loose" / "1").write_text("1")
    before = scan(repo, with_git=True)
    found = await open_repository(repo)
    log = await found.recent_log(5)
    assert [(one.subject, one.author) for one in log] == [
        ("sécond ?[31m", "Ann Person"),
        ("first", "Ann Person"),
    ]
    assert len(await found.recent_log(1)) == 1
    summary = await found.status_summary()
    assert (summary.staged, summary.changed, summary.unmerged, summary.untracked) == (1, 2, 0, 1)
    assert not summary.clean
    assert summary.paths == ("a.txt", "new.txt", "src/b.py", "loose/")
    assert scan(repo, with_git=True) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder away")
async def test_root_in_somebodys_folder(repo: Path) -> None:
    for above, folders, files in os.walk(repo):
        for name in (*folders, *files, "."):
            os.chown(Path(above, name), 65534, 65534)
    assert (await open_repository(repo)).branch == "main"
