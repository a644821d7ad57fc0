"""The codemod tool: as dispatch calls it, and as a planner, a worker and others may use it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from leadline.agent.asking.approvals import Nobody
from leadline.agent.bus import Bus, Recorder
from leadline.agent.dispatch import Dispatcher, Outcome, Workplace
from leadline.agent.history.journal import Journal
from leadline.agent.messages import ToolCall
from leadline.agent.planning.plan import Area, WriteSet, write_set
from leadline.agent.roles import SOLO
from leadline.tests.support.repos import write_files
from leadline.tests.support.trees import digests
from leadline.tests.support.workbench import NoCommands, Workbench
from leadline.tools.base import Effects
from leadline.tools.codemod import CODEMOD, CodemodParams
from leadline.tools.errors import ToolError
from leadline.tools.permissions import Mode, conflict
from leadline.tools.read import READ
from leadline.tools.registry import TOOLS, schemas

RULES = [{"language": "python", "pattern": "old($$$A)", "rewrite": "new($$$A)"}]
FILES = {"pkg/a.py": "old(1)\n", "pkg/sub/b.py": "old(2)\n", "lib/c.py": "old(3)\n"}


def rules(*paths: str) -> dict[str, object]:
    return {"paths": list(paths), "rules": RULES}


def script(*paths: str) -> dict[str, object]:
    return {"paths": list(paths), "script": "def change(path, text):\n    return text\n"}


def effects(codemod: dict[str, object], *, apply: bool) -> Effects:
    return CODEMOD.effects(CodemodParams.model_validate({"codemod": codemod, "apply": apply}))


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    write_files(tmp_path, FILES)
    return Workbench(tmp_path)


async def test_a_dry_run_and_then_for_real(bench: Workbench) -> None:
    before = digests(bench.root)
    dry = await bench.call(CODEMOD, codemod=rules("pkg/"))
    assert digests(bench.root) == before
    assert dry.text.startswith("dry run, nothing written; would change 2 files of 2 looked at\n")
    assert "-old(1)\n+new(1)" in dry.text
    assert (dict(dry.seen), dict(dry.wrote)) == ({}, {})
    done = await bench.call(CODEMOD, codemod=rules("pkg/"), apply=True)
    assert done.text == "wrote 2 files of 2 looked at\npkg/a.py: 1\npkg/sub/b.py: 1"
    assert (bench.root / "pkg/sub/b.py").read_text() == "new(2)\n"
    assert set(done.wrote) == {"pkg/a.py", "pkg/sub/b.py"}
    assert "+new(1)" in done.detail


async def test_who_knew_a_file_knows_it_still(bench: Workbench) -> None:
    await bench.call(READ, files=[{"path": "pkg/a.py"}])
    done = await bench.call(CODEMOD, codemod=rules("pkg/"), apply=True)
    assert set(done.seen) == {"pkg/a.py"}
    assert done.seen["pkg/a.py"] == done.wrote["pkg/a.py"]
    await bench.call(READ, files=[{"path": "lib/c.py"}])
    (bench.root / "lib/c.py").write_text("old(4)\n")  # behind the model's back
    assert not (await bench.call(CODEMOD, codemod=rules("lib/"), apply=True)).seen


async def test_what_makes_no_sense_is_told(bench: Workbench) -> None:
    with pytest.raises(ToolError, match=r"`paths` is missing.*\nA codemod is \{"):
        await bench.call(CODEMOD)
    with pytest.raises(ToolError, match="no place here to read files from"):
        await bench.call(CODEMOD, codemod=script("pkg/"))


def test_effects() -> None:
    assert effects(rules("pkg/", "lib/c.py"), apply=False) == Effects(reads=("pkg", "lib/c.py"))
    assert not effects(rules("."), apply=False).mutates
    dry = effects(script("pkg"), apply=False)
    assert dry.writes == ()
    assert dry.command is not None
    assert "def change(path, text): return text" in dry.command
    real = effects(rules("pkg/**/*.py", "*.md", "lib/c.py"), apply=True)
    assert real.reads == ("pkg", ".", "lib/c.py")
    assert all(path.endswith("/") for path in real.writes)
    assert real.command == (
        "codemod python: `old($$$A)` becomes `new($$$A)` (in pkg/**/*.py, *.md, lib/c.py)"
    )
    assert conflict(real, Effects(reads=("pkg/a.py",)))
    with pytest.raises(ToolError):
        effects({"paths": ["/etc"], "rules": RULES}, apply=True)


def test_ast_grep_is_no_part_of_the_agents_process() -> None:
    code = "import sys, leadline.tools.registry as r; r.schemas_json(); sys.exit('ast_grep_py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_titles() -> None:
    params = CodemodParams.model_validate({"codemod": rules("pkg/", "lib/")})
    assert CODEMOD.title(params) == "codemod pkg/, lib/, dry run"
    assert CODEMOD.title(params.model_copy(update={"apply": True})) == "codemod pkg/, lib/"


# --- through dispatch ---


@dataclass
class Desk:
    root: Path
    mode: Mode = "auto"
    allowed: WriteSet | None = None
    calls: int = 0
    stored: list[tuple[tuple[str, ...], bool]] = field(
        default_factory=list[tuple[tuple[str, ...], bool]]
    )

    async def call(self, codemod: dict[str, object], *, apply: bool) -> Outcome:
        self.calls += 1
        journal = Journal.create(self.root.with_name(f"session-{self.calls}"))
        allowed = self.allowed
        place = Workplace(
            self.root,
            NoCommands(),
            self.mode,
            True,
            self._keep,
            may_write=None if allowed is None else lambda: allowed,
        )
        role = replace(SOLO, tools=SOLO.tools | {"codemod"})
        recorder = Recorder(journal, Bus(), "w1")
        dispatcher = Dispatcher(TOOLS, schemas(), role, place, Nobody(), recorder, {})
        arguments = json.dumps({"codemod": codemod, "apply": apply})
        return await dispatcher.run([ToolCall("c1", "codemod", arguments)])

    async def _keep(self, paths: tuple[str, ...], *, commands: bool) -> None:
        self.stored.append((paths, commands))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_files(tmp_path / "root", FILES)
    return tmp_path / "root"


async def test_plan_mode_looks_and_does_not_touch(root: Path) -> None:
    desk = Desk(root, "plan")
    before = digests(root)
    (dry,) = (await desk.call(rules("pkg/"), apply=False)).messages
    assert dry.ok
    assert "would change 2 files" in dry.text
    assert desk.stored == []
    outcome = await desk.call(rules("pkg/"), apply=True)
    (message,) = outcome.messages
    assert not message.ok
    assert message.text.startswith("Plan mode changes nothing.")
    assert digests(root) == before


async def test_all_is_stored_before_any_of_it_is_changed(root: Path) -> None:
    desk = Desk(root)
    outcome = await desk.call(rules("pkg/", "lib/c.py"), apply=True)
    assert desk.stored == [((), True)]
    assert outcome.mutated
    assert outcome.commands
    assert (root / "lib/c.py").read_text() == "new(3)\n"


@pytest.mark.parametrize("paths", [("pkg/",), ("pkg",), ("pkg/*.py",), ("pkg/a.py",)])
async def test_a_worker_changes_what_is_its_own(root: Path, paths: tuple[str, ...]) -> None:
    desk = Desk(root, allowed=write_set([Area("pkg", "folder")]))
    (message,) = (await desk.call(rules(*paths), apply=True)).messages
    assert message.ok
    assert (root / "pkg/a.py").read_text() == "new(1)\n"


@pytest.mark.parametrize(
    "paths", [(".",), ("pkg/", "lib/"), ("**/*.py",), ("lib/c.py", "pkg/a.py")]
)
async def test_and_nothing_at_all_where_one_file_is_not(root: Path, paths: tuple[str, ...]) -> None:
    desk = Desk(root, allowed=write_set([Area("pkg", "folder")]))
    before = digests(root)
    (message,) = (await desk.call(rules(*paths), apply=True)).messages
    assert not message.ok
    assert "may not write (lib/c.py). Nothing was written." in message.text
    assert digests(root) == before
