"""Which checkers can be named in which trees, and that a run of them is judged right."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from leadline.tests.support.repos import make_repo, write_files
from leadline.tools.checks.checkers import CHECKERS
from leadline.tools.checks.discover_checkers import (
    Which,
    find_checkers,
    named,
    which_in,
    why_not,
)
from leadline.tools.checks.model import Check
from leadline.tools.checks.readers import read_output

LIST_PYTHON = "git ls-files -coz --exclude-standard '*.py' | xargs -0r"


def installed(*programs: str) -> Which:
    return lambda program: f"/usr/bin/{program}" if program in programs else None


def rows(files: Mapping[str, str], *programs: str) -> list[tuple[str, str, str]]:
    found = find_checkers(list(files), files.get, installed(*programs))
    return [(check.kind, check.command, check.source) for check in found]


NESTED = (
    "(cd web && node_modules/.bin/tsc --noEmit)"
    " && (cd 'apps/my app' && ../../node_modules/.bin/tsc --noEmit)"
)
TREES: list[tuple[str, dict[str, str], str, list[tuple[str, str, str]]]] = [
    ("nothing is configured", {"a.py": "", "pyproject.toml": "[project]\n"}, "ruff mypy", []),
    ("nothing is installed", {"ruff.toml": "", "go.mod": "", "tsconfig.json": ""}, "", []),
    (
        "python's by their tables",
        {
            "pyproject.toml": "[tool.ruff.lint]\n[tool.mypy]\n[[tool.mypy.overrides]]\n[tool.pyright]\n"
        },
        "ruff mypy pyright flake8",
        [
            ("ruff", "ruff check .", "pyproject.toml"),
            ("mypy", "mypy .", "pyproject.toml"),
            ("pyright", "pyright", "pyproject.toml"),
        ],
    ),
    (
        "another tool's table is no table of ruff",
        {"pyproject.toml": '[tool.ruffian]\n[project]\nx = "[tool.ruff]"\n'},
        "ruff",
        [],
    ),
    (
        "the tree's own environment before PATH",
        {"mypy.ini": "[mypy]\nfiles = src\n", "setup.cfg": "[flake8]\n"},
        "mypy .venv/bin/mypy venv/bin/flake8",
        [
            ("flake8", f"{LIST_PYTHON} venv/bin/flake8", "setup.cfg"),
            ("mypy", ".venv/bin/mypy", "mypy.ini"),
        ],
    ),
    (
        "node's from node_modules",
        {"tsconfig.json": "{}", "package.json": '{\n  "eslintConfig": {}\n}', "biome.jsonc": ""},
        "node_modules/.bin/tsc node_modules/.bin/eslint node_modules/.bin/biome",
        [
            ("tsc", "node_modules/.bin/tsc --noEmit", "tsconfig.json"),
            ("eslint", "node_modules/.bin/eslint .", "package.json"),
            ("biome", "node_modules/.bin/biome check .", "biome.jsonc"),
        ],
    ),
    (
        "a project of references is built, or nothing would be looked at",
        {"tsconfig.json": '{"files": [], "references": [{"path": "./a"}]}'},
        "tsc",
        [("tsc", "tsc -b --noEmit", "tsconfig.json")],
    ),
    (
        "go's and rust's need no configuration of their own",
        {"go.mod": "", "Cargo.toml": "", ".golangci.yml": ""},
        "go golangci-lint cargo",
        [
            ("go vet", "go vet ./...", "go.mod"),
            ("golangci-lint", "golangci-lint run", ".golangci.yml"),
            ("cargo check", "cargo check --workspace --all-targets", "Cargo.toml"),
        ],
    ),
    (
        "nested projects, all in one command, by the root's programs",
        {
            "web/package.json": "{}",
            "web/tsconfig.json": "{}",
            "apps/my app/package.json": "{}",
            "apps/my app/tsconfig.json": "{}",
            "docs/package.json": "{}",
            "docs/tsconfig.json": "{}",
        },
        "node_modules/.bin/tsc web/node_modules/.bin/tsc",
        [
            (
                "tsc",
                NESTED,
                "web/tsconfig.json",
            )
        ],
    ),
    (
        "the root's configuration reaches what is below",
        {"ruff.toml": "", "lib/pyproject.toml": "[tool.ruff]\n"},
        "ruff",
        [("ruff", "ruff check .", "ruff.toml")],
    ),
]


@pytest.mark.parametrize(
    ("files", "programs", "expected"), [row[1:] for row in TREES], ids=[row[0] for row in TREES]
)
def test_what_is_found(
    files: dict[str, str], programs: str, expected: list[tuple[str, str, str]]
) -> None:
    assert rows(files, *programs.split()) == expected


def test_a_bare_name_means_the_projects_command() -> None:
    go = Check("go vet ./...", "go vet", "go.mod")
    clippy = Check("cargo clippy", "cargo clippy", "Cargo.toml")
    found = (go, clippy)
    assert named("go vet", found) is go
    assert named("  go   vet ", found) is go
    assert named("vet", found) is go
    assert named("clippy", found) is clippy
    for other in ("ruff", "go vet ./...", "go", "Ruff", "", "make test"):
        assert named(other, found) is None


def test_no_word_means_two_checkers() -> None:
    words = [word for checker in CHECKERS for word in checker.words]
    assert len(words) == len(set(words))


def test_why_a_name_stands_for_nothing_here() -> None:
    files = {"pkg/pyproject.toml": "[tool.mypy]\n", "ruff.toml": ""}

    def why(word: str) -> str | None:
        return why_not(word, list(files), files.get, installed("ruff"))

    assert why("mypy") == (
        "mypy is configured in pkg/pyproject.toml, but mypy is not installed (looked in .venv/bin, "
        "venv/bin, PATH). Install it. Or give the whole command: --verify 'mypy .'."
    )
    assert why("tsc") == (
        "tsc is not configured in this project. Or give the whole command: --verify 'tsc --noEmit'."
    )
    assert why("ruff") is None
    assert why("make test") is None


def test_where_programs_are(tmp_path: Path) -> None:
    for path in ("root/.venv/bin/mypy", "bin/ruff", "root/plain"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("#!/bin/sh\n")
    for path in ("root/.venv/bin/mypy", "bin/ruff"):
        (tmp_path / path).chmod(0o755)
    which = which_in(tmp_path / "root", str(tmp_path / "bin"))
    assert which("ruff") == str(tmp_path / "bin/ruff")
    assert which(".venv/bin/mypy") == str(tmp_path / "root/.venv/bin/mypy")
    assert which("mypy") is None
    assert which("./plain") is None
    assert which(".venv/bin/ruff") is None


def judged(root: Path, check: Check, path: str) -> bool:
    """Whether a run of the check is green."""
    ran = subprocess.run(
        ["bash", "-c", check.command],
        cwd=root,
        env={"PATH": path, "HOME": str(root.parent), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return read_output(check.command, ran.stdout, ran.returncode).green


def found_in(root: Path, word: str, path: str) -> Check:
    files = subprocess.run(
        ["git", "ls-files", "-co"], cwd=root, check=True, capture_output=True, text=True
    ).stdout.split()

    def read(name: str) -> str | None:
        return (root / name).read_text() if (root / name).exists() else None

    check = named(word, find_checkers(files, read, which_in(root, path)))
    assert check is not None
    return check


def test_ruff_is_judged_by_what_it_finds(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    root = make_repo(tmp_path / "r", {"ruff.toml": "", "a.py": "import os\n\nprint(os)\n"})
    check = found_in(root, "ruff", path)
    assert judged(root, check, path)
    write_files(root, {"b.py": "print(nothing)\n"})
    assert not judged(root, check, path)


GOPLS = """#!/bin/sh
# As gopls does, it ends well whatever it finds.
shift
for file; do grep -Hn bad "$file" | sed 's/bad/undefined: bad/'; done
exit 0
"""


def test_what_ends_well_with_faults_is_red_all_the_same(tmp_path: Path) -> None:
    program = tmp_path / "bin/gopls"
    program.parent.mkdir()
    program.write_text(GOPLS)
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{Path(shutil.which('git') or '').parent}{os.pathsep}{os.defpath}"
    root = make_repo(tmp_path / "r", {"go.mod": "module a\n", "a b.go": "package a\n"})
    check = found_in(root, "gopls", path)
    assert judged(root, check, path)
    write_files(root, {"new.go": "package a\nvar x = bad\n"})
    assert not judged(root, check, path)
