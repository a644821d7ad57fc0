"""The parts of plain mode that need no session: lines, diffs in words, answers."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from leadline.agent.asking.consult import CARRY_OUT
from leadline.agent.events import ApprovalAsked
from leadline.agent.host.wishes import Answer
from leadline.tools.errors import PersonError
from leadline.tui.control.fault import why, why_not
from leadline.tui.control.opening import Opening
from leadline.tui.plain.asking import Unclear, answer, tell
from leadline.tui.plain.lines import LONGEST, PATIENCE, Lines
from leadline.tui.plain.patch import told
from leadline.tui.state.blocks import Approval
from leadline.tui.state.plan import PlanView

PATCH = """\
diff --git a/a.sql b/a.sql
--- a/a.sql
+++ b/a.sql
@@ -3,3 +3,3 @@ select
 one
--- a comment
+++ another
 end
\\ No newline at end of file
diff --git a/b b/b
"""


def asked(body: ApprovalAsked) -> Approval:
    return Approval(1, "", "main", "c1", body.question, asked=body)


COMMAND = "echo one\necho \x1b[2Jtwo"
CALL = asked(ApprovalAsked("c1", "May it?", "exactly this", "command", COMMAND))
QUESTION = asked(ApprovalAsked("c1", "Which sign?"))
PLAN = asked(ApprovalAsked("c1", CARRY_OUT))


def written() -> tuple[Lines, io.StringIO]:
    stream = io.StringIO()
    return Lines(stream), stream


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("y", Answer("main", "c1")),
        (" YES. ", Answer("main", "c1")),
        ("s", Answer("main", "c1", scope="session")),
        ("always", Answer("main", "c1", scope="always")),
        ("n", Answer("main", "c1", allowed=False)),
        ("no, use git mv", Answer("main", "c1", allowed=False, text="use git mv")),
        ("N two\nlines", Answer("main", "c1", allowed=False, text="two\nlines")),
    ],
)
def test_words_that_answer_whether_a_call_may_run(typed: str, meant: Answer) -> None:
    assert answer(CALL, typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "yes please",
        "y n",
        "a question: why?",
        "s-",
        "n't",
        "ok",
        "sure",
        "y/n",
        "yy",
        "1",
        "ye",
    ],
)
def test_what_is_not_clearly_an_answer_is_none(typed: str) -> None:
    assert isinstance(answer(CALL, typed), Unclear)


def test_a_plan_is_answered_by_yes_or_no_alone() -> None:
    assert answer(PLAN, "y") == Answer("main", "c1")
    assert answer(PLAN, "n leave b alone") == Answer("main", "c1", False, "leave b alone")
    assert isinstance(answer(PLAN, "a"), Unclear)
    assert isinstance(answer(PLAN, "s"), Unclear)


def test_a_question_takes_the_line_as_it_is() -> None:
    assert answer(QUESTION, " n for now ") == Answer("main", "c1", text="n for now")


def test_a_call_is_told_to_the_letter() -> None:
    lines, stream = written()
    tell(CALL, PlanView(), lines)
    assert "command | echo one\ncommand | echo \\x1b[2Jtwo\n" in stream.getvalue()
    assert "warning: 1 hidden character" in stream.getvalue()
    assert "note: s and a allow exactly this" in stream.getvalue()


def test_a_diff_has_a_word_for_each_line_and_no_content_is_taken_for_a_head() -> None:
    assert [f"{word} {line}" for word, line in told(PATCH)] == [
        "diff     diff --git a/a.sql b/a.sql",
        "diff     --- a/a.sql",
        "diff     +++ b/a.sql",
        "line     3 select",
        "kept    | one",
        "removed | -- a comment",
        "added   | ++ another",
        "kept    | end",
        "note    |  No newline at end of file",
        "diff     diff --git a/b b/b",
    ]


def test_lines_are_only_appended_and_harmless() -> None:
    lines, stream = written()
    lines.line(("bad", "failed "), "a\x1b[31mb\nc")
    lines.ask("leadline> ")
    lines.status("thinking")
    lines.paragraph("one\n  two\x07", 2, 1)
    assert stream.getvalue() == "failed ab c\nleadline> \n  one\n  and 1 more line\n"
    lines.fitted("x" * 5000)
    assert max(map(len, stream.getvalue().split("\n"))) <= LONGEST


def test_ascii_has_twins_but_not_in_what_is_exact() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="backslashreplace")
    lines = Lines(stream, twins=True)
    lines.line("a \u201cb\u201d \u2026 \u00e9")
    lines.exact("command | ", "echo \u201cb\u201d")
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    assert buffer.getvalue() == b'a "b" . \\xe9\ncommand | echo \\u201cb\\u201d\n'


def test_long_work_is_told_of_ever_more_rarely() -> None:
    seconds = count(0, 1)
    stream = io.StringIO()
    lines = Lines(stream, clock=lambda: float(next(seconds)))
    lines.status("$ make")
    for _ in range(400):
        lines.tick()
    rows = stream.getvalue().split("\n")[:-1]
    assert rows[:2] == ["now: $ make", "still: $ make"]
    assert 3 < len(rows) < 400 / PATIENCE
    lines.rest()
    lines.tick()
    assert stream.getvalue().split("\n")[:-1] == rows


def test_who_no_longer_reads_is_gone() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    stream.close()
    lines.line("anyone?")
    assert lines.gone


def test_a_fault_of_ours_is_kept_in_a_file_that_is_named(tmp_path: Path) -> None:
    opening = Opening(tmp_path, {"LEADLINE_HOME": str(tmp_path / "home")})
    fault = ValueError("boom sk-12345678901")
    said = why(fault, opening), why_not(fault, "it broke", opening)
    crashes = sorted((tmp_path / "home" / "crashes").iterdir())
    assert [str(crash) in each for crash, each in zip(crashes, said, strict=True)] == [True, True]
    assert "sk-1" not in "".join((*said, *(crash.read_text() for crash in crashes)))
    assert why(PersonError("Do it so."), opening) == "Do it so."
    assert why_not(None, "it is\ngone", opening) == "it is gone"


def test_nothing_of_the_full_interface_is_loaded() -> None:
    script = (
        "import sys; import leadline.tui.plain.run, leadline.tui.commands.open; "
        "sys.exit(any(name.split('.')[0] in ('textual',) for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", script], check=False, timeout=60)
    assert ran.returncode == 0
