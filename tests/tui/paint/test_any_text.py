"""What holds of all painters, whatever the text: they never raise, and a terminal obeys nothing of what they make."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.events import ApprovalAnswered, Evidence
from leadline.agent.messages import Origin
from leadline.tests.tui.paint.harmless import is_harmless, plain
from leadline.tests.tui.test_state_shown import GREEN, RED
from leadline.tools.diffs import unified_diff
from leadline.tui.paint.block import opens, paint, paint_output
from leadline.tui.paint.live import paint_text
from leadline.tui.state.blocks import (
    Answer,
    Approval,
    Block,
    Card,
    CardState,
    News,
    Note,
    NoteKind,
    Proof,
    Said,
)
from leadline.tui.state.texts import Excerpt, Tail, excerpt


def diffed(before: str, after: str) -> Excerpt:
    return excerpt(unified_diff("a.c", before, after), 1)


def cut(text: str, more: int) -> Excerpt:
    return Excerpt(text, len(text) + more, 1)


def proof(command: str, evidence: Evidence | None, before: bool) -> Proof:
    if evidence is not None:
        evidence = replace(evidence, command=command, tree=command, output_file=command)
    return Proof(1, "", command, before, evidence)


def told(text: str) -> News:
    return News(1, "", ((text, ("bad", text)), (("dim", text),)))


texts = st.text(max_size=60) | st.sampled_from(
    ["\x1b]0;x\x07", "[red]x[/]", "\u202eabc", "a\r\nb\tc", "```\n\x9b31m", "&#27;&#x202e;", "\ud800",
     "| a |\n|---|\n|"]
)  # fmt: skip
excerpts = st.builds(cut, texts, st.integers(0, 3))
answered = st.builds(ApprovalAnswered, texts, st.booleans(), texts, st.just("person"))
approvals = st.builds(Approval, st.just(1), texts, texts, texts, texts, texts, st.none() | answered)
any_blocks = st.one_of(
    st.builds(Answer, st.just(1), texts, excerpts, st.none() | excerpts, st.just(0), texts),
    st.builds(Said, st.just(1), texts, excerpts, st.sampled_from(get_args(Origin))),
    st.builds(
        Card,
        st.just(1),
        texts,
        texts,
        st.sampled_from(["edit", "write", "shell", "ask", ""]),
        texts,
        st.booleans(),
        st.sampled_from(get_args(CardState)),
        st.none() | st.just(1.0),
        st.none() | excerpts | st.builds(diffed, texts, texts),
        st.none() | approvals,
    ),
    st.builds(proof, texts, st.none() | st.sampled_from([GREEN, RED]), st.booleans()),
    st.builds(Note, st.just(1), texts, st.sampled_from(get_args(NoteKind)), texts),
    st.builds(told, texts),
)


@given(any_blocks, st.booleans(), st.sampled_from([1, 5, 20, 80]))
@settings(max_examples=200, deadline=None)
def test_nothing_raises_and_nothing_obeyed_comes_out(block: Block, opened: bool, width: int):
    assert is_harmless(paint(block, opened, width))
    if not opens(block):
        assert plain(paint(block, False, width)) == plain(paint(block, True, width))
    if isinstance(block, Card | Proof):
        assert is_harmless(paint_output(block, Tail().more(block.at), 3))


WORDS = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=30)
MARKS = [
    "\n",
    "\n\n",
    " ",
    "\n- ",
    "\n1. ",
    "\n> ",
    "\n# ",
    "**",
    "`",
    "\n    ",
    " <b>",
    "\n---\n",
    "\n  - ",
]


@given(WORDS, st.lists(st.sampled_from(MARKS), max_size=30))
@settings(max_examples=150, deadline=None)
def test_no_word_of_an_answer_is_lost(words: list[str], marks: list[str]):
    text = "".join(
        f"{word}{mark} " for word, mark in zip(words, [*marks, *[" "] * 30], strict=False)
    )
    shown = plain(paint_text(text, 60))
    assert re.sub("[^a-z]", "", shown) == re.sub("[^a-z]", "", text)
