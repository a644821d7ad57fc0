"""The runner and what it takes away from git."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tests.support.waiting import until
from leadline.tools.errors import PersonError
from leadline.tools.git.hardening import driver_overrides, environment, parse_config
from leadline.tools.git.run import GitError, Place, read_drivers, run_git

Git = Callable[..., bytes]


async def test_output_and_exit_code(repo: Path) -> None:
    result = await run_git(Place(repo), "rev-parse", "--show-toplevel")
    assert (result.code, result.line) == (0, str(repo))
    with pytest.raises(GitError, match="cat-file") as caught:
        await run_git(Place(repo), "cat-file", "-e", "no-such-thing")
    assert isinstance(caught.value, PersonError)
    assert caught.value.result is not None
    assert caught.value.result.code == 128


async def test_reason_cannot_steer_a_terminal(repo: Path) -> None:
    result = await run_git(
        Place(repo), "rev-parse", "--verify", "x\x1b[31m\nfatal: \x07", ok=(128,)
    )
    assert result.reason.isprintable()


async def test_missing_git_and_missing_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GitError, match="gone"):
        await run_git(Place(tmp_path / "none"), "version")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="not found on PATH"):
        await run_git(Place(tmp_path), "version")


async def test_a_git_inside_the_repository_is_not_found(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "git").write_text("#!/bin/sh\necho trapped\n")
    (repo / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f".::{os.environ['PATH']}")
    result = await run_git(Place(repo), "version")
    assert result.stdout.startswith(b"git version")


async def test_the_machines_own_where_the_tree_is_all_of_it() -> None:
    assert (await run_git(Place(cwd=Path("/")), "--version")).line.startswith("git version")


@pytest.mark.parametrize("search", ["", ".", "bin", "{0}/bin", "{0}/bin:.:"])
async def test_nor_where_nothing_else_is_on_the_path(
    repo: Path, monkeypatch: pytest.MonkeyPatch, search: str
) -> None:
    for program in (repo / "git", repo / "bin" / "git"):
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\necho trapped\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", search.format(repo))
    with pytest.raises(GitError, match="not found on PATH"):
        await run_git(Place(repo), "version")


@pytest.mark.parametrize("at", [".", "src"])
async def test_nor_one_in_a_folder_of_its_own_that_is_on_the_path(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """As tools put there that look for programs of a project; also where git is asked about a store of ours."""
    programs = repo / "node_modules" / ".bin"
    programs.mkdir(parents=True)
    (programs / "git").write_text("#!/bin/sh\necho trapped\n")
    (programs / "git").chmod(0o755)
    (tmp_path / "link").symlink_to(programs)
    monkeypatch.setenv("PATH", f"{programs}:{tmp_path / 'link'}:{os.environ['PATH']}")
    monkeypatch.chdir(repo / at)
    for place in (Place(repo / at), Place(tmp_path, git_dir=tmp_path / "store")):
        result = await run_git(place, "version")
        assert result.stdout.startswith(b"git version")


async def test_a_hang_is_ended(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(GitError, match="stopped after"):
        await run_git(Place(tmp_path), "hash-object", "--no-filters", "--", "fifo", seconds=0.2)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
async def test_cancelled_while_it_starts_nothing_of_it_is_left(tmp_path: Path) -> None:
    """asyncio ends git alone then, and what git has started by that time would go on."""
    alias = f"alias.hang=!echo $$ >'{tmp_path}/'$$ && exec sleep 1000"
    for turns in range(12):
        task = asyncio.create_task(run_git(Place(tmp_path), "-c", alias, "hang"))
        for _ in range(turns):
            await asyncio.sleep(0)
        time.sleep(0.05)  # noqa: ASYNC251 -- git goes on while this process is busy
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    begun = [int(each.name) for each in tmp_path.iterdir() if each.name.isdecimal()]
    assert begun
    await until(lambda: not any(map(_alive, begun)), "the end of what git had started")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
async def test_cancel_kills_the_whole_group(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    alias = f"alias.hang=!echo $$ >'{note}.new' && mv '{note}.new' '{note}' && exec sleep 1000"
    task = asyncio.create_task(run_git(Place(tmp_path), "-c", alias, "hang"))
    while not _exists(note):
        assert not task.done()
        await asyncio.sleep(0.01)
    process = int(_text(note))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not _alive(process), "the end of what git had started")


def _exists(path: Path) -> bool:
    return path.exists()


def _text(path: Path) -> str:
    return path.read_text()


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_nothing_of_the_caller_but_what_is_needed() -> None:
    caller = {
        "PATH": "/bin:relative::.:/usr/bin",
        "HOME": "/h",
        "GIT_DIR": "/elsewhere",
        "GIT_EXTERNAL_DIFF": "evil",
        "DEEPSEEK_API_KEY": "secret",
        "LD_PRELOAD": "evil.so",
    }
    made = environment(caller)
    assert made["PATH"] == "/bin:/usr/bin"
    assert made["HOME"] == "/h"
    assert not {"GIT_DIR", "GIT_EXTERNAL_DIFF", "DEEPSEEK_API_KEY", "LD_PRELOAD"} & made.keys()
    assert made["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert "GIT_CONFIG_GLOBAL" not in environment(caller, outside_config=True)


async def test_outside_configuration_is_not_seen(repo: Path, home: Path) -> None:
    with (home / ".gitconfig").open("a") as file:
        file.write("[leadline]\n\tseen = yes\n")
    listed = await run_git(Place(repo), "config", "--list", "--null")
    assert b"leadline.seen" not in listed.stdout
    listed = await run_git(Place(repo), "config", "--list", "--null", outside_config=True)
    assert b"leadline.seen" in listed.stdout


async def test_every_driver_is_switched_off_whatever_its_name(repo: Path, git: Git) -> None:
    keys = (
        "filter.a b.c.clean",
        "diff.Ü=x.textconv",
        "merge.m.driver",
        "alias.st",
        "hook.h.command",
    )
    for key in keys:
        git(repo, "config", key, "evil")
    git(repo, "config", "filter.a b.c.required", "true")
    found = dict(await read_drivers(Place(repo)))
    assert set(keys) <= found.keys()
    assert found["filter.a b.c.clean"] == ""
    assert found["filter.a b.c.required"] == "false"
    assert found["hook.h.enabled"] == "false"
    for key in keys:
        value = await run_git(Place(repo), "config", key, overrides=tuple(found.items()))
        assert b"evil" not in value.stdout


NAMES = st.text(
    st.characters(blacklist_characters="\0\n", blacklist_categories=["Cs"]), min_size=1, max_size=8
)


@given(
    st.lists(
        st.tuples(
            NAMES, st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))
        )
    )
)
def test_no_filter_name_escapes(drivers: list[tuple[str, str]]) -> None:
    listing = "".join(f"filter.{name}.clean\n{value}\0" for name, value in drivers).encode()
    assert len(list(parse_config(listing))) == len(drivers)
    found = dict(driver_overrides(listing))
    assert all(found[f"filter.{name}.clean"] == "" for name, _ in drivers)


def test_imports_stay_light() -> None:
    """The modules on the way to the first request pull in nothing heavy."""
    code = (
        "import sys, leadline.tools.git.history\n"
        "print(sorted({'git', 'pydantic', 'openai', 'jsonschema'} & sys.modules.keys()))"
    )
    output = _python(code)
    assert output.strip() == "[]"


def _python(code: str) -> str:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    ).stdout


async def test_a_link_on_the_search_path_that_goes_as_it_is_read(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").symlink_to("/usr/bin")
    read, gone = os.readlink, [0]

    def going(path: str, **more: int | None) -> str:
        if str(path) == str(tmp_path / "bin") and gone[0] < 2:
            gone[0] += 1
            raise FileNotFoundError(path)
        return read(path, **more)

    monkeypatch.setattr(os, "readlink", going)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    assert (await run_git(Place(repo), "version")).code == 0
    assert gone[0] == 2
