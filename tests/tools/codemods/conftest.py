"""A repository outside of /tmp, and commands in it by each sandbox there is, or by none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from leadline.tests.support.repos import make_repo, write_files
from leadline.tools.codemods.model import Codemod, CodemodReport
from leadline.tools.codemods.run import run_codemod
from leadline.tools.commands import SandboxedCommands
from leadline.tools.sandbox.base import Sandbox
from leadline.tools.sandbox.detect import choose_sandbox
from leadline.tools.sandbox.none import Unconfined


@dataclass(frozen=True, slots=True)
class Stage:
    """The tree below `base`, and commands in it; `readers` may write nothing there."""

    base: Path
    commands: SandboxedCommands
    readers: SandboxedCommands

    @property
    def root(self) -> Path:
        return self.base / "tree"

    def put(self, files: dict[str, str]) -> None:
        write_files(self.root, files)

    async def run(
        self, codemod: Codemod, *, apply: bool = True, seconds: float = 60
    ) -> CodemodReport:
        return await run_codemod(
            codemod,
            self.root,
            self.commands if apply else self.readers,
            (self.commands if apply else self.readers).outputs,
            None,
            apply=apply,
            script_seconds=seconds,
        )


@pytest.fixture
def base() -> Generator[Path]:
    """Not in /tmp: commands have their own."""
    made = Path(tempfile.mkdtemp(prefix="leadline-test-", dir="/var/tmp"))
    make_repo(made / "tree", {".gitignore": "build/\n"})
    yield made
    shutil.rmtree(made)


async def stage_of(base: Path, sandbox: Sandbox) -> AsyncIterator[Stage]:
    made = [
        SandboxedCommands(
            sandbox,
            base / "tree",
            base / "home/sessions" / name,
            leadline_home=base / "home",
            writable=writable,
            network=False,
            default_seconds=60,
        )
        for name, writable in (("w", True), ("r", False))
    ]
    yield Stage(base, *made)
    for commands in made:
        await commands.close()


@pytest.fixture
async def stage(base: Path) -> AsyncIterator[Stage]:
    async for made in stage_of(base, Unconfined()):
        yield made


@pytest.fixture(params=["bubblewrap", "landlock"])
async def confined(base: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    sandbox = await choose_sandbox(request.param, base / "tree")
    if sandbox.name != request.param:
        pytest.skip(sandbox.describe())
    async for made in stage_of(base, sandbox):
        yield made
