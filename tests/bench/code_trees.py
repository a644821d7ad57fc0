"""The real trees that the code benchmark runs on, brought by package managers and unpacked once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

EDITED = 10
_ADDED = {
    "python": "\n\ndef added_by_the_benchmark(value):\n    return value + 1\n",
    "typescript": "\nexport function addedByTheBenchmark(value: number) {\n  return value + 1\n}\n",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A release of a package. `part` is the folder of it that is taken. `tasks` are two that a person could have."""

    name: str
    registry: str
    version: str
    part: str
    tasks: tuple[str, str]


SOURCES = (
    Source(
        "django",
        "pip",
        "5.2.19",
        "",
        (
            "QuerySet.union() loses the ordering by a column alias when both sides use values()",
            "The admin's list_filter shows a choice twice if the related field is nullable",
        ),
    ),
    Source(
        "sympy",
        "pip",
        "1.14.0",
        "",
        (
            "solveset gives a wrong interval for an inequality with a Piecewise inside Abs",
            "The LaTeX printer drops brackets around a negative exponent of a matrix symbol",
        ),
    ),
    Source(
        "effect",
        "npm",
        "4.1.0",
        "src",
        (
            "Stream.groupByKey never ends when the consumer of one group is interrupted",
            "Schema decoding reports the wrong path for an error in a nested optional field",
        ),
    ),
)


def bring(source: Source, cache: Path) -> Path:
    """The unpacked tree, downloaded if it isn't in `cache` yet. Raises `CalledProcessError` if that fails."""
    home = (cache / f"{source.name}-{source.version}").resolve()
    if not home.exists():
        work = home.with_suffix(".part")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        _download(source, work)
        (archive,) = (path for path in work.iterdir() if path.name.endswith((".tgz", ".tar.gz")))
        with tarfile.open(archive) as packed:
            packed.extractall(work, filter="data")
        archive.unlink()
        work.rename(home)
    (top,) = home.iterdir()
    return top / source.part


def _download(source: Source, folder: Path) -> None:
    exact = f"{source.name}=={source.version}"
    if source.registry == "pip":
        options = ["--quiet", "--no-deps", "--no-binary", source.name, "--dest", str(folder)]
        _run([sys.executable, "-m", "pip", "download", *options, exact], folder)
    else:
        _run(["npm", "pack", "--silent", exact.replace("==", "@")], folder)


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def walk(root: Path) -> list[str]:
    """All regular files below `root`, relative, sorted."""
    found: list[str] = []
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(f"{root}/{prefix}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{prefix}{entry.name}/")
                elif entry.is_file(follow_symlinks=False):
                    found.append(prefix + entry.name)
    return sorted(found)


def edit_files(root: Path, listing: Path) -> Callable[[], None]:
    """Adds a function to ten files, evenly spread over the tree; returns what takes it back."""
    lines = listing.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    files = [line.split(" ", 2) for line in lines]
    usual = [(root / path, _ADDED[language]) for language, _, path in files if language in _ADDED]
    chosen = usual[:: max(1, len(usual) // EDITED)][:EDITED]
    before = {path: path.read_bytes() for path, _ in chosen}
    for path, added in chosen:
        path.write_bytes(before[path] + added.encode())

    def undo() -> None:
        for path, data in before.items():
            path.write_bytes(data)

    return undo
