"""ripgrep as a search engine: found where no repository can have put it, and told to run and read nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from .paths import leads_into

_FIXED = (
    "--no-config",
    "--no-messages",
    "--no-ignore-global",
    "--no-follow",
    "--no-pre",
    "--no-search-zip",
    "--hidden",
    "--glob=!.git",
    "--sort=path",
    "--color=never",
)


def find_ripgrep(root: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """Where `rg` is, by the absolute folders of PATH that are not below `root`, which may hold anything."""
    folders = [
        folder
        for folder in environment.get("PATH", "").split(os.pathsep)
        if Path(folder).is_absolute() and not leads_into(Path(folder), root)
    ]
    found = shutil.which("rg", path=os.pathsep.join(folders)) if folders else None
    return None if found and leads_into(Path(found), root) else found


def content_arguments(pattern: str, start: str, ignore_case: bool, context: int) -> list[str]:
    """Arguments for a search in contents, below or at `start`, with JSON as output."""
    optional = [*(["--ignore-case"] if ignore_case else []), *_multiline(pattern)]
    if context:
        optional.append(f"--context={context}")
    return [*_FIXED, "--json", *optional, f"--regexp={pattern}", "--", _below(start)]


def list_arguments(start: str) -> list[str]:
    """Arguments for a list of paths, each ended by a NUL."""
    return [*_FIXED, "--files", "--null", "--", _below(start)]


def name_arguments(pattern: str, ignore_case: bool) -> list[str]:
    """Arguments to filter a list of lines on standard input."""
    case = ["--ignore-case"] if ignore_case else []
    return [
        "--no-config",
        "--text",
        "--no-line-number",
        "--color=never",
        *case,
        f"--regexp={pattern}",
        "-",
    ]


def _multiline(pattern: str) -> list[str]:
    return ["--multiline"] if "\\n" in pattern else []


def _below(start: str) -> str:
    return "." if start == "." else f"./{start}"
