"""Which repositories share an index."""

from __future__ import annotations

from pathlib import Path

import pytest
from leadline.tests.support.repos import git, make_repo
from leadline.tools.code.index.identity import index_folder, normal_url
from leadline.tools.git.repository import open_repository

SAME = [
    "https://example.org/team/tool",
    "https://example.org/team/tool.git",
    "https://user:secret@example.org/team/tool.git/",
    "http://EXAMPLE.org:80/team/tool",
    "ssh://git@example.org/team/tool.git",
    "ssh://git@example.org:22/team/tool",
    "git://example.org/team/tool.git",
    "git@example.org:team/tool.git",
    "example.org:team/tool",
    "git@example.org:/team/tool.git",
]


@pytest.mark.parametrize("url", SAME)
def test_one_repository_under_many_urls(url: str) -> None:
    assert normal_url(url) == "example.org/team/tool"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/team/tools",
        "https://example.org/Team/tool",
        "https://example.com/team/tool",
        "https://example.org:8443/team/tool",
    ],
)
def test_other_repositories_are_others(url: str) -> None:
    assert normal_url(url) not in (None, "example.org/team/tool")


@pytest.mark.parametrize("url", ["/srv/tool.git", "../tool", "file:///srv/tool", "./a:b"])
def test_places_on_this_machine_have_no_url(url: str) -> None:
    assert normal_url(url) is None


async def folder_of(root: Path) -> Path:
    return await index_folder(Path("/state"), await open_repository(root))


async def test_clones_and_work_trees_share_and_others_do_not(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    git(tmp_path, "clone", "-q", "repo", "clone")
    git(tmp_path, "clone", "-q", f"file://{tmp_path}/clone", "second")
    git(repo, "worktree", "add", "-q", "../tree", "-b", "other")
    other = make_repo(tmp_path / "other")
    expected = await folder_of(repo)
    for name in ("clone", "second", "tree"):
        assert await folder_of(tmp_path / name) == expected
    assert await folder_of(other) != expected


async def test_credentials_are_no_part_of_it(tmp_path: Path) -> None:
    one, two = make_repo(tmp_path / "one"), make_repo(tmp_path / "two")
    git(one, "remote", "add", "origin", "https://ann:secret@example.org/team/tool.git")
    git(two, "remote", "add", "origin", "git@example.org:team/tool")
    assert await folder_of(one) == await folder_of(two)


async def test_an_origin_that_leads_in_a_circle_or_nowhere(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    git(repo, "remote", "add", "origin", str(repo))
    first = await folder_of(repo)
    assert await folder_of(repo) == first
    git(repo, "remote", "set-url", "origin", str(tmp_path / "gone"))
    assert await folder_of(repo) != first


async def test_a_plain_folder_is_known_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    home = Path("/state")
    assert await index_folder(home, tmp_path / "a") == await index_folder(home, tmp_path / "b")
    assert await index_folder(home, tmp_path / "a") != await index_folder(home, tmp_path)
