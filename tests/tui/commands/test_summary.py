from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from pathlib import Path

from leadline.agent.events import Evidence
from leadline.agent.planning.schedule import State
from leadline.agent.result import Bill, RunResult, TaskResult
from leadline.tui.commands.screen import Terminal
from leadline.tui.commands.summary import CHECKS_LISTED, Changed, Summary, diffstat

RESULT = RunResult(
    session="20261122-050000-ab12",
    status="done",
    exit_code=0,
    summary="add() subtracted; it adds now.\nOne test was added.",
    patch="diff --git a/calc.py b/calc.py\n--- a/calc.py\n+++ b/calc.py\n@@ -1 +1 @@\n-a - b\n+a + b\n",
    changed=("calc.py",),
    evidence=(Evidence("pytest -q", "t1", 0, 12, 0, 0, False, 0.84, "/out/1"),),
    notes=("weakened test: test_calc.py:3: skipped",),
    bill=Bill(0.0123, 0.1123, 120_000, 3_456, 50, 7, 0),
    models=("deepseek-flash",),
    sandbox="confined",
    turns=6,
    seconds=31.4,
)


def shown(result: RunResult) -> str:
    stream = io.StringIO()
    Summary(Terminal(stream, {})).show(result)
    return stream.getvalue()


def test_the_summary_says_what_was_done_how_it_is_known_and_what_it_cost():
    assert (
        shown(RESULT)
        == """
Done and verified.
  add() subtracted; it adds now.
  One test was added.
changed 1 file, +1 -1
        +1 -1  calc.py
verified: pytest -q: 12 passed in 0.8 s
note: weakened test: test_calc.py:3: skipped
cost: $0.0123 for 7 requests, 97.2% of 123,456 prompt tokens from the cache, which saved $0.1000
models: deepseek-flash; 31 s, 6 turns
session 20261122-050000-ab12; `leadline diff` shows the change, `leadline undo --to 0` takes it back
"""
    )


def test_nothing_is_called_verified_that_is_not():
    red = Evidence("pytest -q", "t1", 1, 11, 1, 0, False, 0.84, "/out/1")
    nothing = Evidence("make test", "t1", 0, 0, 0, 0, True, 0.1, "/out/2")
    text = shown(replace(RESULT, status="not_done", exit_code=1, evidence=(red, nothing)))
    assert "erified" not in text
    assert "not green: pytest -q: 1 failed, 11 passed in 0.8 s" in text
    assert "not green: make test: no test ran, so it proves nothing in 0.1 s" in text


def test_many_green_checks_are_counted_and_none_that_is_not():
    checks = [
        Evidence(f"make c{n}", "t1", int(n == 25), 0, 0, 0, False, 0.1, "") for n in range(30)
    ]
    text = shown(replace(RESULT, evidence=tuple(checks)))
    assert text.count("verified: make") == CHECKS_LISTED
    assert "not green: make c25" in text
    assert f"verified: {29 - CHECKS_LISTED} more checks are green" in text


def test_an_unexpected_miss_is_pointed_out():
    text = shown(replace(RESULT, bill=replace(RESULT.bill, unexpected_misses=2)))
    assert "2 unexpected cache misses; `leadline cost 20261122-050000-ab12` says whose" in text


def test_a_run_that_never_asked_the_model_has_no_cost():
    empty = replace(RESULT, bill=Bill(0, 0, 0, 0, 0, 0, 0), patch="", changed=(), session="")
    assert "cost" not in shown(empty)
    assert "undo" not in shown(empty)


def task(number: int, state: State, reason: str = "", tries: int = 1) -> TaskResult:
    return TaskResult(f"t{number}", f"Mend {number}", state, tries, reason, ("m",), 0.0123)


def test_tasks_are_counted_and_those_that_need_a_look_come_first():
    text = shown(
        replace(
            RESULT,
            status="not_done",
            exit_code=1,
            tasks=(
                task(1, "done"),
                task(2, "failed", "its checks are red", 4),
                task(3, "skipped", "it depends on t2, which failed"),
                task(4, "ready"),
                task(5, "done", tries=2),
            ),
        )
    )
    assert (
        """
5 tasks: 2 done, 1 failed, 1 skipped, 1 left
  failed   t2  Mend 2: its checks are red
  skipped  t3  Mend 3: it depends on t2, which failed
  left     t4  Mend 4
  done     t1  $0.0123  Mend 1
  done     t5  $0.0123 in 2 tries  Mend 5
"""
        in text
    )


def test_what_is_done_in_a_session_that_stopped_is_said_not_to_be_in_the_tree():
    said = "what is done is kept in the session, and not in your tree yet\n"
    tasks = (task(1, "done"), task(2, "running"))
    stopped = replace(RESULT, status="interrupted", exit_code=130, changed=(), patch="")
    assert said in shown(replace(stopped, tasks=tasks))
    assert said not in shown(replace(RESULT, tasks=tasks))
    assert said not in shown(replace(stopped, tasks=tasks[:1]))
    assert said not in shown(replace(stopped, tasks=tasks[1:]))


def test_ids_of_tasks_stand_in_a_column():
    tasks = (replace(task(1, "done"), id="settings"), task(2, "done"))
    assert "  done     settings  $0.0123  Mend 1\n  done     t2        $0" in shown(
        replace(RESULT, tasks=tasks)
    )


def test_of_many_tasks_the_failed_ones_are_never_cut():
    done = tuple(task(number, "done") for number in range(40))
    text = shown(replace(RESULT, tasks=(*done, task(40, "failed", "red"))))
    assert "41 tasks: 40 done, 1 failed" in text
    assert "  failed   t40  Mend 40: red" in text
    assert "  and 21 more\n" in text
    assert text.count("  done  ") == 19


def test_what_was_assumed_instead_of_asking_is_told():
    text = shown(replace(RESULT, assumptions=("the euro",)))
    assert "assumed: the euro\n" in text
    many = shown(replace(RESULT, assumptions=tuple(f"thing {n}" for n in range(23))))
    assert many.count("assumed: ") == 20
    assert "and 3 more assumptions" in many


def test_a_plan_says_how_to_go_on_with_it():
    planned = replace(RESULT, status="planned", patch="", changed=(), evidence=())
    text = shown(replace(planned, tasks=(task(1, "waiting"),)))
    assert "left" not in text
    assert "Planned; nothing was changed." in text
    assert "`leadline run --plan FILE` carries it out" in text
    assert "--plan" not in shown(RESULT)


def test_text_of_the_model_and_names_of_files_cannot_steer_the_terminal():
    name = "\x1b]0;owned\x07a.py"
    text = shown(
        replace(
            RESULT,
            summary="\x1b[2Jgone",
            notes=("\x1b[31mred",),
            tasks=(replace(task(1, "failed", "\x1b[2J"), title="\x1b]0;t\x07"),),
            assumptions=("\x1b[2J",),
            patch=f"diff --git a/{name} b/{name}\nnew file mode 100644\n",
        )
    )
    assert "\x1b" not in text
    assert "\x07" not in text


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        [
            "git",
            "-c",
            "core.quotePath=false",
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            *arguments,
        ],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_diffstat_agrees_with_git(tmp_path: Path):
    git(tmp_path, "init", "-q")
    (tmp_path / "kept.py").write_text("one\ntwo\nthree\n")
    (tmp_path / "gone name.txt").write_text("--- a/fake\n+++ b/fake\n")
    (tmp_path / "old.py").write_text("".join(f"line {n}\n" for n in range(20)))
    (tmp_path / "end").write_text("no newline")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    (tmp_path / "kept.py").write_text("one\n-- 2\n++ 2\ndiff --git a/x b/x\n@@ -1 +1 @@\n\nthree\n")
    (tmp_path / "gone name.txt").unlink()
    (tmp_path / "old.py").rename(tmp_path / "new.py")
    (tmp_path / "new.py").write_text("".join(f"line {n}\n" for n in range(1, 20)))
    (tmp_path / "end").write_text("no newline either")
    (tmp_path / "empty").touch()
    (tmp_path / "木.bin").write_bytes(bytes(range(256)))
    git(tmp_path, "add", "-A")
    patch = git(tmp_path, "diff", "--cached", "--binary", "-M", "HEAD")
    expected: set[Changed] = set()
    rows = git(tmp_path, "diff", "--cached", "--numstat", "-z", "-M", "HEAD").split("\0")
    while len(rows) > 1:
        added, removed, name = rows.pop(0).split("\t")
        if not name:  # a rename has its two names in rows of their own
            name = rows.pop(1)
            rows.pop(0)
        binary = added == "-"
        expected.add(
            Changed(name, 0 if binary else int(added), 0 if binary else int(removed), binary)
        )
    assert set(diffstat(patch)) == expected
    assert len(expected) == 6


def test_a_long_list_of_files_is_cut():
    patch = "".join(f"diff --git a/{n} b/{n}\nnew file mode 100644\n" for n in range(25))
    assert "and 5 more" in shown(replace(RESULT, patch=patch))
