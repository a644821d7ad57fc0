"""A scene with everything that a sandbox has to guard, and a way to run commands in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from leadline.tools.process import Launch, ProcessLimits, ProcessResult, run_process
from leadline.tools.sandbox.base import Sandbox
from leadline.tools.sandbox.detect import able_to_mount, choose_sandbox
from leadline.tools.sandbox.environment import scrubbed_environment
from leadline.tools.sandbox.places import make_policy
from leadline.tools.sandbox.policy import Policy


@dataclass(frozen=True, slots=True)
class Scene:
    """A working tree with a repository, a home folder with secrets, Leadline's state, and a place outside of it all."""

    base: Path
    root: Path
    home: Path
    state: Path
    temp: Path
    outside: Path

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.home)}

    def policy(self, root: Path | None = None, *, network: bool = False) -> Policy:
        return make_policy(
            root or self.root,
            temp=self.temp,
            home=self.home,
            environ=self.environ,
            leadline_home=self.state,
            readable=[self.state / "outputs"],
            network=network,
        )

    async def run(
        self,
        sandbox: Sandbox,
        script: str,
        *,
        policy: Policy | None = None,
        seconds: float | None = 60,
        prefix: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        limits: ProcessLimits | None = None,
    ) -> ProcessResult:
        policy = policy or self.policy()
        launch = sandbox.command(("bash", "-c", script), policy)
        return await run_process(
            Launch((*prefix, *launch.argv), launch.env, launch.pass_fds, launch.supervised),
            cwd=policy.root,
            env=env or scrubbed_environment(self.environ, temp=self.temp),
            timeout_seconds=seconds,
            sink=None,
            spill=self.base / "output.txt",
            limits=limits or ProcessLimits(),
        )


def git(folder: Path, *arguments: str) -> None:
    settings = (
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "protocol.file.allow=always",
    )
    subprocess.run(("git", *settings, *arguments), cwd=folder, check=True, capture_output=True)


def build(base: Path) -> Scene:
    scene = Scene(
        base, base / "tree", base / "home", base / "state", base / "temp", base / "outside"
    )
    for folder in ("tree/src", "home/.ssh", "home/.config/gh", "state/sessions", "state/outputs"):
        (base / folder).mkdir(parents=True)
    for folder in (scene.temp, scene.outside):
        folder.mkdir()
    (scene.root / "src/a.txt").write_text("old\n")
    (scene.root / "top.txt").write_text("old\n")
    git(scene.root, "init", "-q", "-b", "main")
    git(scene.root, "add", ".")
    git(scene.root, "commit", "-q", "-m", "first")
    (scene.outside / "file").write_text("outside\n")
    (scene.home / "notes.txt").write_text("notes\n")
    for secret in (".ssh/id_ed25519", ".netrc", ".config/gh/hosts.yml"):
        (scene.home / secret).write_text("canary\n")
    (scene.state / "sessions/journal.jsonl").write_text("canary\n")
    (scene.state / "outputs/command-1.txt").write_text("readable\n")
    return scene


@pytest.fixture
def scene() -> Generator[Scene]:
    """Not in /tmp, where a private /tmp would hide what the tests want to see guarded."""
    base = Path(tempfile.mkdtemp(prefix="leadline-test-", dir="/var/tmp"))
    base.chmod(0o755)
    yield build(base)
    shutil.rmtree(base)


@pytest.fixture
def scene_in_tmp() -> Generator[Scene]:
    base = Path(tempfile.mkdtemp(prefix="leadline-test-", dir="/tmp"))
    yield build(base)
    shutil.rmtree(base)


async def working(setting: str) -> Sandbox:
    chosen = await choose_sandbox(
        "bubblewrap" if setting == "bubblewrap" else "landlock", Path("/")
    )
    if chosen.name != setting:
        assert "not installed" not in chosen.describe() or shutil.which("bwrap") is None
        pytest.skip(chosen.describe())
    return await able_to_mount(chosen, Path("/"))


@pytest.fixture(params=["bubblewrap", "landlock"])
async def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return await working(request.param)


@pytest.fixture
async def bubblewrap() -> Sandbox:
    return await working("bubblewrap")


@pytest.fixture
async def landlock() -> Sandbox:
    return await working("landlock")


@pytest.fixture
def run_git() -> Callable[..., None]:
    return git
