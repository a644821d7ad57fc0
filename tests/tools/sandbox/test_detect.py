from __future__ import annotations

import sys
from pathlib import Path

import pytest
from leadline.tools.errors import ToolError
from leadline.tools.sandbox import detect
from leadline.tools.sandbox.base import Sandbox
from leadline.tools.sandbox.bubblewrap import find_bubblewrap
from leadline.tools.sandbox.detect import choose_sandbox
from leadline.tools.sandbox.policy import Policy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="both sandboxes are for Linux")


def fake(folder: Path, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder.parent / "tree").mkdir(exist_ok=True)
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


async def test_off_is_said_plainly_and_confines_nothing(tmp_path: Path) -> None:
    chosen = await choose_sandbox("off", tmp_path)
    assert (chosen.name, chosen.confined) == ("off", False)
    assert "no sandbox" in chosen.describe()


async def test_auto_takes_bubblewrap_where_it_works(bubblewrap: Sandbox, tmp_path: Path) -> None:
    assert (await choose_sandbox("auto", tmp_path)).name == "bubblewrap"
    assert list(tmp_path.iterdir()) == []
    assert "read-only" in bubblewrap.describe()


async def test_auto_goes_on_to_landlock_where_bubblewrap_fails(
    landlock: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fake(
        tmp_path / "bin", "echo 'bwrap: No permissions to create new namespace' >&2; exit 1"
    )
    monkeypatch.setenv("PATH", str(program.parent))
    chosen = await choose_sandbox("auto", tmp_path / "tree")
    assert chosen == landlock


async def test_what_does_not_work_refuses_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fake(tmp_path / "bin", "echo 'bwrap: No permissions' >&2; exit 1")
    monkeypatch.setenv("PATH", str(program.parent))
    chosen = await choose_sandbox("bubblewrap", tmp_path / "tree")
    assert chosen.name == "unavailable"
    policy = Policy(tmp_path, (), (), (), tmp_path)
    with pytest.raises(ToolError, match=r"No permissions.*sandbox = .off."):
        chosen.command(("true",), policy)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "not installed" in (await choose_sandbox("bubblewrap", tmp_path)).describe()


async def test_an_old_kernel_and_a_strange_machine_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "shim.py"
    shim.write_text("print(2)")
    monkeypatch.setattr(detect, "SHIM", shim)
    assert "too old" in (await choose_sandbox("landlock", tmp_path)).describe()
    monkeypatch.setattr(detect, "supported_machine", lambda: None)
    assert "architecture" in (await choose_sandbox("landlock", tmp_path)).describe()


async def test_a_probe_that_does_not_answer_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fake(tmp_path / "bin", "exec sleep 600")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setattr(detect, "_PROBE_SECONDS", 0.05)
    assert "did not answer" in (await choose_sandbox("bubblewrap", tmp_path / "tree")).describe()


def test_a_repository_does_not_bring_its_own(tmp_path: Path) -> None:
    tree, apart = tmp_path / "tree", tmp_path / "apart"
    tree.mkdir()
    (tree / "bin").symlink_to(fake(tree / "tools", "exit 0").parent)
    path = f"bin:.::{tree}/bin:{apart}"
    assert find_bubblewrap(path, tree) is None
    program = fake(apart, "exit 0")
    assert find_bubblewrap(path, tree) == str(program)
    program.unlink()
    program.symlink_to(tree / "bin/bwrap")
    assert find_bubblewrap(path, tree) is None
    assert find_bubblewrap(path, Path("/")) == f"{tree}/bin/bwrap"
