"""Leadline at work in a tree that somebody else changes at the very same time, see `tests/support/chaos`.

What the tools and the machinery below them say then is a result, a ToolError or a PersonError, and nothing else, which
would end the session. Nothing outside is read or written, and afterwards all works as before.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from leadline.agent.asking.approvals import Reply
from leadline.agent.bus import Bus, Recorder
from leadline.agent.context.deltas import changed_paths, changes, delta_text
from leadline.agent.context.instructions import find_instructions
from leadline.agent.dispatch import Dispatcher, Workplace
from leadline.agent.events import ApprovalAsked
from leadline.agent.history.journal import Journal
from leadline.agent.messages import ToolCall, ToolMessage
from leadline.agent.roles import SOLO
from leadline.agent.survey import checkers_of, checks_of, find_place, list_files
from leadline.tests.support.chaos import NAMES, PIPE, SECRET, STATES, chaos, clear, lay
from leadline.tests.support.repos import git, make_repo
from leadline.tests.support.trees import tree_of
from leadline.tests.support.workbench import Workbench
from leadline.tools import search as search_module
from leadline.tools.child import Ended
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.index.why import why
from leadline.tools.code.live import LiveCode
from leadline.tools.code.model import CodeLookup
from leadline.tools.commands import SandboxedCommands
from leadline.tools.errors import PersonError, ToolError
from leadline.tools.git.clones import Clones
from leadline.tools.git.repository import Repository, open_repository
from leadline.tools.git.snapshots import SnapshotStore
from leadline.tools.permissions import Mode
from leadline.tools.registry import TOOLS, schemas
from leadline.tools.runtimes import find_runtimes
from leadline.tools.sandbox.base import Sandbox, Unavailable
from leadline.tools.sandbox.carried import carried_folders
from leadline.tools.sandbox.detect import choose_sandbox
from leadline.tools.sandbox.places import make_policy
from leadline.tools.search import SEARCH

PATHS = (*(name for name in NAMES if name.isascii()), ".", "pkg/new/x.py")
RULES = [{"language": "python", "pattern": "old($A)", "rewrite": "new($A)"}]
SCRIPT = "def change(path, text):\n    return text.replace('old', 'older')\n"


@dataclass
class Person:
    """Says no to all that is asked, which is shown before."""

    confinement: str = ""

    async def approve(self, asked: ApprovalAsked) -> Reply:
        assert SECRET not in asked.detail
        return Reply(False, "No.", "person")

    async def answer(self, asked: ApprovalAsked) -> Reply:
        del asked
        return Reply(True, "", "person")


@dataclass
class Ground:
    """A repository with everything in it that moves, and the folder outside that stays as it is."""

    root: Path
    outside: Path
    home: Path
    seen: dict[str, str] = field(default_factory=dict[str, str])
    calls: int = 0

    def policy(self, sandbox: Sandbox) -> None:
        policy = make_policy(
            self.root,
            temp=self.home / "tmp",
            home=self.home,
            environ=os.environ,
            leadline_home=self.home,
        )
        sandbox.command(("true",), policy).close()

    async def call(
        self,
        tool: str,
        arguments: object,
        commands: SandboxedCommands,
        mode: Mode = "auto",
        code: CodeLookup | None = None,
    ) -> ToolMessage:
        self.calls += 1

        async def keep(paths: tuple[str, ...], *, commands: bool) -> None:
            del paths, commands

        recorder = Recorder(Journal.create(self.home / f"session-{self.calls}"), Bus(), "main")
        place = Workplace(self.root, commands, mode, True, keep, commands.outputs, code)
        role = replace(SOLO, tools=SOLO.tools | {"codemod"})
        dispatcher = Dispatcher(TOOLS, schemas(), role, place, Person(), recorder, self.seen)
        outcome = await dispatcher.run([ToolCall("c1", tool, json.dumps(arguments))])
        return outcome.messages[0]


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    """Fails the test where a byte outside has changed."""
    ground = Ground(tmp_path / "root", tmp_path / "outside", tmp_path / "home")
    make_repo(ground.root, {})
    lay(ground.root, ground.outside)
    git(ground.root, "add", "-A")
    git(ground.root, "commit", "-qm", "Begin")
    (ground.home / "tmp").mkdir(parents=True)
    before = tree_of(ground.outside)
    yield ground
    assert tree_of(ground.outside) == before


@pytest.fixture
async def commands(ground: Ground) -> AsyncIterator[SandboxedCommands]:
    sandbox = await choose_sandbox("auto", ground.root)
    made = SandboxedCommands(
        sandbox,
        ground.root,
        ground.home / "session",
        leadline_home=ground.home,
        writable=True,
        network=False,
        default_seconds=30,
    )
    yield made
    await made.close()


def some_calls(chance: random.Random) -> Sequence[tuple[str, object]]:
    """One of each tool, on whatever paths."""
    path = lambda: chance.choice(PATHS)  # noqa: E731
    codemod = {"paths": [chance.choice([".", "pkg", "a.py"])], "rules": RULES}
    return (
        ("read", {"files": [{"path": path()} for _ in range(8)]}),
        ("search", {"pattern": "name_|secret", "path": path()}),
        ("search", {"pattern": "mod", "names": True}),
        ("outline", {"path": path()}),
        ("edit", {"path": path(), "edits": [{"old": "value", "new": "it", "all": True}]}),
        ("write", {"path": path(), "content": "def w(value): return old(value)\n"}),
        ("codemod", {"codemod": codemod, "apply": True}),
    )


def no_ripgrep(root: Path) -> None:
    del root


@pytest.mark.parametrize(("mode", "more"), [("auto", ()), ("auto", (PIPE,)), ("ask", ())])
async def test_tools(
    ground: Ground,
    commands: SandboxedCommands,
    monkeypatch: pytest.MonkeyPatch,
    mode: Mode,
    more: tuple[str, ...],
) -> None:
    if more:  # ripgrep waits for a pipe in the place of an ignore file, until its time is over
        monkeypatch.setattr(search_module, "find_ripgrep", no_ripgrep)
    chance = random.Random(1)
    with chaos(ground.root, ground.outside, 1, states=(*STATES, *more)):
        for _ in range(5):
            for tool, arguments in some_calls(chance):
                said = await ground.call(tool, arguments, commands, mode)
                assert SECRET not in said.text
    clear(ground.root)
    said = await ground.call("write", {"path": "a.py", "content": "x = 1\n"}, commands)
    assert (said.ok, said.text) == (True, "created a.py, 1 line")


async def test_commands_and_scripts(ground: Ground, commands: SandboxedCommands) -> None:
    script = {"codemod": {"paths": ["."], "script": SCRIPT}, "apply": True}
    with chaos(ground.root, ground.outside, 2, states=(*STATES, PIPE)):
        for _ in range(3):
            await ground.call("shell", {"command": "ls -la . nested"}, commands)
            await ground.call("codemod", script, commands)
            with suppress(ToolError):
                await find_runtimes(NAMES, ground.root, commands.probe)
    clear(ground.root)
    said = await ground.call("shell", {"command": "echo said > new && cat new"}, commands)
    assert said.ok
    assert said.text.startswith("said\n")


@pytest.mark.parametrize("setting", ["bubblewrap", "landlock"])
async def test_policies(ground: Ground, setting: Literal["bubblewrap", "landlock"]) -> None:
    sandbox = await choose_sandbox(setting, ground.root)
    if isinstance(sandbox, Unavailable):
        pytest.skip(sandbox.reason)
    with chaos(ground.root, ground.outside, 3, states=(*STATES, PIPE)):
        for _ in range(100):
            with suppress(ToolError):
                ground.policy(sandbox)
            carried_folders(ground.root, [".venv/", "pkg/", "nested/"])
    clear(ground.root)
    ground.policy(sandbox)


async def test_the_code(ground: Ground) -> None:
    repository = await open_repository(ground.root)
    index = CodeIndex.open(ground.home / "index")
    live = LiveCode(index, ground.root, repository.list_files)
    first = await live.tree()
    with chaos(ground.root, ground.outside, 4):
        for number in range(12):
            live.changed()
            with suppress(PersonError):
                tree = await live.tree()
                delta_text(changes(first, tree, changed_paths(first, tree)))
                assert not tree.mentions(["secret"])
                assert not any(SECRET in (tree.text(path) or "") for path in tree.files)
                assert SECRET not in await why(repository, NAMES[number])
    clear(ground.root)
    (ground.root / "a.py").write_text("def whole(): ...\n")
    live.changed()
    assert (await live.tree()).definers(["whole"]) == {"whole": ("a.py",)}
    index.close()


async def test_finding_out_about_the_place(ground: Ground) -> None:
    place = await find_place(ground.root, init=False, read_only=False)
    plain = replace(place, repository=None)
    with chaos(ground.root, ground.outside, 5):
        for _ in range(12):
            with suppress(PersonError):
                await list_files(place)
            await list_files(plain)
            checks_of(place, NAMES, ())
            checkers_of(place, NAMES)
            for below in ("", "pkg/sub"):
                for each in find_instructions(ground.root, below):
                    assert SECRET not in each.text
    clear(ground.root)
    (ground.root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (check,) = checks_of(place, await list_files(place), ())
    assert check.command == "python3 -m pytest -q"


async def test_snapshots(ground: Ground) -> None:
    snapshots = await SnapshotStore.open(ground.home, await open_repository(ground.root), "session")
    first = await snapshots.take("first")
    with chaos(ground.root, ground.outside, 6):
        for number in range(6):
            with suppress(PersonError):
                now = await snapshots.take("now", ["pkg/mod.py"])
                await snapshots.changed_paths(first, now)
                await snapshots.restore(now, first, force=number % 2 == 0)
    clear(ground.root)
    last = await snapshots.take("last")
    await snapshots.restore(last, first)
    assert (ground.root / "a.py").read_text() == "def name_0(value):\n    return old(value)\n"
    assert (await snapshots.take("again")).tree == first.tree


async def test_clones(ground: Ground) -> None:
    """What their worker left is as it is; only listing goes on while it is at work."""
    repository = await open_repository(ground.root)
    snapshots = await SnapshotStore.open(ground.home, repository, "session")
    first = await snapshots.take("first")
    clones = await Clones.open(snapshots.store, ground.home / "clones", "session")
    for number, end in enumerate((clones.give_back, clones.remove) * 3):
        clone = await clones.make(first, f"w{number}")
        with chaos(clone.root, ground.outside, 7 + number):
            for _ in range(5):
                with suppress(PersonError):
                    await clones.list_files(clone)
        for step in (clones.commit(clone, "now"), clones.move_to(clone, first), end(clone)):
            with suppress(PersonError):
                await step
    clone = await clones.make(first, "new")
    assert (clone.root / "a.py").read_text() == "def name_0(value):\n    return old(value)\n"


# --- what was found this way, one by one; more lies beside the tests of each part ---


def spoil_listing(root: Path) -> None:
    """A repository in the tree at which git stops, wherever it is asked for files."""
    for folder in ("objects", "refs", "commondir"):
        (root / "new" / ".git" / folder).mkdir(parents=True)
    (root / "new" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")


@pytest.fixture
async def repository(ground: Ground) -> Repository:
    return await open_repository(ground.root)


async def test_a_tree_that_git_can_not_list_costs_a_call(
    ground: Ground, commands: SandboxedCommands, repository: Repository
) -> None:
    spoil_listing(ground.root)
    live = LiveCode(CodeIndex.open(None), ground.root, repository.list_files)
    wished = {"pattern": "name_0", "symbol": "definition"}
    for tool, arguments in (("search", wished), ("outline", {"path": "a.py"})):
        said = await ground.call(tool, arguments, commands, code=live)
        assert not said.ok
        assert said.text.startswith("The index of the code can't be used: `git ls-files` failed")
    assert (await ground.call("read", {"files": [{"path": "a.py"}]}, commands)).ok


@pytest.mark.parametrize("path", ["pkg", "pkg/mod.py"])
async def test_a_link_that_comes_as_a_search_begins_leads_it_nowhere(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """ripgrep follows what it was told to search."""
    run = search_module.stream

    async def swapped(argv: Sequence[str], cwd: Path, *more: Any) -> Ended:
        (ground.root / "pkg").rename(ground.root / "away")
        (ground.root / "pkg").symlink_to(ground.outside)
        try:
            return await run(argv, cwd, *more)
        finally:
            (ground.root / "pkg").unlink()
            (ground.root / "away").rename(ground.root / "pkg")

    monkeypatch.setattr(search_module, "stream", swapped)
    bench = Workbench(ground.root)
    for pattern in ("secret", "(?=secret)[a-z]+"):
        said = (await bench.call(SEARCH, pattern=pattern, path=path)).text
        assert SECRET not in said
    monkeypatch.undo()
    assert "def name_0" in (await bench.call(SEARCH, pattern="name", path="pkg/mod.py")).text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
async def test_what_is_found_is_still_shown(ground: Ground, encoding: str) -> None:
    text = "one\r\nzwei größe\r\n" * 3
    (ground.root / "text.txt").write_bytes(text.encode(encoding))
    found = await Workbench(ground.root).call(SEARCH, pattern="zwei", context=1)
    assert found.text.count("zwei") == 3
    assert "not shown" not in found.text
