"""A private clone by hand, for tests."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.tools.process import ProcessResult
from leadline.tools.sandbox.base import Sandbox
from leadline.tools.sandbox.places import make_policy
from leadline.tools.sandbox.policy import Policy

if TYPE_CHECKING:
    from .conftest import Scene


Git = Callable[..., None]
IDENTITY = (
    "export GIT_AUTHOR_NAME=W GIT_AUTHOR_EMAIL=w@example.org GIT_COMMITTER_NAME=W "
    "GIT_COMMITTER_EMAIL=w@example.org GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory "
    "GIT_CONFIG_VALUE_0='*'; "
)


@dataclass(frozen=True, slots=True)
class Shown:
    """The person's tree is `scene.root`; `clone` lies in Leadline's state and borrows objects from two places."""

    scene: Scene
    clone: Path
    temp: Path

    @property
    def borrowed(self) -> list[Path]:
        return [
            self.scene.state / "objects/store/objects",
            self.clone.with_name(self.clone.name + ".objects") / "user",
        ]

    def policy(self, *carried: str, git_writable: bool = True, network: bool = False) -> Policy:
        return make_policy(
            self.clone,
            temp=self.temp,
            home=self.scene.home,
            environ=self.scene.environ,
            leadline_home=self.scene.state,
            network=network,
            shown_at=self.scene.root,
            carried=[self.scene.root / name for name in carried],
            borrowed=self.borrowed,
            git_writable=git_writable,
        )

    async def run(
        self, sandbox: Sandbox, script: str, *carried: str, policy: Policy | None = None
    ) -> ProcessResult:
        policy = policy or self.policy(*carried)
        return await self.scene.run(sandbox, IDENTITY + script, policy=policy)


def shown(scene: Scene, run_git: Git, name: str = "task-1") -> Shown:
    """A clone by hand: the base commit lies in a store of ours that holds more than the person has committed."""
    user, store = scene.root, scene.state / "objects/store"
    clone = scene.state / "sessions" / "s" / "clones" / name
    made = Shown(scene, clone, scene.base / f"temp-{name}")
    made.temp.mkdir()
    if not store.exists():
        (user / ".gitignore").write_text("node_modules/\n.venv/\nvendor/\n")
        run_git(scene.base, "init", "-q", "--bare", "-b", "main", str(store))
        lend(store, user / ".git/objects")
        run_git(store, "fetch", "-q", str(user), "main:main")
        run_git(store, f"--work-tree={user}", "add", "-A", ".")
        run_git(store, f"--work-tree={user}", "commit", "-q", "-m", "uncommitted work")
        (store / "index").unlink()
    run_git(scene.base, "init", "-q", "-b", "main", str(clone))
    names = clone.with_name(clone.name + ".objects")
    names.mkdir()
    (names / "user").symlink_to(user / ".git/objects")
    lend(clone / ".git", *made.borrowed)
    head = (store / "refs/heads/main").read_text()
    (clone / ".git/refs/heads/main").write_text(head)
    run_git(clone, "reset", "-q", "--hard")
    return made


def lend(git_dir: Path, *stores: Path) -> None:
    text = "".join(f"{store}\n" for store in stores)
    (git_dir / "objects/info/alternates").write_text(text)


def digest(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Every entry with its mode, its time (of files) and its content."""
    found: dict[str, tuple[int, int, str]] = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        status = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else ""
        if stat.S_ISREG(status.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        time = 0 if path.is_dir() else status.st_mtime_ns
        found[str(path)] = (status.st_mode, time, content)
    return found
