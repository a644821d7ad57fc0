"""Booby-trapped repositories: every public call is made, and no trap goes off."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from leadline.tools.errors import PersonError
from leadline.tools.git.commit import commit_paths
from leadline.tools.git.history import Timeline, follow
from leadline.tools.git.repository import open_repository
from leadline.tools.git.run import GitError, run_git
from leadline.tools.git.snapshots import SnapshotStore

Git = Callable[..., bytes]
Scan = Callable[..., dict[str, tuple[int, bytes]]]

TRAPPED_KEYS = (
    "core.fsmonitor",
    "core.editor",
    "core.pager",
    "core.sshCommand",
    "core.gitProxy",
    "core.askPass",
    "core.alternateRefsCommand",
    "sequence.editor",
    "credential.helper",
    "credential.https://example.org.helper",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "merge.evil.driver",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.pr o=c.process",
    "gpg.program",
    "gpg.ssh.program",
    "gpg.x509.program",
    "gpg.ssh.defaultKeyCommand",
    "uploadpack.packObjectsHook",
    "trailer.evil.command",
    "pager.log",
    "pager.status",
    "pager.diff",
    "interactive.diffFilter",
    "hook.evil.command",
    "remote.origin.uploadpack",
    "remote.origin.receivepack",
)
PLAIN_KEYS = (
    ("hook.evil.event", "reference-transaction"),
    ("filter.evil.required", "true"),
    ("commit.gpgSign", "true"),
    ("log.showSignature", "true"),
    ("protocol.allow", "always"),
    ("protocol.ext.allow", "always"),
    ("submodule.recurse", "true"),
    ("gc.auto", "1"),
    ("core.attributesFile", "/nowhere"),
)
COMMANDS = (
    "status",
    "ls-files",
    "add",
    "diff",
    "log",
    "commit",
    "rev-parse",
    "config",
    "update-index",
)
HOOKS = (
    *("pre-commit", "commit-msg", "post-commit", "prepare-commit-msg", "post-checkout"),
    *("reference-transaction", "post-index-change", "pre-auto-gc", "fsmonitor-watchman"),
    *("post-rewrite", "post-merge", "pre-push", "proc-receive", "sendemail-validate"),
)


@dataclass(frozen=True, slots=True)
class Trap:
    """A trapped repository and the folder in which each trap that goes off leaves its name."""

    root: Path
    sprung: Path

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.sprung.iterdir())


def script(trap: Trap, name: str) -> str:
    """A program that leaves its name and otherwise lets things pass."""
    path = trap.sprung.parent / "programs" / re.sub(r"[^\w.-]", "_", name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\ntouch '{trap.sprung}/{path.name}'\nexit 0\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(params=["config", "include", "worktree config", "hooks"])
def trap(request: pytest.FixtureRequest, repo: Path, tmp_path: Path, git: Git) -> Trap:
    """The same traps laid by each way that a repository has."""
    made = Trap(repo, tmp_path / "sprung")
    made.sprung.mkdir()
    (repo / ".gitattributes").write_text(
        "* filter=evil diff=evil merge=evil\n*.pr filter=pr\\ o=c\n*.p2 filter=evil\n"
    )
    (repo / "x.p2").write_text("x")
    git(repo, "add", ".gitattributes", "x.p2")
    git(repo, "commit", "--quiet", "-m", "attributes")
    if request.param == "hooks":
        for name in HOOKS:
            hook = repo / ".git" / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(Path(script(made, name)).read_text())
            hook.chmod(0o755)
        git(repo, "config", "core.fsmonitor", script(made, "core.fsmonitor"))
    else:
        lay(request.param, made, git)
    for path in made.sprung.iterdir():
        path.unlink()
    return made


def lay(way: str, trap: Trap, git: Git) -> None:
    root = trap.root
    if way == "include":
        where = ("--file", str(root / ".gitconfig"))
    elif way == "worktree config":
        git(root, "config", "extensions.worktreeConfig", "true")
        where = ("--worktree",)
    else:
        where = ("--local",)
    for key in TRAPPED_KEYS:
        git(root, "config", *where, key, script(trap, key))
    for key, value in PLAIN_KEYS:
        git(root, "config", *where, key, value)
    hooks = trap.sprung.parent / "hooks"
    hooks.mkdir()
    for name in HOOKS:
        (hooks / name).write_text(Path(script(trap, name)).read_text())
        (hooks / name).chmod(0o755)
    git(root, "config", *where, "core.hooksPath", str(hooks))
    for command in COMMANDS:
        git(root, "config", *where, f"alias.{command}", f"!{script(trap, f'alias.{command}')}")
    if way == "include":
        git(root, "config", "include.path", "../.gitconfig")


def test_the_traps_are_live(trap: Trap, git: Git) -> None:
    """Plain git falls into them: else the tests below would prove nothing."""
    root = trap.root
    (root / "a.txt").write_text("changed\n")
    for args in (
        ("status",),
        ("add", "--all"),
        ("diff", "HEAD~1"),
        ("commit", "-m", "x"),
        ("-c", "commit.gpgSign=false", "commit", "-m", "x"),
    ):
        git(root, *args, check=False)
    assert {"core.fsmonitor", "reference-transaction"} <= set(trap.names)
    if "filter.evil.clean" in trap.names:
        assert {"diff.external", "gpg.program"} & set(trap.names)


async def test_no_trap_goes_off(trap: Trap, tmp_path: Path, scan: Scan) -> None:
    root = trap.root
    dot_git = scan(root / ".git", with_git=True)
    repository = await open_repository(root)
    # Racy: git can only tell by content, after clean filters, whether these changed.
    (root / "a.txt").write_text("two\n")
    (root / "x.pr").write_text("x")
    (root / "x.p2").write_text("y")
    await repository.status_summary()
    await repository.list_files()
    await repository.tracked_files()
    await repository.is_ignored(["a.txt", "x.pr", "src/new"])
    await repository.recent_log(10)
    store = await SnapshotStore.open(tmp_path / "state", repository, "s1")
    before = await store.take("before", ["new.evil"])
    (root / "a.txt").write_text("tri\n")
    (root / "new.evil").write_bytes(b"\0binary")
    after = await store.take("after")
    assert await store.diff(before, after)
    assert await store.changed_paths(before, after)
    assert await store.read_file(after, "a.txt") == b"tri\n"
    await store.load(before.commit)
    timeline = Timeline().record(before.commit, after.commit)
    _, moves = timeline.undo()
    await follow(store, moves)
    (root / "a.txt").write_text("the person's")
    with pytest.raises(PersonError):
        await follow(store, (moves[0],))
    await store.restore(after, before, force=True)
    assert (root / "a.txt").read_text() == "two\n"
    assert trap.names == []
    assert scan(root / ".git", with_git=True) == dot_git


async def test_no_trap_goes_off_in_commits(trap: Trap, git: Git) -> None:
    root = trap.root
    repository = await open_repository(root)
    (root / "a.txt").write_text("two\n")
    (root / "x.p2").write_text("y")
    if repository.settings.filters:
        with pytest.raises(PersonError, match="filter"):
            await commit_paths(repository, ["a.txt"], "m")
        (root / ".git" / "info" / "attributes").write_text("a.txt -filter\n")
    await commit_paths(repository, ["a.txt"], "on main")
    (root / "a.txt").write_text("tri\n")
    made = await commit_paths(repository, ["a.txt"], "on other", branch="other")
    assert trap.names == []
    assert git(root, "--no-pager", "cat-file", "blob", f"{made.commit}:a.txt") == b"tri\n"


async def test_a_trap_laid_later(repo: Path, tmp_path: Path, git: Git) -> None:
    """An include in the work tree can be written after the repository was opened."""
    trap = Trap(repo, tmp_path / "sprung")
    trap.sprung.mkdir()
    git(repo, "config", "include.path", "../.gitconfig")
    repository = await open_repository(repo)
    (repo / ".gitconfig").write_text(f'[filter "late"]\n\tclean = {script(trap, "late")}\n')
    (repo / ".gitattributes").write_text("* filter=late\n")
    (repo / "a.txt").write_text("two\n")
    await repository.status_summary()
    with pytest.raises(PersonError, match="filter"):
        await commit_paths(repository, ["a.txt"], "m")
    assert trap.names == []
    git(repo, "status")
    assert trap.names == ["late"]


async def test_trapped_submodule_and_nested_repository(
    tmp_path: Path, repo: Path, git: Git
) -> None:
    trap = Trap(repo, tmp_path / "sprung")
    trap.sprung.mkdir()
    git(tmp_path, "clone", "--quiet", str(repo), "inner")
    allow = ("-c", "protocol.file.allow=always")
    git(repo, *allow, "submodule", "--quiet", "add", str(tmp_path / "inner"), "sub")
    git(repo, "commit", "--quiet", "-m", "sub")
    git(repo, "clone", "--quiet", str(tmp_path / "inner"), "nested")
    for inner in (repo / "sub", repo / "nested"):
        # The size is the same, so that git has to compare contents, as the filter makes them.
        git(inner, "config", "filter.inner.clean", script(trap, "inner-filter"))
        attributes = git(inner, "rev-parse", "--git-path", "info/attributes").decode().strip()
        (inner / attributes).parent.mkdir(exist_ok=True)
        (inner / attributes).write_text("* filter=inner\n")
        (inner / "a.txt").write_text("two\n")
    git(repo / "nested", "config", "core.fsmonitor", script(trap, "inner-monitor"))
    repository = await open_repository(repo)
    await repository.status_summary()
    await repository.list_files()
    store = await SnapshotStore.open(tmp_path / "state", repository, "s1")
    before = await store.take("before", ["nested/a.txt", "sub/a.txt"])
    (repo / "nested" / "a.txt").write_text("again")
    await store.restore(await store.take("after"), before)
    with pytest.raises(PersonError):
        await commit_paths(repository, ["sub/a.txt"], "m")
    assert (repo / "nested" / "a.txt").read_text() == "two\n"
    assert trap.names == []
    git(repo, "status")
    assert trap.names == ["inner-filter"]
    git(repo / "nested", "status")
    assert trap.names == ["inner-filter", "inner-monitor"]


async def test_a_missing_object_is_not_fetched(tmp_path: Path, repo: Path, git: Git) -> None:
    """A partial clone's missing content would be fetched from wherever the configuration says."""
    trap = Trap(tmp_path / "partial", tmp_path / "sprung")
    trap.sprung.mkdir()
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(
        tmp_path,
        "clone",
        "--quiet",
        "--no-checkout",
        "--filter=blob:none",
        f"file://{repo}",
        "partial",
    )
    evil = f"ext::{script(trap, 'fetched')}"
    git(trap.root, "config", "remote.origin.url", evil)
    git(trap.root, "config", "protocol.ext.allow", "always")
    (trap.root / "a.txt").write_text("here")
    repository = await open_repository(trap.root)
    await repository.status_summary()
    await repository.recent_log(3)
    store = await SnapshotStore.open(tmp_path / "state", repository, "s1")
    await store.take("one")
    await commit_paths(repository, ["a.txt"], "m")
    with pytest.raises(GitError):
        await run_git(repository.place, "cat-file", "blob", "HEAD:src/b.py")
    assert trap.names == []
    git(trap.root, "cat-file", "blob", "HEAD:src/b.py", check=False)
    assert trap.names == ["fetched"]
