"""Which runtimes are looked for, how they are asked, and what is never started."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from leadline.tools import runtimes
from leadline.tools.runtimes import Runtime, find_runtimes

ANSWERS = {
    "python3": "Python 3.11.7\n",
    "python": "Python 3.12.1\n",
    "node": "v20.20.2\n",
    "go": "go version go1.22.3 linux/amd64\n",
    "rustc": "rustc 1.95.0 (59807616e 2026-04-14)\n",
    "cargo": "cargo 1.95.0 (f2d3ce0bd 2026-03-21)\n",
    "java": 'openjdk version "17.0.19" 2026-04-21\n',
    "ruby": "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a)\n",
    "php": "PHP 8.2.31 (cli)\n",
    "dotnet": "8.0.404\n",
    "make": "GNU Make 4.3\n",
}


class Machine:
    """A PATH and a way to run what is on it, with a record of what was run."""

    def __init__(self, folder: str = "/usr/bin") -> None:
        self.folder = folder
        self.ran: list[tuple[str, ...]] = []

    def which(self, program: str) -> str | None:
        return f"{self.folder}/{program}" if program in ANSWERS else None

    async def run(self, argv: Sequence[str]) -> tuple[int, str]:
        self.ran.append(tuple(argv))
        return 0, ANSWERS[Path(argv[0]).name]


async def versions(files: list[str], root: Path) -> dict[str, str | None]:
    machine = Machine()
    found = await find_runtimes(files, root, machine.run, machine.which)
    return {runtime.name: runtime.version for runtime in found}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], {}),
        (["README.md", "Dockerfile"], {}),
        (["a/b.py"], {"python": "3.11.7"}),
        (["web/app.tsx", "go.mod"], {"node": "20.20.2", "go": "1.22.3"}),
        (["src/lib.rs"], {"rustc": "1.95.0", "cargo": "1.95.0"}),
        (["pom.xml", "Gemfile"], {"java": "17.0.19", "ruby": "3.1.2p20"}),
        (["index.php", "App.sln"], {"php": "8.2.31", "dotnet": "8.0.404"}),
        (["Makefile"], {"make": "4.3"}),
    ],
)
async def test_only_what_the_files_point_at(
    files: list[str], expected: dict[str, str], tmp_path: Path
) -> None:
    assert await versions(files, tmp_path) == expected


async def test_what_is_missing_is_named_without_a_version(tmp_path: Path) -> None:
    machine = Machine()
    found = await find_runtimes(["x.go"], tmp_path, machine.run, lambda program: None)
    assert found[0] == Runtime("go", None, None)
    assert machine.ran == []


async def test_nothing_below_the_root_is_started_even_through_a_link(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "node").write_text("#!/bin/sh\n")
    (tmp_path / "node").symlink_to(root / "bin" / "node")
    (tmp_path / "alias").symlink_to(root)
    for place in (str(root / "bin"), "bin", str(tmp_path), str(tmp_path / "alias" / "bin")):
        machine = Machine(place)
        found = await find_runtimes(["x.js"], root, machine.run, machine.which)
        assert found[0] == Runtime("node", None, None), place
        assert not any(argv[0].endswith("node") for argv in machine.ran)


async def test_the_interpreter_of_the_project_comes_first(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    machine = Machine()
    files = ["app.py"]
    found = await find_runtimes(files, tmp_path, machine.run, machine.which)
    assert found[0].path == "/usr/bin/python3", "a folder without pyvenv.cfg is no environment"
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    found = await find_runtimes(files, tmp_path, machine.run, machine.which)
    assert found[0] == Runtime("python", "3.12.1", str(python))
    assert (str(python), "--version") in machine.ran


async def test_all_are_asked_at_once_and_a_slow_one_costs_only_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "TIMEOUT", 0.05)
    machine = Machine()
    asked: list[str] = []

    async def run(argv: Sequence[str]) -> tuple[int, str]:
        asked.append(argv[0])
        if argv[0].endswith("/node"):
            await asyncio.Event().wait()
        return await machine.run(argv)

    found = await find_runtimes(["a.js", "b.go"], tmp_path, run, machine.which)
    assert found[0] == Runtime("node", None, "/usr/bin/node")
    assert found[1].version == "1.22.3"
    assert len(asked) == 2


async def test_a_runtime_that_fails_has_no_version(tmp_path: Path) -> None:
    async def run(argv: Sequence[str]) -> tuple[int, str]:
        return 1, "version 3.11.99 is not installed\n"

    machine = Machine()
    found = await find_runtimes(["a.py"], tmp_path, run, machine.which)
    assert found[0] == Runtime("python", None, "/usr/bin/python3")


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
async def test_with_real_programs(tmp_path: Path) -> None:
    async def run(argv: Sequence[str]) -> tuple[int, str]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*argv, stdout=pipe, stderr=pipe)
        out, err = await process.communicate()
        return process.returncode or 0, (out + err).decode()

    (make,) = await find_runtimes(["Makefile"], tmp_path, run)
    assert make.version is not None
    assert make.path == shutil.which("make")


async def test_an_environment_whose_links_lead_nowhere(tmp_path: Path) -> None:
    machine = Machine()
    for folder, name in ((".venv", "pyvenv.cfg"), ("venv", "bin/python")):
        (tmp_path / folder / "bin").mkdir(parents=True)
        (tmp_path / folder / "pyvenv.cfg").touch()
        (tmp_path / folder / name).unlink(missing_ok=True)
        (tmp_path / folder / name).symlink_to("x" * 300)
    (found,) = await find_runtimes(["a.py"], tmp_path, machine.run, machine.which)
    assert found.path == "/usr/bin/python3"
