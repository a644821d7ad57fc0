"""Blocks of a transcript as people see them, made by real events."""

from __future__ import annotations

from dataclasses import replace

import pytest
from leadline.agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    CheckStarted,
    MessageCommitted,
    SnapshotTaken,
    ToolFinished,
    ToolStarted,
    TurnStarted,
    Verified,
    Warned,
)
from leadline.agent.headless import Span
from leadline.agent.messages import AssistantMessage, Usage, UserMessage
from leadline.agent.passing import ToolOutput
from leadline.tests.tui.paint.harmless import plain
from leadline.tests.tui.test_state_shown import GREEN, RED, mine, usage
from leadline.tools.diffs import unified_diff
from leadline.tui.paint.block import opens, paint, paint_output
from leadline.tui.state.blocks import (
    Block,
    Card,
    News,
)
from leadline.tui.state.reducer import State
from leadline.tui.state.texts import MOST_TEXT, Tail, excerpt

WIDTH = 60
STARTED = ToolStarted("1", "shell", "$ make", True)


def blocks(state: State) -> list[Block]:
    return list(state.agents["main"].transcript)


def look(block: Block, opened: bool = False, width: int = WIDTH) -> list[str]:
    return plain(paint(block, opened, width)).split("\n")


def answer(text: str, reasoning: str | None = None) -> AssistantMessage:
    return AssistantMessage(text, reasoning, (), "stop", Usage(1, 2, 3), "m")


# --- what was said ---


def test_what_a_person_says_has_a_bar_and_the_rest_is_one_line():
    task, pack, told = blocks(
        mine(
            MessageCommitted(UserMessage("mend [b]it\n\x1b[31mnow", "task")),
            MessageCommitted(UserMessage("x" * 2000, "pack")),
            MessageCommitted(UserMessage("\nrun the checks\nagain", "harness")),
        )
    )
    assert look(task) == ["▌ mend [b]it", "▌ now"]
    assert look(pack) == ["▸ the repository, packed, 2,000 characters"]
    assert look(told) == ["▸ Leadline to the model: run the checks"]
    assert look(told, opened=True)[1:] == ["  ", "  run the checks", "  again"]
    assert [opens(each) for each in (task, pack, told)] == [False, True, True]


def test_a_long_word_of_a_person_is_folded():
    (said,) = blocks(mine(MessageCommitted(UserMessage("line\n" * 40, "person"))))
    assert opens(said)
    assert look(said)[-1] == "▌ ▸ 28 more lines"
    assert len(look(said, opened=True)) == 40


def test_an_answer_folds_its_reasoning_and_says_what_is_left_out():
    (block,) = blocks(mine(MessageCommitted(answer("# Done\n\nIt *works*.", "I think so."))))
    assert look(block) == ["▸ thought for 3 words: I think so.", "Done", "", "It works."]
    assert look(block, opened=True)[:2] == ["▾ thought for 3 words", "  I think so."]
    (block,) = blocks(mine(MessageCommitted(answer("word " * 20_000))))
    assert not opens(block)
    left = 100_000 - MOST_TEXT
    assert look(block)[-1] == f"{left:,} more characters: press v to read all"


# --- Markdown ---

ANSWER = """\
Some **bold** `code`, a [link](http://a.example/b) and [http://good.example](http://bad.example).

<http://same.example> <b>not markup</b> &lt;tag&gt;

1. one
2. two
   - three

     four
- [x] done
- [ ] to do

> quoted
> text

```python
def f():
    return 1
```

| name | n |
|:-----|--:|
| a [b] | 1 |
| ccc | 22 |

---
"""


def test_an_answer_is_laid_out():
    (block,) = blocks(mine(MessageCommitted(answer(ANSWER))))
    assert look(block) == [
        "Some bold code, a link (http://a.example/b) and http://good.example (http://bad.example).",
        "",
        "http://same.example <b>not markup</b> <tag>",
        "",
        "1. one",
        "2. two",
        "   • three",
        "     ",
        "     four",
        "",
        "[x] done",
        "[ ] to do",
        "",
        "│ quoted text",
        "",
        "  python",
        "  def f():",
        "      return 1",
        "",
        "name  │  n",
        "──────────",
        "a [b] │  1",
        "ccc   │ 22",
        "",
        "─" * WIDTH,
    ]


def test_styles_are_theme_variables_and_code_has_colours():
    (block,) = blocks(mine(MessageCommitted(answer(ANSWER))))
    parts = {part.content.plain: part for part in paint(block, False, WIDTH)}
    code = parts["def f():"]
    assert code.fill == "on $panel"
    assert not code.wrap
    assert "$text-accent" in {str(style) for _, _, style in code.content.spans}
    assert all("#" not in str(style) for part in parts.values() for *_, style in part.content.spans)


@pytest.mark.parametrize("width", [12, 24, 40])
def test_a_table_stays_within_its_width_and_loses_no_word(width: int):
    text = "| name | what it is | n |\n|---|---|---|\n| alpha | one two three four | 1 |\n| b | five | 2 |\n"
    (block,) = blocks(mine(MessageCommitted(answer(text))))
    parts = paint(block, False, width)
    shown = plain(parts)
    if "│" in shown:
        assert all(row.cell_length <= width for part in parts for row in part.content.split("\n"))
    else:
        assert "name: alpha" in shown
    assert {"alpha", "one", "two", "three", "four", "five"} <= set(shown.replace("│", " ").split())


def test_what_is_nested_too_deeply_is_shown_as_it_is():
    (block,) = blocks(mine(MessageCommitted(answer("before\n\n" + "> " * 60 + "deep\n\nafter"))))
    shown = "\n".join(look(block))
    assert "deep" in shown
    assert shown.startswith("before")
    assert "after" in shown


# --- calls ---


def test_a_call_is_one_line_with_its_state_in_words_and_opens_to_its_output():
    began = (TurnStarted(), STARTED)
    (running,) = blocks(mine(*began))
    assert look(running) == ["● $ make"]
    assert not opens(running)
    output = "\n".join(f"line {number}" for number in range(300))
    ended = ToolFinished("1", False, "told", 2.0, "$ make: exit code 2", output)
    (failed,) = blocks(mine(*began, ended))
    assert look(failed)[0] == "✗ ▸ $ make: exit code 2"
    assert look(failed)[1:] == ["  line 297", "  line 298", "  line 299"]
    assert look(failed, True)[1] == "  100 lines before this"
    assert look(failed, True)[-1] == "  line 299"
    (cut,) = blocks(mine(*began, TurnStarted()))
    assert look(cut) == ["◌ $ make (cut off)"]
    (long,) = blocks(mine(TurnStarted(), replace(STARTED, title="$ " + "long " * 40)))
    assert len(look(long)[0]) <= WIDTH
    assert look(long)[0].endswith("…")


def test_an_approval_is_told_in_words():
    asked = (TurnStarted(), STARTED, ApprovalAsked("1", "run make?"))
    (waits,) = blocks(mine(*asked))
    assert look(waits) == ["○ $ make ? waits for you"]
    (denied,) = blocks(mine(*asked, ApprovalAnswered("1", False, "use\nninja", "person")))
    assert look(denied)[1] == "  not allowed by you: use ninja"
    (allowed,) = blocks(mine(*asked, ApprovalAnswered("1", True, "", "rule")))
    assert look(allowed) == ["● $ make"]
    ended = ToolFinished("1", True, "told", 2.0, "$ make: exit 0 in 2.0 s", "made")
    (allowed,) = blocks(mine(*asked, ApprovalAnswered("1", True, "", "rule"), ended))
    assert look(allowed) == ["✓ ▸ $ make: exit 0 in 2.0 s", "  made"]
    assert look(allowed, True)[1] == "  allowed by a rule"
    (scoped,) = blocks(mine(*asked, ApprovalAnswered("1", True, "", "person", "session")))
    assert look(scoped) == ["● $ make allowed by you, for this session"]


def test_what_came_of_a_call_is_to_be_seen_however_long_its_title_is():
    title = "$ " + "long " * 40
    ended = ToolFinished("1", False, "told", 2.0, f"{title}: exit 2 in 2.0 s", "broken")
    (card,) = blocks(mine(TurnStarted(), replace(STARTED, title=title), ended))
    assert look(card)[0].endswith("…: exit 2 in 2.0 s")
    assert len(look(card)[0]) <= WIDTH


def test_the_time_in_which_a_person_was_asked_is_not_the_calls():
    asked = (
        TurnStarted(),
        ToolStarted("1", "edit", "edit a.py", True),
        ApprovalAsked("1", "may I?"),
    )
    ended = ToolFinished("1", True, "ok", 9.0, "edit a.py", unified_diff("a.py", "a\n", "b\n"))
    (card,) = blocks(mine(*asked, ApprovalAnswered("1", True, "", "person"), ended))
    assert look(card)[0] == "✓ edit a.py +1 -1 allowed by you"


def test_a_no_is_told_once():
    asked = (TurnStarted(), STARTED, ApprovalAsked("1", "run make?"))
    ended = ToolFinished("1", False, "Not allowed. use ninja", 3.0, "$ make", "")
    (card,) = blocks(mine(*asked, ApprovalAnswered("1", False, "use ninja", "person"), ended))
    assert look(card) == ["✗ $ make", "  not allowed by you: use ninja"]


def test_an_answer_by_number_says_what_it_means_and_the_whole_question_is_kept():
    asked = (
        TurnStarted(),
        ToolStarted("1", "ask", "asks: Which one?", False),
        ApprovalAsked("1", "Which one?\n1. this\n2. that"),
    )
    ended = ToolFinished("1", True, "that", 3.0, "asks: Which one?", "that")
    (card,) = blocks(mine(*asked, ApprovalAnswered("1", True, "2", "person"), ended))
    assert look(card) == ["✓ ▸ asks: Which one?", "  answered by you: that"]
    assert look(card, True)[2:] == ["  Which one?", "  1. this", "  2. that"]


def edit(before: str, after: str) -> Block:
    detail = unified_diff("a.py", before, after)
    (card,) = blocks(
        mine(
            TurnStarted(),
            ToolStarted("1", "edit", "edit a.py", True),
            ToolFinished("1", True, "ok", 0.1, "edit a.py", detail),
        )
    )
    return card


def test_a_small_edit_is_shown_without_being_opened_and_a_large_one_is_not():
    small = edit("a\nb\n", "a\nc\n")
    assert look(small) == ["✓ edit a.py +1 -1", "1   a", "2 - b", "2 + c"]
    large = edit("", "line\n" * 40)
    assert look(large) == ["✓ ▸ edit a.py +40"]
    assert len(look(large, True)) > 40


def test_live_output_is_the_last_lines_and_ends_with_the_call():
    state = mine(TurnStarted(), STARTED, *(ToolOutput("1", f"line {n}\n\x1b[2J") for n in range(9)))
    (card,) = blocks(state)
    assert isinstance(card, Card)
    tail = state.now["main"].outputs["1"]
    rows = plain(paint_output(card, tail, 2)).split("\n")
    assert rows == ["  7 lines before this", "  line 7", "  line 8"]
    assert paint_output(replace(card, state="ok"), tail, 2) == ()
    assert paint_output(card, Tail(), 2) == ()


# --- checks and notes ---


def test_a_check_says_what_it_found():
    (running,) = blocks(mine(CheckStarted("make test", False)))
    assert look(running) == ["● checking: make test"]
    (green,) = blocks(mine(CheckStarted("make", False), Verified(GREEN, False)))
    assert look(green) == ["✓ check: make: 3 passed in 1.0 s"]
    (red,) = blocks(
        mine(CheckStarted("make", True), Verified(replace(RED, output_file="/o.txt"), True))
    )
    assert look(red)[0].startswith("✗ checked before the first change: make: 1 failed, 3 passed")
    assert look(red, True)[-1] == "  output in /o.txt"


def test_a_note_says_its_cause():
    warned, missed, left = blocks(
        mine(
            Warned("the disk is full"),
            replace(usage(1.0), cause="service"),
            SnapshotTaken(0, "t", "c", "", left_out=tuple(f"file{n}" for n in range(200))),
        )
    )
    assert look(warned) == ["! warning: the disk is full"]
    assert look(missed) == ["! unexpected cache miss: read again"]
    assert look(left)[0].startswith(
        "! not in the snapshots, so undo can't bring it back: file0, file1"
    )
    assert look(left)[0].endswith("…")
    assert "file199" in look(left, True)[0]


def test_news_of_a_task_is_one_row_and_opens_to_what_its_worker_was_told():
    line: tuple[Span, ...] = (
        ("bold", "tax"),
        " sent back, is tried again: its checks are red " + "and so on " * 20,
    )
    told = News(1, "", (line,), "warn", excerpt("2 failed: test_a", 1), "tax")
    folded, opened = look(told), look(told, opened=True)
    assert len(folded) == 1
    assert folded[0].startswith("! ▸ tax sent back, is tried again: ")
    assert "2 failed: test_a" in opened[-1]
    assert look(News(1, "", (("tax landed",),), "ok")) == ["✓ tax landed"]


def test_it_is_ascii_where_the_terminal_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("leadline.tui.signs._COLUMN", 1)
    state = mine(
        MessageCommitted(UserMessage("mend it", "task")),
        MessageCommitted(UserMessage("x" * 2000, "pack")),
        MessageCommitted(answer(ANSWER, "hm")),
        TurnStarted(),
        replace(STARTED, title="long " * 40),
        CheckStarted("make", False),
        Verified(RED, False),
        Warned("x"),
    )
    for block in [*blocks(state), edit("a\n", "b\n")]:
        for opened in (False, True):
            assert plain(paint(block, opened, WIDTH)).isascii()
