from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest


@dataclass(frozen=True, slots=True)
class Cli:
    """The console script as a child, away from the person's own files and keys."""

    home: Path
    folder: Path

    def __call__(
        self,
        *arguments: str,
        stdin: int | IO[bytes] | None = subprocess.DEVNULL,
        given: bytes | None = None,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.command(arguments),
            cwd=folder or self.folder,
            env=self.environ() | dict(environ or {}),
            stdin=None if given is not None else stdin,
            input=given,
            capture_output=True,
            timeout=90,
            check=False,
        )

    @staticmethod
    def command(arguments: Sequence[str]) -> list[str]:
        start = "import sys; from leadline.tui.cli import main; sys.exit(main())"
        return [sys.executable, "-P", "-c", start, *arguments]

    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "LEADLINE_HOME": str(self.home / "state"),
            "LC_ALL": "C.UTF-8",
        }


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    home = tmp_path / "home"
    folder = tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    return Cli(home, folder)


@pytest.fixture
def repository(cli: Cli) -> Path:
    subprocess.run(["git", "init", "-q", cli.folder], check=True)
    return cli.folder
