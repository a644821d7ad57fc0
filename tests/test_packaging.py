"""What a user installs is what is in the tree, and the layers hold at run time too."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOP = ("agent", "prompts", "tools", "tui")


def test_every_package_is_listed() -> None:
    """Editable installs find a package that the wheel would lack without a word."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {
        ".".join(["leadline", *path.parent.relative_to(ROOT).parts])
        for top in TOP
        for path in (ROOT / top).rglob("__init__.py")
        if "demo" not in path.parts
    }
    assert set(build["packages"]) == folders


def test_every_folder_with_code_is_a_package() -> None:
    for top in TOP:
        for path in (ROOT / top).rglob("*.py"):
            if "demo" not in path.parts:
                assert (path.parent / "__init__.py").exists(), path


@pytest.mark.parametrize("name", ["leadline.tools.registry", "leadline.agent.session"])
def test_a_run_starts_without_what_it_needs_later(name: str) -> None:
    """The client library is imported in a thread while the tree is looked at; the others hardly ever."""
    code = (
        f"import sys, {name}\n"
        "late = {'openai', 'git', 'jsonschema', 'aiohttp', 'deepseek_recipe', 'textual'}\n"
        "print(sorted(late & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
