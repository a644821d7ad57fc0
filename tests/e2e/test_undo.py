"""Every step can be taken back and brought forward again, to the byte, and nothing of the person's is touched."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from leadline.agent.rehearsal.settings import Settings
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.cli import ended, start
from leadline.tests.support.needs import FREE_TOP_FOLDER, TAR
from leadline.tests.support.repos import git, tree_bytes, write_files
from leadline.tests.support.scripts import FIX, MEND, Say, call, report, sequence, shell
from leadline.tests.support.trees import Tree, digests, tree_of, trees_at_requests

SLOW = Settings(first_token_seconds=0.15)

EVERYTHING = sequence(
    Say(
        calls=(
            ("read", {"files": [{"path": "dos.txt"}, {"path": "latin.py"}, {"path": "mixed.txt"}]}),
        )
    ),
    Say(
        calls=(
            (
                "edit",
                {
                    "path": "calc.py",
                    "edits": [{"old": "left - right", "new": "left + right"}],
                },
            ),
            ("edit", {"path": "dos.txt", "edits": [{"old": "two", "new": "zwei\ndrei"}]}),
            ("edit", {"path": "latin.py", "edits": [{"old": "caf\u00e9", "new": "th\u00e9"}]}),
            ("edit", {"path": "mixed.txt", "edits": [{"old": "b", "new": "B"}]}),
        )
    ),
    Say(
        calls=(
            ("write", {"path": "deep/er/new.txt", "content": "new\n"}),
            ("write", {"path": "dirt.txt", "content": "ignored by nobody\n"}),
        )
    ),
    call("write", path="trace.log", content="ignored, but written by a tool\n"),
    shell("rm -r data gone.txt mine/untracked.txt; mv tool.sh renamed.sh; echo more >> staged.txt"),
    shell("chmod +x plain.txt; chmod -x renamed.sh; ln -s ../calc.py deep/link; ln -sfn plain.txt points"),
    shell(r"printf '\377\000\200\n' > bytes.bin; rm plain.txt; mkdir plain.txt; echo x > plain.txt/inside"),
    shell("rm -rf deep; echo a file now > deep; echo made by a command > made.log"),
    report(),
)  # fmt: skip


def persons_work(repo: Path) -> None:
    """Committed, staged, changed, untracked and ignored files, of every kind that git knows."""
    write_files(repo, {"gone.txt": "to be deleted\n", "data/a.txt": "a\n", "data/b/c.txt": "c\n"})
    write_files(repo, {"staged.txt": "as committed\n", "plain.txt": "plain\n"})
    (repo / "dos.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    (repo / "mixed.txt").write_bytes(b"a\r\nb\nc\r\nno end")
    (repo / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nNAME = 'caf\xe9'\n")
    (repo / "tool.sh").write_text("#!/bin/sh\nexit 0\n")
    (repo / "tool.sh").chmod(0o755)
    (repo / "points").symlink_to("gone.txt")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "More")
    write_files(repo, {"staged.txt": "as staged\n", "fresh.txt": "added, not committed\n"})
    git(repo, "add", "staged.txt", "fresh.txt")
    git(repo, "rm", "-q", "--cached", "data/a.txt")
    write_files(repo, {"staged.txt": "as staged\nand changed again\n", "notes.log": "ignored\n"})
    write_files(repo, {"mine/untracked.txt": "untracked work of the person\n"})


def changed_states(trees: list[Tree]) -> list[Tree]:
    """Each tree that differs from the one before it: what a step each is."""
    return [tree for index, tree in enumerate(trees) if index == 0 or tree != trees[index - 1]]


@FREE_TOP_FOLDER
async def test_every_step_back_and_forth(stage: MakeStage) -> None:
    place = await stage(EVERYTHING, SLOW)
    persons_work(place.repo)
    before, git_before = tree_of(place.repo), digests(place.repo / ".git")
    async with trees_at_requests(place.server, place.repo) as trees:
        ran = await place.run()
    assert ran.code == 0, ran.err
    assert all(each["ok"] for each in ran.bodies("tool_finished")), ran.err
    states = changed_states([*trees, tree_of(place.repo)])
    assert states[0] == before
    steps = ran.bodies("snapshot_taken")
    assert [step["step"] for step in steps] == list(range(len(states))) == list(range(8))

    for number in range(6, -1, -1):
        undone = await place("undo")
        assert undone.code == 0, undone.err
        assert f"At step {number} " in undone.out
        assert tree_of(place.repo) == states[number], f"after undo to step {number}"
    more = await place("undo")
    assert (more.code, "nothing to undo" in more.err) == (2, True)
    for number in range(1, 8):
        redone = await place("redo")
        assert redone.code == 0, redone.err
        assert tree_of(place.repo) == states[number], f"after redo to step {number}"
    more = await place("redo")
    assert (more.code, "nothing to redo" in more.err) == (2, True)
    assert (await place("undo", "--to", "0")).code == 0
    assert tree_of(place.repo) == before
    assert digests(place.repo / ".git") == git_before


async def test_what_was_staged_stays_staged(stage: MakeStage) -> None:
    place = await stage(EVERYTHING)
    persons_work(place.repo)
    status = git(place.repo, "status", "--porcelain", "--ignored")
    staged = git(place.repo, "diff", "--cached")
    assert (await place.run()).code == 0
    assert git(place.repo, "diff", "--cached") == staged
    assert (await place("undo", "--to", "0")).code == 0
    assert git(place.repo, "status", "--porcelain", "--ignored") == status
    assert git(place.repo, "diff", "--cached") == staged


@FREE_TOP_FOLDER
async def test_diff_follows_the_step(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, shell("echo two > two.txt"), report()))
    assert (await place.run()).code == 0
    whole = await place("diff")
    assert "+    return left + right" in whole.out
    assert "+two" in whole.out
    await place("undo")
    half = await place("diff")
    assert "+    return left + right" in half.out
    assert "two.txt" not in half.out
    await place("undo")
    assert (await place("diff")).out == ""


@TAR
@pytest.mark.parametrize("how", ["changed", "deleted", "replaced"])
async def test_what_the_person_changed_since(stage: MakeStage, how: str) -> None:
    place = await stage(sequence(MEND, call("write", path="other.txt", content="new\n"), report()))
    assert (await place.run()).code == 0
    mended = place.repo / "calc.py"
    if how == "changed":
        mended.write_text("mine now\n")
    else:
        mended.unlink()
    if how == "replaced":
        mended.symlink_to("other.txt")
    mine = tree_of(place.repo)
    refused = await place("undo", "--to", "0")
    assert refused.code == 7
    assert "calc.py" in refused.err
    assert "--force" in refused.err
    assert tree_of(place.repo) == mine, "nothing may be touched, other.txt neither"

    forced = await place("undo", "--to", "0", "--force")
    assert forced.code == 0, forced.err
    assert "left - right" in mended.read_text()
    assert not (place.repo / "other.txt").exists()
    assert _kept(place, forced.out).get("calc.py") == mine.get("calc.py")


def _kept(place: Stage, said: str) -> Tree:
    """The tree in the snapshot that the sentence names, unpacked by git itself from Leadline's store."""
    named = re.search(r" show ([0-9a-f]{7,64}):PATH", said)
    assert named, said
    (store,) = (place.home / "objects").iterdir()
    out = place.home.with_name("kept")
    archive = ["git", "--git-dir", str(store), "archive", "--format=tar", named[1]]
    packed = subprocess.run(archive, check=True, capture_output=True).stdout
    out.mkdir()
    subprocess.run(["tar", "-x", "-C", str(out)], input=packed, check=True)
    return tree_of(out)


async def test_what_the_person_did_elsewhere_is_left_alone(stage: MakeStage) -> None:
    """Undo touches only what Leadline changed."""
    place = await stage(FIX)
    assert (await place.run()).code == 0
    write_files(place.repo, {"mine.txt": "new\n", "test_calc.py": "# changed by me\n"})
    assert (await place("undo", "--to", "0")).code == 0
    assert (place.repo / "mine.txt").read_text() == "new\n"
    assert (place.repo / "test_calc.py").read_text() == "# changed by me\n"
    assert "left - right" in (place.repo / "calc.py").read_text()


async def test_ignored_folders(stage: MakeStage) -> None:
    """A file that a tool writes there can be undone; what a command makes there is left as it is."""
    place = await stage(
        sequence(
            Say(calls=(("read", {"files": [{"path": "build/kept.txt"}]}),)),
            call("write", path="build/kept.txt", content="changed\n"),
            call("write", path="build/tool.txt", content="by a tool\n"),
            shell("echo by a command > build/command.txt"),
            MEND,
            report(),
        )
    )
    write_files(place.repo, {".gitignore": "__pycache__/\nbuild/\n", "build/kept.txt": "mine\n"})
    ran = await place.run()
    assert ran.code == 0, ran.err
    assert (await place("undo", "--to", "0")).code == 0
    assert tree_bytes(place.repo / "build") == {
        "kept.txt": b"mine\n",
        "command.txt": b"by a command\n",
    }


async def test_a_step_is_a_whole_turn(stage: MakeStage) -> None:
    """Also where a turn writes ignored files, whose old content has to be stored first."""
    writes = (("new.txt", "new\n"), ("build/old.txt", "changed\n"), ("newer.txt", "newer\n"))
    calls = tuple(("write", {"path": path, "content": text}) for path, text in writes)
    look = call("read", files=[{"path": "build/old.txt"}])
    place = await stage(sequence(look, Say(calls=calls), MEND, report()), SLOW)
    write_files(place.repo, {".gitignore": "__pycache__/\nbuild/\n", "build/old.txt": "old\n"})
    async with trees_at_requests(place.server, place.repo) as trees:
        assert (await place.run()).code == 0
    assert [step["label"] for step in (await _steps(place))] == [
        "before the first change",
        "turn 2",
        "turn 3",
    ]
    assert (await place("undo")).code == 0
    assert tree_of(place.repo) == trees[2]
    assert (await place("undo")).code == 0
    assert tree_of(place.repo) == trees[0]


async def _steps(place: Stage) -> list[dict[str, object]]:
    return (await place("show", "--json")).bodies("snapshot_taken")


async def test_undo_when_the_work_tree_has_moved_on(stage: MakeStage) -> None:
    """The person committed the result: undo brings the files back and leaves the commit alone."""
    place = await stage(FIX)
    assert (await place.run()).code == 0
    git(place.repo, "commit", "-qam", "Mended")
    head = git(place.repo, "rev-parse", "HEAD")
    assert (await place("undo", "--to", "0")).code == 0
    assert "left - right" in (place.repo / "calc.py").read_text()
    assert git(place.repo, "rev-parse", "HEAD") == head


async def test_undo_without_anything_to_undo(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(FIX)
    nothing = await place("undo")
    assert nothing.code == 2
    assert "no session" in nothing.err
    assert (await place.run("--mode", "plan")).code in (1, 3, 5)
    unchanged = await place("undo")
    assert unchanged.code == 2
    assert "nothing" in unchanged.err
    assert (await place("undo", "--to", "x")).code == 2
    shutil.rmtree(place.repo)
    place.repo.mkdir()
    assert (await place("undo")).code == 2


async def test_what_the_person_does_meanwhile_is_theirs(stage: MakeStage) -> None:
    """Between two steps and during one: it is in no patch and no commit, and undo leaves it alone."""
    second = call("write", path="more.txt", content="more\n")
    place = await stage(sequence(MEND, second, shell("true"), report()), SLOW)
    process = await start("run", "x", "--json", cwd=place.repo, env=place.env)
    running = asyncio.create_task(ended(process))
    for number, written in enumerate(("calc.py", "more.txt")):
        while (
            "left - right" in (place.repo / "calc.py").read_text()
            or not (place.repo / written).exists()
        ):
            await asyncio.sleep(0.005)
        (place.repo / f"mine-{number}.txt").write_text("mine\n")
    ran = await running
    assert ran.code == 0, ran.err
    assert sorted(ran.result["changed"]) == ["calc.py", "more.txt"]
    assert "mine" not in ran.result["patch"]
    assert "mine" not in (await place("diff")).out
    assert (await place("undo", "--to", "0")).code == 0
    assert "left - right" in (place.repo / "calc.py").read_text()
    assert not (place.repo / "more.txt").exists()
    assert sorted(p.name for p in place.repo.glob("mine-*")) == ["mine-0.txt", "mine-1.txt"]
