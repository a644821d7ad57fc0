"""`--commit`: by path, with the person's identity, and nothing else of theirs is touched or run."""

from __future__ import annotations

from pathlib import Path

import pytest
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.needs import FREE_TOP_FOLDER
from leadline.tests.support.repos import git, make_repo, write_files
from leadline.tests.support.scripts import FIX, MEND, call, report, sequence, shell
from leadline.tests.support.traps import lay_hooks, sprung

SUMMARY = "Add adds again\n\nIt subtracted since the first commit."
MENDED = sequence(MEND, report("done", SUMMARY))


def _staged(repo: Path) -> str:
    return git(repo, "diff", "--cached", "--name-status")


def _others_work(repo: Path) -> None:
    """Staged, changed and untracked work of the person's own beside what Leadline will change."""
    write_files(repo, {"staged.txt": "staged\n", "changed.txt": "as committed\n"})
    git(repo, "add", "changed.txt")
    git(repo, "commit", "-qm", "More")
    git(repo, "add", "staged.txt")
    write_files(repo, {"changed.txt": "not staged\n", "untracked.txt": "mine\n"})


async def test_on_the_current_branch(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(MENDED)
    _others_work(place.repo)
    lay_hooks(place.repo / ".git" / "hooks", tmp_path / "sprung")
    before = git(place.repo, "rev-parse", "HEAD").strip()
    ran = await place.run("--commit")
    assert ran.code == 0, ran.err
    assert sprung(tmp_path / "sprung") == []
    head = git(place.repo, "rev-parse", "main").strip()
    assert ran.result["commit"] == head
    assert head[:7] in ran.err
    assert git(place.repo, "rev-parse", "HEAD^").strip() == before
    assert git(place.repo, "show", "--format=", "--name-only").split() == ["calc.py"]
    assert git(place.repo, "log", "-1", "--format=%an <%ae>|%cn <%ce>").strip() == (
        "Ada <ada@example.org>|Ada <ada@example.org>"
    )
    assert git(place.repo, "log", "-1", "--format=%B").strip() == (
        f"{SUMMARY}\n\nAssisted-by: Leadline"
    )
    assert _staged(place.repo) == "A\tstaged.txt\n"
    assert git(place.repo, "status", "--porcelain").splitlines() == [
        " M changed.txt",
        "A  staged.txt",
        "?? untracked.txt",
    ]
    assert git(place.repo, "fsck", "--strict") == ""
    assert git(place.repo, "log", "-1", "-g", "--format=%gs").strip() == "commit: Add adds again"


async def test_a_long_summary_is_all_in_the_message(stage: MakeStage) -> None:
    first = "`add` gave the difference of its arguments, as it has since the first commit. It gives their sum now."
    code = "    assert add(2, 2) == 4  # and this line, which is long, is no prose and has to stay as it is"
    place = await stage(sequence(MEND, report("done", f"{first}\n\n{code}")))
    ran = await place.run("--commit")
    assert ran.code == 0, ran.err
    subject, _, body = git(place.repo, "log", "-1", "--format=%B").partition("\n\n")
    assert subject == "`add` gave the difference of its arguments, as it has since the first..."
    prose, kept, trailer = body.strip().split("\n\n")
    assert " ".join(prose.split("\n")) == first
    assert max(map(len, prose.split("\n"))) <= 72
    assert kept == code
    assert trailer == "Assisted-by: Leadline"


async def test_on_a_new_branch(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(MENDED)
    _others_work(place.repo)
    lay_hooks(place.repo / ".git" / "hooks", tmp_path / "sprung")
    before = git(place.repo, "rev-parse", "main").strip()
    ran = await place.run("--commit", "--branch", "leadline/mend")
    assert ran.code == 0, ran.err
    assert sprung(tmp_path / "sprung") == []
    assert git(place.repo, "rev-parse", "leadline/mend").strip() == ran.result["commit"]
    assert ran.result["branch"] == "leadline/mend"
    assert f"commit: {ran.result['commit']} on leadline/mend" in ran.err
    assert git(place.repo, "rev-parse", "leadline/mend^").strip() == before
    assert git(place.repo, "rev-parse", "main").strip() == before
    assert git(place.repo, "symbolic-ref", "--short", "HEAD").strip() == "main"
    assert git(place.repo, "show", "--format=", "--name-only", "leadline/mend").split() == [
        "calc.py"
    ]
    assert git(place.repo, "status", "--porcelain").splitlines() == [
        " M calc.py",
        " M changed.txt",
        "A  staged.txt",
        "?? untracked.txt",
    ]


@FREE_TOP_FOLDER
async def test_new_and_deleted_and_ignored_files(stage: MakeStage) -> None:
    """And on a detached HEAD, where a branch is named."""
    place = await stage(
        sequence(
            MEND,
            call("write", path="docs/a b.txt", content="new\n"),
            call("write", path="trace.log", content="ignored\n"),
            shell("rm old.txt; mv tool.sh run.sh; ln -s calc.py link"),
            report(),
        )
    )
    write_files(place.repo, {"old.txt": "old\n", "tool.sh": "#!/bin/sh\n"})
    (place.repo / "tool.sh").chmod(0o755)
    git(place.repo, "add", "-A")
    git(place.repo, "commit", "-qm", "More")
    git(place.repo, "checkout", "-q", "--detach")
    ran = await place.run("--commit", "--branch", "done")
    assert ran.code == 0, ran.err
    assert any("trace.log" in note for note in ran.result["notes"])
    raw = git(place.repo, "diff-tree", "-r", "--no-renames", "main", "done").splitlines()
    assert [(line.split()[1], line.split()[4], line.partition("\t")[2]) for line in raw] == [
        ("100644", "M", "calc.py"),
        ("100644", "A", "docs/a b.txt"),
        ("120000", "A", "link"),
        ("000000", "D", "old.txt"),
        ("100755", "A", "run.sh"),
        ("000000", "D", "tool.sh"),
    ]


async def test_nothing_is_committed_of_what_is_not_done(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report("not_done", "Half of it.")))
    before = git(place.repo, "rev-parse", "HEAD")
    ran = await place.run("--commit")
    assert (ran.code, ran.result["commit"]) == (1, None)
    assert git(place.repo, "rev-parse", "HEAD") == before
    assert git(place.repo, "status", "--porcelain") == " M calc.py\n"


async def test_nobody_to_commit_as(stage: MakeStage, tmp_path: Path) -> None:
    """Known before any money is spent."""
    place = await _without_identity(await stage(FIX), tmp_path)
    ran = await place.run("--commit")
    assert ran.code == 2
    assert "user.name" in ran.err
    assert place.server.requests == []


async def _without_identity(place: Stage, tmp_path: Path) -> Stage:
    git(place.repo, "config", "--unset", "user.name")
    git(place.repo, "config", "--unset", "user.email")
    (tmp_path / "nobody").mkdir()
    return place.having(HOME=str(tmp_path / "nobody"))


async def test_an_identity_by_variables(stage: MakeStage, tmp_path: Path) -> None:
    """As in containers and CI, where git has no other: git itself takes it from there first."""
    place = await _without_identity(await stage(FIX), tmp_path)
    place = place.having(
        GIT_AUTHOR_NAME="Bo",
        GIT_AUTHOR_EMAIL="bo@example.org",
        GIT_COMMITTER_NAME="CI",
        GIT_COMMITTER_EMAIL="ci@example.org",
    )
    ran = await place.run("--commit")
    assert ran.code == 0, ran.err
    assert git(place.repo, "log", "-1", "--format=%an <%ae>|%cn <%ce>").strip() == (
        "Bo <bo@example.org>|CI <ci@example.org>"
    )


@pytest.mark.parametrize("name", ["-f", "a..b", "HEAD.lock", "with space", "elsewhere"])
async def test_a_branch_that_cannot_be_committed_to(
    stage: MakeStage, tmp_path: Path, name: str
) -> None:
    """Known before any money is spent: no branch's name, or checked out in another work tree."""
    place = await stage(FIX)
    git(place.repo, "worktree", "add", "-q", "-b", "elsewhere", str(tmp_path / "elsewhere"))
    ran = await place.run("--commit", f"--branch={name}")
    assert ran.code == (7 if name == "elsewhere" else 2), ran.err
    assert name in ran.err
    assert place.server.requests == []


async def test_a_branch_with_other_changes(stage: MakeStage) -> None:
    """They are not undone by a commit of whole files, and the work stays in the tree."""
    place = await stage(sequence(MEND, report("done", "Mended.")))
    git(place.repo, "checkout", "-q", "-b", "other")
    write_files(place.repo, {"calc.py": "def add(left, right):\n    return left - right  # o\n"})
    git(place.repo, "commit", "-qam", "Theirs")
    git(place.repo, "checkout", "-q", "main")
    before = git(place.repo, "rev-parse", "other")
    ran = await place.run("--commit", "--branch", "other")
    assert (ran.code, ran.result["status"]) == (7, "conflict")
    assert "calc.py" in ran.err
    assert git(place.repo, "rev-parse", "other") == before
    assert git(place.repo, "status", "--porcelain") == " M calc.py\n"


async def test_the_first_commit(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(sequence(call("write", path="hello.py", content="print('hi')\n"), report()))
    empty = place.within(make_repo(tmp_path / "empty", {}))
    ran = await empty.run("--commit", "--verify", "python3 hello.py")
    assert ran.code == 0, ran.err
    assert git(empty.repo, "rev-parse", "main").strip() == ran.result["commit"]
    assert git(empty.repo, "status", "--porcelain") == ""
