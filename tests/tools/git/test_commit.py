"""Commits by explicit paths: all else of the person's stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from leadline.tools.errors import Exit, PersonError, ToolError
from leadline.tools.git.commit import commit_paths
from leadline.tools.git.message import commit_message
from leadline.tools.git.repository import Repository, init_repository, open_repository

Git = Callable[..., bytes]
TRAILER = "Co-authored-by: Leadline <leadline@example.org>"


def text(git: Git, root: Path, *args: str) -> str:
    return git(root, *args).decode().strip()


@pytest.fixture
async def opened(repo: Path) -> Repository:
    return await open_repository(repo)


async def test_by_explicit_paths_only(opened: Repository, git: Git) -> None:
    root = opened.root
    (root / "a.txt").write_text("two\n")
    (root / "src" / "b.py").unlink()
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("a.txt")
    (root / "theirs staged").write_text("staged")
    git(root, "add", "theirs staged")
    (root / "theirs staged").write_text("and changed")
    (root / "theirs untracked").write_text("u")
    paths = ["a.txt", "src/b.py", "run.sh", "link"]
    made = await commit_paths(opened, paths, "Fix it\n\nBecause.\n", trailer=TRAILER)
    assert (made.branch, made.paths, made.ignored, made.unsigned) == (
        "main",
        ("a.txt", "link", "run.sh", "src/b.py"),
        (),
        False,
    )
    assert text(git, root, "rev-parse", "HEAD") == made.commit
    assert text(git, root, "log", "-1", "--format=%B") == f"Fix it\n\nBecause.\n\n{TRAILER}"
    assert text(git, root, "log", "-1", "--format=%an <%ae> %cn") == (
        "Ann Person <ann@example.org> Ann Person"
    )
    assert text(
        git, root, "show", "--no-renames", "--format=", "--name-status", "HEAD"
    ).split() == (["M", "a.txt", "A", "link", "A", "run.sh", "D", "src/b.py"])
    modes = text(git, root, "ls-tree", "--format=%(path) %(objectmode)", "HEAD", "link", "run.sh")
    assert modes.split() == ["link", "120000", "run.sh", "100755"]
    assert text(git, root, "status", "--porcelain").splitlines() == [
        'AM "theirs staged"',
        '?? "theirs untracked"',
    ]
    assert git(root, "show", ":theirs staged") == b"staged"
    assert text(git, root, "reflog", "-1", "--format=%gs") == "commit: Fix it"
    assert text(git, root, "reflog", "-1", "--format=%gs", "main") == "commit: Fix it"
    git(root, "fsck", "--strict")
    assert not (root / ".git" / "index.lock").exists()


async def test_a_path_they_staged_differently_is_committed_as_on_disk(
    opened: Repository, git: Git
) -> None:
    root = opened.root
    (root / "a.txt").write_text("staged\n")
    git(root, "add", "a.txt")
    (root / "a.txt").write_text("on disk\n")
    await commit_paths(opened, ["a.txt"], "m")
    assert git(root, "show", "HEAD:a.txt") == b"on disk\n"
    assert text(git, root, "status", "--porcelain") == ""


async def test_first_commit(tmp_path: Path, git: Git) -> None:
    (tmp_path / "new").mkdir()
    made = await init_repository(tmp_path / "new")
    (made.root / "f").write_text("f")
    (made.root / "g").write_text("g")
    first = await commit_paths(made, ["f"], "first")
    assert text(git, made.root, "rev-list", "HEAD") == first.commit
    assert text(git, made.root, "status", "--porcelain") == "?? g"
    other = await commit_paths(made, ["g"], "other", branch="side")
    assert text(git, made.root, "rev-parse", "side~1") == first.commit
    assert other.branch == "side"


async def test_other_branches(opened: Repository, git: Git) -> None:
    root = opened.root
    index = (root / ".git" / "index").read_bytes()
    (root / "a.txt").write_text("two\n")
    head = text(git, root, "rev-parse", "HEAD")
    new = await commit_paths(opened, ["a.txt"], "m", branch="fix/one")
    assert text(git, root, "rev-parse", "fix/one") == new.commit
    assert text(git, root, "rev-parse", "fix/one~1", "HEAD").split() == [head, head]
    assert text(git, root, "symbolic-ref", "--short", "HEAD") == "main"
    assert (root / ".git" / "index").read_bytes() == index
    (root / "c.txt").write_text("c\n")
    again = await commit_paths(opened, ["c.txt"], "m", branch="fix/one")
    assert text(git, root, "rev-parse", "fix/one~1") == new.commit
    assert text(git, root, "ls-tree", "-r", "--name-only", again.commit).split() == [
        "a.txt",
        "c.txt",
        "src/b.py",
    ]
    (root / "a.txt").write_text("three\n")
    with pytest.raises(PersonError, match=r"other changes to a\.txt") as caught:
        await commit_paths(opened, ["a.txt"], "m", branch="fix/one")
    assert caught.value.exit_code is Exit.CONFLICT
    current = await commit_paths(opened, ["a.txt"], "m", branch="main")
    assert text(git, root, "rev-parse", "HEAD") == current.commit


@pytest.mark.parametrize("name", ["-x", "a..b", "a b", "fix", "x.lock", "", "\x1b"])
async def test_bad_branch_names(opened: Repository, git: Git, name: str) -> None:
    git(opened.root, "branch", "fix/one")
    (opened.root / "a.txt").write_text("two\n")
    with pytest.raises(PersonError) as caught:
        await commit_paths(opened, ["a.txt"], "m", branch=name)
    assert caught.value.message.isprintable()


async def test_branch_of_another_worktree(opened: Repository, tmp_path: Path, git: Git) -> None:
    git(opened.root, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    (opened.root / "a.txt").write_text("two\n")
    with pytest.raises(PersonError, match="checked out in"):
        await commit_paths(opened, ["a.txt"], "m", branch="side")
    side = await open_repository(tmp_path / "side")
    (side.root / "a.txt").write_text("three\n")
    made = await commit_paths(side, ["a.txt"], "m")
    assert text(git, opened.root, "rev-parse", "side") == made.commit
    assert text(git, side.root, "status", "--porcelain") == ""
    assert text(git, opened.root, "status", "--porcelain") == "M a.txt"


async def test_detached(opened: Repository, git: Git) -> None:
    root = opened.root
    git(root, "checkout", "--quiet", "--detach")
    (root / "a.txt").write_text("two\n")
    with pytest.raises(PersonError, match="--branch"):
        await commit_paths(opened, ["a.txt"], "m")
    made = await commit_paths(opened, ["a.txt"], "m", allow_detached=True)
    assert (made.branch, text(git, root, "rev-parse", "HEAD")) == (None, made.commit)
    assert text(git, root, "rev-parse", "main") != made.commit
    assert text(git, root, "status", "--porcelain") == ""
    (root / "a.txt").write_text("three\n")
    assert (await commit_paths(opened, ["a.txt"], "m", branch="kept")).branch == "kept"


async def test_what_git_would_not_commit(opened: Repository, git: Git, home: Path) -> None:
    root = opened.root
    with pytest.raises(PersonError, match="nothing to commit") as caught:
        await commit_paths(opened, ["a.txt", "no/such"], "m")
    assert caught.value.exit_code is Exit.NOT_DONE
    (root / ".gitignore").write_text("*.env\n")
    (root / "x.env").write_text("secret")
    made = await commit_paths(opened, [".gitignore", "x.env"], "m")
    assert (made.paths, made.ignored) == ((".gitignore",), ("x.env",))
    assert text(git, root, "ls-files") == ".gitignore\na.txt\nsrc/b.py"
    (root / "a.txt").write_text("two\n")
    with pytest.raises(PersonError, match="message is empty"):
        await commit_paths(opened, ["a.txt"], " \n")
    with pytest.raises(ToolError):
        await commit_paths(opened, [".git/config"], "m")
    (home / ".gitconfig").write_text("[user]\n\tname = Only Name\n")
    with pytest.raises(PersonError, match=r"user\.email") as caught:
        await commit_paths(opened, ["a.txt"], "m")
    assert caught.value.exit_code is Exit.USAGE


async def test_during_a_merge(opened: Repository, git: Git) -> None:
    root = opened.root
    git(root, "checkout", "--quiet", "-b", "other")
    (root / "a.txt").write_text("other\n")
    git(root, "commit", "--quiet", "-am", "other")
    git(root, "checkout", "--quiet", "main")
    (root / "a.txt").write_text("main\n")
    git(root, "commit", "--quiet", "-am", "main")
    git(root, "merge", "other", check=False)
    (root / "src" / "b.py").write_text("b = 2\n")
    with pytest.raises(PersonError, match="merge is in progress") as caught:
        await commit_paths(opened, ["src/b.py"], "m")
    assert caught.value.exit_code is Exit.CONFLICT
    # Conflicts are left also by a stash, without an operation.
    git(root, "merge", "--abort")
    (root / "a.txt").write_text("stashed\n")
    git(root, "stash")
    (root / "a.txt").write_text("now\n")
    git(root, "commit", "--quiet", "-am", "now")
    git(root, "stash", "pop", check=False)
    (root / "src" / "b.py").write_text("b = 2\n")
    with pytest.raises(PersonError, match="has conflicts"):
        await commit_paths(opened, ["a.txt"], "m")
    await commit_paths(opened, ["src/b.py"], "m")
    assert text(git, root, "status", "--porcelain") == "UU a.txt"


async def test_index_lock_and_moved_branch(
    opened: Repository, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = opened.root
    (root / "a.txt").write_text("two\n")
    lock = root / ".git" / "index.lock"
    lock.touch()
    head, index = text(git, root, "rev-parse", "HEAD"), (root / ".git" / "index").read_bytes()
    with pytest.raises(PersonError, match="another git command") as caught:
        await commit_paths(opened, ["a.txt"], "m")
    assert caught.value.exit_code is Exit.CONFLICT
    lock.unlink()
    ref_lock = root / ".git" / "refs" / "heads" / "main.lock"
    ref_lock.touch()
    with pytest.raises(PersonError, match="could not be moved") as caught:
        await commit_paths(opened, ["a.txt"], "m")
    assert caught.value.exit_code is Exit.CONFLICT
    ref_lock.unlink()
    assert text(git, root, "rev-parse", "HEAD") == head
    assert (root / ".git" / "index").read_bytes() == index
    assert not lock.exists()


@pytest.mark.parametrize("where", ["repository", "person"])
async def test_line_ends_are_converted_as_configured(
    opened: Repository, git: Git, where: str
) -> None:
    root = opened.root
    scope = "--global" if where == "person" else "--local"
    git(root, "config", scope, "core.autocrlf", "true")
    (root / ".gitattributes").write_text(
        "*.raw -text\n*.id ident\n*.u text working-tree-encoding=UTF-16LE\n"
    )
    (root / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    (root / "b.raw").write_bytes(b"one\r\n")
    (root / "c.id").write_bytes(b"$Id: 0123456789 $\n")
    (root / "d.u").write_bytes("hé\n".encode("utf-16-le"))
    paths = [".gitattributes", "a.txt", "b.raw", "c.id", "d.u"]
    await commit_paths(opened, paths, "m")
    committed = {path: git(root, "cat-file", "blob", f"HEAD:{path}") for path in paths[1:]}
    assert committed == {
        "a.txt": b"one\ntwo\n",
        "b.raw": b"one\r\n",
        "c.id": b"$Id$\n",
        "d.u": "hé\n".encode(),
    }
    assert text(git, root, "status", "--porcelain") == ""


@pytest.mark.parametrize("scope", ["--local", "--global"])
async def test_filtered_files_are_refused(
    opened: Repository, git: Git, tmp_path: Path, scope: str
) -> None:
    root = opened.root
    (root / ".gitattributes").write_text("*.big filter=lfs\n*.other filter=unknown\n")
    git(root, "config", scope, "filter.lfs.clean", f"touch '{tmp_path}/canary'; cat")
    git(root, "config", scope, "filter.lfs.required", "true")
    (root / "x.big").write_text("x")
    (root / "y.other").write_text("y")
    with pytest.raises(PersonError, match=r"x\.big must go through a filter"):
        await commit_paths(opened, ["x.big", "y.other"], "m")
    await commit_paths(opened, ["y.other"], "m")
    assert not (tmp_path / "canary").exists()


async def test_signing_is_said_not_done(opened: Repository, git: Git) -> None:
    git(opened.root, "config", "--global", "commit.gpgSign", "true")
    (opened.root / "a.txt").write_text("two\n")
    made = await commit_paths(opened, ["a.txt"], "m")
    assert made.unsigned
    assert b"gpgsig" not in git(opened.root, "cat-file", "commit", made.commit)


async def test_not_through_links_nor_in_other_repositories(
    opened: Repository, tmp_path: Path, git: Git
) -> None:
    root = opened.root
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_text("x")
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "nested").mkdir()
    git(root / "nested", "init", "--quiet")
    (root / "nested" / "n").write_text("n")
    for path in ("link/x", "nested/n"):
        with pytest.raises(PersonError, match="Nothing was committed"):
            await commit_paths(opened, [path], "m")


async def test_file_and_folder_change_places(opened: Repository, git: Git) -> None:
    root = opened.root
    (root / "a.txt").unlink()
    (root / "a.txt").mkdir()
    (root / "a.txt" / "deep").write_text("d")
    (root / "src" / "b.py").unlink()
    (root / "src").rmdir()
    (root / "src").write_text("file")
    with pytest.raises(PersonError, match="Nothing was committed"):
        await commit_paths(opened, ["src"], "m")
    await commit_paths(opened, ["src", "src/b.py", "a.txt", "a.txt/deep"], "m")
    assert text(git, root, "ls-tree", "-r", "--name-only", "HEAD").split() == ["a.txt/deep", "src"]
    assert text(git, root, "status", "--porcelain") == ""


async def test_odd_names_and_encodings(opened: Repository, git: Git) -> None:
    root = opened.root
    git(root, "config", "i18n.commitEncoding", "latin1")
    for name in ("new\nline", ":(top)x", "*", "-f"):
        (root / name).write_text("x")
    await commit_paths(opened, ["new\nline", ":(top)x", "*", "-f"], "naïve \udcff\0message")
    listed = git(root, "ls-tree", "-z", "--name-only", "HEAD").split(b"\0")
    assert {b"new\nline", b":(top)x", b"*", b"-f"} < set(listed)
    assert b"encoding" not in git(root, "cat-file", "commit", "HEAD")


async def test_sparse_and_split_indexes(tmp_path: Path, repo: Path, git: Git) -> None:
    git(repo, "update-index", "--split-index")
    git(repo, "sparse-checkout", "set", "--sparse-index", "none")
    assert not (repo / "src").exists()
    (repo / "a.txt").write_text("two\n")
    made = await commit_paths(await open_repository(repo), ["a.txt"], "m")
    assert text(git, repo, "ls-tree", "-r", "--name-only", made.commit).split() == [
        "a.txt",
        "src/b.py",
    ]
    assert text(git, repo, "status", "--porcelain") == ""


def test_messages() -> None:
    assert commit_message("one\n", None) == "one\n"
    assert commit_message("one", TRAILER) == f"one\n\n{TRAILER}\n"
    signed = "one\n\nSigned-off-by: Ann <a@example.org>"
    assert commit_message(signed, TRAILER) == f"{signed}\n{TRAILER}\n"
    assert commit_message(f"{signed}\n{TRAILER}\n", TRAILER) == f"{signed}\n{TRAILER}\n"
    assert commit_message("fix: one", TRAILER) == f"fix: one\n\n{TRAILER}\n"
    with pytest.raises(ValueError, match="trailer"):
        commit_message("one", "two\nlines: x")


async def test_a_path_below_a_link_that_leads_nowhere(opened: Repository) -> None:
    (opened.root / "src" / "b.py").unlink()
    (opened.root / "src" / ".git").symlink_to("x" * 300)
    made = await commit_paths(opened, ["src/b.py"], "Remove it", trailer=TRAILER)
    assert made.paths == ("src/b.py",)


async def test_a_path_that_can_not_be_looked_at(opened: Repository) -> None:
    with pytest.raises(PersonError, match="cannot be looked at"):
        await commit_paths(opened, ["x" * 300], "Add it", trailer=TRAILER)
