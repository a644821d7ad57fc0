"""Which runtimes a project uses and in which versions, for the card that a session starts with."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .paths import exists, is_file, leads_into

TIMEOUT = 2.0
"""Seconds a runtime has to tell its version; one that takes longer is named without."""

Run = Callable[[Sequence[str]], Awaitable[tuple[int, str]]]
"""Runs a command, confined by the caller, and gives its exit code and both its streams."""

Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Runtime:
    """One program the project needs."""

    name: str
    version: str | None
    """None when it is not there, or did not say it in time."""
    path: str | None
    """Where it is; None when it is not installed."""


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    programs: tuple[str, ...]
    """Names it may have, the preferred first."""
    question: str
    suffixes: frozenset[str]
    files: frozenset[str]


def _kind(name: str, programs: str, question: str, suffixes: str, files: str) -> _Kind:
    words = (frozenset(suffixes.split()), frozenset(files.split()))
    return _Kind(name, tuple(programs.split()), question, *words)


_PYTHON = _kind(
    "python", "python3 python", "--version", ".py .pyi", "pyproject.toml setup.py requirements.txt"
)
_KINDS = (
    _kind("node", "node", "--version", ".js .jsx .mjs .cjs .ts .tsx .mts .cts", "package.json"),
    _kind("go", "go", "version", ".go", "go.mod"),
    _kind("rustc", "rustc", "--version", ".rs", "Cargo.toml"),
    _kind("cargo", "cargo", "--version", ".rs", "Cargo.toml"),
    _kind("java", "java", "-version", ".java .kt", "pom.xml build.gradle build.gradle.kts"),
    _kind("ruby", "ruby", "--version", ".rb", "Gemfile Rakefile"),
    _kind("php", "php", "--version", ".php", "composer.json"),
    _kind("dotnet", "dotnet", "--version", ".cs .fs .csproj .fsproj .sln", "global.json"),
    _kind("make", "make", "--version", ".mk", "Makefile makefile GNUmakefile"),
)
_VERSION = re.compile(r"\d+(?:\.\d+)+(?:[-+.]?\w+)*")
_ENVIRONMENTS = (".venv/bin/python", "venv/bin/python")


async def find_runtimes(
    files: Sequence[str], root: Path, run: Run, which: Which = shutil.which
) -> tuple[Runtime, ...]:
    """The runtimes that `files` (tracked paths, relative to `root`) point at.

    Programs are taken from PATH by absolute path, and never from below `root`, where a repository
    could have put them; the one exception is the interpreter of the project's own environment, and
    like all others it is started through `run` only. All are asked at the same time.
    """
    suffixes, names = _traces(files)
    wanted: list[tuple[_Kind, str | None]] = []
    if _PYTHON.suffixes & suffixes or _PYTHON.files & names:
        wanted.append((_PYTHON, _environment(root) or _installed(_PYTHON, root, which)))
    used = [k for k in _KINDS if k.suffixes & suffixes or k.files & names]
    wanted += [(kind, _installed(kind, root, which)) for kind in used]
    return tuple(await asyncio.gather(*(_ask(kind, path, run) for kind, path in wanted)))


def _traces(files: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    paths = [PurePosixPath(file) for file in files]
    return frozenset(p.suffix for p in paths), frozenset(p.name for p in paths)


def _environment(root: Path) -> str | None:
    """The interpreter of an environment in the tree: one that has its `pyvenv.cfg`."""
    for place in _ENVIRONMENTS:
        python = root / place
        if is_file(python.parent.parent / "pyvenv.cfg") and exists(python):
            return str(python)
    return None


def _installed(kind: _Kind, root: Path, which: Which) -> str | None:
    for program in kind.programs:
        found = which(program)
        if found and Path(found).is_absolute() and not _is_below(Path(found), root):
            return found
    return None


def _is_below(path: Path, root: Path) -> bool:
    """Whether a path lies in the tree, as it is written or behind its links."""
    home = root.resolve()
    return path.is_relative_to(root) or path.is_relative_to(home) or leads_into(path, home)


async def _ask(kind: _Kind, path: str | None, run: Run) -> Runtime:
    if path is None:
        return Runtime(kind.name, None, None)
    try:
        async with asyncio.timeout(TIMEOUT):
            code, text = await run([path, kind.question])
    except TimeoutError:
        return Runtime(kind.name, None, path)
    version = _VERSION.search(text) if code == 0 else None
    return Runtime(kind.name, version[0] if version else None, path)
