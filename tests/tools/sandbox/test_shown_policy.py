"""What the policy of a private clone says, and which sandboxes can enforce it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from leadline.tests.tools.sandbox.clones import Git, Shown, shown
from leadline.tools.errors import PersonError, ToolError
from leadline.tools.sandbox.base import Sandbox, Unavailable, why_not_in_clones
from leadline.tools.sandbox.bubblewrap import Bubblewrap
from leadline.tools.sandbox.detect import able_to_mount, choose_sandbox
from leadline.tools.sandbox.landlock import Landlock
from leadline.tools.sandbox.none import Unconfined
from leadline.tools.sandbox.places import make_policy
from leadline.tools.sandbox.policy import Access, Borrowed, Policy

if TYPE_CHECKING:
    from leadline.tests.tools.sandbox.conftest import Scene

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="both sandboxes are for Linux")


@pytest.fixture
def one(scene: Scene, run_git: Git) -> Shown:
    (scene.root / "node_modules/dep").mkdir(parents=True)
    return shown(scene, run_git)


def test_sandboxes_that_cannot_mount_refuse(one: Shown) -> None:
    for sandbox in (Landlock(7, "x86_64"), Unconfined()):
        assert not sandbox.can_mount
        with pytest.raises(ToolError, match="has to be shown at"):
            sandbox.command(("true",), one.policy())
    assert not Bubblewrap("/usr/bin/bwrap", None).can_mount


def test_the_person_is_told_why_clones_will_not_do() -> None:
    landlock, carried = Landlock(7, "x86_64"), [Path("/w/node_modules")]
    assert why_not_in_clones(Bubblewrap("/usr/bin/bwrap", None, can_mount=True), carried) is None
    assert why_not_in_clones(landlock, ()) is None
    assert "node_modules" in (why_not_in_clones(landlock, carried) or "")
    assert "no sandbox is active" in (why_not_in_clones(Unconfined(), ()) or "")
    assert "old kernel" in (why_not_in_clones(Unavailable("old kernel"), ()) or "")


def test_what_the_policy_of_a_clone_says(one: Shown) -> None:
    policy, tree = one.policy("node_modules"), one.scene.root
    assert policy.tree == tree
    assert policy.access(tree / "src/a.txt") == Access.WRITE
    assert policy.access(tree / ".git/config") == Access.WRITE
    assert policy.access(tree / "node_modules/dep") == Access.READ
    assert policy.access(one.clone / "src") == Access.HIDDEN
    assert policy.access(one.borrowed[0] / "pack") == Access.READ
    assert policy.access(one.borrowed[1] / "pack") == Access.READ
    assert policy.source(tree / "src") == one.clone / "src"
    assert policy.source(tree / "node_modules/dep") == tree / "node_modules/dep"
    assert policy.source(one.borrowed[1] / "pack") == tree / ".git/objects/pack"
    assert policy.source(Path("/etc")) == Path("/etc")
    assert Borrowed(tree / ".git/objects", one.borrowed[1]) in policy.borrowed


def test_what_is_carried_lies_in_the_tree_itself(one: Shown) -> None:
    (one.scene.root / "link").symlink_to(one.scene.home / ".ssh")
    for name in ("link", "../home/.ssh", ".", "missing", "top.txt"):
        assert one.policy(name).carried == (), name


def test_objects_in_the_covered_tree_need_another_name(one: Shown) -> None:
    def borrowing(path: Path) -> Policy:
        return make_policy(
            one.clone,
            temp=one.temp,
            home=one.scene.home,
            environ=one.scene.environ,
            leadline_home=one.scene.state,
            shown_at=one.scene.root,
            borrowed=[path],
        )

    link = one.scene.outside / "link"
    link.symlink_to(one.scene.root / ".git/objects")
    for path in (one.scene.root / ".git/objects", link):
        with pytest.raises(ValueError, match="borrowed objects"):
            borrowing(path)
    assert borrowing(one.borrowed[1]).borrowed[0].at == one.borrowed[1]


def test_leadlines_own_folders_must_lie_outside_the_tree(one: Shown) -> None:
    with pytest.raises(PersonError, match="LEADLINE_HOME"):
        make_policy(
            one.clone,
            temp=one.temp,
            home=one.scene.home,
            environ=one.scene.environ,
            leadline_home=one.scene.state,
            shown_at=one.scene.base,
        )


async def test_a_bubblewrap_that_cannot_be_sealed_does_not_mount(
    bubblewrap: Sandbox, one: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(bubblewrap, Bubblewrap)
    assert bubblewrap.can_mount
    program = one.scene.base / "bin/bwrap"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\ncase $* in *oldroot*) echo 'bwrap: unknown place' >&2; exit 1;; esac\n"
        f'exec {bubblewrap.program} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    chosen = await choose_sandbox("bubblewrap", one.scene.root)
    found = await able_to_mount(chosen, one.scene.root)
    assert (found.name, found.can_mount) == ("bubblewrap", False)
    with pytest.raises(ToolError, match="has to be shown at"):
        found.command(("true",), one.policy())
    assert (await one.scene.run(found, "cat top.txt")).output.text == "old"
