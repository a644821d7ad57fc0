"""Why a path is in or out: any path has an answer, and the answer agrees with what is indexed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tests.support.codetrees import SMALL
from leadline.tests.support.repos import git, make_repo, write_files
from leadline.tools.code.index.why import why
from leadline.tools.git.repository import Repository, open_repository


@pytest.fixture
async def repository(tmp_path: Path) -> Repository:
    inner = make_repo(tmp_path / "inner", {"inside.py": "x = 1\n"})
    repo = make_repo(
        tmp_path / "repo", {**SMALL, ".gitignore": "*.log\n/out/\n", "kept.log": "x\n"}
    )
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    git(repo, "add", "-f", "kept.log")
    git(repo, "commit", "-qm", "All")
    make_repo(repo / "nested", {"a.py": "x = 1\n"})
    write_files(
        repo,
        {
            "x.log": "x\n",
            "out/a.py": "x\n",
            "vendor/a.py": "x\n",
            "b.bin": "\0",
            "new.py": "x = 1\n",
        },
    )
    (repo / "link.py").symlink_to("new.py")
    (repo / "links").symlink_to("shop")
    (repo / "LICENSE").unlink()
    os.mkfifo(repo / "pipe")
    return await open_repository(repo)


ANSWERS = {
    "new.py": "new.py is in, as python: its symbols and references are known.",
    "shop/../new.py": "shop/../new.py is in, as python: its symbols and references are known.",
    "README.md": "README.md is in, as markdown: its symbols and references are known.",
    "kept.log": "is in, as text of no language that is parsed",
    "x.log": "x.log is out: git ignores it.",
    "out/a.py": "out/a.py is out: git ignores it.",
    "vendor/a.py": "is listed, but neither parsed nor shown: vendored: in a folder vendor.",
    "b.bin": "is listed, but neither parsed nor shown: binary.",
    "link.py": "link.py is out: it is a symbolic link, and links are not followed.",
    "links/models.py": "it lies behind links, a symbolic link",
    "pipe": "pipe is out: it is a pipe, a socket or a device, and no file.",
    "sub/inside.py": "sub/inside.py is out: it lies in sub, a submodule.",
    "sub": "sub is out: it is a submodule.",
    "nested/a.py": "nested/a.py is out: it lies in nested, a repository of its own.",
    ".git/config": "is part of git's own data",
    "shop": "shop is a folder. Ask about a file in it.",
    ".": ". is the folder that is looked at.",
    "LICENSE": "LICENSE is out: git knows it, but it is gone from the disk.",
    "none.py": "none.py does not exist.",
    "new.py/x": "new.py/x does not exist.",
    "../inner/inside.py": "is outside of",
    "/etc/passwd": "is outside of",
    "": "is outside of",
    "a\0b": "is outside of",
    "x" * 5_000: "does not exist.",
}


@pytest.mark.parametrize("path", ANSWERS)
async def test_every_path_has_its_answer(repository: Repository, path: str) -> None:
    assert ANSWERS[path] in await why(repository, path)


async def test_an_absolute_path_in_the_root_is_meant(repository: Repository) -> None:
    assert "is in, as python" in await why(repository, str(repository.root / "new.py"))


async def test_what_a_sparse_checkout_leaves_away(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SMALL)
    git(repo, "sparse-checkout", "set", "web")
    said = await why(await open_repository(repo), "shop/money.py")
    assert said == "shop/money.py is out: it is not part of the sparse checkout."


async def test_a_folder_without_git(tmp_path: Path) -> None:
    write_files(tmp_path, {**SMALL, ".ignore": "LICENSE\n"})
    assert await why(tmp_path, "LICENSE") == "LICENSE is out: an ignore file names it."
    assert "is in, as python" in await why(tmp_path, "shop/money.py")
    assert await why(tmp_path, "none") == "none does not exist."


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=20))
async def test_any_text_is_answered_in_one_printable_line(path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), {"a.py": "x = 1\n"})
        said = await why(Path(folder), path)
    assert said.endswith(".")
    assert said.isprintable()
