"""Odd places, odd files, odd tasks: a run works there, or says in one sentence why not, and loses nothing."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from leadline.agent.history.journal import read_events
from leadline.agent.history.store import find_session
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.cli import SCRIPT, ended, start
from leadline.tests.support.disks import small_disk
from leadline.tests.support.laws import each_start_has_one_end, prefix_holds
from leadline.tests.support.needs import FREE_TOP_FOLDER
from leadline.tests.support.repos import BROKEN_CALC, git, make_repo, write_files
from leadline.tests.support.scripts import FIX, MEND, Say, call, edit, report, sequence, shell
from leadline.tests.support.trees import tree_of


def read(*paths: str) -> Say:
    return call("read", files=[{"path": path} for path in paths])


def one_sentence(text: str) -> None:
    """What stands on stderr when nothing was begun."""
    assert text.startswith("leadline: ")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    assert "something went wrong" not in text


# --- files ---


@FREE_TOP_FOLDER
async def test_names_and_contents_that_are_no_text(stage: MakeStage) -> None:
    """Names that are no UTF-8, with line breaks and quotes; binaries; UTF-16; all there before and all changed."""
    odd = os.fsdecode(b"caf\xe9 \xff.txt")
    place = await stage(
        sequence(
            read("blob.bin", "wide.txt", "caf\u00e9.txt"),
            edit("wide.txt", "two", "zwei"),
            shell(
                "printf '\\001\\000\\377' >> blob.bin; echo more >> caf*; echo new > \"$(printf 'n\\377w')\""
            ),
            call("search", pattern="more"),
            MEND,
            report(),
        )
    )
    (place.repo / "blob.bin").write_bytes(bytes(range(256)) * 8)
    (place.repo / "wide.txt").write_bytes("one\r\ntwo\r\n".encode("utf-16"))
    (place.repo / odd).write_bytes(b"\xff\xfe\xfd no text\n")
    (place.repo / 'a\n"b".txt').write_text("break\n")
    git(place.repo, "add", "-A")
    git(place.repo, "commit", "-qm", "Odd")
    before = tree_of(place.repo)
    ran = await place.run()
    assert ran.code == 0, ran.err
    assert (place.repo / "wide.txt").read_bytes() == "one\r\nzwei\r\n".encode("utf-16")
    told = place.server.requests[1].body["messages"][-1]["content"]
    assert "binary, 2,048 bytes" in told
    assert "two" in told
    assert len(ran.result["changed"]) == 5
    shown = await place("show", "--full")
    assert shown.code == 0
    assert (await place("undo", "--to", "0")).code == 0
    assert tree_of(place.repo) == before


async def test_a_repository_with_crlf(stage: MakeStage) -> None:
    """What the model writes as LF keeps the file's line ends, and git sees one changed line."""
    place = await stage(sequence(read("calc.py"), MEND, report()))
    git(place.repo, "config", "core.autocrlf", "true")
    for name, text in BROKEN_CALC.items():
        (place.repo / name).write_bytes(text.replace("\n", "\r\n").encode())
    git(place.repo, "add", "-A")
    ran = await place.run("--commit")
    assert ran.code == 0, ran.err
    assert (place.repo / "calc.py").read_bytes().count(b"\r\n") == 5
    assert git(place.repo, "show", "--format=", "--numstat").split() == ["1", "1", "calc.py"]
    assert git(place.repo, "ls-files", "--eol", "calc.py").split()[:2] == ["i/lf", "w/crlf"]
    assert git(place.repo, "status", "--porcelain") == ""


async def test_files_that_are_too_large(stage: MakeStage) -> None:
    """Not read whole, not stored when git does not track them, and that is said."""
    place = await stage(sequence(read("huge.txt", "long.txt"), MEND, report()))
    with (place.repo / "huge.txt").open("wb") as file:
        file.truncate(60 << 20)
    (place.repo / "long.txt").write_text("x" * 5_000_000)
    ran = await place.run()
    assert ran.code == 0, ran.err
    told = place.server.requests[1].body["messages"][-1]["content"]
    assert "huge.txt" in told
    assert len(told) < 20_000
    assert any("huge.txt" in note for note in ran.result["notes"])
    assert (await place("undo", "--to", "0")).code == 0
    assert (place.repo / "huge.txt").stat().st_size == 60 << 20


@FREE_TOP_FOLDER
async def test_a_name_that_is_no_text_is_told_of(stage: MakeStage) -> None:
    """Where it is left out of the snapshots, and where it is left out of a commit."""
    ignored, large = (os.fsdecode(name) for name in (b"caf\xe9.log", b"caf\xe9.bin"))
    place = await stage(sequence(shell('echo x > "$(printf "n\\377.log")"'), MEND, report()))
    (place.repo / ignored).write_text("ignored\n")
    with (place.repo / large).open("wb") as file:
        file.truncate(60 << 20)
    ran = await place.run("--commit")
    assert ran.code == 0, ran.err
    assert any(".bin" in note for note in ran.result["notes"])
    assert any(".log" in note for note in ran.result["notes"])
    assert git(place.repo, "show", "--format=", "--name-only").split() == ["calc.py"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
async def test_files_that_cannot_be_read(stage: MakeStage) -> None:
    place = await stage(sequence(read("closed.txt"), MEND, report()))
    write_files(place.repo, {"closed.txt": "x\n", "folder/in.txt": "x\n"})
    (place.repo / "closed.txt").chmod(0)
    (place.repo / "folder").chmod(0)
    try:
        ran = await place.run()
    finally:
        (place.repo / "folder").chmod(0o755)
    assert ran.code == 0, ran.err
    notes = "\n".join(ran.result["notes"])
    assert "closed.txt" in notes
    assert "folder" in notes


async def test_paths_that_a_model_must_not_use(stage: MakeStage, tmp_path: Path) -> None:
    """Each is refused with a reason, and the work goes on."""
    outside = tmp_path / "outside"
    outside.mkdir()
    bad = (
        *("../out.txt", str(outside / "out.txt"), ".git/hooks/pre-commit", "a/../../out.txt", "."),
        *("", "nul\0.txt", "x" * 300, "calc.py/below.txt", "away/out.txt", ".GIT/config", "pipe"),
    )
    writes = tuple(("write", {"path": path, "content": "x\n"}) for path in bad)
    reads = tuple(("read", {"files": [{"path": path}]}) for path in bad)
    edits = tuple(
        ("edit", {"path": path, "edits": [{"old": "x", "new": "y"}]}) for path in bad
    )  # fmt: skip
    place = await stage(
        sequence(Say(calls=writes), Say(calls=reads), Say(calls=edits), MEND, report())
    )
    (place.repo / "away").symlink_to(outside)
    os.mkfifo(place.repo / "pipe")
    before = tree_of(place.repo / ".git")
    ran = await place.run()
    results = ran.bodies("tool_finished")
    assert ran.code == 0, ran.err
    refused = [each for each in results if not each["ok"]]
    assert len(refused) == 3 * len(bad) - 1, "all but the folder itself, which can be listed"
    assert list(outside.iterdir()) == []
    assert tree_of(place.repo / ".git") == before
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {"home", "home.config.toml", "outside", "repo"}
    assert ran.result["changed"] == ["calc.py"]
    each_start_has_one_end(ran.lines)


# --- places ---


async def test_a_submodule_and_a_nested_repository(stage: MakeStage, tmp_path: Path) -> None:
    """They are repositories of their own: not stored, not touched by undo, and that is said."""
    place = await stage(
        sequence(MEND, shell("echo more >> sub/s.txt; echo more >> nested/n.txt"), report())
    )
    library = make_repo(tmp_path / "library", {"s.txt": "s\n"})
    allowed = ("-c", "protocol.file.allow=always")
    git(place.repo, *allowed, "submodule", "add", "-q", str(library), "sub")
    git(place.repo, "commit", "-qam", "With a submodule")
    make_repo(place.repo / "nested", {"n.txt": "n\n"})
    ran = await place.run("--commit")
    assert ran.code == 0, ran.err
    assert git(place.repo, "show", "--format=", "--name-only").split() == ["calc.py"]
    notes = "\n".join(ran.result["notes"])
    assert "sub/" in notes
    assert "nested/" in notes
    assert (await place("undo", "--to", "0")).code == 0
    assert "left - right" in (place.repo / "calc.py").read_text()
    assert (place.repo / "sub" / "s.txt").read_text() == "s\nmore\n"
    assert (place.repo / "nested" / "n.txt").read_text() == "n\nmore\n"


async def test_inside_of_a_submodule(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(FIX)
    library = make_repo(tmp_path / "library")
    allowed = ("-c", "protocol.file.allow=always")
    git(place.repo, *allowed, "submodule", "add", "-q", str(library), "sub")
    sub = place.within(place.repo / "sub")
    git(sub.repo, "config", "user.name", "Ada")
    git(sub.repo, "config", "user.email", "ada@example.org")
    ran = await sub.run("--commit")
    assert ran.code == 0, ran.err
    assert git(sub.repo, "rev-parse", "HEAD").strip() == ran.result["commit"]
    assert "left - right" in (place.repo / "calc.py").read_text()


async def test_a_linked_worktree(stage: MakeStage, tmp_path: Path) -> None:
    """Its branch gets the commit, its own index goes along, and the main tree stays as it is."""
    place = await stage(FIX)
    linked = place.within(tmp_path / "linked")
    git(place.repo, "worktree", "add", "-q", "-b", "side", str(linked.repo))
    ran = await linked.run("--commit")
    assert ran.code == 0, ran.err
    assert git(place.repo, "rev-parse", "side").strip() == ran.result["commit"]
    assert git(linked.repo, "status", "--porcelain") == ""
    assert git(place.repo, "status", "--porcelain") == ""
    assert (await linked("undo", "--to", "0")).code == 0
    assert "left - right" in (linked.repo / "calc.py").read_text()


async def test_from_a_folder_below(stage: MakeStage) -> None:
    """Paths are relative to the top, which the card says; undo works from there too."""
    place = await stage(FIX)
    write_files(place.repo, {"deep/er/x.txt": "x\n"})
    below = place.within(place.repo / "deep" / "er")
    ran = await below.run("--patch", "here.patch")
    assert ran.code == 0, ran.err
    card = place.server.requests[0].body["messages"][1]["content"]
    assert "deep/er" in card
    assert "left + right" in (below.repo / "here.patch").read_text()
    assert (await below("undo")).code == 0
    assert "left - right" in (place.repo / "calc.py").read_text()


@pytest.mark.parametrize(
    "name",
    ["with space", "quo'te \"s", "line\nbreak", "-dash", "caf\u00e9", "back\\slash", "$HOME;x"],
)
async def test_names_of_places(stage: MakeStage, tmp_path: Path, name: str) -> None:
    place = await stage(FIX)
    odd = place.within(make_repo(tmp_path / name))
    ran = await odd.run("--commit")
    assert ran.code == 0, ran.err
    assert (await odd("undo", "--to", "0")).code == 0
    assert "left - right" in (odd.repo / "calc.py").read_text()


async def test_a_place_whose_name_is_no_text(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(FIX)
    odd = place.within(make_repo(tmp_path / os.fsdecode(b"caf\xe9")))
    ran = await odd.run()
    if ran.code == 2:
        one_sentence(ran.err)
        return
    assert ran.code == 0, ran.err
    assert (await odd("undo", "--to", "0")).code == 0
    assert "left - right" in (odd.repo / "calc.py").read_text()


async def test_a_home_that_cannot_be_written(stage: MakeStage, tmp_path: Path) -> None:
    """The configuration is wrong: nothing is begun, and the sentence names the variable."""
    place = await stage(FIX)
    (tmp_path / "a file").write_text("")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    homes = [tmp_path / "a file" / "home", Path("/proc/leadline")]
    for home in homes if os.geteuid() == 0 else [*homes, closed / "home"]:
        for command in (("run", "x", "--json"), ("sessions",), ("undo",)):
            ran = await place.having(LEADLINE_HOME=str(home))(*command)
            if command == ("sessions",):
                assert ran.code in (0, 2), ran.err
                continue
            assert ran.code == 2, ran.err
            one_sentence(ran.err)
        assert "LEADLINE_HOME" in (await place.having(LEADLINE_HOME=str(home)).run()).err
    assert place.server.requests == []


async def test_a_home_inside_the_tree(stage: MakeStage) -> None:
    """Leadline's own state is no part of the work: not stored, not committed, not listed as changed."""
    place = await stage(FIX)
    inside = place.having(LEADLINE_HOME=str(place.repo / ".state"))
    ran = await inside.run("--commit")
    assert ran.code == 0, ran.err
    assert ran.result["changed"] == ["calc.py"]
    assert (await inside("undo", "--to", "0")).code == 0
    assert git(place.repo, "status", "--porcelain") == " M calc.py\n"
    refused = await place.having(LEADLINE_HOME=str(place.repo)).run()
    assert refused.code == 2
    assert "LEADLINE_HOME" in refused.err


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 3) as folder:
        yield folder


async def test_a_disk_that_fills_up(stage: MakeStage, disk: Path) -> None:
    """While journalling, by a command's own hand. What was done is kept, and resume goes on from it."""
    place = await stage(
        sequence(
            MEND,
            shell("cat /dev/zero > $TMPDIR/fill; head -c 20000 /dev/zero | tr '\\0' x"),
            report("done", "It adds."),
            report("done", "It adds now."),
        )
    )
    full = place.having(LEADLINE_HOME=str(disk / "home"))
    ran = await full.run()
    assert ran.code == 1, ran.err
    assert "Traceback" not in ran.err
    assert "something went wrong" not in ran.err
    assert "space" in ran.err or "full" in ran.err
    assert "left + right" in (place.repo / "calc.py").read_text()
    home = disk / "home"
    folder = find_session(home, None)
    events = read_events(folder)
    assert events, "whole lines only"
    for filler in home.glob("sessions/*/tmp/fill"):
        filler.unlink()
    again = await full("resume", "--json")
    assert again.code == 0, again.err
    prefix_holds(place.server)
    assert (await full("undo", "--to", "0")).code == 0
    assert "left - right" in (place.repo / "calc.py").read_text()


async def test_a_disk_that_is_full_from_the_start(stage: MakeStage, disk: Path) -> None:
    place = await stage(FIX)
    home = disk / "home"
    home.mkdir()
    with (disk / "fill").open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65536):
                pass
        except OSError:
            pass
    before = tree_of(place.repo)
    ran = await place.having(LEADLINE_HOME=str(home)).run()
    assert ran.code in (1, 2), ran.err
    assert "something went wrong" not in ran.err
    assert "Traceback" not in ran.err
    assert "space" in ran.err or "full" in ran.err
    assert tree_of(place.repo) == before


# --- tasks ---


def _task_sent(place: Stage) -> str:
    messages = place.server.requests[0].body["messages"]
    return "\n".join(str(message["content"]) for message in messages)


async def test_a_task_from_a_file_and_from_stdin(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(FIX)
    text = "make add work\n\nIt has to \u2026 add: caf\u00e9, \U0001f40d.\n"
    (tmp_path / "task.md").write_text(text, encoding="utf-8")
    ran = await place("run", "--file", str(tmp_path / "task.md"))
    assert ran.code == 0, ran.err
    assert text.strip() in _task_sent(place)
    git(place.repo, "checkout", "-q", ".")
    process = await start("run", "-", cwd=place.repo, env=place.env, stdin=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"\xef\xbb\xbfsaid on stdin\n")
    process.stdin.close()
    ran = await ended(process)
    assert ran.code == 0, ran.err
    sent = place.server.requests[4].body["messages"]
    assert "said on stdin" in json.dumps(sent)
    assert "ufeff" not in json.dumps(sent)


@pytest.mark.parametrize(
    "args",
    [
        ("run",),
        ("run", ""),
        ("run", " \n\t "),
        ("run", "-"),
        ("run", "--file", "empty.txt"),
        ("run", "--file", "latin.txt"),
        ("run", "--file", "missing.txt"),
        ("run", "--file", "."),
        ("run", "--file", "pipe"),
        ("run", "two", "words"),
        ("run", "x", "--file", "empty.txt"),
        ("run", "x" * 100_000 + " " + "x", "--file", "empty.txt"),
    ],
    ids=lambda args: " ".join(args)[:30],
)
async def test_tasks_that_are_none(stage: MakeStage, args: tuple[str, ...]) -> None:
    place = await stage(FIX)
    (place.repo / "empty.txt").write_text("\n")
    (place.repo / "latin.txt").write_bytes(b"mach caf\xe9 heil\n")
    os.mkfifo(place.repo / "pipe")
    ran = await place(*args)
    assert ran.code == 2
    one_sentence(ran.err)
    assert place.server.requests == []


async def test_a_task_on_stdin_that_is_no_text(stage: MakeStage) -> None:
    place = await stage(FIX)
    process = await start("run", "-", cwd=place.repo, env=place.env, stdin=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"caf\xe9\n")
    process.stdin.close()
    ran = await ended(process)
    assert ran.code == 2
    one_sentence(ran.err)
    assert "UTF-8" in ran.err


async def test_a_task_as_an_argument_that_is_no_text(stage: MakeStage) -> None:
    """The shell hands over any bytes; those that are none become marks, and the run goes on."""
    place = await stage(FIX)
    process = await asyncio.create_subprocess_exec(
        *(os.fsencode(SCRIPT), b"run", b"make caf\xe9 \xed\xa0\x80 work", b"--json"),
        cwd=place.repo,
        env=place.env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    ran = await ended(process)
    assert ran.code == 0, ran.err
    assert "make caf" in _task_sent(place)
