"""What a run prints: for programs, for people, and nothing that a terminal would obey."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from leadline.agent.history.journal import FILE
from leadline.agent.history.store import find_session
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.cli import SCRIPT
from leadline.tests.support.laws import each_start_has_one_end, numbered_without_gaps
from leadline.tests.support.needs import FREE_TOP_FOLDER
from leadline.tests.support.repos import git, make_repo, write_files
from leadline.tests.support.scripts import FIX, MEND, Say, call, edit, report, sequence, shell
from leadline.tests.support.trees import tree_of

RESULT_KEYS = {
    *(
        "session",
        "status",
        "exit_code",
        "summary",
        "output",
        "changed",
        "patch",
        "commit",
        "branch",
    ),
    *(
        "evidence",
        "notes",
        "plan",
        "tasks",
        "assumptions",
        "cost",
        "cache",
        "models",
        "sandbox",
        "turns",
        "seconds",
    ),
}
BEL, ESC, CSI = "\x07", "\x1b", "\x9b"
EVIL = f"{ESC}]0;owned{BEL}{ESC}[2J{ESC}[31mred{CSI}5n{ESC}]52;c;ZXZpbA=={BEL} \u202etxt.exe\r{ESC}c\b\b"
OURS = re.compile("\x1b\\[(?:0|1|2|31|32|33)m|\r\x1b\\[2K")
"""Everything that Leadline itself tells a terminal to do."""


async def test_json_lines_are_the_journal(stage: MakeStage) -> None:
    """Through a failed check, a refused call and a nudge: starts have ends, and no line is anything but an event."""
    place = await stage(
        sequence(
            call("write", path="notes.txt", content="hm\n"),
            report("done", "Not really."),
            Say(calls=(("read", {"files": [{"path": "calc.py"}]}), ("search", {"pattern": "add"}))),
            Say(calls=(("edit", {"path": "no.py", "edits": []}), ("nothing", {}))),
            MEND,
            call("update_plan", items=[{"text": "mend", "state": "done"}]),
            report(),
        )
    )
    ran = await place.run()
    assert ran.code == 0, ran.err
    lines = ran.out.encode().splitlines(keepends=True)
    journal = (find_session(place.home, None) / FILE).read_bytes().splitlines(keepends=True)
    assert lines[:-1] == journal[1:]
    events = [json.loads(line) for line in lines]
    each_start_has_one_end(events)
    numbered_without_gaps(events[:-1])
    assert [event["body"]["kind"] for event in events[:2]] == ["session_started", "routed"]
    assert events[-2]["body"]["kind"] == "session_ended"
    assert events[-1].keys() == {"result"}
    assert events[-1]["result"].keys() == RESULT_KEYS
    assert [_green(each) for each in ran.bodies("verified")] == [False, False, False, True]
    assert sum(not each["ok"] for each in ran.bodies("tool_finished")) == 2
    await _looked_at_again(place, ran.result, lines[:-1])


def _green(verified: dict[str, Any]) -> bool:
    evidence = verified["evidence"]
    return evidence["exit_code"] == 0 and not evidence["failed"]


async def _looked_at_again(place: Stage, result: dict[str, Any], lines: list[bytes]) -> None:
    """`cost`, `show` and `sessions` tell the same of the run."""
    bill = json.loads((await place("cost", "--json")).out)
    assert bill["session"] == result["session"]
    assert bill["total"]["requests"] == len(bill["requests"]) == result["cost"]["requests"]
    assert math.isclose(bill["total"]["cost"], result["cost"]["usd"], abs_tol=1e-8)
    assert bill["total"]["hit"] == result["cache"]["hit_tokens"]
    assert bill["total"]["unexpected"] == 0
    assert bill["requests"][0]["cause"] == "first"
    shown = await place("show", "--json")
    assert shown.out.encode() == b"".join(lines)
    told = await place("show")
    assert "make add work" in told.out
    assert "Did it." in told.out
    assert "1 failed" in told.out
    (row,) = (await place("sessions", "--json")).lines
    assert (row["session"], row["status"]) == (result["session"], "done")
    assert math.isclose(row["cost_usd"], result["cost"]["usd"], abs_tol=1e-8)
    listed = await place("sessions")
    assert result["session"] in listed.out
    assert "make add work" in listed.out


SCHEMA = {
    "type": "object",
    "properties": {"files": {"type": "array", "items": {"type": "string"}}},
    "required": ["files"],
    "additionalProperties": False,
}
GOOD = {"files": ["calc.py", "caf\u00e9.py"]}


async def test_an_answer_by_schema(stage: MakeStage) -> None:
    """The misfits are sent back with what is wrong with them; the answer alone is on stdout."""
    answers = [report("done", text) for text in ("calc.py", '{"files": 1}', json.dumps(GOOD))]
    place = await stage(sequence(MEND, *answers))
    schema = place.home.with_name("schema.json")
    schema.write_text(json.dumps(SCHEMA))
    ran = await place("run", "which files?", "--output-schema", str(schema))
    assert ran.code == 0, ran.err
    assert json.loads(ran.out) == GOOD
    assert len(ran.out.splitlines()) == 1
    said = [request.body["messages"][-1]["content"] for request in place.server.requests]
    assert "no JSON" in said[2]
    assert "$.files" in said[3]
    assert '"additionalProperties": false' in json.dumps(place.server.requests[0].body).replace(
        "\\", ""
    )


async def test_an_answer_that_never_fits_the_schema(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, *[report("done", "{}") for _ in range(6)]))
    schema = place.home.with_name("schema.json")
    schema.write_text(json.dumps(SCHEMA))
    ran = await place.run("--output-schema", str(schema))
    assert (ran.code, ran.result["status"], ran.result["output"]) == (1, "not_done", None)
    assert len(place.server.requests) == 5, "the call, the answer, and three more tries"
    assert "schema" in ran.result["summary"]


@pytest.mark.parametrize(
    "text",
    [
        '{"type": 7}',
        "[]",
        "{",
        '{"$ref": "https://example.org/x.json"}',
        '{"$ref": "#/$defs/gone"}',
    ],
    ids=["no-schema", "list", "no-json", "remote", "nowhere"],
)
async def test_a_schema_that_is_none(stage: MakeStage, text: str) -> None:
    place = await stage(sequence(MEND, *[report("done", "{}") for _ in range(5)]))
    schema = place.home.with_name("schema.json")
    schema.write_text(text)
    ran = await place.run("--output-schema", str(schema))
    assert ran.code == 2, ran.err
    assert "schema" in ran.err
    assert "Traceback" not in ran.err
    assert place.server.requests == []


async def test_a_patch_makes_the_final_tree(stage: MakeStage, tmp_path: Path) -> None:
    """Binary, renamed, executable, linked and deleted files, odd names and line ends included."""
    place = await stage(
        sequence(
            MEND,
            shell(
                "printf '\\000\\377' > b.bin; chmod +x tool.sh; ln -s calc.py link; rm old.txt; "
                "mkdir -p 'a b'; printf 'x\\r\\ny' > 'a b/q\"uote\n.txt'; printf x > \"$(printf 'caf\\351')\""
            ),
            report(),
        )
    )
    write_files(place.repo, {"old.txt": "old\n", "tool.sh": "#!/bin/sh\n", "mine.txt": "mine\n"})
    shutil.copytree(place.repo, tmp_path / "copy", symlinks=True)
    patch = tmp_path / "a patch.diff"
    ran = await place("run", "make add work", "--patch", str(patch))
    assert ran.code == 0, ran.err
    assert ran.out == ""
    git(tmp_path / "copy", "apply", str(patch))
    assert tree_of(tmp_path / "copy") == tree_of(place.repo)
    assert (await _raw(place, "diff")) == patch.read_bytes()


async def _raw(place: Stage, *args: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        str(SCRIPT), *args, cwd=place.repo, env=place.env, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return out


async def test_a_patch_that_cannot_be_written(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(FIX)
    ran = await place.run("--patch", str(tmp_path / "nowhere" / "x.patch"))
    assert ran.code == 2
    assert "folder" in ran.err
    assert place.server.requests == []


HOSTILE = sequence(
    Say(text=f"I {EVIL} looked", calls=(("shell", {"command": f"printf '%s' '{EVIL}'"}),)),
    Say(calls=(("read", {"files": [{"path": f"{EVIL}.py"}]}), ("shell", {"command": "ls"}))),
    call("update_plan", items=[{"text": f"{EVIL} plan", "state": "doing"}]),
    Say(calls=(("shell", {"command": f"touch '{EVIL}'; echo '{EVIL}' > evil.txt"}),)),
    MEND,
    report("done", f"{EVIL}It adds."),
)


async def test_nothing_of_a_model_reaches_the_terminal_raw(stage: MakeStage) -> None:
    """Without a terminal no escape at all; the JSON spells those of seven bits."""
    place = await stage(HOSTILE)
    ran = await place("run", f"make {EVIL} work", "--json")
    assert ran.code == 0, ran.err
    assert not _steering(ran.err)
    assert ESC not in ran.out
    told = [
        await place(*args) for args in (("show",), ("show", "--full"), ("sessions",), ("undo",))
    ]
    for each in told:
        assert each.code == 0, each.err
        assert not _steering(each.out + each.err)


@FREE_TOP_FOLDER
async def test_on_a_terminal(stage: MakeStage) -> None:
    """There Leadline colours and rewrites its own lines, and that is all."""
    place = await stage(HOSTILE)
    written = await _on_terminal(place, "run", f"make {EVIL} work")
    assert "Done and verified." in written
    assert OURS.search(written)
    assert not _steering(OURS.sub("", written))
    for args in (("diff",), ("show", "--full")):
        written = await _on_terminal(place, *args)
        assert not _steering(OURS.sub("", written))
        assert "evil.txt" in written


async def _on_terminal(place: Stage, *args: str) -> str:
    """Everything that a process with this terminal for stdout and stderr wrote there."""
    ours, theirs = os.openpty()
    environ = {**place.env, "TERM": "xterm", "COLUMNS": "100"}
    process = await asyncio.create_subprocess_exec(
        str(SCRIPT), *args, cwd=place.repo, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written: list[bytes] = []

    def read() -> None:
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # EIO: the other side was closed
                return
            if not data:
                return
            written.append(data)

    await asyncio.wait_for(asyncio.to_thread(read), 60)
    await process.wait()
    os.close(ours)
    return b"".join(written).decode().replace("\r\n", "\n")


def _steering(text: str) -> list[str]:
    return re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


async def test_weakened_tests_are_pointed_out(stage: MakeStage) -> None:
    """Green is green, but the person hears how it came about."""
    place = await stage(
        sequence(
            Say(calls=(("read", {"files": [{"path": "test_calc.py"}]}),)),
            edit("test_calc.py", "self.assertEqual(add(2, 3), 5)", "add(2, 3)"),
            report(),
        )
    )
    ran = await place.run()
    assert ran.code == 0, ran.err
    (note,) = [note for note in ran.result["notes"] if "weakened test" in note]
    assert "test_calc.py" in note
    assert note in ran.err


async def test_another_model_answers(stage: MakeStage) -> None:
    place = await stage(FIX)
    place.server.inject("wrong-model", times=9, value="deepseek-v3-mini")
    ran = await place.run()
    assert ran.code == 0, ran.err
    (warning,) = [each for each in ran.bodies("warned") if "answered" in each["text"]]
    assert "deepseek-flash" in warning["text"]
    assert "deepseek-v3-mini" in warning["text"]
    assert ran.result["models"] == ["deepseek-v3-mini"]
    assert warning["text"] in ran.result["notes"]
    assert f"warning: {warning['text']}" in ran.err


async def test_a_closed_stdout_ends_nothing(stage: MakeStage) -> None:
    """The reader of the lines goes away; the work is still done, and journaled."""
    place = await stage(FIX)
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(str(SCRIPT), "run", "make add work", "--json"),
        cwd=place.repo,
        env=place.env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=writing,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    os.close(reading)
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err
    assert b"Done and verified" in err
    assert "left + right" in (place.repo / "calc.py").read_text()


async def test_two_repositories_do_not_mix(stage: MakeStage, tmp_path: Path) -> None:
    """Without an id, commands mean the newest session of this place, not of just anywhere."""
    place = await stage(FIX)
    assert (await place.run()).code == 0
    other = place.within(make_repo(tmp_path / "other"))
    for command in ("undo", "diff", "show", "cost", "resume"):
        ran = await other(command)
        assert ran.code == 2, command
        assert "no session" in ran.err
    assert "left + right" in (place.repo / "calc.py").read_text()
