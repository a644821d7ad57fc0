from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from leadline.tools.code.api import map_repository
from leadline.tools.code.index import stat_cache
from leadline.tui.completions import ProjectCompletions


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A work tree in which nothing is committed."""
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "src" / "parser.py").write_text("class Parser:\n    def parse_line(self): ...\n")
    (root / "src" / "with space.py").write_text("def spaced(): ...\n")
    (root / "notes.md").write_text("# Parser of notes\n")
    (root / ".gitignore").write_text("*.log\n")
    (root / "left.log").touch()
    (root / "a\nb.py").touch()
    subprocess.run(["git", "init", "-q", root], check=True)
    return root


def index(root: Path, home: Path) -> None:
    with ThreadPoolExecutor(1) as pool:  # it has a loop of its own
        pool.submit(map_repository, root, home=home).result()


async def inserts(completions: ProjectCompletions, query: str) -> list[str]:
    return [found.insert for found in await completions.find(query, 8)]


async def test_files_of_the_work_tree_are_found(root: Path) -> None:
    completions = ProjectCompletions(root / "src", None)
    assert await inserts(completions, "parser") == ["src/parser.py "]
    assert await inserts(completions, "space") == ['"src/with space.py" ']
    assert await inserts(completions, "left") == []
    assert len(await inserts(completions, "")) == 4


async def test_symbols_are_found_once_there_is_an_index(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    assert await inserts(ProjectCompletions(root, home), "parse_line") == []
    monkeypatch.setattr(stat_cache, "RACY_NS", 0)  # of files this new nothing is kept
    index(root, home)
    completions = ProjectCompletions(root, home)
    assert await inserts(completions, "parse_l") == ["src/parser.py:Parser.parse_line "]
    assert await inserts(completions, "parser") == [
        "src/parser.py ",
        "src/parser.py:Parser ",
        "src/parser.py:Parser.parse_line ",
    ]
    assert await inserts(completions, "space.py:") == ['"src/with space.py":spaced ']
    (root / "src" / "parser.py").unlink()
    assert await inserts(ProjectCompletions(root, home), "parse_l") == []


async def test_a_spoilt_index_and_no_folder_are_no_trouble(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    index(root, home)
    for file in home.rglob("*.sqlite"):
        file.write_bytes(b"nonsense" * 1_000)
    assert await inserts(ProjectCompletions(root, home), "parser") == ["src/parser.py "]
    assert await inserts(ProjectCompletions(tmp_path / "gone", home), "a") == []


async def test_outside_of_git_files_are_found_too(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").touch()
    assert await inserts(ProjectCompletions(tmp_path, None), "pla") == ["plain.txt "]
