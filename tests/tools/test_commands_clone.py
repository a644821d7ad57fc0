"""Commands of a worker: in its private clone, at the path of the person's tree."""

from __future__ import annotations

import shutil
import sys
import tempfile
import venv
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from leadline.tests.support.repos import git, make_repo, tree_bytes, write_files
from leadline.tools.commands import SandboxedCommands
from leadline.tools.errors import ToolError
from leadline.tools.sandbox.base import Sandbox
from leadline.tools.sandbox.carried import carried_folders
from leadline.tools.sandbox.detect import able_to_mount, choose_sandbox
from leadline.tools.sandbox.none import Unconfined

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can mount here")


@dataclass(frozen=True, slots=True)
class Place:
    """The person's tree with an environment that points back into it, and Leadline's folder."""

    tree: Path
    home: Path

    def clone(self, name: str) -> Path:
        """A clone by hand of what is committed."""
        clone = self.home / "sessions/s/clones" / name
        names = clone.with_name(f"{name}.objects")
        names.mkdir(parents=True)
        (names / "user").symlink_to(self.tree / ".git/objects")
        make_repo(clone, {})
        (clone / ".git/objects/info/alternates").write_text(f"{names}/user\n")
        git(clone, "reset", "-q", "--hard", git(self.tree, "rev-parse", "HEAD").strip())
        return clone


@pytest.fixture
def place() -> Generator[Place]:
    """Not in /tmp: commands have their own."""
    base = Path(tempfile.mkdtemp(prefix="leadline-test-", dir="/var/tmp"))
    tree = make_repo(
        base / "tree", {"src/pkg.py": "NAME = 'person'\n", ".gitignore": ".venv/\nbuild/\n"}
    )
    venv.EnvBuilder(symlinks=True, with_pip=False).create(tree / ".venv")
    (site,) = (tree / ".venv").glob("lib/python*/site-packages")
    write_files(site, {"pkg.pth": f"{tree}/src\n"})
    write_files(tree, {"build/out.txt": "built by the person\n"})
    yield Place(tree, base / "home")
    shutil.rmtree(base)


@pytest.fixture
async def mounting(place: Place) -> Sandbox:
    sandbox = await able_to_mount(await choose_sandbox("auto", place.tree), place.tree)
    if not sandbox.can_mount:
        pytest.skip(f"no sandbox here can mount: {sandbox.describe()}")
    return sandbox


Make = Callable[..., SandboxedCommands]


@pytest.fixture
async def commands(place: Place) -> AsyncIterator[Make]:
    made: list[SandboxedCommands] = []

    def make(sandbox: Sandbox, clone: Path, *, writable: bool = True) -> SandboxedCommands:
        folder = place.home / "sessions/s/tasks" / clone.name
        made.append(
            SandboxedCommands(
                sandbox,
                clone,
                folder,
                leadline_home=place.home,
                writable=writable,
                network=False,
                default_seconds=60,
                cache=folder / "cache",
                shown_at=place.tree,
                carried=carried_folders(place.tree, [".venv/", "build/"]),
                borrowed=[clone.with_name(f"{clone.name}.objects") / "user"],
                git_writable=True,
            )
        )
        return made[-1]

    yield make
    for one in made:
        await one.close()


def ignore(text: str) -> None:
    """Output as it comes is of no interest."""


async def said(runner: SandboxedCommands, command: str) -> str:
    return (await runner.run(command, None, ignore)).text


async def test_a_worker_tests_its_own_clone(
    place: Place, mounting: Sandbox, commands: Make
) -> None:
    clone = place.clone("task-1")
    before = tree_bytes(place.tree, git_too=True)
    (clone / "src/pkg.py").write_text("NAME = 'worker'\n")
    runner = commands(mounting, clone)
    script = "pwd; echo $VIRTUAL_ENV; python -c 'import pkg; print(pkg.NAME, pkg.__file__)'; ls"
    assert (await said(runner, script)).splitlines() == [
        str(place.tree),
        f"{place.tree}/.venv",
        f"worker {place.tree}/src/pkg.py",
        "src",
    ]
    assert await runner.probe(("pwd",)) == (0, str(place.tree))
    assert await said(runner, "git commit -qam mine && git log --format=%s") == "mine\nBegin"
    assert git(clone, "log", "-1", "--format=%s") == "mine\n"
    assert tree_bytes(place.tree, git_too=True) == before


async def test_the_same_module_at_the_same_path_in_two_clones(
    place: Place, mounting: Sandbox, commands: Make
) -> None:
    """Same size and, as far as Python looks, same time: only bytecode of its own tells them apart."""
    names = ("one", "two")
    runners = {name: commands(mounting, place.clone(name)) for name in names}
    for name in names:
        file = place.home / "sessions/s/clones" / name / "src/pkg.py"
        file.write_text(f"NAME = '{name}'\n")
        await said(runners[name], "touch -d 2020-01-01 src/pkg.py")
    for name in (*names, *names):
        assert await said(runners[name], "python -c 'import pkg; print(pkg.NAME)'") == name


async def test_jobs_in_the_background_work_in_the_clone(
    place: Place, mounting: Sandbox, commands: Make
) -> None:
    clone = place.clone("task-1")
    before = tree_bytes(place.tree, git_too=True)
    runner = commands(mounting, clone)
    job = await runner.start_job(f"echo up > {place.tree}/up.txt; echo started; sleep 600")
    assert "started" in await runner.job_output(job, 30)
    # A command beside it sees what it wrote, and has the same folders of the person in their places.
    assert await said(runner, "cat up.txt; test -x .venv/bin/python && echo there") == "up\nthere"
    await runner.close()
    assert (clone / "up.txt").read_text() == "up\n"
    assert tree_bytes(place.tree, git_too=True) == before


async def test_a_full_output_can_be_read_again(
    place: Place, mounting: Sandbox, commands: Make
) -> None:
    runner = commands(mounting, place.clone("task-1"))
    outcome = await runner.run("seq 100000", None, ignore)
    assert await said(runner, f"tail -n 1 {outcome.output_file}") == "100000"


async def test_a_reader_changes_nothing(place: Place, mounting: Sandbox, commands: Make) -> None:
    clone = place.clone("task-1")
    before = tree_bytes(clone, git_too=True)
    runner = commands(mounting, clone, writable=False)
    assert (await said(runner, "cat src/pkg.py; echo x > new || echo refused")).endswith("refused")
    assert tree_bytes(clone, git_too=True) == before


async def test_unconfined_commands_never_run_in_the_persons_tree(
    place: Place, commands: Make
) -> None:
    runner = commands(Unconfined(), place.clone("task-1"))
    with pytest.raises(ToolError, match="has to be shown at"):
        await runner.run("touch new", None, ignore)
    with pytest.raises(ToolError, match="has to be shown at"):
        await runner.start_job("touch new")
    assert not (place.tree / "new").exists()
