"""A person who goes on using git in their repository while workers are at it, and what becomes of both."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.e2e.planned import EDIT, plan, project, states, task, texts
from leadline.tests.support.cli import Ran, ended, start
from leadline.tests.support.laws import each_start_has_one_end
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, Call, planner, primer, reviewer, turn, worker
from leadline.tests.support.repos import git, write_files
from leadline.tests.support.trees import Tree, digests, tree_of
from leadline.tests.support.waiting import until

pytestmark = BUBBLEWRAP

WORK = worker("[a-z]", [[EDIT], [REPORT]])
DELETE: Call = ("shell", {"command": "rm <<id>>.txt"})


async def stage_for(
    stage: MakeStage, *names: str, parts: Sequence[str] = (WORK,), b: str = "grep -q done b.txt"
) -> Stage:
    """A project with a task for each name and, beside it, a branch `other`: there a.txt is gone and b.txt another.

    `b` is what proves the task b.
    """
    tasks = [task(name, **({"checks": [b]} if name == "b" else {})) for name in names]
    place = await project(
        stage, names, planner(plan(*tasks)), primer(), *parts, reviewer(), delay=0.05
    )
    repo = place.repo
    git(repo, "switch", "--quiet", "--create", "other")
    git(repo, "rm", "--quiet", "--ignore-unmatch", "a.txt")
    write_files(repo, {"b.txt": "b\nother\n"})
    git(repo, "commit", "--quiet", "--all", "-m", "other")
    git(repo, "switch", "--quiet", "main")
    write_files(repo, {"alone/file.txt": "on main alone\n"})
    git(repo, "add", "alone")
    git(repo, "commit", "--quiet", "-m", "on main alone")
    write_files(repo, {"base.txt": "the base\nuncommitted\n", "new.txt": "untracked\n"})
    return place


async def meanwhile(place: Stage, step: str, act: Callable[[], object], *flags: str) -> Ran:
    """A run in which the person acts when this step is asked for: nothing is answered before they have."""
    process = await start(
        "refactor", "Do all of it", "--json", *flags, cwd=place.repo, env=place.env
    )
    reading = asyncio.create_task(ended(process))
    await until(lambda: asked(place, step) or reading.done(), step)
    assert not reading.done()
    act()
    ran = await reading
    each_start_has_one_end(ran.lines[:-1])
    return ran


def asked(place: Stage, step: str) -> bool:
    return any(record.step == step for record in place.server.requests)


def notes(ran: Ran) -> str:
    return "\n".join(ran.result["notes"])


def plans_version(place: Stage, ran: Ran, path: str) -> str:
    """What the plan made of a file, as the note says where it is."""
    store = next((place.home / "objects").iterdir())
    (home,) = ran.bodies("brought_home")
    assert f"{home['commit']} of {store}" in notes(ran)
    return git(store, "show", f"{home['commit']}:{path}")


async def test_on_another_branch_the_plan_meets_what_is_there(stage: MakeStage) -> None:
    place = await stage_for(stage, "a", "b", "c")
    repo, left = place.repo, dict[str, str]()

    def act() -> None:
        git(repo, "stash", "--quiet", "--include-untracked")
        git(repo, "switch", "--quiet", "other")
        left.update(digests(repo / ".git"))

    ran = await meanwhile(place, "work-0", act)
    assert ran.code == 7, ran.err
    assert set(states(ran).values()) == {"done"}
    assert not (repo / "a.txt").exists()
    assert texts(place, ["b", "c"]) == {"other", "done"}
    assert ran.bodies("brought_home")[0]["conflicts"] == ["a.txt", "b.txt"]
    assert plans_version(place, ran, "a.txt") == "a\ndone\n"
    assert "began on main, and other is checked out now" in notes(ran)
    assert digests(repo / ".git") == left
    undone = await place("undo")
    assert undone.code == 0, undone.err
    git(repo, "switch", "--quiet", "main")
    git(repo, "stash", "pop", "--quiet")
    assert texts(place, ["a", "b", "c"]) == {"todo"}
    assert (repo / "new.txt").read_text() == "untracked\n"


async def test_killed_and_resumed_on_another_branch(stage: MakeStage) -> None:
    """What is brought there is told, though the run that goes on never saw the branch that it began on."""
    place = await stage_for(stage, "b", "c")
    process = await start("refactor", "Do all of it", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    await until(lambda: asked(place, "review"), "the review")
    os.killpg(process.pid, signal.SIGKILL)
    await reading
    git(place.repo, "stash", "--quiet", "--include-untracked")
    git(place.repo, "checkout", "--quiet", "-b", "fresh")
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert texts(place, ["b", "c"]) == {"done"}
    assert "began on main, and fresh is checked out now" in notes(ran)


async def test_an_interrupted_rebase_keeps_its_conflicts(stage: MakeStage) -> None:
    """And what git throws away with it comes back by an undo and a redo."""
    place = await stage_for(stage, "b", "c")
    repo, left = place.repo, dict[str, str]()

    def act() -> None:
        write_files(repo, {"b.txt": "b\nmine\n"})
        git(repo, "commit", "--quiet", "--all", "-m", "mine")
        with pytest.raises(subprocess.CalledProcessError):
            git(repo, "rebase", "other")
        left.update(digests(repo / ".git"))

    ran = await meanwhile(place, "review", act)
    assert ran.code == 7, ran.err
    assert "<<<<<<<" in (repo / "b.txt").read_text()
    assert texts(place, ["c"]) == {"done"}
    assert "a rebase is in progress" in notes(ran)
    assert digests(repo / ".git") == left
    git(repo, "rebase", "--abort")
    assert texts(place, ["b", "c"]) == {"mine", "todo"}
    for command in ("undo", "redo"):
        assert (await place(command)).code == 0
    assert texts(place, ["b", "c"]) == {"mine", "done"}


async def test_what_is_under_the_work_may_change_its_history(stage: MakeStage) -> None:
    """A commit amended and collected, a lock, another work tree, a narrowed checkout, a bisection, a stash."""
    place = await stage_for(stage, "b", "c")
    repo, left = place.repo, dict[str, str]()
    old = git(repo, "rev-parse", "HEAD").strip()

    def act() -> None:
        git(repo, "stash", "--quiet", "--include-untracked")
        git(repo, "commit", "--quiet", "--amend", "-m", "amended")
        git(repo, "stash", "pop", "--quiet")
        git(repo, "reflog", "expire", "--expire=now", "--all")
        git(repo, "gc", "--quiet", "--prune=now")
        with pytest.raises(subprocess.CalledProcessError):
            git(repo, "cat-file", "-e", old)
        git(repo, "worktree", "add", "--quiet", "--detach", "../beside")
        git(repo, "sparse-checkout", "set", "nothing")
        git(repo, "bisect", "start")
        (repo / ".git" / "index.lock").touch()
        left.update(digests(repo / ".git"))

    ran = await meanwhile(place, "work-0", act)
    assert ran.code == 0, ran.err
    assert texts(place, ["b", "c"]) == {"done"}
    assert digests(repo / ".git") == left
    assert (repo / "base.txt").read_text() == "the base\nuncommitted\n"
    (repo / ".git" / "index.lock").unlink()
    git(repo, "stash", "--quiet")
    git(repo, "switch", "--quiet", "other")
    refused = await place("undo")
    assert refused.code == 7
    assert refused.err.startswith("leadline: Nothing was changed: b.txt changed since")
    assert texts(place, ["b", "c"]) == {"other", "todo"}


async def test_content_that_the_work_began_with_is_collected(stage: MakeStage) -> None:
    """Then it can't come home, which is said; what is done stays known, and the tree as the person wants it."""
    place = await stage_for(stage, "b", "c")
    repo, left = place.repo, dict[str, str]()

    def act() -> None:
        git(repo, "reset", "--quiet", "--hard", "HEAD~1")
        git(repo, "reflog", "expire", "--expire=now", "--all")
        git(repo, "gc", "--quiet", "--prune=now")
        left.update(digests(repo))

    ran = await meanwhile(place, "review", act)
    assert ran.code == 1, ran.err
    assert "probably removed by `git gc --prune`" in ran.result["summary"]
    assert set(states(ran).values()) == {"done"}
    assert digests(repo) == left


async def test_a_file_that_became_something_else(stage: MakeStage) -> None:
    """A folder, a link, nothing, other line ends: it stays so. One that git ignores from now on is brought home."""
    place = await stage_for(stage, "a", "b", "c", "d", "e")
    repo = place.repo
    mine: Tree = {}

    def act() -> None:
        (repo / "a.txt").unlink()
        write_files(repo, {"a.txt/in": "a folder\n", ".gitignore": "e.txt\n", "away": "todo\n"})
        (repo / "b.txt").unlink()
        (repo / "b.txt").symlink_to("away")
        (repo / "c.txt").unlink()
        git(repo, "config", "core.autocrlf", "true")
        (repo / "d.txt").unlink()
        git(repo, "checkout", "--", "d.txt")
        git(repo, "rm", "--quiet", "--cached", "e.txt")
        mine.update(tree_of(repo))

    ran = await meanwhile(place, "review", act)
    assert ran.code == 7, ran.err
    assert ran.bodies("brought_home")[0]["conflicts"] == ["a.txt", "b.txt", "c.txt", "d.txt"]
    assert mine["d.txt"] == ("file", b"d\r\ntodo\r\n")
    assert tree_of(repo) == {**mine, "e.txt": ("file", b"e\ndone\n")}
    assert {plans_version(place, ran, f"{name}.txt") for name in "ab"} == {"a\ndone\n", "b\ndone\n"}
    assert (await place("undo")).code == 0
    assert tree_of(repo) == mine


# --- a repository that is gone ---


async def test_a_folder_that_was_renamed_ends_the_run_and_no_worker_hears_of_it(
    stage: MakeStage,
) -> None:
    say: Call = ("shell", {"command": "sed -i s/todo/done/ <<id>>.txt"})
    mine = {"model": "deepseek-flash", "any_user": {"matches": "Your task \\((?P<id>[bc])\\)"}}
    parts = (
        turn("again", {**mine, "result": "Interrupted"}, say),
        turn("do", {**mine, "not_done": "do"}, say),
        turn("say", mine, REPORT),
    )
    place = await stage_for(stage, "b", "c", parts=parts)
    aside = place.repo.with_name("renamed")
    ran = await meanwhile(place, "do", lambda: place.repo.rename(aside))
    assert ran.code == 1
    assert ran.result["summary"] == (
        f"{place.repo} is gone. If you moved it, move it back, and go on with `leadline resume`."
    )
    assert set(states(ran)) == {"b", "c"}
    assert ran.result["cost"]["usd"] > 0
    assert not place.repo.exists()
    assert not asked(place, "say")
    session = ran.result["session"]
    there = await place.within(aside)("resume", session)
    assert there.code == 2
    assert f"{place.repo} is gone" in there.err
    aside.rename(place.repo)
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert texts(place, ["b", "c"]) == {"done"}
    place.repo.rename(aside)
    undone = await place.within(aside)("undo", session)
    assert undone.code == 2
    assert f"{place.repo} is gone" in undone.err


async def test_a_git_folder_that_is_gone_at_the_homecoming(stage: MakeStage) -> None:
    place = await stage_for(stage, "b", "c")
    dot_git = place.repo / ".git"
    before = tree_of(place.repo)
    ran = await meanwhile(place, "review", lambda: dot_git.rename(place.home / "away"))
    assert ran.code == 1
    assert f"{dot_git} is gone" in ran.result["summary"]
    assert set(states(ran).values()) == {"done"}
    assert tree_of(place.repo) == before
    (place.home / "away").rename(dot_git)
    ran = await place("resume", "--json")
    assert ran.code == 0, ran.err
    assert texts(place, ["b", "c"]) == {"done"}


# --- in the middle of the homecoming ---

MET = """#!/bin/sh
case " $* " in *" cat-file --batch --buffer "*) rm "@here/armed" 2>/dev/null && . "@here/script";; esac
exec @git "$@"
"""


def armed(place: Stage, script: str) -> tuple[Stage, Path]:
    """A git that, once there is the file `armed`, runs the script before it gives the contents of files."""
    found = shutil.which("git")
    assert found is not None
    base = place.repo.parent
    text = MET.replace("@here", str(base)).replace("@git", found)
    write_files(base, {"bin/git": text, "script": script})
    (base / "bin" / "git").chmod(0o755)
    return place.having(PATH=f"{base / 'bin'}:{place.env['PATH']}"), base / "armed"


async def test_a_file_written_while_the_work_comes_home(stage: MakeStage) -> None:
    """It is too late for a merge: it stays, as what was written before does."""
    place = await stage_for(stage, "b", "c")
    place, mark = armed(place, f"echo mine > {place.repo}/b.txt\n")
    ran = await meanwhile(place, "review", mark.touch)
    assert not mark.exists()
    assert ran.code == 7, ran.err
    assert (place.repo / "b.txt").read_text() == "mine\n"
    assert texts(place, ["c"]) == {"done"}
    assert ran.bodies("brought_home")[0]["conflicts"] == ["b.txt"]
    assert plans_version(place, ran, "b.txt") == "b\ndone\n"
    assert (await place("undo")).code == 0
    assert (place.repo / "b.txt").read_text() == "mine\n"
    assert texts(place, ["c"]) == {"todo"}


@pytest.mark.parametrize("goes_on", [True, False])
async def test_killed_while_the_work_comes_home(stage: MakeStage, goes_on: bool) -> None:
    """What had come by then is undone, with the rest if that came later; what the person did since is left alone."""
    deletes = worker("b", [[DELETE], [REPORT]], name="delete")
    place = await stage_for(stage, "b", "c", parts=(deletes, WORK), b="! test -e b.txt")
    place, mark = armed(place, "touch @here; sleep 60\n".replace("@here", str(place.home / "here")))
    before = tree_of(place.repo)
    process = await start("refactor", "Do all of it", cwd=place.repo, env=place.env)
    reading = asyncio.create_task(process.communicate())
    await until(lambda: asked(place, "review"), "the review")
    mark.touch()
    await until((place.home / "here").exists, "the homecoming")
    os.killpg(process.pid, signal.SIGKILL)
    await reading
    assert not (place.repo / "b.txt").exists()
    write_files(place.repo, {"since.txt": "mine\n"})
    before["since.txt"] = "file", b"mine\n"
    if goes_on:
        ran = await place("resume", "--json")
        assert ran.code == 0, ran.err
        assert ran.result["changed"] == ["b.txt", "c.txt"]
        assert texts(place, ["c"]) == {"done"}
    undone = await place("undo", "--to", "0")
    assert undone.code == 0, undone.err
    assert tree_of(place.repo) == before


async def test_a_commit_takes_the_place_of_what_was_staged_and_says_so(stage: MakeStage) -> None:
    place = await stage_for(stage, "b", "c")
    repo = place.repo

    def act() -> None:
        write_files(repo, {"b.txt": "staged\n"})
        git(repo, "add", "b.txt", "new.txt")
        write_files(repo, {"b.txt": "b\ntodo\n"})
        git(repo, "commit", "--quiet", "-m", "on", "base.txt")

    ran = await meanwhile(place, "work-0", act, "--commit")
    assert ran.code == 0, ran.err
    assert git(repo, "log", "-1", "--format=%H", "main").strip() == ran.result["commit"]
    assert git(repo, "log", "-1", "--format=%s", "HEAD~1").strip() == "on"
    assert git(repo, "status", "--porcelain") == "A  new.txt\n"
    (note,) = [each for each in ran.result["notes"] if "staged" in each]
    assert "b.txt" in note
    store = next((place.home / "objects").iterdir())
    commit = note.partition(" show ")[2].partition(":")[0]
    assert git(store, "show", f"{commit}:b.txt") == "staged\n"


WAYS_TO_NO_COMMIT: Mapping[str, str] = {
    "conflict": "The commit was not made, because a conflict is left for you.",
    "filter": "b.txt, c.txt must go through a filter (such as Git LFS)",
    "lock": "another git command is at work",
}


@pytest.mark.parametrize("way", WAYS_TO_NO_COMMIT)
async def test_no_commit_where_it_can_not_be_had(stage: MakeStage, way: str) -> None:
    """The files are there all the same, and no filter runs, nor is one missed."""
    place = await stage_for(stage, "b", "c")
    repo = place.repo
    ran_filter = place.home.parent / "filter-ran"

    def act() -> None:
        if way == "conflict":
            write_files(repo, {"b.txt": "b\nmine\n"})
        if way == "filter":
            write_files(repo, {".gitattributes": "*.txt filter=lfs diff=lfs merge=lfs -text\n"})
            git(repo, "config", "filter.lfs.clean", f"touch {ran_filter}; cat")
            git(repo, "config", "filter.lfs.required", "true")
        if way == "lock":
            (repo / ".git" / "index.lock").touch()

    ran = await meanwhile(place, "work-0", act, "--commit")
    assert ran.code == 7, ran.err
    assert ran.result["commit"] is None
    assert WAYS_TO_NO_COMMIT[way] in notes(ran)
    assert texts(place, ["c"]) == {"done"}
    assert git(repo, "log", "-1", "--format=%s").strip() == "on main alone"
    assert not ran_filter.exists()
