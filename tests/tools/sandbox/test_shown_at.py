"""A private clone that commands see at the path of the person's tree, while that tree stays out of their reach."""

from __future__ import annotations

import asyncio
import sys
import venv
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from leadline.tests.tools.sandbox.clones import Git, Shown, digest, shown
from leadline.tools.errors import ToolError
from leadline.tools.sandbox.base import Sandbox
from leadline.tools.sandbox.bubblewrap import Bubblewrap
from leadline.tools.sandbox.places import make_policy
from leadline.tools.sandbox.policy import Access

if TYPE_CHECKING:
    from leadline.tests.tools.sandbox.conftest import Scene

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="both sandboxes are for Linux")


@pytest.fixture
def one(scene: Scene, run_git: Git) -> Shown:
    for folder in ("node_modules/dep", "packages/a/node_modules/dep"):
        (scene.root / folder).mkdir(parents=True)
        (scene.root / folder / "index.js").write_text("installed\n")
    (scene.root / "packages/a/main.js").write_text("main\n")
    return shown(scene, run_git)


async def test_an_absolute_path_of_the_tree_leads_to_the_clone(
    bubblewrap: Sandbox, one: Shown
) -> None:
    before = digest(one.scene.root)
    tree = one.scene.root
    script = f"pwd; echo clone > {tree}/top.txt; cat {tree}/src/a.txt; rm -r {tree}/src; ls {tree}"
    result = await one.run(bubblewrap, script, "node_modules")
    assert result.exit_code == 0, result.output.text
    assert result.output.text.splitlines() == [
        str(tree),
        "old",
        "node_modules",
        "packages",
        "top.txt",
    ]
    assert (one.clone / "top.txt").read_text() == "clone\n"
    assert not (one.clone / "src").exists()
    assert digest(tree) == before


async def test_the_clone_is_not_to_be_seen_where_it_is(bubblewrap: Sandbox, one: Shown) -> None:
    script = (
        f"ls {one.clone}; cat {one.clone}/top.txt; find {one.scene.state}/sessions -name '*.txt'"
    )
    result = await one.run(bubblewrap, script)
    assert result.output.text.count("No such file") == 2
    assert "a.txt" not in result.output.text


@pytest.mark.parametrize(
    "attempt",
    [
        "cd .. && echo x > tree/new && echo x > ../new; echo x > $PWD/../tree/src/new",
        "ln -s TREE out && echo x > out/new && rm -rf out/src",
        "ln -s TREE/.git out && echo x > out/config && rm -rf out/objects",
        "ln -s CLONE.objects/user out; echo x > out/new; rm -rf out/*",
        "rm -rf .git/objects/* .git/refs; echo x > .git/config",
        "git -C TREE commit -q --allow-empty -m x",
        "git -C TREE config user.name evil; git -C TREE branch evil",
        "GIT_DIR=TREE/.git GIT_WORK_TREE=TREE git reset -q --hard && GIT_DIR=TREE/.git git gc -q",
        "git worktree add -q TREE/wt; git worktree add -q TREE/../wt; git worktree list",
        "git gc -q --prune=now; git repack -adq; git prune",
        "chmod -R 777 CLONE.objects/user/ node_modules; touch node_modules/dep/index.js",
        "echo x > node_modules/dep/index.js; echo x > node_modules/new; rm -rf node_modules",
        "mv node_modules gone; rmdir node_modules; mv packages/a/node_modules src/",
        "mv packages moved; rm -rf packages; ln -s TREE packages; echo x > packages/a/node_modules/n",
        "ln node_modules/dep/index.js src/hard; echo x >> src/hard",
        "(setsid sh -c 'for i in 1 2 3 4 5 6; do echo x > TREE/new$i; sleep 0.1; done' &)",
        "nohup sh -c 'sleep 600; echo x > TREE/late' > /dev/null 2>&1 & exit 0",
        "echo x > /proc/1/cwd/new; echo x > /proc/1/root/TREE/new; ls /proc/*/root/TREE",
        "echo x > /proc/self/fd/0; for fd in /proc/self/fd/*; do echo x > $fd/new; done 2> /dev/null",
        "umount node_modules; umount TREE; mount -o remount,rw TREE/node_modules",
        "unshare -rm sh -c 'umount TREE; echo x > TREE/new'",
        "rm -rf TREE/* TREE/.git",
        "truncate -s 0 CLONE.objects/user/*/*",
    ],
)
async def test_the_tree_and_its_git_folder_stay_byte_for_byte(
    bubblewrap: Sandbox, one: Shown, attempt: str
) -> None:
    carried = ("node_modules", "packages/a/node_modules")
    before, store = digest(one.scene.root), digest(one.scene.state / "objects")
    script = attempt.replace("TREE", str(one.scene.root)).replace("CLONE", str(one.clone))
    await one.run(bubblewrap, script, *carried)
    assert digest(one.scene.root) == before
    # What it left in the clone is no way out for the next one.
    await one.run(bubblewrap, "echo x > packages/a/new; echo x > out/new; true", *carried)
    assert digest(one.scene.root) == before
    assert digest(one.scene.state / "objects") == store
    kept = {"home", "outside", "output.txt", "state", "temp", "temp-task-1", "tree"}
    assert {path.name for path in one.scene.base.iterdir()} == kept


async def test_git_works_in_a_clone_with_borrowed_objects(
    bubblewrap: Sandbox, one: Shown, run_git: Git
) -> None:
    script = (
        "git log --format=%s && git fsck --connectivity-only 2>&1 && echo new >> top.txt && "
        "git status --porcelain && git commit -qam mine && git log --format=%s -1 && git show HEAD~2:top.txt"
    )
    result = await one.run(bubblewrap, script, "node_modules")
    assert result.exit_code == 0, result.output.text
    assert result.output.text.splitlines() == [
        *("uncommitted work", "first", " M top.txt", "mine", "old")
    ]
    # The same clone, with the same names of the borrowed objects, from outside.
    run_git(one.clone, "cat-file", "-e", "HEAD~2:top.txt")
    run_git(one.clone, "fsck", "--connectivity-only")


async def test_git_of_the_clone_is_read_only_unless_it_is_asked_for(
    bubblewrap: Sandbox, one: Shown
) -> None:
    policy = one.policy(git_writable=False)
    assert policy.access(one.scene.root / ".git/config") == Access.READ
    before = digest(one.clone / ".git")
    script = "git log -1 --format=%s && echo x > top.txt && ! git commit -qam mine"
    result = await one.run(bubblewrap, script, policy=policy)
    assert result.exit_code == 0, result.output.text
    assert result.output.text.startswith("uncommitted work")
    assert digest(one.clone / ".git") == before


async def test_a_tree_that_is_read_only_is_so_at_its_other_path(
    bubblewrap: Sandbox, one: Shown
) -> None:
    policy = one.policy("node_modules")
    policy = replace(policy, read_only=(*policy.read_only, policy.tree))
    script = "cat node_modules/dep/index.js; echo x > top.txt || echo refused"
    result = await one.run(bubblewrap, script, policy=policy)
    assert result.output.text.startswith("installed\n")
    assert result.output.text.endswith("refused")


async def test_only_objects_are_seen_of_leadlines_state(bubblewrap: Sandbox, one: Shown) -> None:
    state = one.scene.state
    (state / "objects/store/secret").write_text("canary\n")
    (state / "objects/other").mkdir()
    (state / "objects/other/file").write_text("canary\n")
    script = f"grep -rs canary {state}; cat {state}/objects/store/secret; find {state}"
    result = await one.run(bubblewrap, script)
    assert "canary" not in result.output.text
    assert f"{state}/objects/store/objects" in result.output.text
    assert f"{state}/objects/other" not in result.output.text


async def test_installed_python_code_comes_from_the_clone(bubblewrap: Sandbox, one: Shown) -> None:
    root = one.scene.root
    environment = root / ".venv"
    venv.EnvBuilder(symlinks=True, with_pip=False).create(environment)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "__editable__.pkg.pth").write_text(f"{root}/src\n")
    (site / "dependency.py").write_text("NAME = 'installed'\n")
    tool = environment / "bin/tool"
    tool.write_text(
        f"#!{environment}/bin/python\nimport pkg, dependency\nprint(pkg.NAME, dependency.NAME, pkg.__file__)\n"
    )
    tool.chmod(0o755)
    (root / "src/pkg.py").write_text("NAME = 'of the person'\n")
    (one.clone / "src/pkg.py").write_text("NAME = 'of the clone'\n")
    before = digest(root)
    result = await one.run(bubblewrap, ".venv/bin/tool", ".venv")
    assert result.output.text == f"of the clone installed {root}/src/pkg.py"
    assert digest(root) == before
    without = await one.run(bubblewrap, ".venv/bin/tool")
    assert without.exit_code == 127


async def test_carried_folders_deep_in_the_tree_and_those_without_a_place(
    bubblewrap: Sandbox, one: Shown
) -> None:
    (one.scene.root / "only/here/node_modules").mkdir(parents=True)
    (one.scene.root / "packages/b/node_modules").mkdir(parents=True)
    (one.clone / "packages/b").symlink_to(one.scene.outside)
    script = "cat packages/a/node_modules/dep/index.js; ls -d only packages/b/node_modules"
    places = ("packages/a/node_modules", "only/here/node_modules", "packages/b/node_modules")
    result = await one.run(bubblewrap, script, *places)
    assert result.output.text.startswith("installed\n")
    assert result.output.text.count("No such file") == 2
    assert not (one.scene.outside / "node_modules").exists()
    status = await one.run(bubblewrap, "git status --porcelain")
    assert status.output.text == "?? packages/b"  # the points to mount on do not show


async def test_two_clones_at_one_path_do_not_see_each_other(
    bubblewrap: Sandbox, one: Shown, run_git: Git
) -> None:
    other = shown(one.scene, run_git, "task-2")
    before = digest(one.scene.root)
    script = (
        "echo NAME > who; echo NAME > $TMPDIR/who; while [ ! -e go ]; do sleep 0.02; done; "
        "cat who $TMPDIR/who; ls"
    )
    running = [
        asyncio.create_task(each.run(bubblewrap, script.replace("NAME", each.clone.name)))
        for each in (one, other)
    ]
    for each in (one, other):
        while not (each.temp / "who").exists() and not all(task.done() for task in running):
            await asyncio.sleep(0.01)
    for each in (one, other):
        (each.clone / f"of-{each.clone.name}").touch()
        (each.clone / "go").touch()
    first, second = await asyncio.gather(*running)
    assert first.output.text.startswith("task-1\ntask-1\n")
    assert second.output.text.startswith("task-2\ntask-2\n")
    assert "of-task-2" not in first.output.text
    assert "of-task-1" not in second.output.text
    assert digest(one.scene.root) == before


async def test_a_path_of_any_spelling(bubblewrap: Sandbox, one: Shown) -> None:
    odd = one.scene.base / "a b\n\\c\t'd' $(e) [f]*"
    one.scene.root.rename(odd)
    policy = make_policy(
        one.clone,
        temp=one.temp,
        home=one.scene.home,
        environ=one.scene.environ,
        leadline_home=one.scene.state,
        shown_at=odd,
        carried=[odd / "node_modules"],
        git_writable=True,
    )
    script = "cat node_modules/dep/index.js; echo clone > top.txt"
    result = await one.run(bubblewrap, script, policy=policy)
    assert result.exit_code == 0, result.output.text
    assert result.output.text == "installed"
    assert (one.clone / "top.txt").read_text() == "clone\n"


@pytest.mark.parametrize(
    "change",
    [
        'case $3 in */node_modules) set -- --bind "$2" "$3";; /../oldroot) set -- --bind /mnt /mnt;; esac',
        'case $3 in */node_modules) set -- --ro-bind "$2" /mnt;; esac',
        'case $3 in */tree) set -- --ro-bind "$2" "$3.elsewhere";; esac',
    ],
)
async def test_nothing_starts_where_a_mount_is_not_as_it_should_be(
    bubblewrap: Sandbox, one: Shown, change: str
) -> None:
    """As after a lost race with a command that swaps folders for links: mounted, but open or somewhere else."""
    assert isinstance(bubblewrap, Bubblewrap)
    program = one.scene.base / "bwrap"
    program.write_text(
        "#!/bin/bash\nout=()\nwhile [ $# -gt 0 ]; do\n"
        'case $1 in --ro-bind|--bind) a=("${@:4}"); set -- "$1" "$2" "$3"; '
        f'{change}; out+=("$@"); set -- "${{a[@]}}";;\n'
        '--) break;; *) out+=("$1"); shift;; esac; done\n'
        f'mkdir -p {one.scene.root}.elsewhere\nexec {bubblewrap.program} "${{out[@]}}" "$@"\n'
    )
    program.chmod(0o755)
    altered = replace(bubblewrap, program=str(program))
    result = await one.run(altered, "echo started", "node_modules")
    assert result.exit_code == 125
    assert "not mounted in its place" in result.output.text
    assert "started" not in result.output.text


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("/oldroot/TREE/src", "Can't mkdir"),  # where the outside is while bwrap mounts
        ("/newroot/tmp", "not mounted in its place"),
    ],
)
async def test_a_link_put_in_the_way_at_the_last_moment(
    bubblewrap: Sandbox, one: Shown, link: str, said: str
) -> None:
    assert isinstance(bubblewrap, Bubblewrap)
    policy = one.policy("packages/a/node_modules")
    (one.temp / "node_modules").mkdir()
    program = one.scene.base / "bwrap"
    parent = one.clone / "packages/a"
    target = link.replace("TREE", str(one.scene.root))
    program.write_text(
        f'#!/bin/sh\nrm -rf {parent}\nln -s {target} {parent}\nexec {bubblewrap.program} "$@"\n'
    )
    program.chmod(0o755)
    before = digest(one.scene.root)
    script = "echo started; echo x > /tmp/node_modules/new"
    result = await one.run(replace(bubblewrap, program=str(program)), script, policy=policy)
    assert result.exit_code != 0
    assert said in result.output.text
    assert "started" not in result.output.text
    assert digest(one.scene.root) == before


async def test_a_tree_in_tmp_and_a_link_in_the_way_to_it(
    bubblewrap: Sandbox, scene_in_tmp: Scene, run_git: Git
) -> None:
    one = shown(scene_in_tmp, run_git)
    result = await one.run(bubblewrap, "cat top.txt; echo clone > top.txt; pwd")
    assert result.output.text == f"old\n{one.scene.root}"
    assert (one.clone / "top.txt").read_text() == "clone\n"
    await one.run(
        bubblewrap, f"mv /tmp/{one.scene.base.name} /tmp/x; ln -s / /tmp/{one.scene.base.name}"
    )
    with pytest.raises(ToolError, match="something else in the way"):
        bubblewrap.command(("true",), one.policy())


async def test_with_landlock_a_clone_where_it_is_can_commit_and_harm_nothing(
    landlock: Sandbox, one: Shown
) -> None:
    policy = make_policy(
        one.clone,
        temp=one.temp,
        home=one.scene.home,
        environ=one.scene.environ,
        leadline_home=one.scene.state,
        borrowed=one.borrowed,
        git_writable=True,
    )
    before, store = digest(one.scene.root), digest(one.scene.state / "objects")
    script = (
        f"mkdir new && echo x > new/x && git add new && git commit -qm mine && git log --format=%s; "
        f"echo x > {one.scene.root}/top.txt; git -C {one.scene.root} commit -q --allow-empty -m x; "
        f"cat {one.scene.state}/sessions/journal.jsonl"
    )
    result = await one.run(landlock, script, policy=policy)
    assert result.output.text.startswith("mine\nuncommitted work\nfirst\n"), result.output.text
    assert "canary" not in result.output.text
    assert digest(one.scene.root) == before
    assert digest(one.scene.state / "objects") == store
