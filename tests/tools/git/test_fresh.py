from __future__ import annotations

from pathlib import Path

from leadline.tests.support.repos import git, tree_bytes, write_files
from leadline.tools.git.fresh import commit_everything


def test_everything_is_in_the_one_commit(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.txt": "a\n", "deep/er/b.txt": "b\n", ".gitignore": "x\n"})
    before = tree_bytes(tmp_path)
    commit = commit_everything(tmp_path, "Leadline Demo", "Begin")
    assert git(tmp_path, "rev-parse", "main").strip() == commit
    assert git(tmp_path, "status", "--porcelain") == ""
    assert git(tmp_path, "log", "--format=%an <%ae> %s").strip() == (
        "Leadline Demo <leadline.demo@localhost> Begin"
    )
    assert tree_bytes(tmp_path) == before
