"""What git history says of files."""

from __future__ import annotations

from pathlib import Path

from leadline.tests.support.repos import git, make_repo, write_files
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.map.history import History, history_of, read_history
from leadline.tools.git.repository import open_repository


def commit(repo: Path, **files: str) -> None:
    write_files(repo, {name.replace("__", "/") + ".py": text for name, text in files.items()})
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "Change")


async def history(repo: Path) -> History:
    return await read_history(await open_repository(repo), CodeIndex.open(None))


async def test_how_often_and_how_lately(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "1\n", "b.py": "1\n"})
    commit(repo, a="2\n")
    commit(repo, a="3\n", lib__c="1\n")
    found = await history(repo)
    assert found.changes == {"a.py": 3, "b.py": 1, "lib/c.py": 1}
    assert found.recent == ("a.py", "lib/c.py", "b.py")
    assert found.note == ""


async def test_merges_count_once_and_odd_names_are_kept(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "1\n", "new\nline": "1\n", "\nodd": "1\n"})
    git(repo, "checkout", "-q", "-b", "side")
    commit(repo, b="1\n")
    git(repo, "checkout", "-q", "main")
    commit(repo, c="1\n")
    git(repo, "merge", "-q", "--no-edit", "side")
    found = await history(repo)
    assert found.changes == {"a.py": 1, "b.py": 1, "c.py": 1, "new\nline": 1, "\nodd": 1}


async def test_before_the_first_commit_there_is_none(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {})
    assert await history(repo) == History()


async def test_a_shallow_clone_has_what_it_has(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "1\n"})
    commit(repo, a="2\n")
    commit(repo, b="1\n")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    assert (await history(tmp_path / "shallow")).changes == {"a.py": 1, "b.py": 1}


async def test_it_is_asked_once_for_each_head(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "1\n"})
    index = CodeIndex.open(tmp_path / "state")
    first = await read_history(await open_repository(repo), index)
    opened = await open_repository(repo)
    objects = repo / ".git" / "objects"
    objects.rename(repo / ".git" / "elsewhere")
    assert await read_history(opened, index) == first
    (repo / ".git" / "elsewhere").rename(objects)
    commit(repo, b="1\n")
    second = await read_history(await open_repository(repo), index)
    assert second.recent == ("b.py", "a.py")
    assert await read_history(await open_repository(repo), index) == second


async def test_a_history_that_git_cannot_read_is_a_note(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "1\n"})
    opened = await open_repository(repo)
    (repo / ".git" / "objects").rename(repo / ".git" / "elsewhere")
    found = await read_history(opened, CodeIndex.open(None))
    assert not found.changes
    assert "no git history" in found.note


def test_commits_that_touch_everything_say_nothing() -> None:
    many = b"".join(b"f%d\0" % number for number in range(500))
    found = history_of(b"//\0\nf1\0f2\0//\0\n" + many + b"//\0//\0\nf2\0")
    assert found.changes == {"f1": 1, "f2": 2}
    assert found.recent == ("f1", "f2")


def test_paths_that_are_no_text_survive(tmp_path: Path) -> None:
    assert history_of(b"//\0\ncaf\xe9\0").recent == ("caf\udce9",)
